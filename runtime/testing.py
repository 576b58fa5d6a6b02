"""Tests of asynchronous code (``tornado.testing``), on the virtual loop and in-memory HTTP."""

from __future__ import annotations

import functools
import inspect
import io
import itertools
import logging
import os
import re
import sys
import unittest
from collections.abc import Callable
from types import GeneratorType, TracebackType
from typing import Any, NoReturn

from . import _futures, generation, ioloop
from ._runner import begin
from .httpclient import AsyncHTTPClient
from .httpserver import HTTPServer
from .ioloop import IOLoop
from .log import app_log
from .stack_context import ExceptionStackContext

_ports = itertools.count(10000)


class _BoundPort:
    """Stands for a socket that is bound to a port of its own."""

    def __init__(self, port: int) -> None:
        self._port = port

    def getsockname(self) -> tuple[str, int]:
        """Return address and port."""
        return ("127.0.0.1", self._port)

    def fileno(self) -> int:
        """Return -1: there is no descriptor."""
        return -1

    def setblocking(self, flag: bool) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def accept(self) -> NoReturn:
        """Raise ``NotImplementedError``: the runtime has no sockets."""
        raise NotImplementedError("accept: the runtime has no sockets")


def bind_unused_port(reuse_port: bool = False) -> tuple[Any, int]:
    """Return something that an HTTPServer takes as a socket, and its port number."""
    port = next(_ports)
    return _BoundPort(port), port


def get_unused_port() -> int:
    """Return a port number that no server listens on."""
    return next(_ports)


def get_async_test_timeout() -> float:
    """Return the seconds a test may wait: environment variable ASYNC_TEST_TIMEOUT, else 5."""
    try:
        return float(os.environ.get("ASYNC_TEST_TIMEOUT", ""))
    except ValueError:
        return 5


def _checked(method: Callable[..., Any]) -> Callable[..., None]:
    """Make a test method that returns something fail: it has tested nothing, or not to its end."""

    @functools.wraps(method)
    def test(*args: Any, **kwargs: Any) -> None:
        result = method(*args, **kwargs)
        if isinstance(result, GeneratorType) or inspect.iscoroutine(result):
            raise TypeError(
                "Generator and coroutine test methods should be decorated with "
                "tornado.testing.gen_test"
            )
        if result is not None:
            raise ValueError(f"Return value from test method ignored: {result!r}")

    return test


class AsyncTestCase(unittest.TestCase):
    """A test with a loop of its own in ``io_loop``; :meth:`wait` runs it until :meth:`stop`.

    An exception in a callback (Tornado 4 and 5) ends ``wait`` and is raised there.
    """

    def __init__(self, methodName: str = "runTest") -> None:
        super().__init__(methodName)
        self.__stopped = False
        self.__running = False
        self.__failure: BaseException | None = None
        self.__stop_args: Any = None
        self.__timeout: Any = None
        test = getattr(self, methodName, None)
        if test is not None:
            setattr(self, methodName, _checked(test))

    def setUp(self) -> None:
        """Make the loop, and make it the current one."""
        super().setUp()
        self.io_loop = self.get_new_ioloop()
        self.io_loop.make_current()

    def tearDown(self) -> None:
        """Close the loop; raise what a callback has raised since the last :meth:`wait`."""
        self.io_loop.clear_current()
        self.io_loop.close(all_fds=True)
        super().tearDown()
        self.__rethrow()

    def get_new_ioloop(self) -> IOLoop:
        """Return the loop for the test; subclasses may return another."""
        return IOLoop()

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        """Run the test; errors of its callbacks belong to it."""
        if generation.current >= 6:
            finished = super().run(result)
        else:
            with ExceptionStackContext(self._handle_exception):
                finished = super().run(result)
        self.__failure = None
        return finished

    def _handle_exception(
        self, typ: type[BaseException], value: BaseException, tb: TracebackType | None
    ) -> bool:
        if self.__failure is None:
            self.__failure = value
        else:
            app_log.error("multiple unhandled exceptions in test", exc_info=(typ, value, tb))
        self.stop()
        return True

    def stop(self, _arg: Any = None, **kwargs: Any) -> None:
        """End the :meth:`wait` under way or the next one; it returns the argument, or keywords."""
        assert _arg is None or not kwargs
        self.__stop_args = kwargs or _arg
        if self.__running:
            self.io_loop.stop()
            self.__running = False
        self.__stopped = True

    def wait(self, condition: Callable[[], Any] | None = None, timeout: float | None = None) -> Any:
        """Run the loop until :meth:`stop` is called, and ``condition()`` is true if given.

        Fails the test after ``timeout`` seconds (``None``: :func:`get_async_test_timeout`).
        """
        if not self.__stopped:
            seconds = get_async_test_timeout() if timeout is None else timeout
            if self.__timeout is not None:
                self.io_loop.remove_timeout(self.__timeout)
            self.__timeout = self.io_loop.call_later(seconds, self.__expire, seconds)
            while True:
                self.__running = True
                self.io_loop.start()
                if self.__failure is not None or condition is None or condition():
                    break
            self.io_loop.remove_timeout(self.__timeout)
            self.__timeout = None
        assert self.__stopped
        self.__stopped = False
        self.__rethrow()
        result, self.__stop_args = self.__stop_args, None
        return result

    def __expire(self, seconds: float) -> None:
        self.__failure = self.failureException(f"Async operation timed out after {seconds} seconds")
        self.stop()

    def __rethrow(self) -> None:
        failure, self.__failure = self.__failure, None
        if failure is not None:
            raise failure


class AsyncHTTPTestCase(AsyncTestCase):
    """A test with an application to fetch from: ``self.fetch("/path")``."""

    def setUp(self) -> None:
        """Start a server with the application on a port of its own."""
        super().setUp()
        sock, self.__port = bind_unused_port()
        self.http_client = self.get_http_client()
        self._app = self.get_app()
        self.http_server = self.get_http_server()
        self.http_server.add_sockets([sock])

    def tearDown(self) -> None:
        """Stop the server, let the loop close what is open, and end the client."""
        self.http_server.stop()
        limit = get_async_test_timeout()
        self.io_loop.run_sync(self.http_server.close_all_connections, timeout=limit)
        self.http_client.close()
        super().tearDown()

    def get_http_client(self) -> Any:
        """Return the client."""
        return AsyncHTTPClient()

    def get_http_server(self) -> HTTPServer:
        """Return the server."""
        return HTTPServer(self._app, **self.get_httpserver_options())

    def get_app(self) -> Any:
        """Return the application under test; subclasses must define it."""
        raise NotImplementedError

    def get_httpserver_options(self) -> dict[str, Any]:
        """Return keyword arguments for the server."""
        return {}

    def get_http_port(self) -> int:
        """Return the server's port."""
        return self.__port

    def get_protocol(self) -> str:
        """Return the scheme of the server's addresses."""
        return "http"

    def get_url(self, path: str) -> str:
        """Return the address of ``path`` on the server."""
        host = "localhost" if generation.current == 4 else "127.0.0.1"
        return f"{self.get_protocol()}://{host}:{self.get_http_port()}{path}"

    def fetch(self, path: str, raise_error: bool = False, **kwargs: Any) -> Any:
        """Fetch ``path`` and return the response; raise what the client raises if ``raise_error``.

        Without it a response with an error status comes back like any other.
        """
        url = path if path.lower().startswith(("http://", "https://")) else self.get_url(path)
        if generation.current == 4:
            self.http_client.fetch(url, self.stop, **kwargs)
            return self.wait()
        return self.io_loop.run_sync(
            lambda: self.http_client.fetch(url, raise_error=raise_error, **kwargs),
            timeout=get_async_test_timeout(),
        )


class AsyncHTTPSTestCase(AsyncHTTPTestCase):
    """Raises ``NotImplementedError``: the runtime has no TLS."""

    def setUp(self) -> None:
        """Refuse."""
        raise NotImplementedError("AsyncHTTPSTestCase: the runtime has no TLS")


def gen_test(
    func: Callable[..., Any] | None = None, timeout: float | None = None
) -> Callable[..., Any]:
    """Make a generator or native coroutine a test method that runs on the test's loop.

    After ``timeout`` seconds (``None``: :func:`get_async_test_timeout`) the loop's ``TimeoutError``
    is raised where the coroutine waits; from 5 on a native one gets ``CancelledError`` instead.
    """
    seconds = get_async_test_timeout() if timeout is None else timeout

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def test(self: Any, *args: Any, **kwargs: Any) -> Any:
            running: list[Any] = []

            def start() -> Any:
                running.append(method(self, *args, **kwargs))
                return _as_future(running[0])

            try:
                return self.io_loop.run_sync(start, timeout=seconds)
            except vars(ioloop)["TimeoutError"] as error:
                started = running[0]
                native = generation.current == 4 and inspect.iscoroutine(started)
                if native or isinstance(started, GeneratorType):
                    started.throw(error)
                raise

        return test

    return decorate if func is None else decorate(func)


def _as_future(result: Any) -> Any:
    if isinstance(result, GeneratorType):
        future = _futures.Future()
        begin(result, future)
        return future
    if inspect.iscoroutine(result):
        return result
    future = _futures.Future()
    future.set_result(result)
    return future


class LogTrapTestCase(unittest.TestCase):
    """Shows what a test logs only if the test fails (Tornado 4)."""

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        """Run the test with the root logger's handlers replaced."""
        result = result or self.defaultTestResult()
        root, trapped = logging.getLogger(), io.StringIO()
        before, root.handlers = root.handlers, [logging.StreamHandler(trapped)]
        trouble = len(result.failures) + len(result.errors)
        try:
            return super().run(result)
        finally:
            root.handlers = before
            if len(result.failures) + len(result.errors) > trouble:
                sys.stderr.write(trapped.getvalue())


class ExpectLog(logging.Filter):
    """``with ExpectLog(logger, regex):`` swallows matching records; fails if there were none.

    ``logger`` may be its name. With ``required=False`` none is fine. ``logged_stack`` says whether
    a record had a traceback.
    """

    def __init__(self, logger: logging.Logger | str, regex: str, required: bool = True) -> None:
        super().__init__()
        self.logger = logging.getLogger(logger) if isinstance(logger, str) else logger
        self.regex = re.compile(regex)
        self.required = required
        self.matched = False
        self.logged_stack = False

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep a matching record from going on."""
        if record.exc_info:
            self.logged_stack = True
        if self.regex.match(record.getMessage()):
            self.matched = True
            return False
        return True

    def __enter__(self) -> ExpectLog:
        self.logger.addFilter(self)
        return self

    def __exit__(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.logger.removeFilter(self)
        if typ is None and self.required and not self.matched:
            raise Exception("did not get expected log message")


def main(**kwargs: Any) -> None:
    """Run the tests of ``__main__``; keyword arguments go to :func:`unittest.main`."""
    unittest.main(**kwargs)


generation.limit(globals(), ["LogTrapTestCase", "get_unused_port"], last=4)
