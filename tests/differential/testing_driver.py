"""Runs test cases that use ``tornado.testing``, wrongly at times: how each ends. See `seen`."""

from __future__ import annotations

import json
import logging
import sys
import unittest
from pathlib import Path
from typing import Any

if len(sys.argv) > 1 and sys.argv[1].startswith("runtime"):
    from uncallback.runtime import generation, tornado_alias

    generation.switch(int(sys.argv[1][-1]))
    tornado_alias.install()
sys.path.insert(0, str(Path(__file__).parent))

from tornado import concurrent, gen, ioloop, testing, web
from web_driver import LOGGERS, clean


class Slow(web.RequestHandler):
    @gen.coroutine
    def get(self) -> Any:
        yield gen.sleep(0.01)
        self.write("slow")


class Echo(web.RequestHandler):
    def post(self) -> None:
        self.write(self.request.body)

    def get(self) -> None:
        raise KeyError("k")


class Fetches(testing.AsyncHTTPTestCase):
    def get_app(self) -> Any:
        return web.Application([("/slow", Slow), ("/echo", Echo)])

    def check(self, path: str, **options: Any) -> None:
        response = self.fetch(path, **options)
        self.fail(f"{response.code} {response.body!r} {response.error}")

    def test_fetch(self) -> None:
        self.check("/slow")

    def test_missing(self) -> None:
        self.check("/missing")

    def test_error(self) -> None:
        self.check("/echo")

    def test_raises(self) -> None:
        if ioloop.IOLoop.current() is not self.io_loop:
            self.fail("another loop")
        self.check("/echo", raise_error=True)

    def test_body(self) -> None:
        self.check("/echo", method="POST", body="x")

    def test_no_body(self) -> None:
        self.check("/echo", method="POST")

    def test_expected_log(self) -> None:
        with testing.ExpectLog("tornado.application", "Uncaught exception GET /echo"):
            self.check("/echo")

    def test_missing_log(self) -> None:
        with testing.ExpectLog("tornado.application", "Something"):
            self.fetch("/slow")

    @testing.gen_test
    def test_yields(self) -> Any:
        response = yield self.http_client.fetch(self.get_url("/slow"))
        self.fail(str(response.code))

    @testing.gen_test
    async def test_awaits(self) -> None:
        await self.http_client.fetch(self.get_url("/echo"))

    def test_leaves_a_callback(self) -> None:
        self.io_loop.add_callback(lambda: 1 / 0)


class Waits(testing.AsyncTestCase):
    def test_timeout(self) -> None:
        self.wait(timeout=0.05)

    def test_condition(self) -> None:
        numbers: list[int] = []

        def tick() -> None:
            numbers.append(1)
            self.stop(len(numbers))
            self.io_loop.call_later(0.001, tick)

        self.io_loop.add_callback(tick)
        self.fail(str(self.wait(lambda: len(numbers) > 3)))

    def test_error_in_callback(self) -> None:
        self.io_loop.add_callback(lambda: {}["x"])
        self.io_loop.add_callback(lambda: {}["y"])
        self.io_loop.call_later(0.01, self.stop)
        self.wait(timeout=0.1)

    def test_stopped_before(self) -> None:
        self.stop("a")
        self.stop(b=1)
        self.fail(str(self.wait()))

    def test_generator(self) -> Any:
        yield

    async def test_native(self) -> None:
        pass

    def test_returns(self) -> int:
        return 5


class Generators(testing.AsyncTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.io_loop.add_callback(self.stop)
        self.wait()

    @testing.gen_test(timeout=0.05)
    def test_timeout(self) -> Any:
        yield gen.sleep(9)

    @testing.gen_test(timeout=0.05)
    def test_timeout_caught(self) -> Any:
        try:
            yield concurrent.Future()
        except Exception as error:
            raise ValueError(type(error).__name__) from error

    @testing.gen_test(timeout=0.05)
    async def test_timeout_caught_natively(self) -> None:
        try:
            await gen.sleep(9)
        except BaseException as error:
            raise ValueError(type(error).__name__) from error

    @testing.gen_test
    def test_raises(self) -> Any:
        yield gen.sleep(0.001)
        raise KeyError("k")

    @testing.gen_test
    def test_plain(self) -> None:
        self.fail("plain")

    @testing.gen_test
    def test_returns_a_future(self) -> Any:
        return gen.sleep(0.001)

    @testing.gen_test
    def test_returns_a_value(self) -> Any:
        yield gen.moment
        return 5

    @testing.gen_test
    def test_yields_a_number(self) -> Any:
        yield 5

    @testing.gen_test
    def test_error_elsewhere(self) -> Any:
        self.io_loop.spawn_callback(lambda: 1 / 0)
        yield gen.sleep(0.01)

    @testing.gen_test
    def test_error_in_callback(self) -> Any:
        self.io_loop.add_callback(lambda: 1 / 0)
        yield gen.sleep(0.01)


class Result(unittest.TestResult):
    """Keeps how each test ended; a test and its ``tearDown`` may both fail."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: dict[str, list[str]] = {}

    def startTest(self, test: Any) -> None:
        self.ends[test.id().partition(".")[2]] = []

    def addError(self, test: Any, error: Any) -> None:
        said = clean(f"{error[0].__name__} {error[1]}").replace("tornado.concurrent.", "")
        self.ends[test.id().partition(".")[2]].append(said.partition(" object")[0])

    addFailure = addError


def main(world: str, *wanted: str) -> None:
    """Run the tests and print how they end."""
    for name in LOGGERS:
        logging.getLogger(name).addHandler(logging.NullHandler())
        logging.getLogger(name).propagate = False
    result = Result()
    for case in (Fetches, Waits, Generators):
        unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    print(
        json.dumps(
            {name: said for name, said in result.ends.items() if name in wanted or not wanted}
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
