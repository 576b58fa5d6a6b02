"""Futures and what makes them from callbacks and executors (``tornado.concurrent``)."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from concurrent import futures
from typing import Any

from . import _current, _futures, generation
from ._executor import VirtualExecutor as VirtualExecutor
from ._futures import BaseFuture, DeferringFuture, ImmediateFuture
from .stack_context import ExceptionStackContext, wrap
from .util import ArgReplacer

FUTURES = (futures.Future, BaseFuture)
_NO_RESULT = object()

generation.vary(globals(), "Future", {4: ImmediateFuture, 5: DeferringFuture, 6: DeferringFuture})
generation.vary(globals(), "TracebackFuture", {4: ImmediateFuture})


class ReturnValueIgnoredError(Exception):
    """A function under ``@return_future`` returned a value, which nobody could receive."""


def is_future(x: Any) -> bool:
    """Whether ``x`` is a future, one of :mod:`concurrent.futures` included."""
    return isinstance(x, FUTURES)


def failed_future() -> BaseFuture:
    """Return a future resolved with the exception being handled."""
    future = _futures.Future()
    fail(future)
    return future


def fail(future: BaseFuture) -> None:
    """Resolve ``future`` with the exception being handled."""
    typ, value, tb = sys.exc_info()
    assert typ is not None
    assert value is not None
    future.resolve_with_exc_info((typ, value, tb))


def when_done(future: Any, callback: Callable[[Any], Any]) -> None:
    """Call ``callback(future)``: at once if the future is done, in every generation."""
    if future.done():
        callback(future)
    else:
        future.add_done_callback(callback)


def future_add_done_callback(future: Any, callback: Callable[[Any], Any]) -> None:
    """Call ``callback(future)`` at once if the future is done, else when it is (Tornado 5)."""
    when_done(future, callback)


def future_set_exc_info(future: Any, exc_info: Any) -> None:
    """Resolve with the exception of a ``sys.exc_info()`` triple, unless cancelled (Tornado 5)."""
    if exc_info[1] is None:
        raise Exception("future_set_exc_info called with no exception")
    if not future.cancelled():
        future.set_exception(exc_info[1])


def future_set_result_unless_cancelled(future: Any, value: Any) -> None:
    """Resolve with ``value`` unless the future was cancelled (Tornado 5)."""
    if not future.cancelled():
        future.set_result(value)


def future_set_exception_unless_cancelled(future: Any, exc: BaseException) -> None:
    """Resolve with ``exc`` unless the future was cancelled (Tornado 6)."""
    if not future.cancelled():
        future.set_exception(exc)


def chain_future(a: Any, b: Any) -> None:
    """Give ``b`` the outcome of ``a`` when ``a`` is done, unless ``b`` is done by then."""

    def copy(future: Any) -> None:
        if b.done():
            return
        if isinstance(a, BaseFuture) and isinstance(b, BaseFuture) and not a.cancelled():
            a._retrieve()
            if a._exc_info is not None:
                b.resolve_with_exc_info(a._exc_info)
                return
        elif a.exception() is not None:
            b.set_exception(a.exception())
            return
        b.set_result(a.result())

    if isinstance(a, BaseFuture):
        when_done(a, copy)
    elif generation.current == 4:
        a.add_done_callback(copy)
    else:
        _current.loop().add_future(a, copy)


def return_future(f: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function with a ``callback`` argument return a future as well.

    The argument becomes optional. An error inside the call is raised to the caller; a later one, in
    any callback that the call has scheduled, resolves the future.
    """
    replacer = ArgReplacer(f, "callback")

    @functools.wraps(f)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        future = _futures.Future()

        def resolve(value: Any = _NO_RESULT) -> None:
            future.set_result(value)

        def handle(typ: Any, value: Any, tb: Any) -> bool:
            future.resolve_with_exc_info((typ, value, tb))
            return True

        callback, args, kwargs = replacer.replace(resolve, args, kwargs)  # type: ignore[assignment]
        returned = False
        with ExceptionStackContext(handle):
            if f(*args, **kwargs) is not None:
                raise ReturnValueIgnoredError(
                    "@return_future should not be used with functions that return values"
                )
            returned = True
        if not returned:
            future.result()
        if callback is not None:
            when_done(future, wrap(functools.partial(_hand_over, callback)))
        return future

    return wrapper


def _hand_over(callback: Callable[..., Any], future: BaseFuture) -> None:
    """Call ``callback`` with what the function's own callback got: one argument, or none."""
    result = future.result()
    if result is _NO_RESULT:
        callback()
    else:
        callback(result)


def run_on_executor(*args: Any, **kwargs: Any) -> Any:
    """Make a method run on ``self.executor`` and return its future.

    ``executor=`` names another attribute; ``io_loop=`` the one whose loop runs a ``callback=``
    passed to the method (Tornado 4 and 5).
    """

    def decorator(fn: Callable[..., Any]) -> Callable[..., Any]:
        executor = kwargs.get("executor", "executor")
        io_loop = kwargs.get("io_loop", "io_loop")

        @functools.wraps(fn)
        def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
            callback = kwargs.pop("callback", None) if generation.current < 6 else None
            future = getattr(self, executor).submit(fn, self, *args, **kwargs)
            if generation.current > 4:
                submitted, future = future, _futures.Future()
                chain_future(submitted, future)
            if callback is not None:
                loop = getattr(self, io_loop) if generation.current == 4 else _current.loop()
                loop.add_future(future, lambda f: callback(f.result()))
            return future

        return wrapper

    if args and kwargs:
        raise ValueError("cannot combine positional and keyword args")
    if len(args) == 1:
        return decorator(args[0])
    if args:
        raise ValueError(f"expected 1 argument, got {len(args)}")
    return decorator


class DummyExecutor:
    """An executor that runs what is submitted at once, in the caller's thread."""

    def submit(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> BaseFuture:
        """Call ``fn(*args, **kwargs)`` and return a future that has its outcome."""
        future = _futures.Future()
        try:
            result = fn(*args, **kwargs)
        except Exception:
            fail(future)
        else:
            future.set_result(result)
        return future

    def shutdown(self, wait: bool = True) -> None:
        """Do nothing: there is nothing to wait for."""


dummy_executor = DummyExecutor()


generation.limit(globals(), ["return_future", "ReturnValueIgnoredError"], last=5)
generation.limit(
    globals(),
    ["future_add_done_callback", "future_set_exc_info", "future_set_result_unless_cancelled"],
    first=5,
)
generation.limit(globals(), ["future_set_exception_unless_cancelled"], first=6)
