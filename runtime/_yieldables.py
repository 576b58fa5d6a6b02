"""Everything that may be yielded, as a future."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from . import _futures, generation
from ._errors import BadYieldError
from ._multi import contains_yieldpoint, multi
from ._runner import begin, null_future
from ._tasks import Task
from ._yieldpoints import YieldPoint
from .concurrent import is_future


@functools.singledispatch
def convert_yielded(yielded: Any) -> Any:
    """Return a future for a future, list, dict or awaitable; ``BadYieldError`` for anything else.

    Further types may be added with ``convert_yielded.register``.
    """
    if generation.current > 4 and (yielded is None or yielded is null_future):
        return null_future
    if is_future(yielded):
        return yielded
    if isinstance(yielded, (dict, list)):
        return multi(yielded)
    if inspect.isawaitable(yielded):
        return run_awaitable(yielded)
    raise BadYieldError(f"yielded unknown object {yielded!r}")


def run_awaitable(awaitable: Any) -> Any:
    """Start a native coroutine: at once in generation 4, in the next iteration from 5 on."""
    if generation.current > 4:
        return Task(awaitable)
    future = _futures.Future()
    begin(awaitable.__await__(), future)
    return future


def as_yieldpoint(yielded: Any) -> YieldPoint | None:
    """Return ``yielded`` if it is a YieldPoint, or one for a list or dict that has some."""
    if isinstance(yielded, YieldPoint):
        return yielded
    if contains_yieldpoint(yielded):
        point: YieldPoint = multi(yielded)
        return point
    return None
