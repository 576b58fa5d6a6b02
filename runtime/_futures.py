"""Futures: a result or an exception that may not be there yet.

Two classes, because the generations differ (SEMANTICS section 3). An :class:`ImmediateFuture`
(Tornado 4) runs its callbacks inside ``set_result``; a :class:`DeferringFuture` (5 and 6, where
Tornado uses asyncio's) hands them to the loop. ``_futures.Future`` is the class of the current
generation.
"""

from __future__ import annotations

import asyncio
import logging
import reprlib
import traceback
from asyncio import CancelledError as CancelledError
from asyncio import InvalidStateError
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Any

from . import _current, generation
from .log import app_log

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]
_asyncio_log = logging.getLogger("asyncio")


def log_in_asyncio(callback: Any) -> None:
    """Log the exception that ``callback`` has raised as asyncio does, which runs it from 5 on."""
    _asyncio_log.error("Exception in callback %r", callback, exc_info=True)


class _NoLoop:
    @staticmethod
    def get_debug() -> bool:
        return False


def _stored_by_asyncio(exception: StopIteration) -> Any:
    """What asyncio's future keeps of it, or what it raises: patch releases of Python differ."""
    future: Any = asyncio.Future(loop=_NoLoop())  # type: ignore[arg-type]
    future.set_exception(exception)
    return future.exception()


unretrieved: set[int] = set()
"""The exceptions that may be logged yet, by the ``id`` of what will log them."""


class _Unretrieved:
    """Logs an exception that nobody asked for, when it is thrown away with its future."""

    __slots__ = ("exc_info", "log", "message")

    def __init__(self, log: logging.Logger, message: str, exc_info: ExcInfo) -> None:
        self.log = log
        self.message = message
        self.exc_info: ExcInfo | None = exc_info
        unretrieved.add(id(self))

    def __del__(self) -> None:
        unretrieved.discard(id(self))
        if self.exc_info is not None:
            if self.log is _asyncio_log:  # the record carries the exception, not its text
                self.log.error(self.message, exc_info=self.exc_info)
                return
            text = "".join(traceback.format_exception(*self.exc_info)).rstrip()
            self.log.error(self.message, text)


class BaseFuture:
    """What futures of all generations have in common."""

    __slots__ = ("__weakref__", "_callbacks", "_exc_info", "_result", "_unretrieved")

    def __init__(self) -> None:
        self._result: Any = None
        self._exc_info: ExcInfo | None = None
        self._callbacks: list[Callable[[Any], Any]] | None = []
        self._unretrieved: _Unretrieved | None = None

    @staticmethod
    def resolved_twice() -> Exception:
        """Return what is raised when a future that is done is resolved again."""
        raise NotImplementedError

    def done(self) -> bool:
        """Whether there is a result or an exception."""
        return self._callbacks is None

    def cancelled(self) -> bool:
        """Whether the future was cancelled."""
        return False

    def result(self, timeout: float | None = None) -> Any:
        """Return the result or raise the exception; ``timeout`` has no effect."""
        raise NotImplementedError

    def resolve_with_exc_info(self, exc_info: ExcInfo) -> None:
        """Resolve with an exception and the traceback in ``exc_info``, in any generation."""
        raise NotImplementedError

    def add_done_callback(self, fn: Callable[[Any], Any]) -> None:
        """Call ``fn(future)`` when the future is done."""
        raise NotImplementedError

    def set_result(self, result: Any) -> None:
        """Resolve with a result."""
        raise NotImplementedError

    def set_exception(self, exception: Any) -> None:
        """Resolve with an exception."""
        raise NotImplementedError

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Return the exception, ``None`` if there is a result; ``timeout`` has no effect."""
        raise NotImplementedError

    def _retrieve(self) -> None:
        if self._unretrieved is not None:
            self._unretrieved.exc_info = None
            self._unretrieved = None

    def _raise(self) -> None:
        """Raise the stored exception with the traceback it came with, however often."""
        self._retrieve()
        assert self._exc_info is not None
        try:
            raise self._exc_info[1].with_traceback(self._exc_info[2])
        finally:
            self = None  # type: ignore[assignment]  # a traceback must not keep the future alive


_NEVER_RETRIEVED = "Future exception was never retrieved: %s"


class ImmediateFuture(BaseFuture):
    """``tornado.concurrent.Future`` as it is in Tornado 4: callbacks run at once."""

    __slots__ = ("__dict__",)

    @staticmethod
    def resolved_twice() -> Exception:
        """Return the ``TypeError`` of Tornado 4."""
        return TypeError("'NoneType' object is not iterable")

    def cancel(self) -> bool:
        """Do nothing and say so: Tornado 4's futures cannot be cancelled."""
        return False

    def running(self) -> bool:
        """Whether the future is not yet done."""
        return self._callbacks is not None

    def result(self, timeout: float | None = None) -> Any:
        """Return the result or raise the exception; ``timeout`` has no effect."""
        if self._exc_info is not None and self._result is None:
            self._raise()
        self._check_done()
        return self._result

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Return the exception, ``None`` if there is a result; ``timeout`` has no effect."""
        if self._exc_info is not None:
            self._retrieve()
            return self._exc_info[1]
        self._check_done()
        return None

    def exc_info(self) -> ExcInfo | None:
        """Return the exception as type, value and traceback, ``None`` if there is none."""
        self._retrieve()
        return self._exc_info

    def add_done_callback(self, fn: Callable[[Any], Any]) -> None:
        """Call ``fn(future)``: now if it is done (errors go to the caller), else when it is."""
        if self._callbacks is None:
            fn(self)
        else:
            self._callbacks.append(fn)

    def set_result(self, result: Any) -> None:
        """Resolve with ``result`` and run the callbacks; ``TypeError`` the second time."""
        self._result = result
        self._run_callbacks()

    def set_exception(self, exception: Any) -> None:
        """Resolve with ``exception`` and the traceback it carries."""
        self.set_exc_info((exception.__class__, exception, exception.__traceback__))

    def set_exc_info(self, exc_info: ExcInfo) -> None:
        """Resolve with an exception given as ``sys.exc_info()`` gives it."""
        self._exc_info = exc_info
        self._unretrieved = _Unretrieved(app_log, _NEVER_RETRIEVED, exc_info)
        self._run_callbacks()

    resolve_with_exc_info = set_exc_info

    def _run_callbacks(self) -> None:
        callbacks = self._callbacks
        if callbacks is None:
            raise self.resolved_twice()
        self._callbacks = None
        for callback in callbacks:
            try:
                callback(self)
            except Exception:
                app_log.exception("Exception in callback %r for %r", callback, self)

    def _check_done(self) -> None:
        if self._callbacks is not None:
            raise Exception("DummyFuture does not support blocking for results")

    def __await__(self) -> Generator[Any, Any, Any]:
        return (yield self)


def _keep(runner: Any) -> None:
    """Do nothing: a runner lives until the callbacks of its cancelled future are run."""


class DeferringFuture(BaseFuture):
    """The future of Tornado 5 and 6, which is asyncio's: callbacks run in the next iteration."""

    __slots__ = ("_cancelled", "runner")

    def __init__(self) -> None:
        super().__init__()
        self._cancelled = False
        self.runner: Any = None  # lives as long as the future for its result

    @staticmethod
    def resolved_twice() -> Exception:
        """Return asyncio's ``InvalidStateError``."""
        return InvalidStateError("invalid state")

    def __repr__(self) -> str:
        if self._callbacks is not None:
            state = "pending"
        elif self._cancelled:
            state = "cancelled"
        elif self._exc_info is not None:
            state = f"finished exception={self._exc_info[1]!r}"
        else:
            state = f"finished result={reprlib.repr(self._result)}"
        return f"<{type(self).__name__} {state}>"

    def cancelled(self) -> bool:
        """Whether the future was cancelled."""
        return self._cancelled

    def cancel(self, msg: Any = None) -> bool:
        """Resolve as cancelled; ``False`` if it was done before. ``msg`` has no effect."""
        if self._callbacks is None:
            return False
        self._cancelled = True
        self._schedule_callbacks()
        if self.runner is not None and generation.current == 6:
            _current.defer(_keep, self.runner)
            self.runner = None
        return True

    def result(self, timeout: float | None = None) -> Any:
        """Return the result or raise; ``InvalidStateError`` while there is neither."""
        self._check_done("Result is not set.")
        if self._exc_info is not None:
            self._raise()
        return self._result

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Return the exception, ``None`` if there is a result."""
        self._check_done("Exception is not set.")
        self._retrieve()
        return self._exc_info[1] if self._exc_info is not None else None

    def add_done_callback(self, fn: Callable[[Any], Any], *, context: Any = None) -> None:
        """Call ``fn(future)`` in the iteration after the one in which the future is done."""
        if self._callbacks is None:
            _current.defer(fn, self)
        else:
            self._callbacks.append(fn)

    def remove_done_callback(self, fn: Callable[[Any], Any]) -> int:
        """Forget ``fn``; the number of times it was registered comes back."""
        kept = [callback for callback in self._callbacks or () if callback != fn]
        removed = len(self._callbacks or ()) - len(kept)
        if removed:
            self._callbacks = kept
        return removed

    def set_result(self, result: Any) -> None:
        """Resolve with ``result``; ``InvalidStateError`` if done."""
        self._check_pending()
        self._result = result
        self._schedule_callbacks()

    def set_exception(self, exception: Any) -> None:
        """Resolve with ``exception``, an instance or a class; ``InvalidStateError`` if done.

        A StopIteration is a ``TypeError`` or stored as a ``RuntimeError``, as this Python has it.
        """
        self._check_pending()
        if isinstance(exception, type):
            exception = exception()
        if isinstance(exception, StopIteration):
            exception = _stored_by_asyncio(exception)
        self.resolve_with_exc_info((type(exception), exception, exception.__traceback__))

    def resolve_with_exc_info(self, exc_info: ExcInfo) -> None:
        """Resolve with an exception and its traceback; ``InvalidStateError`` if done."""
        self._check_pending()
        self._exc_info = exc_info
        self._unretrieved = _Unretrieved(
            _asyncio_log, "Future exception was never retrieved", exc_info
        )
        self._schedule_callbacks()

    def _schedule_callbacks(self) -> None:
        callbacks, self._callbacks = self._callbacks, None
        for callback in callbacks or ():
            _current.defer(callback, self)

    def _check_pending(self) -> None:
        if self._callbacks is None:
            raise self.resolved_twice()

    def _check_done(self, message: str) -> None:
        if self._callbacks is not None:
            raise InvalidStateError(message)
        if self._cancelled:
            raise CancelledError

    def __await__(self) -> Generator[Any, Any, Any]:
        if self._callbacks is not None:
            yield self
        return self.result()

    __iter__ = __await__


for _each in (ImmediateFuture, DeferringFuture):
    _each.__name__ = _each.__qualname__ = "Future"  # as they are called in messages

Future: type[BaseFuture] = ImmediateFuture

generation.vary(
    globals(),
    "Future",
    {4: ImmediateFuture, 5: DeferringFuture, 6: DeferringFuture},
)
