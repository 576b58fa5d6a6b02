"""Queues between coroutines (``tornado.queues``).

A ``timeout`` is a time on the loop's clock (seconds) or a timedelta from now; ``None`` is no limit.
"""

from __future__ import annotations

import collections
import heapq
from datetime import timedelta
from typing import Any

from . import _current, _futures
from ._errors import timeout_error
from ._futures import BaseFuture
from .locks import Event

__all__ = ["LifoQueue", "PriorityQueue", "Queue", "QueueEmpty", "QueueFull"]

_Timeout = float | timedelta | None


class QueueEmpty(Exception):
    """``get_nowait`` found nothing."""


class QueueFull(Exception):
    """``put_nowait`` found no room."""


def _limit(waiter: BaseFuture, timeout: _Timeout) -> None:
    """Fail ``waiter`` with a ``TimeoutError`` at ``timeout`` unless it is done by then."""
    if not timeout:  # Tornado takes a timeout of nothing for none
        return

    def expire() -> None:
        if not waiter.done():
            waiter.set_exception(timeout_error())

    loop = _current.loop()
    timer = loop.add_timeout(timeout, expire)
    waiter.add_done_callback(lambda done: loop.remove_timeout(timer))


class _Iterator:
    """``async for item in queue``."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def __anext__(self) -> BaseFuture:
        return self._queue.get()


class Queue:
    """First in, first out. At most ``maxsize`` items if that is not 0."""

    def __init__(self, maxsize: float = 0) -> None:
        """Raise ``TypeError`` for ``None`` and ``ValueError`` for a negative ``maxsize``."""
        if maxsize is None:
            raise TypeError("maxsize can't be None")
        if maxsize < 0:
            raise ValueError("maxsize can't be negative")
        self._maxsize = maxsize
        self._getters: collections.deque[BaseFuture] = collections.deque()
        self._putters: collections.deque[tuple[Any, BaseFuture]] = collections.deque()
        self._unfinished_tasks = 0
        self._finished = Event()
        self._finished.set()
        self._init()

    # Subclasses keep their items otherwise.

    def _init(self) -> None:
        self._queue: Any = collections.deque()

    def _get(self) -> Any:
        return self._queue.popleft()

    def _put(self, item: Any) -> None:
        self._queue.append(item)

    @property
    def maxsize(self) -> float:
        """How many items may be in the queue; 0 for any number."""
        return self._maxsize

    def qsize(self) -> int:
        """Return the number of items."""
        return len(self._queue)

    def empty(self) -> bool:
        """Whether there are no items."""
        return not self._queue

    def full(self) -> bool:
        """Whether there is no room for another item."""
        return self._maxsize > 0 and self.qsize() >= self._maxsize

    def put(self, item: Any, timeout: _Timeout = None) -> BaseFuture:
        """Return a future: done when ``item`` is in, ``TimeoutError`` at ``timeout``."""
        putter = _futures.Future()
        try:
            self.put_nowait(item)
        except QueueFull:
            self._putters.append((item, putter))
            _limit(putter, timeout)
        else:
            putter.set_result(None)
        return putter

    def put_nowait(self, item: Any) -> None:
        """Put ``item`` in; ``QueueFull`` if there is no room."""
        self._drop_expired()
        if self._getters:
            getter = self._getters.popleft()
            self._count_and_put(item)
            getter.set_result(self._get())
        elif self.full():
            raise QueueFull
        else:
            self._count_and_put(item)

    def get(self, timeout: _Timeout = None) -> BaseFuture:
        """Return a future: an item, or ``TimeoutError`` at ``timeout``."""
        getter = _futures.Future()
        try:
            getter.set_result(self.get_nowait())
        except QueueEmpty:
            self._getters.append(getter)
            _limit(getter, timeout)
        return getter

    def get_nowait(self) -> Any:
        """Return an item; ``QueueEmpty`` if there is none."""
        self._drop_expired()
        if self._putters:
            item, putter = self._putters.popleft()
            self._count_and_put(item)
            putter.set_result(None)
            return self._get()
        if self.empty():
            raise QueueEmpty
        return self._get()

    def task_done(self) -> None:
        """Say that an item was dealt with; ``ValueError`` if that was said too often."""
        if self._unfinished_tasks <= 0:
            raise ValueError("task_done() called too many times")
        self._unfinished_tasks -= 1
        if self._unfinished_tasks == 0:
            self._finished.set()

    def join(self, timeout: _Timeout = None) -> BaseFuture:
        """Return a future: done when every item was dealt with, or ``TimeoutError``."""
        return self._finished.wait(timeout)

    def __aiter__(self) -> _Iterator:
        return _Iterator(self)

    def _count_and_put(self, item: Any) -> None:
        self._unfinished_tasks += 1
        self._finished.clear()
        self._put(item)

    def _drop_expired(self) -> None:
        while self._putters and self._putters[0][1].done():
            self._putters.popleft()
        while self._getters and self._getters[0].done():
            self._getters.popleft()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {hex(id(self))} {self._describe()}>"

    def __str__(self) -> str:
        return f"<{type(self).__name__} {self._describe()}>"

    def _describe(self) -> str:
        parts = [f"maxsize={self._maxsize!r}"]
        if self._queue:
            parts.append(f"queue={self._queue!r}")
        if self._getters:
            parts.append(f"getters[{len(self._getters)}]")
        if self._putters:
            parts.append(f"putters[{len(self._putters)}]")
        if self._unfinished_tasks:
            parts.append(f"tasks={self._unfinished_tasks}")
        return " ".join(parts)


class PriorityQueue(Queue):
    """The smallest item comes first."""

    def _init(self) -> None:
        self._queue = []

    def _put(self, item: Any) -> None:
        heapq.heappush(self._queue, item)

    def _get(self) -> Any:
        return heapq.heappop(self._queue)


class LifoQueue(Queue):
    """The item put in last comes first."""

    def _init(self) -> None:
        self._queue = []

    def _get(self) -> Any:
        return self._queue.pop()
