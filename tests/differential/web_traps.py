"""Traps of SEMANTICS section 6 as cases: the callback form and the naive conversion, as they run.

The number in a class's name is the trap's. ``F`` fetches from the driver's own upstream.
"""

from __future__ import annotations

import contextlib
import functools
import gc
from collections.abc import Callable, Iterator
from typing import Any

from tornado import concurrent, gen, httpclient
from tornado.ioloop import IOLoop
from web_cases import OLD, Ask, Base, asynchronous, case, later

if OLD:
    from tornado import stack_context


class Trap(Base):
    """Has what the traps share."""

    def fetch(self, kind: str, callback: Any = None, **options: Any) -> Any:
        url = f"http://{self.request.host}/upstream/{kind}"
        if callback is not None:
            options["callback"] = callback
        return httpclient.AsyncHTTPClient().fetch(url, **options)

    def on_response(self, response: Any) -> None:
        self.write(f"code={response.code} err={response.error}")
        self.finish()


@case(old=True)
class Trap1Callback(Trap):
    @asynchronous
    def get(self) -> None:
        self.fetch("404", self.on_response)


@case()
class Trap1Naive(Trap):
    @gen.coroutine
    def get(self) -> Any:
        response = yield self.fetch("404")
        self.on_response(response)


@case(old=True)
class Trap3Callback(Trap):
    @asynchronous
    def get(self) -> None:
        self.fetch("200", lambda response: self.finish("callback"))
        self.write("rest ")


@case()
class Trap5(Trap):
    @gen.coroutine
    def get(self) -> Any:
        future = self.fetch("200")
        if self.request.method == "GET":
            return
        yield future
        self.note("never")


@case(old=True)
class Trap10Callback(Trap):
    @asynchronous
    def get(self) -> None:
        try:
            self.fetch("200", self.raising)
        except Exception:
            self.finish("caught")

    def raising(self, response: Any) -> None:
        raise KeyError("k")


@case()
class Trap10Naive(Trap):
    @gen.coroutine
    def get(self) -> Any:
        try:
            yield self.fetch("200")
            raise KeyError("k")
        except Exception as error:
            self.finish(f"caught {type(error).__name__}")


class _Lock:
    def __init__(self, note: Callable[..., None]) -> None:
        self.note = note

    def __enter__(self) -> None:
        self.note("+L")

    def __exit__(self, *args: Any) -> None:
        self.note("-L")


@case(old=True)
class Trap12Callback(Trap):
    @asynchronous
    def get(self) -> None:
        with _Lock(self.note):
            later(self.on_x)
        self.note("rest")

    def on_x(self) -> None:
        self.finish("x")


@case(old=True)
class Trap15Loop(Trap):
    @asynchronous
    def get(self) -> None:
        self.left = 3
        for delay in (0.03, 0.01, 0.02):
            loop = IOLoop.current()
            loop.add_timeout(loop.time() + delay, functools.partial(self.on_x, delay))
        self.note("rest")

    def on_x(self, delay: float) -> None:
        self.note(delay)
        self.left -= 1
        if not self.left:
            self.finish("x")


@case()
class Trap16Naive(Trap):
    @gen.coroutine
    def get(self) -> Any:
        responses = yield [self.fetch("200"), self.fetch("404")]
        self.finish(str(len(responses)))


@case()
class Trap18WaitIterator(Trap):
    @gen.coroutine
    def get(self) -> Any:
        waiting = gen.WaitIterator(a=gen.sleep(0.02), b=gen.sleep(0.01))
        while not waiting.done():
            yield waiting.next()
            self.write(waiting.current_index)


@case(old=True)
class Trap19Callback(Trap):
    @asynchronous
    def get(self) -> None:
        later(self.note, "logged to the database")
        self.finish("main")


@case()
class Trap20Background(Trap):
    def get(self) -> None:
        self.fetch("200").add_done_callback(lambda future: self.note("fetched"))
        self.write("at once")


@case(old=True)
class Trap22Closures(Trap):
    @asynchronous
    def get(self) -> None:
        url = "first"
        loop = IOLoop.current()
        loop.call_later(0.01, functools.partial(self.note, url))
        url = "changed"
        for number in range(3):
            loop.call_later(0.02 + number / 1000, lambda: self.note(number))  # noqa: B023
        loop.call_later(0.03, self.finish, url)


@case(old=True)
class Trap31StopIteration(Trap):
    @asynchronous
    def get(self) -> None:
        later(self.on_x)

    def on_x(self) -> None:
        next(iter([]))


@case()
class Trap31Coroutine(Trap):
    @gen.coroutine
    def get(self) -> Any:
        yield gen.sleep(0.01)
        next(iter([]))


def _dropping(method: Any) -> Any:
    @functools.wraps(method)
    def wrapper(self: Any) -> None:
        method(self)

    return wrapper


@case()
class Trap32Dropped(Trap):
    @_dropping
    @gen.coroutine
    def get(self) -> Any:
        yield gen.sleep(0.01)
        self.finish("x")


@case(old=True)
class Trap33Between(Trap):
    @asynchronous
    @_dropping
    def get(self) -> None:
        later(self.finish, "x")


class _Parent(Trap):
    @gen.coroutine
    def get(self) -> Any:
        yield gen.sleep(0.01)
        self.write("base")


@case()
class Trap34Super(_Parent):
    def get(self) -> None:
        super().get()


@case(old=True)
class Trap36Helper(Trap):
    @asynchronous
    def helper(self) -> None:
        later(self.finish, "x")

    def get(self) -> None:
        self.helper()
        self.write("w")


@case(Ask(patience=0.1), old=True)
class Trap37CoroutineAsCallback(Trap):
    @asynchronous
    def get(self) -> None:
        later(self.on_x)

    @gen.coroutine
    def on_x(self) -> Any:
        yield gen.sleep(0.01)
        raise KeyError("k")


@case(Ask(patience=0.05), old=True)
class Trap38TimerRemoved(Trap):
    @asynchronous
    def get(self) -> None:
        self.timer = IOLoop.current().call_later(0.1, self.note, "fired")

    def on_connection_close(self) -> None:
        self.note("close")
        IOLoop.current().remove_timeout(self.timer)


@case(old=True)
class Trap41CallbackOnly(Trap):
    @gen.coroutine
    def get(self) -> Any:
        row = yield self.api(lambda: None)
        self.finish(f"row={row}")

    def api(self, callback: Any) -> None:
        later(callback)


@case(old=True)
class Trap42TwoArguments(Trap):
    @gen.coroutine
    def get(self) -> Any:
        both = yield gen.Task(lambda callback: later(callback, "result", "error"))
        self.finish(repr(both))


@case(old=True)
class Trap46AddFuture(Trap):
    @asynchronous
    def get(self) -> None:
        future: Any = concurrent.Future()
        IOLoop.current().add_future(future, self.on_future)
        later(future.set_exception, KeyError("k"))

    def on_future(self, future: Any) -> None:
        self.finish(f"got a future: {future.exception()!r}")


@case(old=True)
class Trap49BackgroundPrepare(Trap):
    def prepare(self) -> None:
        later(self.note, "background")

    @asynchronous
    def get(self) -> None:
        self.note("get")
        loop = IOLoop.current()
        loop.add_timeout(loop.time() + 0.03, functools.partial(self.finish, "x"))


@case()
class Trap50Timeout(Trap):
    @gen.coroutine
    def get(self) -> Any:
        try:
            loop = IOLoop.current()
            yield gen.with_timeout(loop.time() + 0.01, self.late())
        except gen.TimeoutError as error:
            self.finish(f"timeout {isinstance(error, IOError)}")

    @gen.coroutine
    def late(self) -> Any:
        yield gen.sleep(0.03)
        self.note("late")
        raise KeyError("late")


@contextlib.contextmanager
def _named(note: Callable[..., None]) -> Iterator[None]:
    note("+A")
    yield
    note("-A")


@case(old=True)
class Trap51StackContext(Trap):
    @asynchronous
    def get(self) -> None:
        with stack_context.StackContext(functools.partial(_named, self.note)):
            later(self.on_x)
        self.note("rest")

    def on_x(self) -> None:
        self.note("on_x")
        self.finish("x")


@case(old=True)
class Trap51Naive(Trap):
    @gen.coroutine
    def get(self) -> Any:
        with stack_context.StackContext(functools.partial(_named, self.note)):
            yield gen.sleep(0.01)
        self.finish("x")


@case(old=True)
class Trap51Handler(Trap):
    @asynchronous
    def get(self) -> None:
        with stack_context.ExceptionStackContext(self.handle):
            later(self.on_x)

    def handle(self, typ: Any, value: Any, tb: Any) -> bool:
        self.finish(f"handled {typ.__name__}")
        return True

    def on_x(self) -> None:
        raise ValueError("v")


@case(Ask(patience=0.1), old=True)
class Trap52NullContext(Trap):
    @asynchronous
    def get(self) -> None:
        with stack_context.NullContext():
            later(self.on_x)

    def on_x(self) -> None:
        raise KeyError("k")


@case()
class Trap53Partial(Trap):
    @gen.coroutine
    def get(self) -> Any:
        yield gen.sleep(0.01)
        later(self.on_b)

    def on_b(self) -> None:
        self.finish("b")


@case(Ask(patience=0.1))
class Trap54Hang(Trap):
    @gen.coroutine
    def get(self) -> Any:
        self._auto_finish = False
        later(self.on_b)

    def on_b(self) -> None:
        raise KeyError("k")


@case(old=True)
class Trap55Helper(Trap):
    @gen.coroutine
    def get(self) -> Any:
        try:
            yield gen.Task(self.helper)
        except KeyError:
            self.finish("caught")

    def helper(self, callback: Any) -> None:
        later(self.fail)

    def fail(self) -> None:
        raise KeyError("k")


@case(old=True)
class Trap59Order(Trap):
    @asynchronous
    def get(self) -> None:
        IOLoop.current().add_callback(self.on_x)
        IOLoop.current().add_callback(self.note, "other")

    def on_x(self) -> None:
        self.note("on_x")
        self.finish("x")


@case(old=True)
class Trap59Task(Trap):
    @gen.coroutine
    def get(self) -> Any:
        task = gen.Task(IOLoop.current().add_callback)
        IOLoop.current().add_callback(self.note, "other")
        yield task
        self.note("resumed")


@case()
class Trap61OnFinish(Trap):
    def get(self) -> None:
        self.write("x")

    def on_finish(self) -> None:
        later(self.on_x)

    def on_x(self) -> None:
        raise KeyError("k")


class _Noisy:
    def __init__(self, note: Callable[..., None]) -> None:
        self.note = note

    def __del__(self) -> None:
        self.note("released")


@case(old=True)
class Trap63Released(Trap):
    @asynchronous
    def get(self) -> None:
        noisy = _Noisy(self.note)
        later(self.on_x)
        del noisy
        gc.collect()

    def on_x(self) -> None:
        self.note("on_x")
        self.finish("x")


@case()
class Trap65ReturnInNative(Trap):
    async def get(self) -> None:
        await gen.sleep(0.01)
        raise gen.Return(3)


@case(old=True)
class Trap70SetResult(Trap):
    @asynchronous
    def get(self) -> None:
        future: Any = concurrent.Future()
        future.add_done_callback(lambda done: self.note("done-callback"))
        future.set_result(None)
        self.note("after set_result")
        later(self.finish, "x")


@case()
class Trap71SendErrorThenWrite(Trap):
    @gen.coroutine
    def get(self) -> Any:
        yield gen.sleep(0.01)
        self.send_error(404)
        self.write("late")
