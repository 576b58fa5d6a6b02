"""Locks for coroutines (``tornado.locks``): what would block gives a future instead.

A ``timeout`` is a time on the loop's clock (seconds) or a timedelta from now; ``None`` is no limit.
"""

from __future__ import annotations

import collections
from datetime import timedelta
from types import TracebackType
from typing import Any, NoReturn

from . import _current, _futures, generation
from ._errors import timeout_error
from ._futures import BaseFuture, DeferringFuture
from ._waiting import with_timeout

__all__ = ["BoundedSemaphore", "Condition", "Event", "Lock", "Semaphore"]

_Timeout = float | timedelta | None
_EXPIRED_BEFORE_SWEEP = 100


class _Waiters:
    """Futures in a queue; those that have timed out are swept out now and then."""

    def __init__(self) -> None:
        self._waiters: collections.deque[BaseFuture] = collections.deque()
        self._expired = 0

    def _count_expired(self) -> None:
        self._expired += 1
        if self._expired > _EXPIRED_BEFORE_SWEEP:
            self._expired = 0
            self._waiters = collections.deque(w for w in self._waiters if not w.done())


def _limit(waiter: BaseFuture, timeout: _Timeout, expire: Any) -> None:
    """Call ``expire()`` at ``timeout`` unless ``waiter`` is done by then."""
    if not timeout:  # Tornado takes a timeout of nothing for none
        return
    loop = _current.loop()
    timer = loop.add_timeout(timeout, expire)
    waiter.add_done_callback(lambda done: loop.remove_timeout(timer))


class Condition(_Waiters):
    """Lets coroutines wait until they are notified."""

    def __repr__(self) -> str:
        waiting = f" waiters[{len(self._waiters)}]" if self._waiters else ""
        return f"<{type(self).__name__}{waiting}>"

    def wait(self, timeout: _Timeout = None) -> BaseFuture:
        """Return a future: ``True`` when notified, ``False`` at ``timeout``."""
        waiter = _futures.Future()
        self._waiters.append(waiter)

        def expire() -> None:
            if not waiter.done():
                waiter.set_result(False)
            self._count_expired()

        _limit(waiter, timeout, expire)
        return waiter

    def notify(self, n: int = 1) -> None:
        """Wake ``n`` of those that wait, first come, first served."""
        woken = []
        while n and self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                n -= 1
                woken.append(waiter)
        for waiter in woken:
            waiter.set_result(True)

    def notify_all(self) -> None:
        """Wake all that wait."""
        self.notify(len(self._waiters))


class Event:
    """Lets coroutines wait until a flag is set."""

    def __init__(self) -> None:
        self._future = _futures.Future()
        self._waiters: list[BaseFuture] = []  # from generation 5 on everybody waits alone

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'set' if self.is_set() else 'clear'}>"

    def is_set(self) -> bool:
        """Whether the flag is set."""
        return self._future.done()

    def set(self) -> None:
        """Set the flag and wake all that wait."""
        if self._future.done():
            return
        self._future.set_result(None)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def clear(self) -> None:
        """Take the flag back."""
        if self._future.done():
            self._future = _futures.Future()

    def wait(self, timeout: _Timeout = None) -> BaseFuture:
        """Return a future: done when the flag is set, ``TimeoutError`` at ``timeout``."""
        waiter = self._future if generation.current == 4 else self._new_waiter()
        if timeout is None:
            return waiter
        limited = with_timeout(timeout, waiter)
        if isinstance(waiter, DeferringFuture):
            limited.add_done_callback(lambda done: waiter.cancel())
        return limited

    def _new_waiter(self) -> BaseFuture:
        waiter = _futures.Future()
        if self.is_set():
            waiter.set_result(None)
        else:
            self._waiters.append(waiter)
        return waiter


class _ReleasingContextManager:
    """What ``yield lock.acquire()`` gives: releases at the end of a ``with`` block."""

    def __init__(self, owner: Any) -> None:
        self._owner = owner

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc_info: object) -> None:
        self._owner.release()


class Semaphore(_Waiters):
    """Lets ``value`` coroutines in at a time."""

    def __init__(self, value: int = 1) -> None:
        """Raise ``ValueError`` for a negative ``value``."""
        super().__init__()
        if value < 0:
            raise ValueError("semaphore initial value must be >= 0")
        self._value = value

    def __repr__(self) -> str:
        state = "locked" if self._value == 0 else f"unlocked,value:{self._value}"
        waiting = f",waiters:{len(self._waiters)}" if self._waiters else ""
        return f"<{object.__repr__(self)[1:-1]} [{state}{waiting}]>"

    def release(self) -> None:
        """Let one more in: the first of those that wait, if there are any."""
        self._value += 1
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                self._value -= 1
                waiter.set_result(_ReleasingContextManager(self))
                break

    def acquire(self, timeout: _Timeout = None) -> BaseFuture:
        """Return a future: a context manager that releases, or ``TimeoutError`` at ``timeout``."""
        waiter = _futures.Future()
        if self._value > 0:
            self._value -= 1
            waiter.set_result(_ReleasingContextManager(self))
            return waiter
        self._waiters.append(waiter)

        def expire() -> None:
            if not waiter.done():
                waiter.set_exception(timeout_error())
            self._count_expired()

        _limit(waiter, timeout, expire)
        return waiter

    def __enter__(self) -> NoReturn:
        if generation.current == 6:
            raise RuntimeError("Use 'async with' instead of 'with' for Semaphore")
        raise RuntimeError(
            "Use Semaphore like 'with (yield semaphore.acquire())', not like 'with semaphore'"
        )

    def __exit__(self, *exc_info: object) -> None:
        """Never get here: entering fails."""

    async def __aenter__(self) -> None:
        await self.acquire()  # type: ignore[misc]

    async def __aexit__(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.release()


class BoundedSemaphore(Semaphore):
    """A Semaphore that may not be released more often than it was acquired."""

    def __init__(self, value: int = 1) -> None:
        """Raise ``ValueError`` for a negative ``value``."""
        super().__init__(value)
        self._initial_value = value

    def release(self) -> None:
        """Let one more in; ``ValueError`` if all are free."""
        if self._value >= self._initial_value:
            raise ValueError("Semaphore released too many times")
        super().release()


class Lock:
    """Lets one coroutine in at a time, first come, first served."""

    def __init__(self) -> None:
        self._block = BoundedSemaphore(1)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} _block={self._block!r}>"

    def acquire(self, timeout: _Timeout = None) -> BaseFuture:
        """Return a future: a context manager that releases, or ``TimeoutError`` at ``timeout``."""
        return self._block.acquire(timeout)

    def release(self) -> None:
        """Let the next one in; ``RuntimeError`` if nobody is in."""
        try:
            self._block.release()
        except ValueError:
            raise RuntimeError("release unlocked lock") from None

    def __enter__(self) -> NoReturn:
        if generation.current == 6:
            raise RuntimeError("Use `async with` instead of `with` for Lock")
        raise RuntimeError("Use Lock like 'with (yield lock)', not like 'with lock'")

    def __exit__(self, *exc_info: object) -> None:
        """Never get here: entering fails."""

    async def __aenter__(self) -> None:
        await self.acquire()  # type: ignore[misc]

    async def __aexit__(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.release()
