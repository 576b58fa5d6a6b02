"""What is outside of a loop: operations that complete, time that passes, threads that call.

Nothing of it happens while a callback is ready. When none is, the loop asks here for the next thing
to happen; where the real world could have gone one way or another, ``choices.choose`` is asked.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from . import _threads, choices
from ._timers import Timers
from .stack_context import EMPTY, Contexts

__all__ = ["EPOCH", "Entry", "External", "Outside"]

EPOCH = 1_500_000_000.0
"""What a new loop's clock shows: seconds, in the order of magnitude of ``time.time()``."""

Entry = tuple[Contexts, Callable[..., Any], tuple[Any, ...], dict[str, Any]]
"""A callback that is ready: the contexts to run it in, the function and its arguments."""


class External:
    """An operation outside that is still to complete; handle for ``remove_external``.

    Once the loop's clock shows ``until`` it has completed in any case.
    """

    __slots__ = ("deliver", "key", "until")

    def __init__(self, key: str, deliver: Callable[[], Any], until: float) -> None:
        self.key = key
        self.deliver = deliver
        self.until = until


class Outside:
    """The part of a loop that stands for the world: its clock, and what is under way."""

    waits_for_threads = True
    """Whether real threads keep virtual time from jumping while they are alive."""

    _ready: deque[Entry]
    _running: bool
    _run: Callable[..., None]

    def __init__(self) -> None:
        self._timers = Timers()
        self._externals: list[External] = []
        self._now = EPOCH
        self._woken: threading.Event | None = None
        self._impl: Any = None
        self._time_func: Callable[[], float] | None = None

    def time(self) -> float:
        """Return what the loop's clock shows, in seconds."""
        return self._now if self._time_func is None else self._time_func()

    def add_external(
        self, key: str, deliver: Callable[[], Any], until: float = math.inf
    ) -> External:
        """Say that an operation is under way; ``deliver()`` runs once when it completes.

        ``key`` names it the same way in every run, for it is shown to the chooser of the order.
        It completes before the loop's clock is past ``until`` (seconds).
        """
        external = External(key, deliver, until)
        self._externals.append(external)
        return external

    def remove_external(self, external: External) -> None:
        """Forget an operation; without effect if it has completed."""
        if external in self._externals:
            self._externals.remove(external)

    def _advance(self) -> bool:
        """Let the next thing happen; ``False`` if nothing can."""
        deadline = self._timers.next_deadline()
        if not self._externals:
            return self._pass_time(deadline)
        if deadline is not None and any(each.until < deadline for each in self._externals):
            deadline = None  # what has to complete before that does
        taken = 0
        if deadline is not None or len(self._externals) > 1:
            keys = [external.key for external in self._externals]
            if deadline is not None:
                keys.append(f"timer@{deadline - EPOCH:.6f}")
            taken = choices.choose("order:" + "|".join(sorted(keys)), keys)
        if taken == len(self._externals):
            return self._pass_time(deadline)
        self._complete(self._externals.pop(taken))
        return True

    def _complete(self, external: External) -> None:
        self._run(EMPTY, external.deliver, (), {})

    def _pass_time(self, deadline: float | None) -> bool:
        """Move the clock to ``deadline``, or to the moment a thread calls before that."""
        if self._impl is not None and deadline is not None:
            self._impl.poll(max(0.0, deadline - self.time()))
            return True
        if self.waits_for_threads and _threads.others_alive():
            self._woken = threading.Event()
            seconds = None if deadline is None else max(0.0, deadline - self._now)
            self._now += _threads.wait(self._woken, self._has_arrived, seconds)
            self._woken = None
            if self._has_arrived():
                return True
        if deadline is None:
            return False
        self._now = max(self._now, deadline)
        return True

    def _has_arrived(self) -> bool:
        return bool(self._ready) or not self._running
