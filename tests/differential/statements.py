"""What the statements of a program do that do not wait (and may stand in callbacks)."""

from __future__ import annotations

import functools
from typing import Any

from describing import outcome


class ProgramError(Exception):
    """Raised by programs, never by what runs them."""


class Return(Exception):
    """Stands for ``return`` on its way out of a body."""


class Statements:
    """The part of an interpreter with a method ``now_X`` for each statement ``X``."""

    futures: list[Any]
    gen: Any
    loop: Any
    log: Any
    call: Any
    task: Any
    queue: Any
    lock: Any
    condition: Any
    event: Any

    def plainly(self, statements: list[Any]) -> Any:
        for statement in statements:
            self.do_plainly(statement)

    def do_plainly(self, statement: Any) -> None:
        kind, label, *rest = statement
        getattr(self, "now_" + kind)(label, *rest)

    def now_log(self, label: int) -> None:
        self.log("log", label)

    def now_raise(self, label: int) -> None:
        raise ProgramError(label)

    def now_return(self, label: int) -> None:
        raise Return(label)

    def now_resolve(self, label: int, number: int) -> None:
        if not self.futures[number].done():
            self.futures[number].set_result(label)
            self.log("resolved", number)

    def now_fail(self, label: int, number: int) -> None:
        if not self.futures[number].done():
            self.futures[number].set_exception(ProgramError(label))
            self.log("failed", number)

    def now_on_done(self, label: int, number: int) -> None:
        self.futures[number].add_done_callback(lambda f: self.log("done", label, outcome(f)))

    def now_bad_done_callback(self, label: int, number: int) -> None:
        self.futures[number].add_done_callback(lambda f: self.now_raise(label))

    def now_add_future(self, label: int, number: int) -> None:
        done = functools.partial(self.log, "future", label)
        self.loop.add_future(self.futures[number], lambda f: done(outcome(f)))

    def now_chain(self, label: int, source: int, target: int) -> None:
        from tornado.concurrent import chain_future

        if source != target:
            chain_future(self.futures[source], self.futures[target])

    def now_callback(self, label: int, statements: list[Any]) -> None:
        self.loop.add_callback(self.callback, "callback", label, statements)

    def now_spawn_callback(self, label: int) -> None:
        self.loop.spawn_callback(self.callback, "spawned callback", label, [["raise", label]])

    def now_later(self, label: int, delay: float, statements: list[Any]) -> None:
        self.loop.call_later(delay, self.callback, "timer", label, statements)

    def now_remove_timer(self, label: int, delay: float) -> None:
        timer = self.loop.call_later(delay, self.callback, "never", label, [])
        self.loop.call_later(delay / 2, self.loop.remove_timeout, timer)
        self.loop.remove_timeout(self.loop.call_later(delay, self.callback, "never", label, []))

    def now_periodic(self, label: int, period: float) -> None:
        from tornado.ioloop import PeriodicCallback

        left = [3]

        def tick() -> None:
            self.log("periodic", label)
            left[0] -= 1
            if not left[0]:
                periodic.stop()

        periodic = PeriodicCallback(tick, period * 1000)
        periodic.start()

    def now_spawn(self, label: int, number: int) -> None:
        self.spawn(label, number)

    def now_spawn_task(self, label: int, delay: float, statements: list[Any]) -> None:
        task = self.gen.Task(self.task, "later", delay, label)
        task.add_done_callback(lambda f: self.log("task", label, outcome(f)))
        self.plainly(statements)

    def now_decorated(self, label: int, how: str, delay: float) -> None:
        """Call a function under return_future with a callback of its own."""
        from tornado.concurrent import return_future

        mine = functools.partial(self.log, "callback of return_future", label)
        return_future(self.task)(how, delay, label, callback=mine)

    def now_release(self, label: int) -> None:
        self.lock.release()

    def now_notify(self, label: int) -> None:
        self.condition.notify()

    def now_put(self, label: int) -> None:
        self.queue.put_nowait(label)

    def now_take(self, label: int) -> None:
        self.log("taken", label, self.queue.get_nowait())

    def now_set_event(self, label: int) -> None:
        self.event.set()

    def now_clear_event(self, label: int) -> None:
        self.event.clear()

    def callback(self, kind: str, label: int, statements: list[Any]) -> None:
        self.log(kind, label)
        self.plainly(statements)

    def spawn(self, label: int, number: int) -> None:
        result = self.call(number)
        if result is None:
            self.log("spawned engine", label)
            return
        future = self.gen.convert_yielded(result)
        future.add_done_callback(lambda f: self.log("spawned done", label, outcome(f)))
        self.log("spawned", label)
