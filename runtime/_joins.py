"""Futures that only a list of others waits for: which of those is done first cannot matter.

As long as another member of the list is pending, nothing happens when such a future is done, and
the list holds its results by position. So the outside world may be asked for one order only, unless
somebody finds out that the future is done; both are told to the chooser.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

from . import choices
from ._futures import BaseFuture

__all__ = ["JOINED", "SEEN", "Arrivals", "note", "see"]

JOINED = "joined"
SEEN = "joined future seen"
_joined: WeakSet[BaseFuture] = WeakSet()


class Arrivals:
    """The done-callback of all members of one list: ``complete()`` is called behind the last."""

    __slots__ = ("_complete", "_waiting")

    def __init__(self, members: Any, complete: Any) -> None:
        self._waiting = set(members)
        self._complete = complete

    def __call__(self, future: Any) -> None:
        self._waiting.remove(future)
        if not self._waiting:
            self._complete()

    @property
    def others(self) -> bool:
        """Whether more than one member is still pending."""
        return len(self._waiting) > 1


def note(future: BaseFuture) -> None:
    """The outside is about to resolve ``future``: tell the chooser if nobody will notice."""
    if unnoticed(future):
        _joined.add(future)
        choices.record(JOINED, "a list")


def unnoticed(future: BaseFuture) -> bool:
    """Whether nobody will notice that ``future`` is done, but a list with others pending."""
    callbacks = future._callbacks
    if callbacks is None or len(callbacks) != 1:
        return False
    waiting = callbacks[0]
    return type(waiting) is Arrivals and waiting.others


def see(future: Any) -> None:
    """Somebody finds ``future`` done: tell the chooser if nobody should have noticed so far."""
    if len(_joined) and future in _joined:
        choices.record(SEEN, "a list")
