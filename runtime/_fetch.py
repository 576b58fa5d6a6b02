"""One request of the client: checks, the way out, redirects, and the response that comes back."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from functools import partial
from http.client import responses
from io import BytesIO
from operator import itemgetter
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from . import _futures, _httpmessages, _upstream, choices, gen, generation, httpserver
from ._headers import HTTPHeaders
from ._httpmessages import HTTPRequest, HTTPResponse, RequestProxy
from ._local import LocalExchange
from ._outgoing import check_headers
from ._upstream import Outcome
from .escape import to_unicode
from .httputil import ResponseStartLine
from .log import app_log

__all__ = ["Fetch", "failure"]

Deliver = Callable[[HTTPResponse], None]

_METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
_WITH_BODY = frozenset(["POST", "PATCH", "PUT"])
_CURL_ONLY = (
    "network_interface",
    "proxy_host",
    "proxy_port",
    "proxy_username",
    "proxy_password",
)
_read_curl_only = itemgetter(*_CURL_ONLY)
_NOTHING = (None,) * len(_CURL_ONLY)
_REDIRECTS = frozenset([301, 302, 303, 307])
_NONE = HTTPHeaders()
_OF_THE_BODY = ("Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding")

UNKNOWN = "<"
"""How an address begins that comes from outside the code under check, and is not known there."""
_SOMEWHERE = "http://somewhere/"

_FAILURES = {
    "timeout": "Timeout during request",
    "closed": "Stream closed",
    "truncated": "Connection closed",
}


def failure(kind: str) -> BaseException:
    """The error of a request without a whole response, as the generation has it.

    ``timeout``; ``closed`` before the response began; ``truncated`` in its middle. SEMANTICS
    section 1: 4 has one class, 5.1 and later one a kind.
    """
    message = _FAILURES[kind]
    if generation.current == 4:
        return _httpmessages.HTTPError(599, message)
    if kind == "timeout":
        return _httpmessages.HTTPTimeoutError(message)
    return _httpmessages.HTTPStreamClosedError(message)


_LATER = {4: 0, 5: 4, 6: 0}  # iterations, measured on 4.4.2, 5.1.1 and 6.5.2


class _QuietException(Exception):
    """What Tornado's client raises when the error itself was logged."""


def _complain() -> None:
    raise _QuietException


class Fetch:
    """A request on its way: what is sent, and what has come back so far."""

    __slots__ = (
        "_body",
        "_code",
        "_headers",
        "_reason",
        "client",
        "deliver",
        "key",
        "original",
        "plain",
        "request",
        "start",
        "url",
    )

    url: SplitResult

    def __init__(
        self,
        client: Any,
        request: RequestProxy,
        deliver: Deliver,
        original: HTTPRequest | None = None,
        start: float | None = None,
    ) -> None:
        self.client = client
        self.request = request
        self.plain = request.request
        self.deliver = deliver
        self.original = original or self.plain
        self.start: float = client.io_loop.time() if start is None else start
        self._body: list[bytes] = []
        self._code = 599
        self._reason: str | None = None
        self._headers = _NONE

    def begin(self) -> None:
        """Check the request and send it; what is wrong with it arrives like any failure."""
        try:
            self._check(self.plain)
            if self.plain.body_producer is None:
                self._send(self.plain.body)
            else:
                self._produce(self.plain)
        except Exception as error:
            self.client.io_loop.add_callback(self.fail, error)

    def _check(self, plain: HTTPRequest) -> None:
        """Read the address; raise what a real client reports of a request (SEMANTICS 1)."""
        given = vars(plain)
        defaults = self.request.defaults or given
        address = to_unicode(plain.url)
        known = address is None or not address.startswith(UNKNOWN)
        self.url = urlsplit(address if known else _SOMEWHERE)
        if self.url.scheme not in ("http", "https"):
            raise ValueError(f"Unsupported url scheme: {plain.url}")
        anything = given["allow_nonstandard_methods"]
        if anything is None:
            anything = defaults.get("allow_nonstandard_methods")
        if plain.method not in _METHODS and not anything:
            raise KeyError(f"unknown method {plain.method}")
        if _read_curl_only(given) != _NOTHING or not self.client.plain_defaults:
            for name in _CURL_ONLY:
                if given[name] or (given[name] is None and defaults.get(name)):
                    raise NotImplementedError(f"{name} not supported")
        if given["auth_mode"] not in (None, "basic"):
            raise ValueError(f"unsupported auth_mode {given['auth_mode']}")
        if not anything:
            expected = plain.method in _WITH_BODY
            present = plain.body is not None or plain.body_producer is not None
            if expected != present:
                raise ValueError(
                    "Body must {}be None for method {} (unless allow_nonstandard_methods "
                    "is true)".format("not " if expected else "", plain.method)
                )
        if plain.headers:
            check_headers(plain.headers)

    def _produce(self, plain: HTTPRequest) -> None:
        """Let the body's producer write the body, then send it."""
        written: list[bytes] = []

        def write(chunk: bytes) -> Any:
            written.append(chunk)
            taken = _futures.Future()
            taken.set_result(None)
            return taken

        def done(future: Any) -> None:
            error = future.exception()
            if error is None:
                self._send(b"".join(written), written)
            else:
                self.fail(error)

        produced = plain.body_producer(write)
        if produced is None:
            self._send(b"".join(written), written)
        else:
            self.client.io_loop.add_future(gen.convert_yielded(produced), done)

    def _send(self, body: bytes | None, chunks: list[bytes] | None = None) -> None:
        """Find out who answers: a responder, a server of this process, or the outside world."""
        loop = self.client.io_loop
        outcome = _upstream.respond(self.plain)
        if outcome is not None:
            loop.add_callback(self.receive, outcome)
            return
        server = httpserver.find(self.url)
        if server is not None:
            LocalExchange(self).begin(server, body, chunks)
            return
        self.key = self.client.question(self.plain)
        limit = self.request.request_timeout
        loop.add_external(self.key, self._ask, loop.time() + limit if limit else math.inf)

    def _ask(self) -> None:
        """The outside world answers, one way or another."""
        outcomes = _upstream.outcomes_for(self.request, self.key)
        taken = choices.choose(self.key, [outcome.name for outcome in outcomes])
        self.receive(outcomes[taken])

    def receive(self, outcome: Outcome) -> None:
        """Take a whole answer at once."""
        kind = outcome.failure
        if kind is not None:
            self.fail(failure(kind) if isinstance(kind, str) else kind())
            return
        reason = outcome.reason or responses.get(outcome.code, "Unknown")
        start_line = ResponseStartLine("HTTP/1.1", outcome.code, reason)
        try:
            self.headers(start_line, HTTPHeaders(outcome.headers))
            if outcome.body and self.plain.method != "HEAD":
                self.chunk(outcome.body)
        except Exception as error:
            self.break_off(error)
            return
        if outcome.rest is None:
            self.end()
            return
        receive = partial(self._receive_rest, outcome.rest)
        self.client.io_loop.add_external(f"{self.key}, the rest", receive)

    def _receive_rest(self, rest: bytes) -> None:
        """Take the second part of an answer, or hear that the connection ended before it."""
        if not rest:
            self.fail(failure("truncated"))
            return
        try:
            self.chunk(rest)
        except Exception as error:
            self.break_off(error)
            return
        self.end()

    def headers(self, start_line: ResponseStartLine, headers: HTTPHeaders) -> None:
        """Take the status line and the headers."""
        _, self._code, self._reason = start_line
        self._headers = headers
        tell = self.plain.header_callback
        if tell is not None and not self._redirected():
            tell(f"HTTP/1.1 {self._code} {self._reason}\r\n")
            for name, value in headers.get_all():
                tell(f"{name}: {value}\r\n")
            tell("\r\n")

    def chunk(self, chunk: bytes) -> None:
        """Take a part of the body; it goes to the streaming callback, if there is one."""
        if self._redirected():
            return
        tell = self.plain.streaming_callback
        if tell is None:
            self._body.append(chunk)
        else:
            tell(chunk)

    def end(self) -> None:
        """The response is complete, if there is one: follow it or deliver it."""
        if self._reason is None:
            self.lost()
            return
        if self._redirected():
            self._follow()
            return
        self.deliver(
            HTTPResponse(
                self.original,
                self._code,
                headers=self._headers,
                buffer=BytesIO(b"".join(self._body)),
                effective_url=self.plain.url,
                request_time=self.client.io_loop.time() - self.start,
                reason=self._reason,
            )
        )

    def lost(self) -> None:
        """The server closed the connection before the response was complete."""
        self.fail(failure("closed" if self._reason is None else "truncated"))

    def break_off(self, error: Exception) -> None:
        """A header or streaming callback has raised: log that and give the connection up."""
        app_log.error("Uncaught exception", exc_info=error)
        loop = self.client.io_loop
        complain: Callable[[], Any] = _complain
        for _ in range(_LATER[generation.current]):
            complain = partial(loop.spawn_callback, complain)
        loop.spawn_callback(complain)
        self.fail(failure("truncated"))

    def fail(self, error: BaseException) -> None:
        """Deliver a response with code 599; after a redirect it is the redirected request's."""
        elapsed = self.client.io_loop.time() - self.start
        self.deliver(HTTPResponse(self.request, 599, error=error, request_time=elapsed))

    def _redirected(self) -> bool:
        if self._code not in _REDIRECTS:
            return False
        request = self.request
        return bool(
            request.follow_redirects
            and request.max_redirects > 0
            and self._headers.get("Location") is not None
        )

    def _follow(self) -> None:
        request = copy.copy(self.plain)
        request.headers = HTTPHeaders(request.headers)
        request.url = urljoin(request.url, self._headers["Location"])
        request.max_redirects = self.request.max_redirects - 1
        request.headers.pop("Host", None)
        if self._code in (302, 303):
            request.method = "GET"
            request.body = None
            for name in _OF_THE_BODY:
                request.headers.pop(name, None)
        proxy = RequestProxy(request, self.client.defaults)
        Fetch(self.client, proxy, self.deliver, self.original, self.start).begin()
