"""The headers of a request as a client sends them."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any
from urllib.parse import SplitResult

from . import generation
from ._headers import HTTPHeaders
from ._httpmessages import RequestProxy
from .escape import to_unicode, utf8

__all__ = ["check_headers", "check_lines", "outgoing_headers"]


def check_headers(headers: Any) -> None:
    """Raise ValueError for a header with a line break."""
    check_lines(utf8(name) + b": " + utf8(value) for name, value in HTTPHeaders(headers).get_all())


def check_lines(lines: Iterable[bytes]) -> None:
    """Raise ValueError for the first line with a line break; from 6 on a CR is one, too."""
    for line in lines:
        if b"\n" in line or (generation.current == 6 and b"\r" in line):
            what = "Newline in" if generation.current < 6 else "Illegal characters (CR or LF) in"
            raise ValueError(f"{what} header: {line!r}")


def outgoing_headers(request: RequestProxy, url: SplitResult, body: bytes | None) -> HTTPHeaders:
    """Return the request's headers with those that a client adds; values are text."""
    headers = HTTPHeaders(request.headers)
    headers.setdefault("Connection", "close")
    if "Host" not in headers:
        headers["Host"] = url.netloc.rpartition("@")[2]
    credentials = _credentials(request, url)
    if credentials is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(credentials).decode()
    if request.user_agent:
        headers["User-Agent"] = request.user_agent
    elif generation.current >= 6:
        headers.setdefault("User-Agent", "Tornado/6.5.2")
    if request.body_producer is not None:
        if "Content-Length" not in headers:
            headers["Transfer-Encoding"] = "chunked"
    elif body is not None:
        headers["Content-Length"] = str(len(body))
    if request.expect_100_continue:
        headers["Expect"] = "100-continue"
    if request.method == "POST":
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    if request.decompress_response:
        headers["Accept-Encoding"] = "gzip"
    texts = HTTPHeaders()
    for name, value in headers.get_all():
        texts.add(name, to_unicode(value))
    return texts


def _credentials(request: RequestProxy, url: SplitResult) -> bytes | None:
    username, password = request.auth_username, request.auth_password
    if username is None:
        username, password = url.username, url.password
    return None if username is None else b":".join([utf8(username), utf8(password or "")])
