"""``tornado.autoreload``: nothing is ever reloaded here; hooks and files are accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["add_reload_hook", "start", "wait", "watch"]


def start(io_loop: Any = None, check_time: int = 500) -> None:
    """Watch nothing."""


def wait() -> None:
    """Wait for nothing."""


def watch(filename: str) -> None:
    """Watch nothing."""


def add_reload_hook(fn: Callable[[], Any]) -> None:
    """Accept a function that is never called."""
