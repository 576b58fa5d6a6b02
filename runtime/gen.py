"""Coroutines (``tornado.gen``). What is where:

``_coroutine`` has the decorators, ``_runner`` the Runner and the five steps of a coroutine's life,
``_yieldables`` what may be yielded, ``_multi`` lists and dicts, ``_waiting`` timeouts and
iterators, ``_yieldpoints`` the older style with Task, Callback and Wait, ``_tasks`` native
coroutines from generation 5 on, ``_errors`` the errors.
"""

from __future__ import annotations

import asyncio

from . import generation, util
from ._coroutine import coroutine as coroutine
from ._coroutine import engine as engine
from ._coroutine import is_coroutine_function as is_coroutine_function
from ._errors import BadYieldError as BadYieldError
from ._errors import KeyReuseError as KeyReuseError
from ._errors import LeakedCallbackError as LeakedCallbackError
from ._errors import ReturnValueIgnoredError as ReturnValueIgnoredError
from ._errors import UnknownKeyError as UnknownKeyError
from ._errors import _GenTimeoutError
from ._futures import DeferringFuture, ImmediateFuture
from ._multi import Multi as Multi
from ._multi import MultiYieldPoint as MultiYieldPoint
from ._multi import multi as multi
from ._multi import multi_future as multi_future
from ._runner import Return as Return
from ._runner import Runner as Runner
from ._runner import moment_future, null_future
from ._waiting import WaitIterator as WaitIterator
from ._waiting import maybe_future as maybe_future
from ._waiting import sleep as sleep
from ._waiting import with_timeout as with_timeout
from ._waiting import with_timeout_and_loop
from ._yieldables import convert_yielded as convert_yielded
from ._yieldpoints import Arguments as Arguments
from ._yieldpoints import Callback as Callback
from ._yieldpoints import Task as Task
from ._yieldpoints import Wait as Wait
from ._yieldpoints import WaitAll as WaitAll
from ._yieldpoints import YieldFuture as YieldFuture
from ._yieldpoints import YieldPoint as YieldPoint
from .concurrent import chain_future as chain_future
from .concurrent import is_future as is_future
from .ioloop import IOLoop as IOLoop

generation.vary(
    globals(), "TimeoutError", {4: _GenTimeoutError, 5: util._TimeoutError, 6: asyncio.TimeoutError}
)
# Code in the wild imports these, and the three above, from here.
generation.vary(globals(), "Future", {4: ImmediateFuture, 5: DeferringFuture, 6: DeferringFuture})
generation.vary(globals(), "TracebackFuture", {4: ImmediateFuture})
generation.vary(globals(), "moment", {4: moment_future, 5: null_future, 6: null_future})
generation.vary(
    globals(), "with_timeout", {4: with_timeout_and_loop, 5: with_timeout, 6: with_timeout}
)
generation.limit(globals(), ["is_coroutine_function"], first=5)
generation.limit(
    globals(),
    [
        "Arguments",
        "Callback",
        "MultiYieldPoint",
        "Task",
        "Wait",
        "WaitAll",
        "YieldFuture",
        "YieldPoint",
        "engine",
    ],
    last=5,
)
