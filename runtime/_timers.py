"""Timers of a loop, kept in the order in which they are due."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

from . import generation
from .stack_context import Contexts


class Timer:
    """A callback with a deadline (seconds on the loop's clock); handle for ``remove_timeout``."""

    __slots__ = ("args", "callback", "contexts", "deadline", "kwargs", "order")

    def __init__(
        self,
        deadline: float,
        order: int,
        contexts: Contexts,
        callback: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self.deadline = deadline
        self.order = (deadline, order)
        self.contexts = contexts
        self.callback: Callable[..., Any] | None = callback
        self.args = args
        self.kwargs = kwargs

    def cancel(self) -> None:
        """Keep the callback from running."""
        self.callback = None

    def __lt__(self, other: Timer) -> bool:
        return self.order < other.order


Timer.__name__ = Timer.__qualname__ = "_Timeout"  # as it is called in messages


class Timers:
    """A heap of timers. Equal deadlines are first come, first served in generation 4 only.

    ``heap`` is empty when nothing is due, ever.
    """

    __slots__ = ("_count", "heap")

    def __init__(self) -> None:
        self.heap: list[Timer] = []
        self._count = 0

    def add(
        self,
        deadline: float,
        contexts: Contexts,
        callback: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Timer:
        """Add a timer and return it."""
        if generation.current == 4:
            self._count += 1
        timer = Timer(deadline, self._count, contexts, callback, args, kwargs)
        heapq.heappush(self.heap, timer)
        return timer

    def next_deadline(self) -> float | None:
        """Return when the first timer is due, ``None`` without timers; drops removed ones."""
        heap = self.heap
        while heap and heap[0].callback is None:
            heapq.heappop(heap)
        return heap[0].deadline if heap else None

    def take_due(self, now: float) -> list[Timer]:
        """Take out the timers whose deadline is not after ``now``, in order."""
        due = []
        heap = self.heap
        while heap and (heap[0].deadline <= now or heap[0].callback is None):
            timer = heapq.heappop(heap)
            if timer.callback is not None:
                due.append(timer)
        return due

    def clear(self) -> None:
        """Forget all timers."""
        self.heap.clear()
