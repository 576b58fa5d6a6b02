"""The decorators that make coroutines of generator functions: ``coroutine`` and ``engine``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import GeneratorType
from typing import Any

from . import _current, _futures, generation
from ._errors import ReturnValueIgnoredError
from ._futures import BaseFuture
from ._runner import Return, begin
from .concurrent import fail, when_done
from .stack_context import wrap


def coroutine(func: Callable[..., Any], replace_callback: bool = True) -> Callable[..., Any]:
    """Make ``func``, a generator function, return a future for what it returns in the end.

    Nothing is raised at the call: wrong arguments and errors before the first ``yield`` are in the
    future as well. A keyword argument ``callback`` (Tornado 4 and 5, if ``replace_callback``) does
    not reach ``func`` but is called with the result on the loop.
    """

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> BaseFuture:
        future = _futures.Future()
        if "callback" in kwargs and replace_callback and generation.current < 6:
            _call_with_result(future, kwargs.pop("callback"))
        try:
            result = func(*args, **kwargs)
        except (Return, StopIteration) as stop:
            future.set_result(getattr(stop, "value", None))
        except Exception:
            fail(future)
        else:
            if isinstance(result, GeneratorType):
                begin(result, future)
            else:
                future.set_result(result)
        try:
            return future
        finally:
            del future  # an error's traceback holds this frame; it must not hold the future

    wrapper.__tornado_coroutine__ = True  # type: ignore[attr-defined]
    return wrapper


def engine(func: Callable[..., Any]) -> Callable[..., None]:
    """Make ``func``, a generator function that hands on results through callbacks, run by itself.

    The call returns ``None``. An error before the first wait is raised to the caller, a later one
    goes to the stack contexts of the call. Returning a value is a ``ReturnValueIgnoredError``.
    """
    start = coroutine(func, replace_callback=False)

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        when_done(start(*args, **kwargs), wrap(_check_nothing_returned))

    return wrapper


def is_coroutine_function(func: Any) -> bool:
    """Whether ``func`` was made by :func:`coroutine`."""
    return getattr(func, "__tornado_coroutine__", False) is True


def _call_with_result(future: BaseFuture, callback: Callable[[Any], Any]) -> None:
    _current.loop().add_future(future, lambda done: callback(done.result()))


def _check_nothing_returned(future: BaseFuture) -> None:
    result = future.result()
    if result is not None:
        raise ReturnValueIgnoredError(f"@gen.engine functions cannot return values: {result!r}")
