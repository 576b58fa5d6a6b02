"""HTTP words shared by client and server: headers, requests, forms, start lines, timestamps."""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import formatdate
from http.client import responses
from typing import Any, NamedTuple
from urllib.parse import urlencode

from . import generation
from ._forms import (
    HTTPFile,
    parse_body_arguments,
    parse_cookie,
    parse_multipart_form_data,
)
from ._headers import HTTPHeaders, HTTPInputError
from ._serverrequest import HTTPServerRequest

__all__ = [
    "HTTPConnection",
    "HTTPFile",
    "HTTPHeaders",
    "HTTPInputError",
    "HTTPMessageDelegate",
    "HTTPOutputError",
    "HTTPServerConnectionDelegate",
    "HTTPServerRequest",
    "RequestStartLine",
    "ResponseStartLine",
    "format_timestamp",
    "parse_body_arguments",
    "parse_cookie",
    "parse_multipart_form_data",
    "parse_request_start_line",
    "parse_response_start_line",
    "responses",
    "split_host_and_port",
    "url_concat",
]


class HTTPOutputError(Exception):
    """What a handler writes does not fit the headers it has sent."""


class HTTPServerConnectionDelegate:
    """What a server hands its requests to; `web.Application` is one."""

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> Any:
        """Return the `HTTPMessageDelegate` for a new request."""
        raise NotImplementedError()

    def on_close(self, server_conn: object) -> None:
        """Hear that a connection was closed."""


class HTTPMessageDelegate:
    """What receives one message, part by part."""

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Any:
        """Take the start line and the headers; a Future delays the body."""

    def data_received(self, chunk: bytes) -> Any:
        """Take a part of the body; a Future delays the next."""

    def finish(self) -> None:
        """Hear that the message is complete."""

    def on_connection_close(self) -> None:
        """Hear that the connection was closed before the message was complete."""


class HTTPConnection:
    """What a response is written to."""

    def write_headers(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: HTTPHeaders,
        chunk: bytes | None = None,
        callback: Any = None,
    ) -> Any:
        """Send the start line, the headers and maybe a first chunk; a Future without callback."""
        raise NotImplementedError()

    def write(self, chunk: bytes, callback: Any = None) -> Any:
        """Send a part of the body; a Future without callback."""
        raise NotImplementedError()

    def finish(self) -> None:
        """Say that the last part has been written."""
        raise NotImplementedError()


class RequestStartLine(NamedTuple):
    """``GET /path HTTP/1.1``."""

    method: str
    path: str
    version: str


class ResponseStartLine(NamedTuple):
    """``HTTP/1.1 200 OK``."""

    version: str
    code: int
    reason: str


_RESPONSE_LINE = re.compile(r"(HTTP/1\.[0-9]) ([0-9]+) (.*)$")
_HOST_AND_PORT = re.compile(r"(.+):(\d+)$")


def parse_request_start_line(line: str) -> RequestStartLine:
    """Return the parts of an HTTP/1.x request line; HTTPInputError if it is none."""
    parts = line.split(" ")
    if len(parts) != 3:
        raise HTTPInputError("Malformed HTTP request line")
    if not re.match(r"HTTP/1\.[0-9]$", parts[2]):
        raise HTTPInputError(f"Malformed HTTP version in HTTP Request-Line: {parts[2]!r}")
    return RequestStartLine(*parts)


def parse_response_start_line(line: str) -> ResponseStartLine:
    """Return the parts of an HTTP/1.x status line; HTTPInputError if it is none."""
    match = _RESPONSE_LINE.match(line)
    if not match:
        raise HTTPInputError("Error parsing response start line")
    return ResponseStartLine(match.group(1), int(match.group(2)), match.group(3))


def url_concat(url: str, args: Mapping[str, Any] | Iterable[tuple[str, Any]] | None) -> str:
    """Return ``url`` with ``args`` added to its query.

    Up to Tornado 4.4 they land behind a fragment, from 5 on before it.
    """
    if not args:
        return url
    fragment = ""
    if generation.current >= 5 and "#" in url:
        url, _, fragment = url.partition("#")
        fragment = "#" + fragment
    if url[-1] not in "?&":
        url += "&" if "?" in url else "?"
    return url + urlencode(args if isinstance(args, Mapping) else list(args)) + fragment


def format_timestamp(ts: float | time.struct_time | tuple[int, ...] | datetime) -> str:
    """Return seconds since 1970, a time tuple (UTC) or a datetime (UTC) as HTTP writes dates.

    Raises TypeError for anything else.
    """
    if isinstance(ts, (int, float)):
        seconds = float(ts)
    elif isinstance(ts, (tuple, time.struct_time)):
        seconds = calendar.timegm(ts)
    elif isinstance(ts, datetime):
        seconds = calendar.timegm(ts.utctimetuple())
    else:
        raise TypeError(f"unknown timestamp type: {ts!r}")
    return formatdate(seconds, usegmt=True)


def split_host_and_port(netloc: str) -> tuple[str, int | None]:
    """Return ``host:port`` as (host, port), port None if there is none."""
    match = _HOST_AND_PORT.match(netloc)
    return (match.group(1), int(match.group(2))) if match else (netloc, None)
