"""One request of the client: checks, the way out, redirects, and the response that comes back."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable
from http.client import responses
from io import BytesIO
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from . import _httpmessages, _upstream, choices, generation
from ._headers import HTTPHeaders
from ._httpmessages import HTTPRequest, HTTPResponse, RequestProxy
from ._upstream import Outcome
from .escape import to_unicode, utf8
from .httputil import ResponseStartLine

__all__ = ["Fetch", "failure"]

Deliver = Callable[[HTTPResponse], None]

_METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
_CURL_ONLY = (
    "network_interface",
    "proxy_host",
    "proxy_port",
    "proxy_username",
    "proxy_password",
)
_REDIRECTS = (301, 302, 303, 307)


def failure(kind: str) -> BaseException:
    """The error of a request without response: ``timeout`` or ``closed``, as the generation has it.

    SEMANTICS section 1: 4 has one class, 5.1 and later one a kind.
    """
    if kind == "timeout":
        if generation.current == 4:
            return _httpmessages.HTTPError(599, "Timeout during request")
        return _httpmessages.HTTPTimeoutError("Timeout during request")
    if generation.current == 4:
        return _httpmessages.HTTPError(599, "Connection closed")
    return _httpmessages.HTTPStreamClosedError("Connection closed")


class Fetch:
    """A request on its way; it is its own receiver when a server of this process answers it."""

    __slots__ = (
        "_body",
        "_code",
        "_headers",
        "_reason",
        "client",
        "deliver",
        "key",
        "original",
        "request",
        "start",
        "url",
    )

    def __init__(
        self, client: Any, request: Any, deliver: Deliver, original: HTTPRequest | None = None
    ) -> None:
        self.client = client
        self.request = request
        self.deliver = deliver
        self.original: HTTPRequest = original or request.request
        self.start = client.io_loop.time()
        self._body: list[bytes] = []
        self._code = 599
        self._reason: str | None = None
        self._headers = HTTPHeaders()

    def begin(self) -> None:
        """Check the request and send it; what is wrong with it arrives like any failure."""
        try:
            self.url = self._check()
            sent = self._completed_headers()
        except Exception as error:
            self.client.io_loop.add_callback(self.fail, error)
            return
        from . import httpserver

        server = httpserver.find(self.url.hostname, self.url.port)
        outcome = _upstream.respond(self.request.request)
        if outcome is not None:
            self.client.io_loop.add_callback(self.receive, outcome)
        elif server is not None:
            path = self.url.path or "/"
            target = f"{path}?{self.url.query}" if self.url.query else path
            self.client.io_loop.spawn_callback(
                server.serve, self.request.method, target, sent, self.request.body, self
            )
        else:
            self.key = self.client.question(self.request)
            self.client.io_loop.add_external(self.key, self._ask)

    def _ask(self) -> None:
        """The outside world answers, one way or another."""
        outcomes = _upstream.outcomes_for(self.request, self.key)
        taken = choices.choose(self.key, [outcome.name for outcome in outcomes])
        self.receive(outcomes[taken])

    def _check(self) -> SplitResult:
        """Return the parts of the address; raise what a real client reports (SEMANTICS 1)."""
        request = self.request
        url: SplitResult = urlsplit(to_unicode(request.url))
        if url.scheme not in ("http", "https"):
            raise ValueError(f"Unsupported url scheme: {request.url}")
        if request.method not in _METHODS and not request.allow_nonstandard_methods:
            raise KeyError(f"unknown method {request.method}")
        for name in _CURL_ONLY:
            if getattr(request, name, None):
                raise NotImplementedError(f"{name} not supported")
        if request.auth_mode not in (None, "basic"):
            raise ValueError(f"unsupported auth_mode {request.auth_mode}")
        if not request.allow_nonstandard_methods:
            expected = request.method in ("POST", "PATCH", "PUT")
            present = request.body is not None or request.body_producer is not None
            if expected != present:
                raise ValueError(
                    "Body must {}be None for method {} (unless allow_nonstandard_methods "
                    "is true)".format("not " if expected else "", request.method)
                )
        return url

    def _completed_headers(self) -> HTTPHeaders:
        """The headers as they are sent; ValueError for a line break in one."""
        request, url = self.request, self.url
        headers = HTTPHeaders(request.headers)
        headers.setdefault("Connection", "close")
        if "Host" not in headers:
            headers["Host"] = url.netloc.rpartition("@")[2]
        username, password = request.auth_username, request.auth_password or ""
        if username is None and url.username is not None:
            username, password = url.username, url.password or ""
        if username is not None:
            pair = utf8(username) + b":" + utf8(password)
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        if request.user_agent:
            headers["User-Agent"] = to_unicode(request.user_agent)
        if request.body is not None:
            headers["Content-Length"] = str(len(request.body))
        if request.method == "POST" and "Content-Type" not in headers:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if request.decompress_response:
            headers["Accept-Encoding"] = "gzip"
        for name, value in list(headers.get_all()):
            if isinstance(value, bytes):
                headers[name] = value.decode("utf-8")
            elif "\n" in value:
                raise ValueError(f"Newline in header: {f'{name}: {value}'.encode()!r}")
        return headers

    def receive(self, outcome: Outcome) -> None:
        """Take a whole answer at once."""
        if outcome.failure is not None:
            kind = outcome.failure
            self.fail(failure(kind) if isinstance(kind, str) else kind())
            return
        start_line = ResponseStartLine(
            "HTTP/1.1", outcome.code, outcome.reason or _reason(outcome.code)
        )
        self.headers(start_line, HTTPHeaders(outcome.headers))
        if outcome.body and self.request.method != "HEAD":
            self.chunk(outcome.body)
        self.end()

    def headers(self, start_line: ResponseStartLine, headers: HTTPHeaders) -> None:
        """Take the status line and headers (`_connection.Receiver`)."""
        _, self._code, self._reason = start_line
        self._headers = headers
        tell = self.request.header_callback
        if tell is not None and not self._redirected():
            tell(f"HTTP/1.1 {self._code} {self._reason}\r\n")
            for name, value in headers.get_all():
                tell(f"{name}: {value}\r\n")
            tell("\r\n")

    def chunk(self, chunk: bytes) -> None:
        """Take a part of the body; it goes to the streaming callback, if there is one."""
        if self._redirected():
            return
        tell = self.request.streaming_callback
        if tell is None:
            self._body.append(chunk)
            return
        tell(chunk)

    def end(self) -> None:
        """The response is complete: follow it or deliver it."""
        if self._redirected():
            self._follow()
            return
        streamed = self.request.streaming_callback is not None
        response = HTTPResponse(
            self.original,
            self._code,
            headers=self._headers,
            buffer=BytesIO() if streamed else BytesIO(b"".join(self._body)),
            effective_url=self.request.url,
            request_time=self._elapsed(),
            reason=self._reason,
        )
        self.deliver(response)

    def lost(self) -> None:
        """The server closed the connection before the response was complete."""
        self.fail(failure("closed"))

    def fail(self, error: BaseException) -> None:
        """Deliver a response with code 599."""
        url = self.request.url if generation.current >= 5 else self.original.url
        self.deliver(
            HTTPResponse(
                self.original,
                599,
                error=error,
                effective_url=url,
                request_time=self._elapsed(),
            )
        )

    def _elapsed(self) -> float:
        elapsed: float = self.client.io_loop.time() - self.start
        return elapsed

    def _redirected(self) -> bool:
        return bool(
            self._code in _REDIRECTS
            and self.request.follow_redirects
            and self.request.max_redirects > 0
            and self._headers.get("Location") is not None
        )

    def _follow(self) -> None:
        request = copy.copy(self.request.request)
        request.headers = HTTPHeaders(request.headers)
        request.url = urljoin(self.request.url, self._headers["Location"])
        request.max_redirects = self.request.max_redirects - 1
        request.headers.pop("Host", None)
        if self._code in (302, 303):
            request.method = "GET"
            request.body = None
            for name in ("Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding"):
                request.headers.pop(name, None)
        proxy = RequestProxy(request, self.client.defaults)
        following = Fetch(self.client, proxy, self.deliver, self.original)
        following.start = self.start
        following.begin()


def _reason(code: int) -> str:
    return responses.get(code, "Unknown")
