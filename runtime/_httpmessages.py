"""What an HTTP client sends and gets: `HTTPRequest`, `HTTPResponse` and the errors."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from http.client import responses
from inspect import Parameter, signature
from io import BytesIO
from operator import is_
from typing import Any, ClassVar, NoReturn

from . import generation, stack_context
from ._headers import HTTPHeaders
from .escape import utf8
from .httputil import format_timestamp

__all__ = ["HTTPRequest", "HTTPResponse", "RequestProxy"]


class _ClientError(Exception):
    """A request that failed: ``code`` (599 without a response), ``message``, ``response``."""

    def __init__(self, code: int, message: str | None = None, response: Any = None) -> None:
        self.code = code
        self.message = message or responses.get(code, "Unknown")
        self.response = response
        super().__init__(code, message, response)

    def __str__(self) -> str:
        return f"HTTP {self.code}: {self.message}"

    # The response refers to this error: its repr would not end.
    __repr__ = __str__


class _HTTPError(_ClientError):
    """The error of Tornado 4."""


class _HTTPClientError(_ClientError):
    """The error of Tornado 5.1 and 6, where ``HTTPError`` is another name for it."""


class HTTPTimeoutError(_HTTPClientError):
    """A request that took too long (5.1 and later)."""

    def __init__(self, message: str) -> None:
        super().__init__(599, message=message)

    def __str__(self) -> str:
        return self.message or "Timeout"


class HTTPStreamClosedError(_HTTPClientError):
    """A connection that the server closed (5.1 and later)."""

    def __init__(self, message: str) -> None:
        super().__init__(599, message=message)

    def __str__(self) -> str:
        return self.message or "Stream closed"


_HTTPError.__name__ = _HTTPError.__qualname__ = "HTTPError"
_HTTPClientError.__name__ = _HTTPClientError.__qualname__ = "HTTPClientError"

HTTPError: type[_ClientError] = _HTTPError
HTTP_ERRORS = {4: _HTTPError, 5: _HTTPClientError, 6: _HTTPClientError}
CLIENT_ERRORS = {5: _HTTPClientError, 6: _HTTPClientError}
generation.vary(globals(), "HTTPError", HTTP_ERRORS)


def _wrapped(name: str) -> property:
    """An attribute that holds a callback: it keeps the stack context in which it was set."""
    stored = "_" + name

    def write(self: HTTPRequest, callback: Callable[..., Any] | None) -> None:
        self.__dict__[stored] = callback if callback is None else stack_context.wrap(callback)

    return property(lambda self: self.__dict__[stored], write)


class HTTPRequest:
    """A request to be made by a client; the arguments are those of Tornado's documentation."""

    url: str
    method: str
    follow_redirects: bool | None
    max_redirects: int | None
    _headers: HTTPHeaders | dict[str, str]
    _body: bytes | None

    _DEFAULTS: ClassVar[dict[str, Any]] = {
        "connect_timeout": 20.0,
        "request_timeout": 20.0,
        "follow_redirects": True,
        "max_redirects": 5,
        "decompress_response": True,
        "proxy_password": "",
        "allow_nonstandard_methods": False,
        "validate_cert": True,
    }

    def __init__(
        self,
        url: str,
        method: str = "GET",
        headers: HTTPHeaders | dict[str, str] | None = None,
        body: str | bytes | None = None,
        auth_username: str | None = None,
        auth_password: str | None = None,
        auth_mode: str | None = None,
        connect_timeout: float | None = None,
        request_timeout: float | None = None,
        if_modified_since: float | datetime | None = None,
        follow_redirects: bool | None = None,
        max_redirects: int | None = None,
        user_agent: str | None = None,
        use_gzip: bool | None = None,
        network_interface: str | None = None,
        streaming_callback: Callable[[bytes], Any] | None = None,
        header_callback: Callable[[str], Any] | None = None,
        prepare_curl_callback: Callable[[Any], Any] | None = None,
        proxy_host: str | None = None,
        proxy_port: int | None = None,
        proxy_username: str | None = None,
        proxy_password: str | None = None,
        allow_nonstandard_methods: bool | None = None,
        validate_cert: bool | None = None,
        ca_certs: str | None = None,
        allow_ipv6: bool | None = None,
        client_key: str | None = None,
        client_cert: str | None = None,
        body_producer: Callable[..., Any] | None = None,
        expect_100_continue: bool = False,
        decompress_response: bool | None = None,
        ssl_options: Any = None,
    ) -> None:
        options = (
            auth_username, auth_password, auth_mode, connect_timeout, request_timeout,
            if_modified_since, follow_redirects, max_redirects, user_agent, use_gzip,
            network_interface, streaming_callback, header_callback, prepare_curl_callback,
            proxy_host, proxy_port, proxy_username, proxy_password, allow_nonstandard_methods,
            validate_cert, ca_certs, allow_ipv6, client_key, client_cert, body_producer,
            expect_100_continue, decompress_response, ssl_options,
        )  # fmt: skip
        if all(map(is_, options, _NO_OPTIONS)):  # the usual case, for which ``locals`` is slow
            fields = _PLAIN.copy()
            fields["url"], fields["method"] = url, method
            fields["headers"], fields["body"] = headers, body
        else:
            fields = locals()
            del fields["self"], fields["options"]
        fields["_headers"] = HTTPHeaders() if headers is None else headers
        fields["_body"] = utf8(body)
        fields.update(_NO_CALLBACKS)
        if decompress_response is None:
            fields["decompress_response"] = use_gzip
        self.__dict__ = fields  # a property keeps its value under a name of its own
        if streaming_callback or header_callback or prepare_curl_callback or body_producer:
            for name in _CALLBACKS:
                setattr(self, name, fields[name])
        if if_modified_since:
            self.headers["If-Modified-Since"] = format_timestamp(if_modified_since)
        self.start_time = time.time()

    @property
    def headers(self) -> HTTPHeaders | dict[str, str]:
        """The headers to send; never None."""
        return self._headers

    @headers.setter
    def headers(self, value: HTTPHeaders | dict[str, str] | None) -> None:
        self._headers = HTTPHeaders() if value is None else value

    @property
    def body(self) -> bytes | None:
        """The body to send; text is encoded as UTF-8."""
        return self._body

    @body.setter
    def body(self, value: str | bytes | None) -> None:
        self._body = utf8(value)

    streaming_callback = _wrapped("streaming_callback")
    header_callback = _wrapped("header_callback")
    prepare_curl_callback = _wrapped("prepare_curl_callback")
    body_producer = _wrapped("body_producer")


_CALLBACKS = ("streaming_callback", "header_callback", "prepare_curl_callback", "body_producer")
_NO_CALLBACKS = {f"_{name}": None for name in _CALLBACKS}
_PLAIN = {
    name: None if parameter.default is Parameter.empty else parameter.default
    for name, parameter in signature(HTTPRequest).parameters.items()
}
_NO_OPTIONS = tuple(_PLAIN.values())[4:]
"""What a request without options holds, and the values of these options alone."""


class RequestProxy:
    """A request whose fields that are None have a client's ``defaults``."""

    def __init__(self, request: HTTPRequest, defaults: dict[str, Any] | None) -> None:
        self.request = request
        self.defaults = defaults

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.request, name)
        if value is None and self.defaults:
            return self.defaults.get(name)
        return value


class HTTPResponse:
    """The response to an `HTTPRequest`; code 599 if there was none.

    ``error`` is an exception for every code but 2xx, ``request_time`` is in seconds,
    ``effective_url`` is the last one after redirects.
    """

    def __init__(
        self,
        request: HTTPRequest | RequestProxy,
        code: int,
        headers: HTTPHeaders | None = None,
        buffer: BytesIO | None = None,
        effective_url: str | None = None,
        error: BaseException | None = None,
        request_time: float | None = None,
        time_info: dict[str, float] | None = None,
        reason: str | None = None,
    ) -> None:
        self.request = request.request if isinstance(request, RequestProxy) else request
        self.code = code
        self.reason = reason or responses.get(code, "Unknown")
        self.headers = HTTPHeaders() if headers is None else headers
        self.buffer = buffer
        self._body: bytes | None = None
        self.effective_url = request.url if effective_url is None else effective_url
        self._error_is_response_code = error is None and not 200 <= code < 300
        if self._error_is_response_code:
            error = HTTPError(code, message=self.reason, response=self)
        self.error = error
        self.request_time = request_time
        self.time_info = time_info or {}

    @property
    def body(self) -> bytes | None:
        """The body; without any None up to 5, empty in 6."""
        if self.buffer is None:
            return None if generation.current < 6 else b""
        if self._body is None:
            self._body = self.buffer.getvalue()
        return self._body

    def rethrow(self) -> None:
        """Raise ``error`` if there is one."""
        if self.error is not None:
            self._raise(self.error)

    def _raise(self, error: BaseException) -> NoReturn:
        raise error

    def __repr__(self) -> str:
        fields = ",".join([f"{name}={value!r}" for name, value in sorted(self.__dict__.items())])
        return f"{type(self).__name__}({fields})"
