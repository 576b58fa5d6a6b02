"""Runs the programs of ``programs`` on whatever ``tornado`` means, and traces what happens.

As a script it answers programs on standard input with traces on standard output, one JSON value a
line each: ``python interpreter.py 4`` on real Tornado 4 or 5, ``6`` on Tornado 6. With ``runtime4``
or ``runtime6`` on the bundled runtime.
"""

from __future__ import annotations

import gc
import json
import logging
import re
import sys
from typing import Any

from awaitables import Awaitables
from contexts import Contexts
from describing import describe, outcome
from jumping_loops import loop_of_runtime, loop_of_tornado_4, loop_of_tornado_6
from statements import ProgramError, Return, Statements

END = 100.0  # seconds of loop time after which a program is over


class Interpreter(Statements, Contexts, Awaitables):
    """One run of one program."""

    def __init__(self, program: dict[str, Any], loop: Any, generation: int) -> None:
        from tornado import gen, locks, queues
        from tornado.concurrent import Future

        self.gen = gen
        self.program = program
        self.loop = loop
        self.generation = generation
        self.start = loop.time()
        self.trace: list[Any] = []
        self.future_class = Future
        self.futures: list[Any] = []
        self.queue = queues.Queue(1)
        self.lock = locks.Semaphore(1)
        self.condition = locks.Condition()
        self.event = locks.Event()
        self.passed_over = False

    def log(self, *what: Any) -> None:
        self.trace.append([round(self.loop.time() - self.start, 3), *map(describe, what)])

    def note(self, error: BaseException) -> None:
        """Remember that a context was inconsistent: the next yield may be passed over."""
        if type(error).__name__ == "StackContextInconsistentError":
            self.passed_over = True

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
            self.note(error)
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
        if self.passed_over:  # some key may be unknown, and Tornado looks in order of addresses
            raise ProgramError("not after a yield that was passed over", label)
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


def forget() -> None:
    """Take away what a program has left behind for the next one.

    Contexts after a ``yield`` inside ``with``; and the result that a Runner which has ended may
    give to the one done future that all of Tornado 4 shares.
    """
    from tornado import gen

    shared = getattr(gen, "_null_future", None)
    if hasattr(shared, "_exc_info"):
        shared._result = shared._exc_info = None
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
    gc.freeze()  # what was imported is no program's, and need not be looked through again and again
    gc.disable()  # generators that nothing refers to must end when they do on the other side
    for line in sys.stdin:
        forget()
        loop = make_loop()
        interpreter = records.interpreter = Interpreter(json.loads(line), loop, generation)
        trace = interpreter.run()
        records.interpreter = None
        loop.close()
        gc.collect()
        print(json.dumps(trace), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
