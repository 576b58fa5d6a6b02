"""Loops whose clock jumps: of real Tornado, by way of what they wait with, and of the runtime."""

from __future__ import annotations

from typing import Any


def loop_of_tornado_4() -> Any:
    from tornado.ioloop import PollIOLoop

    class Clock:
        now = 1000.0

        def time(self) -> float:
            return self.now

        def register(self, fd: int, events: int) -> None:
            pass

        unregister = modify = register

        def close(self) -> None:
            pass

        def poll(self, timeout: float) -> list[Any]:
            self.now += timeout
            return []

    class Loop(PollIOLoop):
        def initialize(self, **kwargs: Any) -> None:
            clock = Clock()
            super().initialize(impl=clock, time_func=clock.time, **kwargs)

    loop = Loop()
    loop.make_current()
    return loop


def loop_of_tornado_6() -> Any:
    import asyncio
    import selectors

    from tornado.platform.asyncio import AsyncIOLoop

    class Selector(selectors.SelectSelector):
        now = 1000.0

        def select(self, timeout: float | None = None) -> Any:
            self.now += timeout or 0
            return super().select(0)

    class Loop(asyncio.SelectorEventLoop):
        def __init__(self) -> None:
            self.clock = Selector()
            super().__init__(self.clock)

        def time(self) -> float:
            return self.clock.now

    class TornadoLoop(AsyncIOLoop):
        def time(self) -> float:  # Tornado's is time.time()
            return float(self.asyncio_loop.time())

    asyncio.new_event_loop = Loop
    return TornadoLoop(make_current=True)


def loop_of_runtime() -> Any:
    from tornado.ioloop import IOLoop

    loop = IOLoop()
    loop.make_current()
    return loop
