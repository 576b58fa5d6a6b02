"""The event loop (``tornado.ioloop``) on virtual time.

One iteration goes as in Tornado 4: the callbacks queued so far run, then the timers that were due
at its beginning. When nothing is ready, something from outside happens (`_outside`): an operation
completes, the clock jumps to the next timer, or a thread calls. There are no file descriptors.
"""

from __future__ import annotations

import asyncio
import numbers
import sys
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from . import _current, _futures, generation, util
from ._current import CurrentLoops
from ._descriptors import NoDescriptors
from ._executor import RunsInExecutor
from ._futures import BaseFuture
from ._outside import EPOCH as EPOCH
from ._outside import Entry, Outside
from ._outside import External as External
from ._periodic import PeriodicCallback as PeriodicCallback
from ._timers import Timer
from .concurrent import is_future
from .log import app_log
from .stack_context import EMPTY, Contexts, NullContext, _state, run, unwrap

_NO_KEYWORDS: dict[str, Any] = {}


class _LoopTimeoutError(Exception):
    """``run_sync`` took longer than its timeout (Tornado 4)."""


_LoopTimeoutError.__name__ = _LoopTimeoutError.__qualname__ = "TimeoutError"
generation.vary(
    globals(),
    "TimeoutError",
    {4: _LoopTimeoutError, 5: util._TimeoutError, 6: asyncio.TimeoutError},
)


class LoopStalled(RuntimeError):
    """Nothing is ready and nothing is pending: a real loop would wait for ever from here on."""


class IOLoop(Outside, CurrentLoops, NoDescriptors, RunsInExecutor):
    """An event loop. ``IOLoop()`` becomes the current loop of its thread if there is none.

    ``time_func`` and ``impl`` (an object with ``poll(seconds)``) replace the virtual clock, as they
    do in Tornado's PollIOLoop.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__()
        self._ready: deque[Entry] = deque()
        self._running = False
        self._stopped = False
        self._closed = False
        self.initialize(**kwargs)

    def initialize(
        self,
        make_current: bool | None = None,
        impl: Any = None,
        time_func: Callable[[], float] | None = None,
    ) -> None:
        """Set the loop up; subclasses may extend it."""
        self._impl = impl
        self._time_func = time_func
        if make_current is None:
            if _current.current.loop is None:
                self.make_current()
        elif make_current:
            if _current.current.loop is not None:
                raise RuntimeError("current IOLoop already exists")
            self.make_current()

    # Callbacks

    def add_callback(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Run ``callback(*args, **kwargs)`` in the next iteration, in the contexts of now."""
        if self._closed:
            return
        contexts, function = unwrap(callback)
        _check_callable(function)
        self._ready.append((contexts, function, args, kwargs))
        if self._woken is not None:
            self._woken.set()

    add_callback_from_signal = add_callback

    def spawn_callback(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Run ``callback(*args, **kwargs)`` in the next iteration, in no context."""
        with NullContext():
            self.add_callback(callback, *args, **kwargs)

    def add_future(self, future: Any, callback: Callable[[Any], Any]) -> None:
        """Run ``callback(future)`` on the loop, in the contexts of now, when the future is done."""
        assert is_future(future)
        contexts, function = unwrap(callback)
        resume: Callable[[Any], Any] = partial(self._push, contexts, function)
        if generation.current == 6 and isinstance(future, BaseFuture):
            resume = partial(self._run_done, contexts, function)
        elif generation.current == 5 and future.done():
            resume(future)
            return
        future.add_done_callback(resume)

    def _run_done(self, contexts: Contexts, function: Callable[..., Any], future: Any) -> None:
        self._run(contexts, function, (future,), _NO_KEYWORDS)

    def _push(self, contexts: Contexts, function: Callable[..., Any], future: Any) -> None:
        self._ready.append((contexts, function, (future,), _NO_KEYWORDS))
        if self._woken is not None:
            self._woken.set()

    def _defer(self, callback: Callable[[Any], Any], future: Any) -> None:
        self._ready.append((EMPTY, _run_done_callback, (callback, future), _NO_KEYWORDS))
        if self._woken is not None:
            self._woken.set()

    # Time

    def add_timeout(
        self, deadline: float | timedelta, callback: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Timer:
        """Run ``callback`` at ``deadline``: a time on the loop's clock, or a timedelta from now."""
        if isinstance(deadline, numbers.Real):
            when = float(deadline)
        elif isinstance(deadline, timedelta):
            when = self.time() + deadline.total_seconds()
        else:
            raise TypeError(f"Unsupported deadline {deadline!r}")
        if generation.current > 4:  # asyncio counts from now and knows no past
            now = self.time()
            when = now + max(0.0, when - now)
        contexts, function = unwrap(callback)
        _check_callable(function)
        return self._timers.add(when, contexts, function, args, kwargs)

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Timer:
        """Run ``callback`` after ``delay`` seconds."""
        return self.add_timeout(self.time() + delay, callback, *args, **kwargs)

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Timer:
        """Run ``callback`` when the loop's clock shows ``when``."""
        return self.add_timeout(when, callback, *args, **kwargs)

    def remove_timeout(self, timeout: Timer) -> None:
        """Keep a timer from running; without effect if it has run."""
        if generation.current == 4:
            timeout.callback = None
        else:
            timeout.cancel()

    # Running

    def start(self) -> None:
        """Run until :meth:`stop`.

        Raises ``RuntimeError`` if running, :class:`LoopStalled` when nothing can come any more.
        """
        if self._running:
            running = "IOLoop" if generation.current == 4 else "This event loop"
            raise RuntimeError(f"{running} is already running")
        if self._stopped and generation.current == 4:
            self._stopped = False
            return
        if self._run_loop(None) == "idle":
            raise LoopStalled("nothing is ready and nothing is pending on this IOLoop")

    def run_until_idle(self, limit: int | None = None) -> str:
        """Run until nothing can happen any more, at most ``limit`` iterations.

        Returns why it ended: ``"idle"``, ``"stopped"`` (by :meth:`stop`) or ``"limit"``.
        """
        return self._run_loop(limit)

    def stop(self) -> None:
        """End :meth:`start` after the iteration under way, or the next one that is started."""
        self._running = False
        self._stopped = True
        if self._woken is not None:
            self._woken.set()

    def close(self, all_fds: bool = False) -> None:
        """Throw away what is queued and take no more."""
        self._closed = True
        self._ready.clear()
        self._timers.clear()
        self._externals.clear()

    def _run_loop(self, limit: int | None) -> str:
        loop_before, contexts_before = _current.current.loop, _state.contexts
        _current.current.loop = self
        _state.contexts = EMPTY
        self._running = not self._stopped
        try:
            while limit is None or limit > 0:
                self._iterate()
                if not self._running:
                    return "stopped"
                if not self._ready and not self._advance():
                    return "idle"
                if limit is not None:
                    limit -= 1
            return "limit"
        finally:
            self._running = self._stopped = False
            _current.current.loop = loop_before
            _state.contexts = contexts_before

    def _iterate(self) -> None:
        ready = self._ready
        due = self._timers.take_due(self.time()) if self._timers.heap else ()
        for _ in range(len(ready)):
            contexts, function, args, kwargs = ready.popleft()
            self._run(contexts, function, args, kwargs)
        for timer in due:
            if timer.callback is not None:
                self._run(timer.contexts, timer.callback, timer.args, timer.kwargs)

    def _run(
        self,
        contexts: Contexts,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        """Run one callback: its error is logged, a result that can be awaited is watched."""
        try:
            if contexts is EMPTY:
                result = function(*args, **kwargs)
            else:
                result = run(contexts, function, args, kwargs)
            if result is not None:
                _state.contexts = EMPTY
                self._watch(result)
        except _futures.CancelledError:
            if generation.current == 4:
                raise
            if generation.current == 5:
                _futures.log_in_asyncio(function)
        except Exception:
            if generation.current < 6:
                self.handle_callback_exception(function)
            else:
                _log_error_in(function)
        finally:
            _state.contexts = EMPTY

    def _watch(self, result: Any) -> None:
        from .gen import BadYieldError, convert_yielded

        try:
            future = convert_yielded(result)
        except BadYieldError:
            return
        self.add_future(future, _retrieve)

    def handle_callback_exception(self, callback: Callable[..., Any]) -> None:
        """Log the exception that a callback has raised; subclasses may do something else."""
        _log_error_in(callback)

    def run_sync(self, func: Callable[[], Any], timeout: float | None = None) -> Any:
        """Run ``func`` on the loop until what it returns is done; return or raise its outcome.

        Raises the loop's ``TimeoutError`` after ``timeout`` seconds, ``BadYieldError`` for a result
        that cannot be awaited.
        """
        futures: list[Any] = []

        def begin() -> None:
            futures.append(_start(func))
            self.add_future(futures[0], lambda future: self.stop())

        self.add_callback(begin)

        def expire() -> None:
            # From 5 on, what it has waited for is cancelled; the loop stops when that is over.
            if generation.current == 4 or not futures[0].cancel():
                self.stop()

        timer = None
        if timeout is not None:
            timer = self.add_timeout(self.time() + timeout, expire)
        self.start()
        if timer is not None:
            self.remove_timeout(timer)
        if not futures[0].done() or futures[0].cancelled():
            error: type[Exception] = globals()["TimeoutError"]
            raise error(f"Operation timed out after {timeout} seconds")
        return futures[0].result()


class PollIOLoop(IOLoop):
    """Tornado 4's base for loops with a poll function; here the loop itself."""


generation.limit(globals(), ["PollIOLoop"], last=5)
generation.limit_methods(IOLoop, ["handle_callback_exception"], last=5)
generation.limit_methods(CurrentLoops, ["initialized"], last=4)


def _start(func: Callable[[], Any]) -> Any:
    """Call ``func`` and return a future for its outcome, whatever it does."""
    from .gen import convert_yielded

    failed = _futures.Future()
    try:
        result = func()
        if result is not None:
            return convert_yielded(result)
    except Exception:
        typ, value, tb = sys.exc_info()
        assert typ is not None
        assert value is not None
        failed.resolve_with_exc_info((typ, value, tb))
        return failed
    failed.set_result(None)
    return failed


def _log_error_in(callback: Callable[..., Any]) -> None:
    app_log.error("Exception in callback %r", callback, exc_info=True)


def _check_callable(function: Any) -> None:
    """Raise what Tornado raises at the call; other wrong callbacks fail when they are run."""
    if function is None or (generation.current == 6 and not callable(function)):
        raise TypeError("the first argument must be callable")


def _retrieve(future: Any) -> None:
    future.result()


def _run_done_callback(callback: Callable[[Any], Any], future: Any) -> None:
    """Run a done-callback as asyncio does: what it returns is ignored, what it raises is logged."""
    try:
        callback(future)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:
        _futures.log_in_asyncio(callback)
