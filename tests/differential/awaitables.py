"""What programs wait for."""

from __future__ import annotations

import datetime
from typing import Any

from statements import ProgramError


class Awaitables:
    """The part of an interpreter with a method ``make_X`` for each thing ``X`` to wait for."""

    program: dict[str, Any]
    futures: list[Any]
    future_class: Any
    gen: Any
    loop: Any
    call: Any
    context: Any
    do_plainly: Any
    queue: Any
    lock: Any
    condition: Any
    event: Any

    def awaitable(self, what: list[Any]) -> Any:
        kind, *rest = what
        return getattr(self, "make_" + kind)(*rest)

    def make_future(self, number: int) -> Any:
        return self.futures[number]

    def make_done(self, value: Any) -> Any:
        future = self.future_class()
        future.set_result(value)
        return future

    def make_failed(self, value: Any) -> Any:
        future = self.future_class()
        future.set_exception(ProgramError(value))
        return future

    def make_maybe(self, value: Any) -> Any:
        return self.gen.maybe_future(value)

    def make_moment(self) -> Any:
        return self.gen.moment

    def make_none(self) -> None:
        return None

    def make_bad(self) -> Any:
        return 42

    def make_sleep(self, delay: float) -> Any:
        return self.gen.sleep(delay)

    def make_call(self, number: int) -> Any:
        return self.call(number)

    def make_call_callback(self, number: int) -> Any:
        def task(callback: Any) -> None:
            if self.program["coroutines"][number][0] == "native":
                raise ProgramError("a native coroutine takes no callback")
            self.call(number, callback=callback)

        return self.gen.Task(task)

    def make_run_with_context(self, number: int) -> Any:
        from tornado import stack_context

        context = self.context("stack", 1000 + number)
        return stack_context.run_with_stack_context(context, lambda: self.call(number))

    def make_list(self, what: list[Any]) -> Any:
        return [self.awaitable(w) for w in what]

    def make_dict(self, what: list[Any]) -> Any:
        return {f"key {n}": self.awaitable(w) for n, w in enumerate(what)}

    def make_quiet(self, what: list[Any]) -> Any:
        return self.gen.multi(self.make_list(what), quiet_exceptions=ProgramError)

    def make_timeout(self, delay: float, what: list[Any]) -> Any:
        return self.gen.with_timeout(after(delay), self.awaitable(what))

    def make_acquire(self, delay: float | None) -> Any:
        return self.lock.acquire(after(delay))

    def make_condition(self, delay: float | None) -> Any:
        return self.condition.wait(after(delay))

    def make_get(self, delay: float | None) -> Any:
        return self.queue.get(after(delay))

    def make_put_and_wait(self, delay: float | None) -> Any:
        return self.queue.put("item", after(delay))

    def make_event(self, delay: float | None) -> Any:
        return self.event.wait(after(delay))

    def make_wait(self, key: str) -> Any:
        return self.gen.Wait(key)

    def make_wait_all(self, keys: list[str]) -> Any:
        return self.gen.WaitAll(keys)

    def make_task(self, how: str, delay: float, label: int) -> Any:
        return self.gen.Task(self.task, how, delay, label)

    def make_return_future(self, how: str, delay: float, label: int) -> Any:
        from tornado.concurrent import return_future

        return return_future(self.task)(how, delay, label)

    def task(self, how: str, delay: float, label: int, callback: Any) -> None:
        self.deliver(callback, how, delay, label)

    def deliver(self, callback: Any, how: str, delay: float, label: int) -> None:
        """Call ``callback`` in one of the ways in which a function may call its callback."""
        if how == "now":
            callback(label)
        elif how == "soon":
            self.loop.add_callback(callback, label)
        elif how == "later":
            self.loop.call_later(delay, callback)
        elif how == "twice":
            self.loop.add_callback(callback, label)
            self.loop.add_callback(callback, -label)
        elif how == "two_args":
            self.loop.add_callback(callback, label, label)
        elif how == "keyword":
            callback(value=label)
        elif how == "raise":
            raise ProgramError("sync", label)
        elif how == "raise_soon":
            self.loop.add_callback(self.do_plainly, ["raise", label])


def after(delay: float | None) -> datetime.timedelta | None:
    return None if delay is None else datetime.timedelta(seconds=delay)
