"""What comes in from the other end: messages, bytes of a stream, exit codes of processes.

The runtime knows one plain value for each. The explorer, which knows the code, may know others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["hold", "install", "values"]

Provider = Callable[[str, Sequence[Any]], Sequence[Any]]
Holder = Callable[[str], None]


def _plain(method: str, values: Sequence[Any]) -> Sequence[Any]:
    return values


def _unheard(what: str) -> None:
    return None


_provider: Provider = _plain
_holder: Holder = _unheard


def install(provider: Provider | None, holder: Holder | None = None) -> None:
    """Let ``provider`` say what may come in from now on; None for the plain values again.

    It is given the name of the method that asks (``read_until``) and the values known here, the
    plain one first, and gives back all that may come in. ``holder`` hears what is kept fixed.
    """
    global _provider, _holder
    _provider, _holder = provider or _plain, holder or _unheard


def hold(what: str) -> None:
    """Say that ``what`` comes in as the runtime knows it, whatever else it might be."""
    _holder(what)


def values(method: str, *known: Any) -> Sequence[Any]:
    """Return what may come in where ``method`` asks; the plain value is the first."""
    return _provider(method, known)
