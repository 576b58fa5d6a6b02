"""Coroutines on the bundled runtime: the five steps of their life, and the order of events."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from uncallback.runtime import _futures, concurrent, gen, generation, stack_context
from uncallback.runtime.ioloop import EPOCH, IOLoop


@pytest.fixture
def loop() -> Iterator[IOLoop]:
    IOLoop.clear_current()
    made = IOLoop()
    yield made
    made.close()
    IOLoop.clear_current()


@pytest.fixture
def switch() -> Iterator[Callable[[int], None]]:
    before = generation.current
    yield generation.switch
    generation.switch(before)


class Response:
    body = b"the page"


class FakeClient:
    """An HTTP client whose responses come when the test says so."""

    def __init__(self) -> None:
        self.requests: list[Any] = []

    def fetch(self, url: str) -> Any:
        future = _futures.Future()
        self.requests.append((url, future))
        return future


def with_return(client: FakeClient) -> Any:
    @gen.coroutine
    def fetch_coroutine(url: str) -> Any:
        response = yield client.fetch(url)
        return response.body

    return fetch_coroutine


def with_raise(client: FakeClient) -> Any:
    @gen.coroutine
    def fetch_coroutine(url: str) -> Any:
        response = yield client.fetch(url)
        raise gen.Return(response.body)

    return fetch_coroutine


class TestFiveSteps:
    """The tutorial's coroutine, step by step, in both spellings."""

    @pytest.mark.parametrize("spelling", [with_return, with_raise])
    def test_one_future(self, loop: IOLoop, spelling: Any) -> None:
        client = FakeClient()
        result = spelling(client)("http://example.com")

        # 1. The call gives a future that is not done.
        assert concurrent.is_future(result)
        assert not result.done()

        # 2. The first next has run the body up to its yield: the request is out.
        [(url, fetched)] = client.requests
        assert url == "http://example.com"

        # 3. The Runner waits: the loop goes round, nothing happens.
        assert loop.run_until_idle() == "idle"
        assert not result.done()

        # 4. The response resolves the future; the Runner is resumed by the loop, not at once.
        fetched.set_result(Response())
        assert not result.done()

        # 5. It sends the response in; the body returns, and its value resolves the future.
        loop.run_until_idle(limit=1)
        assert result.result() == b"the page"

    @pytest.mark.parametrize("spelling", [with_return, with_raise])
    def test_an_exception_is_thrown_in(self, loop: IOLoop, spelling: Any) -> None:
        client = FakeClient()
        result = spelling(client)("http://example.com")
        client.requests[0][1].set_exception(KeyError("no"))
        loop.run_until_idle()
        with pytest.raises(KeyError, match="no"):
            result.result()

    @pytest.mark.parametrize("spelling", [with_return, with_raise])
    def test_list_and_dict(self, loop: IOLoop, spelling: Any) -> None:
        client = FakeClient()
        fetch = spelling(client)

        @gen.coroutine
        def both() -> Any:
            pages = yield [fetch("a"), fetch("b")]
            named = yield {"c": fetch("c"), "d": fetch("d")}
            return pages, named

        result = both()
        for expected in (["a", "b"], ["a", "b", "c", "d"]):
            assert [url for url, _ in client.requests] == expected
            for _, future in reversed(client.requests):
                if not future.done():
                    future.set_result(Response())
            loop.run_until_idle()
        page = b"the page"
        assert result.result() == ([page, page], {"c": page, "d": page})

    def test_a_future_that_is_done_needs_no_loop(self, loop: IOLoop) -> None:
        @gen.coroutine
        def double(x: int) -> Any:
            value = yield gen.maybe_future(x)
            return value * 2

        assert double(21).result() == 42

    def test_nothing_is_raised_at_the_call(self, loop: IOLoop) -> None:
        @gen.coroutine
        def takes_one(x: int) -> Any:
            yield gen.moment

        with pytest.raises(TypeError):
            takes_one().result()

    def test_native(self, loop: IOLoop) -> None:
        client = FakeClient()

        async def fetch_coroutine(url: str) -> Any:
            response = await client.fetch(url)
            return response.body

        result = gen.convert_yielded(fetch_coroutine("x"))
        client.requests[0][1].set_result(Response())
        loop.run_until_idle()
        assert result.result() == b"the page"


def iterations(loop: IOLoop, future: Any) -> int:
    """Return how many iterations of the loop it takes until ``future`` is done."""
    for count in range(20):
        if future.done():
            return count
        loop.run_until_idle(limit=1)
    raise AssertionError("not done")


@gen.coroutine
def wait_for(yielded: Any) -> Any:
    value = yield yielded
    return value


@gen.coroutine
def nested(depth: int, yielded: Any) -> Any:
    value = yield nested(depth - 1, yielded) if depth else yielded
    return value


def resolved_after(loop: IOLoop, coroutine: Callable[[Any], Any]) -> Any:
    future = _futures.Future()
    result = coroutine(future)
    future.set_result("x")
    return result


@gen.coroutine
def callback_and_wait() -> Any:
    callback = yield gen.Callback("k")
    callback(1)
    yield gen.Wait("k")


async def native(value: Any) -> Any:
    return value


async def native_await(value: Any) -> Any:
    return await value


ITERATIONS: list[tuple[str, Callable[[IOLoop], Any], dict[int, int]]] = [
    ("pending future", lambda io: resolved_after(io, wait_for), {4: 1, 5: 2, 6: 1}),
    (
        "three nested coroutines",
        lambda io: resolved_after(io, functools.partial(nested, 2)),
        {4: 3, 5: 6, 6: 3},
    ),
    ("done future", lambda io: wait_for(gen.maybe_future(1)), {4: 0, 5: 0, 6: 0}),
    ("synchronous coroutine", lambda io: wait_for(wait_for([])), {4: 0, 5: 0, 6: 0}),
    ("list", lambda io: wait_for([gen.maybe_future(1)]), {4: 0, 5: 0, 6: 0}),
    ("dict", lambda io: wait_for({}), {4: 0, 5: 0, 6: 0}),
    (
        "with_timeout",
        lambda io: wait_for(gen.with_timeout(io.time() + 1, gen.maybe_future(1))),
        {4: 0, 5: 0, 6: 0},
    ),
    ("moment", lambda io: wait_for(gen.moment), {4: 1, 5: 1, 6: 1}),
    ("None", lambda io: wait_for(None), {5: 1, 6: 1}),
    ("sleep(0)", lambda io: wait_for(gen.sleep(0)), {4: 2, 5: 3, 6: 2}),
    ("synchronous Task", lambda io: wait_for(gen.Task(lambda callback: callback(1))), {4: 0, 5: 0}),
    ("Task", lambda io: wait_for(gen.Task(io.add_callback)), {4: 2, 5: 3}),
    ("first Callback", lambda io: callback_and_wait(), {4: 1, 5: 1}),
    ("native coroutine", lambda io: gen.convert_yielded(native(1)), {4: 0, 5: 1, 6: 1}),
    ("await", lambda io: started(io, native_await), {4: 1, 5: 1, 6: 1}),
]


def started(loop: IOLoop, function: Callable[[Any], Any]) -> Any:
    """Start a native coroutine that awaits a future, then resolve that."""
    future = _futures.Future()
    result = gen.convert_yielded(function(future))
    loop.run_until_idle()
    future.set_result("x")
    return result


@pytest.mark.parametrize(
    ("number", "start", "expected"),
    [
        pytest.param(number, start, count, id=f"{name} on {number}")
        for name, start, expected in ITERATIONS
        for number, count in expected.items()
    ],
)
def test_iterations_until_resumed(
    loop: IOLoop, switch: Any, number: int, start: Any, expected: int
) -> None:
    """SEMANTICS section 3."""
    switch(number)
    assert iterations(loop, start(loop)) == expected


@pytest.mark.parametrize(("number", "at_once"), [(4, True), (5, False), (6, False)])
def test_done_callbacks(loop: IOLoop, switch: Any, number: int, at_once: bool) -> None:
    switch(number)
    seen: list[str] = []
    pending = _futures.Future()
    pending.add_done_callback(lambda f: seen.append("pending"))
    pending.set_result(None)
    pending.add_done_callback(lambda f: seen.append("done"))
    assert seen == (["pending", "done"] if at_once else [])
    loop.run_until_idle()
    assert seen == ["pending", "done"]


def bad_callback(key: Any) -> Any:
    @gen.coroutine
    def body() -> Any:
        yield gen.Callback(key)
        yield gen.Callback(key)

    return body()


@gen.engine
def returns_three() -> Any:
    return 3


@concurrent.return_future
def returns_four(callback: Any) -> Any:
    return 4


ERRORS: list[tuple[str, Callable[[IOLoop], Any], str, str]] = [
    ("yield 42", lambda io: wait_for(42), "BadYieldError", "yielded unknown object 42"),
    ("yield None", lambda io: wait_for(None), "BadYieldError", "yielded unknown object None"),
    ("a tuple", lambda io: wait_for((1, 2)), "BadYieldError", "yielded unknown object (1, 2)"),
    (
        "unknown key",
        lambda io: wait_for(gen.Wait("k")),
        "UnknownKeyError",
        "key 'k' is not pending",
    ),
    ("key reused", lambda io: bad_callback("a"), "KeyReuseError", "key 'a' is already pending"),
    (
        "engine returns",
        lambda io: returns_three(),
        "ReturnValueIgnoredError",
        "@gen.engine functions cannot return values: 3",
    ),
    (
        "return_future returns",
        lambda io: returns_four(),
        "ReturnValueIgnoredError",
        "@return_future should not be used with functions that return values",
    ),
    (
        "timeout",
        lambda io: gen.with_timeout(io.time() + 1, gen.sleep(9)),
        "TimeoutError",
        "Timeout",
    ),
    (
        "deadline",
        lambda io: io.add_timeout("x", print),
        "TypeError",
        "Unsupported deadline 'x'",
    ),
    (
        "iterator",
        lambda io: gen.WaitIterator(gen.sleep(1), a=gen.sleep(1)),
        "ValueError",
        "You must provide args or kwargs, not both",
    ),
    (
        "pending result",
        lambda io: concurrent.Future().result(),
        "Exception",
        "DummyFuture does not support blocking for results",
    ),
]


@pytest.mark.parametrize(("name", "start", "kind", "message"), ERRORS, ids=[e[0] for e in ERRORS])
def test_errors(loop: IOLoop, name: str, start: Any, kind: str, message: str) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011  the table says which
        loop.run_sync(lambda: start(loop))
    assert (type(caught.value).__name__, str(caught.value)) == (kind, message)


def test_return_is_an_exception_that_user_code_can_swallow(loop: IOLoop) -> None:
    @gen.coroutine
    def body() -> Any:
        try:
            raise gen.Return(1)
        except Exception:
            raise gen.Return(2) from None
        yield gen.moment

    assert body().result() == 2


def test_callback_keyword_gets_the_result(loop: IOLoop) -> None:
    seen: list[Any] = []
    wait_for(gen.maybe_future("x"), callback=seen.append)
    loop.run_until_idle()
    assert seen == ["x"]


def test_task_arguments(loop: IOLoop) -> None:
    def two(callback: Any) -> None:
        callback(1, 2)

    def named(callback: Any) -> None:
        callback(error=3)

    assert gen.Task(two).result() == gen.Arguments((1, 2), {})
    assert gen.Task(named).result() == gen.Arguments((), {"error": 3})


def test_coroutine_errors_do_not_reach_the_context(loop: IOLoop) -> None:
    seen: list[Any] = []
    with stack_context.ExceptionStackContext(lambda typ, value, tb: bool(seen.append(value) or 1)):
        future = wait_for(42)
        loop.add_callback(lambda: 1 / 0)
    loop.run_until_idle()
    assert [type(error) for error in seen] == [ZeroDivisionError]
    assert isinstance(future.exception(), gen.BadYieldError)


def test_wait_iterator_in_native_code(loop: IOLoop) -> None:
    async def collect() -> Any:
        iterator = gen.WaitIterator(slow=gen.sleep(2), quick=gen.sleep(1))
        return [(iterator.current_index, value) async for value in iterator]

    assert loop.run_sync(collect) == [("quick", None), ("slow", None)]
    assert loop.time() == EPOCH + 2


@pytest.mark.parametrize("number", [5, 6])
def test_native_coroutine_is_cancelled(loop: IOLoop, switch: Any, number: int) -> None:
    switch(number)
    seen: list[str] = []

    async def body() -> None:
        try:
            await gen.sleep(10)
        finally:
            seen.append("end")

    task = gen.convert_yielded(body())
    loop.run_until_idle(limit=1)
    assert task.cancel()
    loop.run_until_idle()
    assert (task.cancelled(), seen) == (True, ["end"])


REMOVED_IN_6 = {
    gen: ["engine", "Task", "Callback", "Wait", "WaitAll", "YieldPoint", "Arguments"],
    concurrent: ["return_future", "TracebackFuture"],
}


def test_names_come_and_go(switch: Any) -> None:
    for module, names in REMOVED_IN_6.items():
        assert all(hasattr(module, name) for name in names)
    assert hasattr(concurrent.Future(), "set_exc_info")
    switch(6)
    for module, names in REMOVED_IN_6.items():
        assert not any(hasattr(module, name) for name in names)
    assert not hasattr(concurrent.Future(), "set_exc_info")
    assert gen.TimeoutError is asyncio.TimeoutError  # an OSError from Python 3.11 on
    assert issubclass(gen.TimeoutError, OSError) == (sys.version_info >= (3, 11))
    switch(4)
    assert not issubclass(gen.TimeoutError, OSError)
    assert hasattr(gen, "engine")


METHODS = {
    "initialized": {4},
    "handle_callback_exception": {4, 5},
    "set_blocking_log_threshold": {4, 5},
    "run_in_executor": {5, 6},
}


@pytest.mark.parametrize("number", [4, 5, 6])
def test_methods_come_and_go(switch: Any, number: int) -> None:
    switch(number)
    for name, generations in METHODS.items():
        assert hasattr(IOLoop, name) == (number in generations)


def test_arguments_come_and_go(loop: IOLoop, switch: Any) -> None:
    gen.with_timeout(loop.time() + 1, gen.sleep(2), io_loop=loop)
    switch(6)
    with pytest.raises(TypeError, match="io_loop"):
        gen.with_timeout(loop.time() + 1, gen.sleep(2), io_loop=loop)


@pytest.mark.parametrize("number", [5, 6])
def test_run_in_executor(loop: IOLoop, switch: Any, number: int) -> None:
    switch(number)

    async def main() -> Any:
        return await loop.run_in_executor(None, max, 1, 2)  # type: ignore[misc]

    assert loop.run_sync(main) == 2


def test_no_such_generation() -> None:
    with pytest.raises(ValueError, match="no such Tornado generation: 3"):
        generation.switch(3)
