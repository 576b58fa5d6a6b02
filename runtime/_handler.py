"""`RequestHandler`: the life of one request, from the verb to the access log.

A request goes through five steps, always in this order: the path's arguments are decoded (before
that, from generation 6 on, the body is parsed, which may be the end of it: a 400); the XSRF
cookie is checked (if the application wants it); ``prepare`` runs; the verb's method runs; the
response is finished (unless the method is `asynchronous` or finished it itself). An exception at
any step goes to ``_handle_request_exception``, which logs it and sends an error page.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Generator
from http.client import responses
from types import FunctionType, TracebackType
from typing import TYPE_CHECKING, Any, ClassVar

from . import choices, gen, generation
from ._arguments import RequestReader
from ._headers import HTTPInputError
from ._identity import Visitor
from ._rendering import Renderer
from ._response import ResponseWriter
from ._weberrors import Finish, HTTPError
from .log import app_log, gen_log

if TYPE_CHECKING:
    from ._application import Application
    from ._serverrequest import HTTPServerRequest

__all__ = ["RequestHandler"]

Steps = Generator[Any, Any, None]


@gen.coroutine
def _follow(steps: Steps) -> Steps:
    """Wait as a coroutine does, up to generation 5."""
    return steps


async def _follow_natively(steps: Steps) -> None:
    """Wait as ``await`` does, from generation 6 on: a native coroutine starts at once."""
    resume: Any = steps.send
    given: Any = None
    while True:
        try:
            awaited = resume(given)
        except StopIteration:
            return
        try:
            given = await awaited
            resume = steps.send
        except Exception as error:
            given, resume = error, steps.throw


class RequestHandler(Visitor, Renderer):
    """The base of all request handlers.

    Subclasses define a method for every HTTP verb that they answer; the groups of the route's
    pattern are its arguments.
    """

    SUPPORTED_METHODS: tuple[str, ...] = (
        "GET",
        "HEAD",
        "POST",
        "DELETE",
        "PATCH",
        "PUT",
        "OPTIONS",
    )

    _stream_request_body = False
    _body_future: Any = None
    """Resolved at the end of a streamed body."""

    _template_loaders: ClassVar[dict[str, Any]] = {}

    def __init__(self, application: Application, request: HTTPServerRequest, **kwargs: Any) -> None:
        self.application = application
        self.request = request
        self._headers_written = False
        self._finished = False
        self._auto_finish = True
        self._transforms: Any = None
        self._prepared_future: Any = None
        self.path_args: list[Any] = []
        self.path_kwargs: dict[str, Any] = {}
        self.clear()
        connection = request.connection
        if connection is not None:
            connection.set_close_callback(self._on_connection_close)
        self.initialize(**kwargs)

    def initialize(self) -> None:
        """Take the arguments of the route. Override me."""

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the application."""
        return self.application.settings

    def _no_verb(self, *args: Any, **kwargs: Any) -> Any:
        raise HTTPError(405)

    head = get = post = delete = patch = put = options = _no_verb

    def prepare(self) -> Any:
        """Run before every verb; a Future is waited for. Override me."""

    def on_finish(self) -> None:
        """Run after the response was finished. Override me."""

    def on_connection_close(self) -> None:
        """Run when the client leaves before the response was finished. Override me."""

    def data_received(self, chunk: bytes) -> Any:
        """Take a part of the body, under `stream_request_body`. Override me."""
        raise NotImplementedError()

    def _on_connection_close(self) -> None:
        choices.record("hook", "on_connection_close")
        try:
            self.on_connection_close()
        except Exception:
            if generation.current < 6:
                app_log.error("Uncaught exception, closing connection.", exc_info=True)
            self.request.connection.hang_up()
            raise

    def reverse_url(self, name: str, *args: Any) -> str:
        """Return the path of the route called ``name``; KeyError if there is none."""
        return self.application.reverse_url(name, *args)

    def _execute(self, transforms: Any, *args: Any, **kwargs: Any) -> Any:
        """Go through the five steps; errors have been dealt with when the Future is done."""
        self._transforms = transforms
        steps = self._steps(args, kwargs)
        if generation.current < 6:
            return _follow(steps)
        return gen.convert_yielded(_follow_natively(steps))

    def _steps(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Steps:
        """The five steps; what must be waited for is yielded."""
        try:
            request = self.request
            if request.method not in self.SUPPORTED_METHODS:
                raise HTTPError(405)
            if request._parses_late:
                self._parse_body()
            if args or kwargs:
                self.path_args = [self.decode_argument(arg) for arg in args]
                self.path_kwargs = {
                    name: self.decode_argument(value, name=name) for name, value in kwargs.items()
                }
            settings = self.application.settings
            if settings.get("xsrf_cookies") and request.method not in ("GET", "HEAD", "OPTIONS"):
                self.check_xsrf_cookie()
            result = self.prepare()
            if result is not None:
                result = yield result
            if self._prepared_future is not None:
                self._prepared_future.set_result(None)
            if self._finished:
                return
            if self._stream_request_body:
                yield self._body_future
            method = getattr(self, request.method.lower())
            result = method(*self.path_args, **self.path_kwargs)
            if result is not None:
                yield result
            if self._auto_finish and not self._finished:
                self.finish()
        except Exception as error:
            try:
                self._handle_request_exception(error)
            except Exception:
                app_log.error("Exception in exception handler", exc_info=True)
            if self._prepared_future is not None and not self._prepared_future.done():
                self._prepared_future.set_result(None)

    def _parse_body(self) -> None:
        try:
            self.request._parse_body()
        except HTTPInputError as error:
            raise HTTPError(400, f"Invalid body: {error}") from error

    def _stack_context_handle_exception(
        self, typ: type[BaseException], value: BaseException, tb: TracebackType | None
    ) -> bool:
        """Take an exception of a callback that was scheduled by an `asynchronous` method."""
        try:
            raise value.with_traceback(tb)
        except Exception:
            self._handle_request_exception(value)
        return True

    def _handle_request_exception(self, error: BaseException) -> None:
        """Log an uncaught exception and answer with an error page, if that is still possible."""
        if isinstance(error, Finish):
            if not self._finished:
                self.finish(*error.args)
            return
        try:
            choices.record("hook", "log_exception", type(error).__name__)
            self.log_exception(*sys.exc_info())
        except Exception:
            app_log.error("Error in exception logger", exc_info=True)
        if self._finished:
            return
        if not isinstance(error, HTTPError):
            self.send_error(500, exc_info=sys.exc_info())
        elif error.status_code not in responses and not error.reason and generation.current < 5:
            gen_log.error("Bad HTTP status code: %d", error.status_code)
            self.send_error(500, exc_info=sys.exc_info())
        else:
            self.send_error(error.status_code, exc_info=sys.exc_info())

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Log an uncaught exception: an HTTPError's message as warning, others as errors."""
        if not isinstance(value, HTTPError):
            app_log.error(
                "Uncaught exception %s\n%r",
                self._request_summary(),
                self.request,
                exc_info=(typ, value, tb),  # type: ignore[arg-type]
            )
        elif value.log_message:
            args = [value.status_code, self._request_summary(), *value.args]
            gen_log.warning("%d %s: " + value.log_message, *args)

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Answer with an error page and finish.

        ``exc_info`` and ``reason`` are understood, all ``kwargs`` go to `write_error`. If headers
        were sent already, the response is only finished.
        """
        if self._headers_written:
            gen_log.error("Cannot send error response after headers written")
            if not self._finished:
                try:
                    self.finish()
                except Exception:
                    gen_log.error("Failed to flush partial response", exc_info=True)
            return
        self.clear()
        reason = kwargs.get("reason")
        if "exc_info" in kwargs:
            exception = kwargs["exc_info"][1]
            if isinstance(exception, HTTPError) and exception.reason:
                reason = exception.reason
        self.set_status(status_code, reason=reason)
        try:
            self.write_error(status_code, **kwargs)
        except Exception:
            app_log.error("Uncaught exception in write_error", exc_info=True)
        if not self._finished:
            self.finish()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write the error page; with ``serve_traceback`` it is the traceback. Override me."""
        if self.settings.get("serve_traceback") and "exc_info" in kwargs:
            self.set_header("Content-Type", "text/plain")
            for line in traceback.format_exception(*kwargs["exc_info"]):
                self.write(line)
            self.finish()
        else:
            text = "%d: %s" % (status_code, self._reason)  # noqa: UP031 (its TypeError)
            self.finish(f"<html><title>{text}</title><body>{text}</body></html>")

    def _log(self) -> None:
        self.application.log_request(self)

    def _request_summary(self) -> str:
        request = self.request
        return f"{request.method} {request.uri} ({request.remote_ip})"


for _part in (RequestReader, ResponseWriter, Visitor, Renderer):
    for _name, _method in vars(_part).items():
        if isinstance(_method, FunctionType):  # a TypeError about its arguments names it
            _method.__qualname__ = f"RequestHandler.{_name}"
