"""PeriodicCallback: the same call again and again."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from . import _current, generation
from .log import app_log

if TYPE_CHECKING:
    from .ioloop import IOLoop


class PeriodicCallback:
    """Calls ``callback`` every ``callback_time`` milliseconds once :meth:`start` was called.

    A call that takes longer than the period makes the next ones fall out, not bunch up. On
    Tornado 6 a native coroutine calls and, if there is something to await, awaits it.
    """

    def __init__(
        self,
        callback: Callable[[], Any],
        callback_time: float | timedelta,
        io_loop: Any = None,
    ) -> None:
        """Raise ``ValueError`` unless ``callback_time`` is positive.

        From Tornado 5 on the third argument is a jitter, which has no effect here; from 6 on
        ``callback_time`` may be a timedelta.
        """
        if generation.current == 6 and isinstance(callback_time, timedelta):
            callback_time = callback_time.total_seconds() * 1000
        if callback_time <= 0:  # type: ignore[operator]
            raise ValueError("Periodic callback must have a positive callback_time")
        self.callback = callback
        self.callback_time: float = callback_time  # type: ignore[assignment]
        self.io_loop: IOLoop = (generation.current == 4 and io_loop) or _current.loop()
        self._jitter = 0 if generation.current == 4 else io_loop or 0
        self._running = False
        self._timeout: Any = None
        self._next = 0.0

    def start(self) -> None:
        """Begin: the first call comes after one period. ``TypeError`` if the jitter is a loop."""
        if not isinstance(self._jitter, (int, float)):
            raise TypeError(f"the jitter is no number: {self._jitter!r}")
        self._running = True
        self._next = self.io_loop.time()
        self._schedule()

    def stop(self) -> None:
        """End: no more calls."""
        self._running = False
        if self._timeout is not None:
            self.io_loop.remove_timeout(self._timeout)
            self._timeout = None

    def is_running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._running

    def _run(self) -> Any:
        if generation.current == 6:
            return self._call_and_await()
        if not self._running:
            return None
        try:
            return self.callback()
        except Exception:
            self.io_loop.handle_callback_exception(self.callback)
            return None
        finally:
            self._schedule()

    async def _call_and_await(self) -> None:
        if not self._running:
            return
        try:
            result = self.callback()
            if inspect.isawaitable(result):
                await result
        except Exception:
            app_log.error("Exception in callback %r", self.callback, exc_info=True)
        finally:
            self._schedule()

    def _schedule(self) -> None:
        if not self._running:
            return
        period = self.callback_time / 1000.0
        late = self.io_loop.time() - self._next
        if late >= 0:
            self._next += (math.floor(late / period) + 1) * period
        self._timeout = self.io_loop.add_timeout(self._next, self._run)
