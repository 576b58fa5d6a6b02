"""PeriodicCallback: the same call again and again."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import _current

if TYPE_CHECKING:
    from .ioloop import IOLoop


class PeriodicCallback:
    """Calls ``callback`` every ``callback_time`` milliseconds once :meth:`start` was called.

    A call that takes longer than the period makes the next ones fall out, not bunch up.
    """

    def __init__(
        self, callback: Callable[[], Any], callback_time: float, io_loop: IOLoop | None = None
    ) -> None:
        """Raise ``ValueError`` unless ``callback_time`` is positive."""
        if callback_time <= 0:
            raise ValueError("Periodic callback must have a positive callback_time")
        self.callback = callback
        self.callback_time = callback_time
        self.io_loop = io_loop or _current.loop()
        self._running = False
        self._timeout: Any = None
        self._next = 0.0

    def start(self) -> None:
        """Begin: the first call comes after one period."""
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
        if not self._running:
            return None
        try:
            return self.callback()
        except Exception:
            self.io_loop.handle_callback_exception(self.callback)
            return None
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
