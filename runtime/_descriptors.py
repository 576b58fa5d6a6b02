"""What of a loop needs an operating system, and is missing here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from . import generation


class NoDescriptors:
    """The part of IOLoop that is about file descriptors and signals."""

    NONE = 0
    READ = 0x001
    WRITE = 0x004
    ERROR = 0x018

    def add_handler(self, fd: Any, handler: Callable[[Any, int], Any], events: int) -> NoReturn:
        """Raise ``NotImplementedError``: the runtime has no file descriptors."""
        raise NotImplementedError("IOLoop.add_handler: the runtime has no file descriptors")

    def update_handler(self, fd: Any, events: int) -> NoReturn:
        """Raise ``NotImplementedError``: the runtime has no file descriptors."""
        raise NotImplementedError("IOLoop.update_handler: the runtime has no file descriptors")

    def remove_handler(self, fd: Any) -> None:
        """Do nothing, as for any descriptor that was never added."""

    def set_blocking_signal_threshold(self, seconds: float | None, action: Any) -> None:
        """Do nothing: no iteration takes any of the loop's time."""

    def set_blocking_log_threshold(self, seconds: float | None) -> None:
        """Do nothing: no iteration takes any of the loop's time."""


generation.limit_methods(
    NoDescriptors, ["set_blocking_signal_threshold", "set_blocking_log_threshold"], last=5
)
