"""What comes in from the other end: messages, bytes of a stream, exit codes of processes.

The runtime knows one plain value for each. The explorer, which knows the code, may know others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["install", "values"]

Provider = Callable[[str, Sequence[Any]], Sequence[Any]]


def _plain(method: str, values: Sequence[Any]) -> Sequence[Any]:
    return values


_provider: Provider = _plain


def install(provider: Provider | None) -> None:
    """Let ``provider`` say what may come in from now on; None for the plain values again.

    It is given the name of the method that asks (``read_until``) and the values known here, the
    plain one first, and gives back all that may come in.
    """
    global _provider
    _provider = provider or _plain


def values(method: str, *known: Any) -> Sequence[Any]:
    """Return what may come in where ``method`` asks; the plain value is the first."""
    return _provider(method, known)
