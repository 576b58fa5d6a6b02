"""`HTTPServerRequest`: what the client asked for."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

from . import generation
from ._forms import parse_body_arguments, parse_cookie
from ._headers import HTTPHeaders
from .escape import parse_qs_bytes

if TYPE_CHECKING:
    from .httputil import RequestStartLine

__all__ = ["HTTPServerRequest"]


class HTTPServerRequest:
    """A single HTTP request, as `RequestHandler.request` shows it.

    Names and arguments' keys are text, values of arguments bytes, as on the wire after percent
    decoding. ``connection`` takes the response.
    """

    upgrade: Callable[[Any], None] | None = None
    """Takes the server's end of a websocket, where the client is one that speaks websockets."""

    _parses_late = False
    """Whether the body is parsed when the handler is there already, as from generation 6 on."""

    def __init__(
        self,
        method: str | None = None,
        uri: str | None = None,
        version: str = "HTTP/1.0",
        headers: HTTPHeaders | None = None,
        body: bytes | None = None,
        host: str | None = None,
        files: dict[str, list[Any]] | None = None,
        connection: Any = None,
        start_line: RequestStartLine | None = None,
    ) -> None:
        if start_line is not None:
            method, uri, version = start_line
        self.method = method
        self.uri = uri
        self.version = version
        self.headers = HTTPHeaders() if headers is None else headers
        self.body = body or b""
        context = getattr(connection, "context", None)
        self.remote_ip: str | None = getattr(context, "remote_ip", None)
        self.protocol: str = getattr(context, "protocol", "http")
        self.host: str = host or self.headers.get("Host") or "127.0.0.1"
        self.files = files or {}
        self.connection = connection
        self._start_time = time.time()
        self._finish_time: float | None = None
        assert uri is not None, "a request needs an uri"
        self.path, _, self.query = uri.partition("?")
        if self.query:
            self.arguments = parse_qs_bytes(self.query, keep_blank_values=True)
            self.query_arguments = copy.deepcopy(self.arguments)
        else:
            self.arguments = {}
            self.query_arguments = {}
        self.body_arguments: dict[str, list[bytes]] = {}

    @property
    def cookies(self) -> SimpleCookie:
        """The request's cookies; what cannot be a cookie is left out."""
        if not hasattr(self, "_cookies"):
            self._cookies = SimpleCookie()
            header = self.headers.get("Cookie")
            if header is not None:
                self._read_cookies(header)
        return self._cookies

    def _read_cookies(self, header: str) -> None:
        for name, value in parse_cookie(header).items():
            try:
                self._cookies[name] = value
            except Exception:  # not a cookie's name: the header is the client's, not ours
                continue

    def supports_http_1_1(self) -> bool:
        """Return True if the client speaks HTTP/1.1."""
        return self.version == "HTTP/1.1"

    def write(self, chunk: bytes, callback: Any = None) -> None:
        """Write to the connection as it is (the interface of before Tornado 4)."""
        self.connection.write(chunk, callback=callback)

    def finish(self) -> None:
        """End the response on the connection."""
        self._end()

    def _end(self) -> None:
        self.connection.finish()
        self._finish_time = time.time()

    def full_url(self) -> str:
        """Return the whole address of this request."""
        return f"{self.protocol}://{self.host}{self.uri}"

    def request_time(self) -> float:
        """Return the seconds that this request took, or has taken so far."""
        end = time.time() if self._finish_time is None else self._finish_time
        return end - self._start_time

    def get_ssl_certificate(self, binary_form: bool = False) -> None:
        """Return None: there is no TLS here."""

    def _parse_body(self) -> None:
        """Read the body's arguments and files, then merge them into ``arguments``.

        HTTPInputError if that is not possible, in generation 6.
        """
        if not self.body and "Content-Type" not in self.headers:
            return
        parse_body_arguments(
            self.headers.get("Content-Type", ""),
            self.body,
            self.body_arguments,
            self.files,
            self.headers,
        )
        for name, values in self.body_arguments.items():
            self.arguments.setdefault(name, []).extend(values)

    def __repr__(self) -> str:
        shown = ("protocol", "host", "method", "uri", "version", "remote_ip")
        fields = ", ".join([f"{name}={getattr(self, name)!r}" for name in shown])
        if generation.current == 4:
            fields += f", headers={dict(self.headers)}"
        return f"{type(self).__name__}({fields})"


generation.limit_methods(HTTPServerRequest, ["finish", "supports_http_1_1", "write"], last=5)
