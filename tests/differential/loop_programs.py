"""Programs for `loop_driver`, which say what happens. Most of them once were different.

Times are in milliseconds, far enough apart for a real clock.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tornado import concurrent, gen, ioloop, locks, version_info
from tornado.ioloop import IOLoop

GENERATION = version_info[0]

if GENERATION < 6:
    from tornado import stack_context

said: list[str] = []
programs: dict[str, Callable[[], Any]] = {}


def say(*what: Any) -> None:
    """Note something."""
    said.append(" ".join(map(str, what)))


def attempt(function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Say what a call returns or raises."""
    try:
        say(repr(function(*args, **kwargs)))
    except Exception as error:
        say(type(error).__name__, error)


def program(first: int = 4, last: int = 6) -> Any:
    """Declare a program for the generations ``first`` to ``last``."""

    def declare(function: Callable[[], Any]) -> Callable[[], Any]:
        if first <= GENERATION <= last:
            programs[function.__name__] = function
        return function

    return declare


def span(milliseconds: float) -> datetime.timedelta:
    return datetime.timedelta(milliseconds=milliseconds)


def later(milliseconds: float, callback: Callable[..., Any], *args: Any) -> None:
    IOLoop.current().call_later(milliseconds / 1000, callback, *args)


@gen.coroutine
def after(milliseconds: float, result: Any) -> Any:
    """Return or raise ``result`` after some time."""
    yield gen.sleep(milliseconds / 1000)
    if isinstance(result, Exception):
        raise result
    return result


def done(result: Any) -> Any:
    future: Any = concurrent.Future()
    future.set_result(result)
    return future


def failed(error: Exception) -> Any:
    future: Any = concurrent.Future()
    future.set_exception(error)
    return future


# Futures


@program()
@gen.coroutine
def names_in_messages() -> Any:
    yield gen.moment
    say(type(done(1)).__name__, type(gen.moment).__name__)
    handle = IOLoop.current().call_later(0, int)
    if GENERATION == 4:
        say(type(handle).__name__)
    for bad in ((done(1), done(2)), {done(1)}, 5, "text"):
        try:
            yield bad
        except gen.BadYieldError as error:
            say(str(error).replace("tornado.concurrent.", ""))


@program(first=5)
@gen.coroutine
def shown_futures() -> Any:
    cancelled: Any = concurrent.Future()
    cancelled.cancel()
    error = failed(KeyError("k"))
    error.exception()
    for future in (concurrent.Future(), done([1]), error, cancelled):
        say(*str(future))  # letter by letter: the driver takes addresses out of futures
    yield gen.moment


@program()
@gen.coroutine
def stop_iteration_in_a_future() -> Any:
    future: Any = concurrent.Future()
    if GENERATION > 4:
        attempt(future.set_exception, StopIteration())
    yield gen.moment


@program()
@gen.coroutine
def cancelled_later() -> Any:
    future: Any = concurrent.Future()
    later(20, lambda: say(future.cancel()))
    later(40, lambda: future.done() or future.set_result("late"))
    try:
        say((yield future))
    except BaseException as error:
        say(type(error).__name__)
        raise


@program(first=5)
@gen.coroutine
def cancelled_with_callbacks() -> Any:
    future: Any = concurrent.Future()
    future.add_done_callback(lambda done: done.result())
    IOLoop.current().add_future(future, lambda done: done.result())
    future.cancel()
    IOLoop.current().add_future(future, lambda done: done.result())
    yield gen.sleep(0.01)


@program()
@gen.coroutine
def cancelled_after_timeout() -> Any:
    future: Any = concurrent.Future()
    try:
        yield gen.with_timeout(span(10), future)
    except gen.TimeoutError as error:
        say(error)
    future.cancel()
    yield gen.sleep(0.01)


@program()
@gen.coroutine
def timeouts() -> Any:
    for quiet in ((), ValueError, (KeyError, ValueError), KeyError):
        try:
            yield gen.with_timeout(span(10), after(30, ValueError("late")), quiet_exceptions=quiet)
        except gen.TimeoutError as error:
            say(error, isinstance(error, OSError))
        yield gen.sleep(0.04)
    for limit in (0, span(0), span(-9)):
        attempt((yield gen.with_timeout(limit, done("in time"))).upper)


@program()
def never_done() -> Any:
    @gen.coroutine
    def wait() -> Any:
        try:
            yield concurrent.Future()
        finally:
            say("thrown away")

    return wait()


@program(first=5)
async def never_done_natively() -> None:
    try:
        await concurrent.Future()
    except BaseException as error:
        say(type(error).__name__)
        raise


# The loop


@program()
@gen.coroutine
def misused_loop() -> Any:
    loop = IOLoop.current()
    attempt(loop.start)
    attempt(loop.remove_timeout, None)
    attempt(loop.add_timeout, "soon", int)
    attempt(loop.call_later, "soon", int)
    attempt(loop.add_callback, None)
    attempt(ioloop.PeriodicCallback, int, 0)
    yield gen.moment


@program()
@gen.coroutine
def errors_of_callbacks() -> Any:
    loop = IOLoop.current()
    loop.add_future(failed(KeyError("k")), lambda future: future.result())
    loop.add_future(done(1), lambda future: after(1, ValueError("of a coroutine")))
    loop.add_callback(lambda: [failed(OSError("in a list"))])
    loop.spawn_callback(lambda: 1 / 0)
    loop.add_callback(lambda: "text")
    yield gen.sleep(0.02)


@program()
def raises_at_once() -> None:
    raise KeyError("at once")


@program()
def returns_a_number() -> int:
    return 5


# Locks


@program()
@gen.coroutine
def events() -> Any:
    event = locks.Event()
    waiting = event.wait()
    waiting.add_done_callback(lambda future: say("woken", future.result()))
    say(event.wait() is waiting, event.is_set())
    try:
        yield event.wait(span(10))
    except gen.TimeoutError as error:
        say(error)
    yield gen.moment
    event.set()
    say("set", waiting.done(), event.wait().done())
    yield gen.moment
    event.clear()
    say(event.is_set(), event.wait().done())


@program(first=5)
@gen.coroutine
def event_given_up() -> Any:
    event = locks.Event()
    impatient, patient = event.wait(), event.wait()
    impatient.cancel()
    later(10, event.set)
    yield patient
    say(impatient.cancelled(), patient.cancelled())


@program()
@gen.coroutine
def misused_locks() -> Any:
    for lock in (locks.Lock(), locks.Semaphore(1)):
        try:
            with lock:
                say("not here")
        except Exception as error:
            say(type(error).__name__, error)
    attempt(locks.Lock().release)
    attempt(locks.BoundedSemaphore(1).release)
    attempt(locks.Semaphore, -1)
    yield gen.moment


# Contexts


@contextmanager
def named(name: str, *swallowed: Any) -> Iterator[None]:
    say("+", name)
    try:
        yield
    except swallowed as error:
        say("swallowed by", name, type(error).__name__)
    finally:
        say("-", name)


def raising(error: Exception) -> None:
    say("raises", type(error).__name__)
    raise error


@program(last=5)
@gen.coroutine
def nested_contexts() -> Any:
    loop = IOLoop.current()
    enter: Any = stack_context.StackContext
    with enter(functools.partial(named, "a")), enter(functools.partial(named, "b", KeyError)):
        later(10, raising, KeyError("k"))
        loop.add_callback(loop.add_callback, raising, KeyError("twice"))
        with stack_context.NullContext():
            later(20, raising, ValueError("null"))
        loop.spawn_callback(raising, ValueError("spawned"))
    yield gen.sleep(0.04)


@program(last=5)
@gen.coroutine
def handlers_of_exceptions() -> Any:
    replacement = OSError("another")
    handlers: list[Callable[..., Any]] = [
        lambda *args: None,
        lambda *args: True,
        lambda *args: 1,
        lambda *args: raising(replacement),
    ]
    for handler in handlers:
        catch: Any = stack_context.ExceptionStackContext
        with catch(lambda *args: say("outer", args[0]) is None), catch(handler):
            IOLoop.current().add_callback(raising, KeyError("k"))
        yield gen.sleep(0.005)


@program(last=5)
@gen.coroutine
def yields_in_contexts() -> Any:
    for context in (
        lambda: stack_context.StackContext(functools.partial(named, "a")),
        lambda: stack_context.ExceptionStackContext(lambda *args: True),
        stack_context.NullContext,
    ):

        @gen.coroutine
        def wrong(context: Any = context) -> Any:
            yield gen.moment
            with context():
                yield done(1)
            say("not here")

        try:
            yield wrong()
        except Exception as error:
            say(type(error).__name__, error)
