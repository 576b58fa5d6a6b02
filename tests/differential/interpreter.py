"""Runs the programs of ``programs`` on whatever ``tornado`` means, and traces what happens.

As a script it answers programs on standard input with traces on standard output, one JSON value a
line each: ``python interpreter.py 4`` on real Tornado 4 or 5, ``6`` on Tornado 6. With ``runtime4``
or ``runtime6`` on the bundled runtime.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import logging
import re
import sys
from typing import Any

END = 100.0  # seconds of loop time after which a program is over


class ProgramError(Exception):
    pass


class Return(Exception):
    """Stands for ``return`` on its way out of a body."""


class Interpreter:
    """One run of one program."""

    def __init__(self, program: dict[str, Any], loop: Any, generation: int) -> None:
        from tornado import gen
        from tornado.concurrent import Future

        self.gen = gen
        self.program = program
        self.loop = loop
        self.generation = generation
        self.start = loop.time()
        self.trace: list[Any] = []
        self.future_class = Future
        self.futures: list[Any] = []

    def log(self, *what: Any) -> None:
        self.trace.append([round(self.loop.time() - self.start, 3), *map(describe, what)])

    def run(self) -> list[Any]:
        """Run the program to its end and return the trace."""
        self.loop.add_callback(self.begin)
        self.loop.add_timeout(self.start + END, self.loop.stop)
        self.loop.start()
        for number, future in enumerate(self.futures):
            self.log("at the end", number, outcome(future))
        return self.trace

    def begin(self) -> None:
        self.futures = [self.future_class() for _ in range(self.program["futures"])]
        self.tick(self.program["ticks"])
        main = self.call(0)
        self.log("called")
        main.add_done_callback(lambda f: self.log("main done", outcome(f)))

    def tick(self, left: int) -> None:
        if left:
            self.log("tick", left)
            self.loop.add_callback(self.tick, left - 1)

    def call(self, number: int, **kwargs: Any) -> Any:
        """Call a coroutine of the program."""
        kind, statements = self.program["coroutines"][number]
        name = f"{kind} {number}"
        if kind == "native":
            return self.native(name, statements)
        decorate = self.gen.engine if kind == "engine" else self.gen.coroutine

        @decorate
        def body(callback: Any = None) -> Any:
            self.log("start", name)
            try:
                yield from self.body(statements)
            except Return as value:
                if kind == "coroutine":
                    raise self.gen.Return(value.args[0]) from None
            except Exception as error:
                self.log("out of", name, error)
                raise
            self.log("end", name)
            if callback is not None:
                callback(name)

        return body(**kwargs)

    async def native(self, name: str, statements: list[Any]) -> Any:
        self.log("start", name)
        try:
            await _Body(self, statements)
        except Return as value:
            return value.args[0]
        self.log("end", name)
        return None

    # Statements that may wait

    def body(self, statements: list[Any]) -> Any:
        for statement in statements:
            yield from getattr(self, "do_" + statement[0], self.plain)(*statement)

    def plain(self, *statement: Any) -> Any:
        self.do_plainly(statement)
        return
        yield

    def do_yield(self, kind: str, label: int, what: list[Any]) -> Any:
        got = yield self.awaitable(what)
        self.log("got", label, got)

    def do_try(self, kind: str, label: int, body: list[Any], handler: list[Any]) -> Any:
        try:
            yield from self.body(body)
        except Return:
            raise
        except Exception as error:
            self.log("caught", label, error)
            yield from self.body(handler)

    def do_wait_any(self, kind: str, label: int, what: list[Any]) -> Any:
        futures = [self.gen.convert_yielded(self.awaitable(w)) for w in what]
        iterator = self.gen.WaitIterator(*futures)
        while not iterator.done():
            try:
                got = yield iterator.next()
            except Exception as error:
                got = error
            self.log("next", label, iterator.current_index, got)

    def do_get_callback(self, kind: str, label: int, key: str, how: str, delay: float) -> Any:
        callback = yield self.gen.Callback(key)
        self.log("callback for", key)
        self.deliver(callback, how, delay, label)

    def do_mixed(self, kind: str, label: int, keys: list[Any], what: list[Any]) -> Any:
        for key, how, delay in keys:
            yield from self.do_get_callback(kind, label, key, how, delay)
        children = [self.gen.Wait(key) for key, _, _ in keys]
        got = yield children + [self.awaitable(w) for w in what]
        self.log("got", label, got)

    def do_context(self, kind: str, label: int, which: str, body: list[Any]) -> Any:
        with self.context(which, label) as switch_off:
            yield from self.body(body)
            if which == "off":
                switch_off()

    # Statements that do not

    def plainly(self, statements: list[Any]) -> Any:
        for statement in statements:
            self.do_plainly(statement)

    def do_plainly(self, statement: Any) -> None:
        kind, label, *rest = statement
        if kind == "log":
            self.log("log", label)
        elif kind == "raise":
            raise ProgramError(label)
        elif kind == "return":
            raise Return(label)
        elif kind == "resolve":
            self.resolve(rest[0], label)
        elif kind == "fail":
            self.fail(rest[0], label)
        elif kind == "on_done":
            self.futures[rest[0]].add_done_callback(lambda f: self.log("done", label, outcome(f)))
        elif kind == "add_future":
            done = functools.partial(self.log, "future", label)
            self.loop.add_future(self.futures[rest[0]], lambda f: done(outcome(f)))
        elif kind == "callback":
            self.loop.add_callback(self.callback, "callback", label, rest[0])
        elif kind == "later":
            self.loop.call_later(rest[0], self.callback, "timer", label, rest[1])
        elif kind == "spawn":
            self.spawn(label, rest[0])
        elif kind == "spawn_task":
            task = self.gen.Task(self.task, "later", rest[0], label)
            task.add_done_callback(lambda f: self.log("task", label, outcome(f)))
            self.plainly(rest[1])

    def callback(self, kind: str, label: int, statements: list[Any]) -> None:
        self.log(kind, label)
        self.plainly(statements)

    def resolve(self, number: int, value: Any) -> None:
        if not self.futures[number].done():
            self.futures[number].set_result(value)
            self.log("resolved", number)

    def fail(self, number: int, value: Any) -> None:
        if not self.futures[number].done():
            self.futures[number].set_exception(ProgramError(value))
            self.log("failed", number)

    def spawn(self, label: int, number: int) -> None:
        result = self.call(number)
        if result is None:
            self.log("spawned engine", label)
            return
        future = self.gen.convert_yielded(result)
        future.add_done_callback(lambda f: self.log("spawned done", label, outcome(f)))
        self.log("spawned", label)

    # Contexts

    def context(self, which: str, label: int) -> Any:
        from tornado import stack_context

        if which == "null":
            return stack_context.NullContext()
        if which in ("stack", "off"):
            return stack_context.StackContext(functools.partial(self.named, label))
        return stack_context.ExceptionStackContext(functools.partial(self.handle, which, label))

    @contextlib.contextmanager
    def named(self, label: int) -> Any:
        self.log("enter", label)
        try:
            yield
        except BaseException as error:
            self.log("leave", label, error)
            raise
        self.log("leave", label)

    def handle(self, which: str, label: int, typ: Any, value: Any, tb: Any) -> bool:
        self.log("handle", which, label, value)
        if which == "replace":
            raise ProgramError("replaced", label)
        return which == "swallow"

    # Things to wait for

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
        import datetime

        return self.gen.with_timeout(datetime.timedelta(seconds=delay), self.awaitable(what))

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


class _Body:
    """Lets a native coroutine wait for what a body yields."""

    def __init__(self, interpreter: Interpreter, statements: list[Any]) -> None:
        self.interpreter = interpreter
        self.statements = statements

    def __await__(self) -> Any:
        generator = self.interpreter.body(self.statements)
        resume, value = generator.send, None
        while True:
            try:
                yielded = resume(value)
            except StopIteration as stop:
                return stop.value
            try:
                if isinstance(yielded, (list, dict)):
                    yielded = self.interpreter.gen.multi(yielded)
                value = yield from _steps(yielded)
                resume = generator.send
            except Exception as error:
                resume, value = generator.throw, error


def _steps(awaitable: Any) -> Any:
    if not hasattr(awaitable, "__await__"):
        raise TypeError("object can't be used in 'await' expression")
    return awaitable.__await__()


def describe(value: Any) -> Any:
    """Return ``value`` in a form that is the same for equal things on both sides."""
    if isinstance(value, BaseException):
        kind = "TimeoutError" if "Timeout" in type(value).__name__ else type(value).__name__
        return f"{kind}({', '.join(str(describe(a)) for a in value.args)})"
    if isinstance(value, (list, tuple)):
        return [describe(v) for v in value]
    if isinstance(value, dict):
        return {str(k): describe(v) for k, v in value.items()}
    if isinstance(value, str):
        value = re.sub(r"^[\w.<>]*\(\) takes ", "takes ", value)  # whose function it was
        return re.sub(r"<.*?>+", "<...>", value)
    if value is None or isinstance(value, (int, float, bool)):
        return value
    return "object"


def outcome(future: Any) -> Any:
    if not future.done():
        return "pending"
    try:
        return ["result", describe(future.result())]
    except BaseException as error:
        return ["error", describe(error)]


class LogTrace(logging.Handler):
    """Puts log records into the trace; those written by the garbage collector stay out."""

    def __init__(self) -> None:
        super().__init__()
        self.interpreter: Any = None

    def emit(self, record: logging.LogRecord) -> None:
        if self.interpreter is None or re.search("never retrieved|destroyed", str(record.msg)):
            return
        error = record.exc_info[1] if record.exc_info else None
        words = str(record.msg).replace("%r", "...").split(" ")[:3]
        self.interpreter.log("record", " ".join(words), error)


# Loops whose clock jumps


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


def forget_contexts() -> None:
    """Take away the contexts that a program with a ``yield`` inside ``with`` has left behind."""
    try:
        from tornado.stack_context import _state
    except ImportError:
        return
    _state.contexts = ((), None)


def serve(side: str) -> None:
    generation = int(side[-1])
    if side.startswith("runtime"):
        from uncallback.runtime import generation as switch
        from uncallback.runtime import tornado_alias

        tornado_alias.install()
        switch.switch(generation)
        make_loop = loop_of_runtime
    else:
        make_loop = loop_of_tornado_6 if generation > 4 else loop_of_tornado_4
    records = LogTrace()
    logging.getLogger().handlers = [records]
    gc.disable()  # generators that nothing refers to must end when they do on the other side
    for line in sys.stdin:
        forget_contexts()
        loop = make_loop()
        interpreter = records.interpreter = Interpreter(json.loads(line), loop, generation)
        trace = interpreter.run()
        records.interpreter = None
        loop.close()
        gc.collect()
        print(json.dumps(trace), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
