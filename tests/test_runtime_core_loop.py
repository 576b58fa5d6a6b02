"""The loop of the bundled runtime: virtual time, the order of things, and the outside."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from uncallback.runtime import choices, concurrent, gen, generation, stack_context
from uncallback.runtime.ioloop import EPOCH, IOLoop, LoopStalled, PeriodicCallback


@pytest.fixture
def loop() -> Iterator[IOLoop]:
    IOLoop.clear_current()
    made = IOLoop()
    yield made
    made.close()
    IOLoop.clear_current()


class Chooser:
    """Takes the option that is named in ``wanted``, and remembers what it was asked."""

    def __init__(self, *wanted: str) -> None:
        self.wanted = list(wanted)
        self.asked: list[tuple[str, list[str]]] = []

    def choose(self, key: str, options: Sequence[str]) -> int:
        self.asked.append((key, list(options)))
        return options.index(self.wanted.pop(0))

    def record(self, kind: str, subject: str, detail: object = None) -> None:
        pass


@pytest.fixture
def choose() -> Iterator[Any]:
    installed = []

    def install(*wanted: str) -> Chooser:
        chooser = Chooser(*wanted)
        installed.append(choices.install(chooser))
        return chooser

    yield install
    if installed:
        choices.install(installed[0])


def test_one_iteration(loop: IOLoop) -> None:
    """Callbacks queued so far, then the timers that were due at the beginning."""
    seen: list[str] = []

    def first() -> None:
        seen.append("first")
        loop.add_callback(seen.append, "next iteration")
        loop.add_timeout(loop.time(), seen.append, "timer of the next iteration")

    loop.add_timeout(loop.time(), seen.append, "timer")
    loop.add_callback(first)
    loop.add_callback(seen.append, "second")
    loop.run_until_idle()
    assert seen == [
        "first",
        "second",
        "timer",
        "next iteration",
        "timer of the next iteration",
    ]


def test_time_jumps(loop: IOLoop) -> None:
    seen: list[float] = []
    for delay in (3600, 0.5, timedelta(minutes=1)):
        deadline = delay if isinstance(delay, timedelta) else loop.time() + delay
        loop.add_timeout(deadline, lambda: seen.append(loop.time() - EPOCH))
    loop.run_until_idle()
    assert seen == [0.5, 60, 3600]


def test_equal_deadlines_are_first_come_first_served(loop: IOLoop) -> None:
    seen: list[int] = []
    for number in range(8):
        loop.call_later(1, seen.append, number)
    loop.run_until_idle()
    assert seen == list(range(8))


def test_a_due_timer_can_be_removed(loop: IOLoop) -> None:
    seen: list[str] = []
    handle = loop.call_later(1, seen.append, "second")
    loop.remove_timeout(handle)
    late = loop.call_later(2, seen.append, "late")
    loop.call_at(loop.time() + 1, loop.remove_timeout, late)
    loop.run_until_idle()
    loop.remove_timeout(late)
    assert seen == []


def test_callback_errors_are_logged_and_the_loop_goes_on(
    loop: IOLoop, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []

    @gen.coroutine
    def coroutine() -> Any:
        yield gen.moment
        raise KeyError("later")

    loop.add_callback(lambda: 1 / 0)
    loop.add_callback(coroutine)
    loop.add_callback(lambda: 5)
    loop.add_callback(seen.append, "after")
    loop.run_until_idle()
    assert seen == ["after"]
    errors = [r.exc_info[0] for r in caplog.records if r.exc_info]
    assert errors == [ZeroDivisionError, KeyError]
    assert {r.name for r in caplog.records} == {"tornado.application"}
    assert {r.getMessage()[:21] for r in caplog.records} == {"Exception in callback"}


def test_a_single_completion_is_not_a_question(loop: IOLoop, choose: Any) -> None:
    chooser = choose()
    seen: list[str] = []
    loop.add_external("a", lambda: seen.append("a"))
    assert loop.run_until_idle() == "idle"
    assert (seen, chooser.asked) == (["a"], [])


def test_the_order_of_completions_is_chosen(loop: IOLoop, choose: Any) -> None:
    chooser = choose("b", "timer@2.000000")
    seen: list[str] = []
    for key in ("c", "b"):
        loop.add_external(key, lambda key=key: seen.append(key))
    loop.call_later(2, seen.append, "timer")
    loop.run_until_idle()
    assert seen == ["b", "timer", "c"]
    assert chooser.asked == [
        ("order:b|c|timer@2.000000", ["c", "b", "timer@2.000000"]),
        ("order:c|timer@2.000000", ["c", "timer@2.000000"]),
    ]


def test_without_a_chooser_completions_come_before_timers(loop: IOLoop) -> None:
    seen: list[str] = []
    loop.call_later(1, seen.append, "timer")
    loop.add_external("b", lambda: seen.append("b"))
    removed = loop.add_external("a", lambda: seen.append("a"))
    loop.remove_external(removed)
    loop.remove_external(removed)
    loop.run_until_idle()
    assert seen == ["b", "timer"]


def test_a_completion_has_no_context(loop: IOLoop, caplog: pytest.LogCaptureFixture) -> None:
    with stack_context.ExceptionStackContext(lambda *error: True):
        loop.add_external("a", lambda: 1 / 0)
    loop.run_until_idle()
    assert len(caplog.records) == 1


def test_stalled(loop: IOLoop) -> None:
    with pytest.raises(LoopStalled):
        loop.start()
    with pytest.raises(LoopStalled):
        loop.run_sync(lambda: concurrent.Future())


def test_limit(loop: IOLoop) -> None:
    PeriodicCallback(lambda: None, 1000).start()
    assert loop.run_until_idle(limit=10) == "limit"


def test_stop_lets_the_batch_finish(loop: IOLoop) -> None:
    seen: list[str] = []
    loop.add_callback(loop.stop)
    loop.add_callback(seen.append, "same batch")
    loop.add_callback(loop.add_callback, seen.append, "next batch")
    loop.start()
    assert seen == ["same batch"]


@pytest.mark.parametrize(("number", "passes"), [(4, 0), (5, 1), (6, 1)])
def test_stop_before_start(loop: IOLoop, number: int, passes: int) -> None:
    seen: list[int] = []
    with generation.use(number):
        loop.add_callback(seen.append, 1)
        loop.stop()
        loop.start()
    assert len(seen) == passes


def test_run_sync_times_out(loop: IOLoop) -> None:
    with pytest.raises(Exception, match=r"Operation timed out after 0\.5 seconds"):
        loop.run_sync(lambda: gen.sleep(1), timeout=0.5)
    assert loop.time() == EPOCH + 0.5


def test_threads_are_waited_for(loop: IOLoop) -> None:
    """Time must not jump over what a thread is still doing."""
    go = threading.Event()
    seen: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        loop.add_future(pool.submit(go.wait), lambda future: seen.append("thread"))
        loop.call_later(20, seen.append, "timer")
        loop.call_later(20, loop.stop)
        loop.add_callback(go.set)
        loop.add_future(pool.submit(seen.append, "job"), lambda future: loop.stop())
        loop.start()
    assert seen == ["job", "thread"] or seen == ["thread", "job"]
    assert loop.time() < EPOCH + 20


class Worker:
    def __init__(self, loop: IOLoop) -> None:
        self.io_loop = loop
        self.executor = concurrent.VirtualExecutor(4)

    @concurrent.run_on_executor
    def work(self, x: int) -> int:
        return 10 // x


@pytest.mark.parametrize("number", [4, 5, 6])
def test_virtual_executor(loop: IOLoop, choose: Any, number: int) -> None:
    chooser = choose("job of a thread #2")
    with generation.use(number):
        worker = Worker(loop)
        futures = [worker.work(5), worker.work(0)]
        assert not futures[0].done()
        loop.run_until_idle()
        assert futures[0].result() == 2
        with pytest.raises(ZeroDivisionError):
            futures[1].result()
    assert [options for _, options in chooser.asked] == [
        ["job of a thread #1", "job of a thread #2"]
    ]


def test_blocking_on_a_virtual_job_runs_it(loop: IOLoop) -> None:
    assert concurrent.VirtualExecutor().submit(max, 1, 2).result() == 2


def test_current_and_global_loops(loop: IOLoop) -> None:
    assert IOLoop.current() is loop
    other = IOLoop()
    assert IOLoop.current() is loop
    seen: list[Any] = []
    other.add_callback(lambda: seen.append(IOLoop.current()))
    other.run_until_idle()
    assert seen == [other]
    assert IOLoop.current() is loop
    with pytest.raises(RuntimeError, match="current IOLoop already exists"):
        IOLoop(make_current=True)


def test_descriptors_are_named_as_missing(loop: IOLoop) -> None:
    with pytest.raises(NotImplementedError, match="no file descriptors"):
        loop.add_handler(0, print, IOLoop.READ)


def test_unretrieved_errors_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    for number, logger in ((4, "tornado.application"), (6, "asyncio")):
        with generation.use(number), caplog.at_level(logging.ERROR):
            caplog.clear()
            future: Any = concurrent.Future()
            future.set_exception(KeyError("lost"))
            del future
            [record] = caplog.records
            assert record.name == logger
            assert "exception was never retrieved" in record.getMessage()


@pytest.mark.parametrize(("number", "records"), [(5, 3), (6, 1)])
def test_cancelled_futures_do_not_end_the_loop(
    loop: IOLoop, caplog: pytest.LogCaptureFixture, number: int, records: int
) -> None:
    """A done-callback's error is logged, add_future's only by 5.1 (as seen there and on 6.5)."""
    with generation.use(number):
        for _ in range(2):
            future: Any = concurrent.Future()
            future.cancel()
            loop.add_future(future, lambda done: done.result())
        future.add_done_callback(lambda done: done.result())
        assert loop.run_until_idle() == "idle"
    assert [record.name for record in caplog.records] == ["asyncio"] * records
