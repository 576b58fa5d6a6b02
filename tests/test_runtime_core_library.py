"""Locks, queues, options, testing and the small helpers of the runtime."""

from __future__ import annotations

import ast
import datetime
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from uncallback.runtime import gen, generation, locks, options, queues, testing, util, web
from uncallback.runtime.ioloop import EPOCH, IOLoop


@pytest.fixture(params=[4, 5, 6])
def loop(request: pytest.FixtureRequest) -> Iterator[IOLoop]:
    """A loop, on each generation."""
    IOLoop.clear_current()
    with generation.use(request.param):
        made = IOLoop()
        yield made
        made.close()
    IOLoop.clear_current()


def test_lock_is_first_come_first_served(loop: IOLoop) -> None:
    lock = locks.Lock()
    seen: list[str] = []

    @gen.coroutine
    def old(name: str) -> Any:
        with (yield lock.acquire()):
            seen.append(f"+{name}")
            yield gen.sleep(1)
            seen.append(f"-{name}")

    async def new(name: str) -> None:
        async with lock:
            seen.append(f"+{name}")
            await gen.sleep(1)
            seen.append(f"-{name}")

    async def main() -> None:
        await gen.multi([old("a"), new("b"), old("c")])

    loop.run_sync(main)
    # The call starts a and c; a native coroutine does not start before it is waited for.
    assert seen == ["+a", "-a", "+c", "-c", "+b", "-b"]
    assert loop.time() == EPOCH + 3


@pytest.mark.parametrize(
    "start",
    [
        lambda limit: locks.Event().wait(limit),
        lambda limit: locks.Semaphore(0).acquire(limit),
        lambda limit: queues.Queue().get(limit),
        lambda limit: gen.with_timeout(limit, queues.Queue().get()),
    ],
    ids=["event", "semaphore", "queue", "with_timeout"],
)
def test_timeouts(loop: IOLoop, start: Any) -> None:
    with pytest.raises(gen.TimeoutError):
        loop.run_sync(lambda: start(datetime.timedelta(seconds=2)))
    assert loop.time() == EPOCH + 2


def test_condition_gives_false_at_its_timeout(loop: IOLoop) -> None:
    condition = locks.Condition()
    assert loop.run_sync(lambda: condition.wait(datetime.timedelta(seconds=1))) is False
    waiting = condition.wait()
    condition.notify()
    assert loop.run_sync(lambda: waiting) is True


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (queues.Queue, [3, 1, 2]),
        (queues.LifoQueue, [2, 1, 3]),
        (queues.PriorityQueue, [1, 2, 3]),
    ],
)
def test_queues(loop: IOLoop, kind: Any, expected: list[int]) -> None:
    queue = kind()
    for item in (3, 1, 2):
        queue.put_nowait(item)

    async def drain() -> list[int]:
        items = []
        async for item in queue:
            items.append(item)
            queue.task_done()
            if queue.empty():
                break
        await queue.join()
        return items

    assert loop.run_sync(drain) == expected


def parser() -> options.OptionParser:
    made = options.OptionParser()
    made.define("port", default=80, help="where to listen")
    made.define("debug", default=False)
    made.define("ids", type=int, multiple=True)
    made.define("wait", type=datetime.timedelta)
    made.define("data_dir", type=str)
    return made


@pytest.mark.parametrize(
    ("argument", "name", "value"),
    [
        ("--port=8888", "port", 8888),
        ("-port=1", "port", 1),
        ("--debug", "debug", True),
        ("--debug=false", "debug", False),
        ("--ids=1,3:5", "ids", [1, 3, 4, 5]),
        ("--wait=1h 30m", "wait", datetime.timedelta(hours=1.5)),
        ("--data-dir=x", "data_dir", "x"),
    ],
)
def test_command_line(argument: str, name: str, value: Any) -> None:
    made = parser()
    assert made.parse_command_line(["program", argument, "rest"]) == ["rest"]
    assert getattr(made, name) == value


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--nothing=1", "Unrecognized command line option: 'nothing'"),
        ("--port", "Option 'port' requires a value"),
        ("--wait=soon", "Unrecognized time span: 'soon'"),
    ],
)
def test_wrong_command_lines(argument: str, message: str) -> None:
    with pytest.raises(options.Error, match=message):
        parser().parse_command_line(["program", argument])


def test_config_file(tmp_path: Path) -> None:
    (tmp_path / "server.conf").write_text("port = 1\nunknown = 2\n")
    made = parser()
    made.parse_config_file(str(tmp_path / "server.conf"))
    assert made.port == 1
    with pytest.raises(options.Error, match="Option 'port' is required to be a int"):
        made.port = "x"
    with pytest.raises(options.Error, match="already defined"):
        made.define("port")


def run_case(case: type[unittest.TestCase]) -> unittest.TestResult:
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    return result


class Hello(web.RequestHandler):
    @gen.coroutine
    def get(self) -> Any:
        yield gen.sleep(1)
        self.write("hello")


class HelloCase(testing.AsyncHTTPTestCase):
    __test__ = False  # run_case runs it

    def get_app(self) -> Any:
        return web.Application([("/", Hello)])

    def test_hello(self) -> None:
        response = self.fetch("/")
        assert (response.code, response.body) == (200, b"hello")

    def test_missing(self) -> None:
        assert self.fetch("/nothing").code == 404


class WrongCase(testing.AsyncTestCase):
    __test__ = False

    def test_error_in_callback(self) -> None:
        self.io_loop.add_callback(lambda: 1 / 0)
        self.wait()

    def test_never_stopped(self) -> None:
        self.wait(timeout=3)

    @testing.gen_test(timeout=1)
    def test_too_slow(self) -> Any:
        yield gen.sleep(2)

    def test_no_decorator(self) -> Any:
        yield


def test_http_cases(loop: IOLoop) -> None:
    result = run_case(HelloCase)
    assert (result.testsRun, result.errors, result.failures) == (2, [], [])


def test_wrong_cases_fail() -> None:
    result = run_case(WrongCase)
    reasons = {
        test.id().rpartition(".")[2]: text.strip().splitlines()[-1]
        for test, text in [*result.errors, *result.failures]
    }
    assert reasons == {
        "test_error_in_callback": "ZeroDivisionError: division by zero",
        "test_never_stopped": "AssertionError: Async operation timed out after 3 seconds",
        "test_too_slow": "uncallback.runtime.ioloop.TimeoutError: "
        "Operation timed out after 1 seconds",
        "test_no_decorator": "TypeError: Generator and coroutine test methods should be "
        "decorated with tornado.testing.gen_test",
    }


def test_import_object() -> None:
    assert util.import_object("os.path.join") is __import__("os").path.join
    assert util.import_object("json") is __import__("json")
    with pytest.raises(ImportError, match="No module named nothing"):
        util.import_object("json.nothing")


def test_arg_replacer() -> None:
    def function(x: Any, callback: Any = None, **rest: Any) -> None:
        pass

    replacer = util.ArgReplacer(function, "callback")
    assert replacer.replace("new", (1, "old"), {}) == ("old", [1, "new"], {})
    assert replacer.replace("new", (1,), {}) == (None, (1,), {"callback": "new"})
    assert replacer.get_old_value((1,), {"callback": "old"}) == "old"


def test_re_unescape() -> None:
    assert util.re_unescape(r"a\.b\-c") == "a.b-c"
    with pytest.raises(ValueError, match="cannot unescape"):
        util.re_unescape(r"\d")


RUNTIME = Path(util.__file__).parent


@pytest.mark.parametrize("path", sorted(RUNTIME.glob("*.py")), ids=lambda path: path.stem)
def test_what_is_public_has_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = {"the module": bool(ast.get_docstring(tree))}
    for name, node in public("", tree):  # overloads and setters share a docstring
        documented[name] = documented.get(name, False) or bool(ast.get_docstring(node))
    assert [name for name, there in documented.items() if not there] == []


def public(prefix: str, parent: Any) -> Iterator[tuple[str, Any]]:
    """The public functions and classes of a module or class, and what is in those classes."""
    for node in parent.body:
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        if isinstance(node, kinds) and not node.name.startswith("_"):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public(f"{prefix}{node.name}.", node)
