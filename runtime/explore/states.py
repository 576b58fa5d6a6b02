"""Objects of the runtime as text: by what their public methods tell, never by how they are made.

Two versions may wait for the same lock in different ways; what is inside of it then differs, what
anybody can see of it does not. Objects that are listed here show their public state; of any other
object of the runtime the public attributes are shown, and it counts as one that cannot be compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import _futures, _timers, ioloop, locks, queues
from .._executor import VirtualExecutor
from .._periodic import PeriodicCallback
from ..httpclient import AsyncHTTPClient
from ..simple_httpclient import SimpleAsyncHTTPClient
from .circumstances import now
from .describe import STATES
from .turns import RunLoop


def _waiting(owner: Any) -> int:
    return sum(not waiter.done() for waiter in owner._waiters)


def _semaphore(semaphore: Any) -> Mapping[str, object]:
    return {"value": semaphore._value, "waiting": _waiting(semaphore)}


def _lock(lock: Any) -> Mapping[str, object]:
    return {"locked": lock._block._value == 0, "waiting": _waiting(lock._block)}


def _event(event: Any) -> Mapping[str, object]:
    _future(event._future)
    if _waiting(event):
        now().awaited = True
    return {"set": event.is_set()}


def _queue(queue: Any) -> Mapping[str, object]:
    """The items in the order in which they would be taken out."""
    items = list(queue._queue)
    if isinstance(queue, queues.PriorityQueue):
        items.sort()
    return {
        "items": items,
        "maxsize": queue.maxsize,
        "getting": sum(not getter.done() for getter in queue._getters),
        "putting": [item for item, putter in queue._putters if not putter.done()],
        "tasks": queue._unfinished_tasks,
    }


def _future(future: Any) -> Mapping[str, object]:
    """A future that is pending is like a function that waits to be called back.

    Who waits for it does not show; but a run that is over must not be woken up by the next one.
    """
    if not future.done():
        if future._callbacks:
            now().awaited = True
        return {}
    if future.cancelled():
        return {"cancelled": True}
    failed = future._exc_info  # asking for it would count as looking after the error
    return {"error": failed[1]} if failed is not None else {"result": future._result}


def _nothing(_: object) -> Mapping[str, object]:
    return {}


def _client(client: Any) -> Mapping[str, object]:
    return {"closed": True} if client._closed else {}


def _periodic(callback: Any) -> Mapping[str, object]:
    return {"callback_time": callback.callback_time, "running": callback.is_running()}


STATES.update(
    {
        VirtualExecutor: ("executor", _nothing),
        locks.Lock: ("Lock", _lock),
        locks.Semaphore: ("Semaphore", _semaphore),
        locks.BoundedSemaphore: ("BoundedSemaphore", _semaphore),
        locks.Condition: ("Condition", lambda each: {"waiting": _waiting(each)}),
        locks.Event: ("Event", _event),
        queues.Queue: ("Queue", _queue),
        queues.PriorityQueue: ("PriorityQueue", _queue),
        queues.LifoQueue: ("LifoQueue", _queue),
        _futures.ImmediateFuture: ("Future", _future),
        _futures.DeferringFuture: ("Future", _future),
        _timers.Timer: ("timer", _nothing),
        ioloop.IOLoop: ("IOLoop", _nothing),
        RunLoop: ("IOLoop", _nothing),
        AsyncHTTPClient: ("AsyncHTTPClient", _client),
        SimpleAsyncHTTPClient: ("AsyncHTTPClient", _client),
        PeriodicCallback: ("PeriodicCallback", _periodic),
    }
)
