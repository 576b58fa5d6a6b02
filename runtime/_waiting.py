"""Waiting with a limit, for a time, or for the first of several."""

from __future__ import annotations

import collections
from collections.abc import Hashable
from datetime import timedelta
from typing import Any

from . import _current, _futures, generation
from ._errors import timeout_error
from ._futures import BaseFuture, CancelledError
from ._yieldables import convert_yielded
from .concurrent import chain_future, is_future, when_done
from .log import app_log


def maybe_future(x: Any) -> Any:
    """Return ``x`` if it is a future, else a future that has it as its result."""
    if is_future(x):
        return x
    future = _futures.Future()
    future.set_result(x)
    return future


def sleep(duration: float) -> BaseFuture:
    """Return a future that is done after ``duration`` seconds."""
    future = _futures.Future()
    _current.loop().call_later(duration, _wake, future)
    return future


def _wake(future: BaseFuture) -> None:
    if not future.cancelled():
        future.set_result(None)


def with_timeout_and_loop(
    timeout: float | timedelta, future: Any, io_loop: Any = None, quiet_exceptions: Any = ()
) -> BaseFuture:
    """Be ``with_timeout`` as Tornado 4 declares it; ``io_loop`` is the loop with the clock."""
    return _with_timeout(timeout, future, io_loop or _current.loop(), quiet_exceptions)


def with_timeout(timeout: float | timedelta, future: Any, quiet_exceptions: Any = ()) -> BaseFuture:
    """Return a future for the outcome of ``future`` or, at ``timeout``, a ``TimeoutError``.

    ``timeout`` is a time on the loop's clock, or a timedelta from now. ``future`` goes on in any
    case; an error that it has after the timeout is logged, unless it is a ``quiet_exceptions``.
    """
    return _with_timeout(timeout, future, _current.loop(), quiet_exceptions)


def _with_timeout(
    timeout: float | timedelta, future: Any, loop: Any, quiet_exceptions: Any
) -> BaseFuture:
    awaited = convert_yielded(future)
    limited = _futures.Future()
    chain_future(awaited, limited)

    def log_error(late: Any) -> None:
        try:
            late.result()
        except CancelledError:
            if generation.current == 5:  # which takes it for an Exception, as it once was
                raise
        except Exception as error:
            if not isinstance(error, quiet_exceptions):
                app_log.error("Exception in Future %r after timeout", late, exc_info=True)

    def expire() -> None:
        if generation.current == 4 or not limited.done():
            limited.set_exception(timeout_error("Timeout"))
        when_done(awaited, log_error)

    timer = loop.add_timeout(timeout, expire)
    if isinstance(awaited, BaseFuture):
        when_done(awaited, lambda done: loop.remove_timeout(timer))
    else:
        loop.add_future(awaited, lambda done: loop.remove_timeout(timer))
    return limited


class WaitIterator:
    """Gives futures in the order in which they are done.

    ``while not iterator.done(): result = yield iterator.next()``; or ``async for``. Meanwhile
    ``current_future`` is the future and ``current_index`` its position, or its keyword.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take futures, by position or by keyword; ``ValueError`` for both."""
        if args and kwargs:
            raise ValueError("You must provide args or kwargs, not both")
        self.current_index: Hashable = None
        self.current_future: Any = None
        named: Any = kwargs.items() if kwargs else enumerate(args)
        self._names = {future: name for name, future in named}
        self._arrived: collections.deque[Any] = collections.deque()
        self._asked: BaseFuture | None = None
        for future in list(kwargs.values()) if kwargs else args:
            when_done(future, self._arrive)

    def done(self) -> bool:
        """Whether all futures were given."""
        if self._arrived or self._names:
            return False
        self.current_index = self.current_future = None
        return True

    def next(self) -> BaseFuture:
        """Return a future for the outcome of the next future that is done."""
        asked = self._asked = _futures.Future()
        if self._arrived:
            self._give(self._arrived.popleft())
        return asked

    def _arrive(self, future: Any) -> None:
        if self._asked is not None and not self._asked.done():
            self._give(future)
        else:
            self._arrived.append(future)

    def _give(self, future: Any) -> None:
        chain_future(future, self._asked)
        self.current_future = future
        self.current_index = self._names.pop(future)

    def __aiter__(self) -> WaitIterator:
        return self

    def __anext__(self) -> BaseFuture:
        if self.done():
            raise StopAsyncIteration
        return self.next()
