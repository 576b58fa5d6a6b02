"""``asyncio`` for the code under check: what a handler uses of it, on the run's own loop."""

from __future__ import annotations

import asyncio as real
import inspect
from datetime import timedelta
from types import ModuleType
from typing import Any

from .. import _futures, gen, locks, queues
from .machine import Guarded

_SAME = (
    "CancelledError",
    "InvalidStateError",
    "QueueEmpty",
    "QueueFull",
    "TimeoutError",
    "iscoroutine",
    "iscoroutinefunction",
)


def _started(awaitable: Any, **_: Any) -> Any:
    return gen.convert_yielded(awaitable)


async def _sleep(delay: float, result: Any = None) -> Any:
    slept: Any = gen.sleep(max(0, delay))
    await slept
    return result


async def _gather(*awaitables: Any, return_exceptions: bool = False) -> Any:
    """All results, in order; without ``return_exceptions`` the first error is raised."""
    futures = [gen.convert_yielded(each) for each in awaitables]
    results: list[Any] = []
    for future in futures:
        try:
            results.append(await future)
        except Exception as error:
            if not return_exceptions:
                raise
            results.append(error)
    return results


async def _wait_for(awaitable: Any, timeout: float | None) -> Any:
    future = gen.convert_yielded(awaitable)
    if timeout is None:
        return await future
    bounded: Any = gen.with_timeout(timedelta(seconds=timeout), future)
    try:
        return await bounded
    except vars(gen)["TimeoutError"]:  # which class it is depends on the generation
        raise real.TimeoutError from None


def asyncio_module() -> ModuleType:
    """The module; what is not in it is a stand-in."""
    names: dict[str, Any] = {name: getattr(real, name) for name in _SAME}
    names["iscoroutinefunction"] = inspect.iscoroutinefunction
    names.update(
        sleep=_sleep,
        gather=_gather,
        wait_for=_wait_for,
        ensure_future=_started,
        create_task=_started,
        Future=_futures.Future,
        Event=locks.Event,
        Lock=locks.Lock,
        Semaphore=locks.Semaphore,
        Queue=queues.Queue,
    )
    return Guarded("asyncio", names)
