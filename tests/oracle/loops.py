"""Real Tornado loops on real sockets with a clock that jumps (child side).

Server, HTTP client and the scripted outside world share one process and one loop. Whenever the
loop would sleep, a ``quiet`` function decides what happens next: the world acts, or the clock
jumps to the next timer. So a scenario takes milliseconds whatever its delays, and "nothing will
ever happen again" is known instead of guessed.
"""

from __future__ import annotations

import asyncio
import select
import selectors
import time
from collections.abc import Callable

import tornado
from tornado.ioloop import IOLoop

#: ``quiet(timeout)`` is told how many virtual seconds the loop would sleep (``None``: for ever).
Quiet = Callable[["float | None"], None]

START = 1_500_000_000.0
TICK = 1e-6
FOREVER = 3000.0  # Tornado 4 sleeps an hour when it has no timer


class Clock:
    """Virtual time in seconds since the epoch; also what ``time.time`` says in this process."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now

    def jump(self, seconds: float) -> None:
        self.now += seconds + TICK


CLOCK = Clock()
time.time = CLOCK


class _Epoll:
    """An epoll object for Tornado 4's loop that never sleeps for long in real time."""

    def __init__(self, quiet: Quiet) -> None:
        self._epoll = select.epoll()
        self._quiet = quiet
        self.close = self._epoll.close
        self.fileno = self._epoll.fileno
        self.register = self._epoll.register
        self.modify = self._epoll.modify
        self.unregister = self._epoll.unregister

    def poll(self, timeout: float) -> list[tuple[int, int]]:
        events = self._epoll.poll(0)
        if events or timeout == 0:
            return events
        self._quiet(timeout if timeout < FOREVER else None)
        return self._epoll.poll(0)


class _Selector(selectors.DefaultSelector):
    """The same for asyncio, on which Tornado 5 and 6 stand."""

    quiet: Quiet

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        CLOCK.now += TICK  # a timer that is due now is only run a moment later
        events = super().select(0)
        if events or timeout == 0:
            return events
        self.quiet(timeout)
        return super().select(0)


class _AsyncioLoop(asyncio.SelectorEventLoop):
    """Equal deadlines a microsecond apart, as with a real clock."""

    def time(self) -> float:
        return CLOCK.now

    def call_later(self, delay, callback, *args, context=None):  # type: ignore[no-untyped-def]
        CLOCK.now += TICK
        return super().call_later(delay, callback, *args, context=context)


def new_loop(quiet: Quiet) -> IOLoop:
    """Make a fresh loop the current one (and the singleton, where there is one)."""
    CLOCK.now = START
    if tornado.version_info < (5,):
        return _new_poll_loop(quiet)
    from tornado.platform.asyncio import AsyncIOMainLoop

    selector = _Selector()
    selector.quiet = quiet
    asyncio.set_event_loop(_AsyncioLoop(selector))
    return AsyncIOMainLoop(make_current=True)


def _new_poll_loop(quiet: Quiet) -> IOLoop:
    from tornado.ioloop import PollIOLoop

    class OracleLoop(PollIOLoop):
        def initialize(self, **kwargs):  # type: ignore[no-untyped-def]
            super().initialize(impl=_Epoll(quiet), time_func=CLOCK, **kwargs)

    IOLoop.clear_instance()
    loop = OracleLoop(make_current=True)
    loop.install()
    return loop
