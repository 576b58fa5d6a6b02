"""The half of `RequestHandler` that builds the response: status, headers, cookies, body."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from http.client import responses
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

from . import _futures, choices, generation
from ._headers import HTTPHeaders
from ._operations import refuse_callback
from .escape import json_encode, to_unicode, utf8
from .httputil import ResponseStartLine, format_timestamp

if TYPE_CHECKING:
    from ._application import Application
    from ._serverrequest import HTTPServerRequest

__all__ = ["ResponseWriter"]

SERVER = "TornadoServer/4.4.2"  # in all generations: two of them may be compared
_UNSAFE = {
    4: re.compile(r"[\x00-\x1f]"),
    5: re.compile(r"[\x00-\x1f]"),
    6: re.compile(r"[^\t\x20-\x7e\x80-\xff]"),  # RFC 9110, section 5.5
}
_ETAG = re.compile(rb'\*|(?:W/)?"[^"]*"')
_COOKIE_UNSAFE = re.compile(r"[\x00-\x20]")
_NO_BODY = (204, 304)
# RFC 2616 section 10.3.5: a 304 has no entity headers, except those about caching.
_ENTITY_HEADERS = (
    "Allow",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-MD5",
    "Content-Range",
    "Content-Type",
    "Last-Modified",
)
_CONTENT_HEADERS = ("Content-Encoding", "Content-Language", "Content-Type")
_LISTS = (
    "write() only accepts bytes, unicode, and dict objects. Lists not accepted for security "
    "reasons; see http://www.tornadoweb.org/en/stable/web.html#tornado.web.RequestHandler.write"
)

_date: tuple[int, str] = (-1, "")


def _now() -> str:
    """The time of the ``Date`` header, formatted once a second."""
    global _date
    second = int(time.time())
    if second != _date[0]:
        _date = (second, format_timestamp(second))
    return _date[1]


class ResponseWriter:
    """Status, headers, cookies and body of a response, until they are on the connection."""

    application: Application
    request: HTTPServerRequest
    _transforms: Any
    _finished: bool
    _headers_written: bool
    _log: Callable[[], None]
    on_finish: Callable[[], Any]

    def clear(self) -> None:
        """Forget headers and body; the status is 200 again. Cookies that were set stay."""
        content = "text/html; charset=UTF-8"
        self._headers = HTTPHeaders({"Server": SERVER, "Content-Type": content, "Date": _now()})
        self.set_default_headers()
        self._write_buffer: list[bytes] = []
        self._status_code = 200
        self._reason: str = "OK"

    def set_default_headers(self) -> None:
        """Set headers at the beginning of a response and after `clear`. Override me."""

    def set_status(self, status_code: int, reason: str | bytes | None = None) -> None:
        """Set the status; up to 4 a ValueError for an unknown code without ``reason``."""
        self._status_code = status_code
        if reason is not None:
            self._reason = to_unicode(reason)
            return
        known = responses.get(status_code)
        if known is None and generation.current < 5:
            raise ValueError("unknown status code %d" % status_code)  # noqa: UP031 (its TypeError)
        self._reason = known or "Unknown"

    def get_status(self) -> int:
        """Return the status code set so far."""
        return self._status_code

    def set_header(self, name: str, value: Any) -> None:
        """Set a header: text, bytes, a number or a datetime.

        Raises TypeError for anything else, ValueError for control characters.
        """
        self._headers[name] = self._convert_header_value(value)

    def add_header(self, name: str, value: Any) -> None:
        """Add one more value of a header; see `set_header`."""
        self._headers.add(name, self._convert_header_value(value))

    def clear_header(self, name: str) -> None:
        """Take a header back, if it is there."""
        if name in self._headers:
            del self._headers[name]

    def _convert_header_value(self, value: Any) -> str:
        if isinstance(value, str):
            text = value
        elif isinstance(value, bytes):
            text = value.decode("latin1")
        elif isinstance(value, int):
            return str(value)
        elif isinstance(value, datetime):
            return format_timestamp(value)
        else:
            raise TypeError(f"Unsupported header value {value!r}")
        if _UNSAFE[generation.current].search(text):
            raise ValueError("Unsafe header value %r", text)
        return text

    def set_cookie(
        self,
        name: str,
        value: str | bytes,
        domain: str | None = None,
        expires: Any = None,
        path: str | None = "/",
        expires_days: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Set a cookie; ``kwargs`` are further attributes of `http.cookies.Morsel`.

        Raises ValueError for control characters.
        """
        name, text = to_unicode(name), to_unicode(value)
        if _COOKIE_UNSAFE.search(name + text):
            raise ValueError(f"Invalid cookie {name!r}: {text!r}")
        if not hasattr(self, "_new_cookie"):
            self._new_cookie = SimpleCookie()
        self._new_cookie.pop(name, None)
        self._new_cookie[name] = text
        morsel = self._new_cookie[name]
        if expires_days is not None and not expires:
            now = datetime.fromtimestamp(time.time(), timezone.utc)
            expires = now + timedelta(days=expires_days)
        if domain:
            morsel["domain"] = domain
        if expires:
            morsel["expires"] = format_timestamp(expires)
        if path:
            morsel["path"] = path
        for attribute, setting in kwargs.items():
            attribute = "max-age" if attribute == "max_age" else attribute
            if attribute in ("httponly", "secure") and not setting:
                continue  # a false flag would still be written
            morsel[attribute] = setting

    def clear_cookie(self, name: str, path: str = "/", domain: str | None = None) -> None:
        """Delete a cookie that was set with this ``path`` and ``domain``."""
        expires = datetime.fromtimestamp(time.time(), timezone.utc) - timedelta(days=365)
        self.set_cookie(name, value="", path=path, expires=expires, domain=domain)

    def clear_all_cookies(self, path: str = "/", domain: str | None = None) -> None:
        """Delete all cookies that the client sent."""
        for name in self.request.cookies:
            self.clear_cookie(name, path=path, domain=domain)

    def set_secure_cookie(
        self,
        name: str,
        value: str | bytes,
        expires_days: float | None = 30,
        version: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Set a cookie whose value is signed; see `set_cookie`."""
        signed = self.create_signed_value(name, value, version=version)  # type: ignore[attr-defined]
        self.set_cookie(name, signed, expires_days=expires_days, **kwargs)

    set_signed_cookie = set_secure_cookie

    def redirect(self, url: str, permanent: bool = False, status: int | None = None) -> None:
        """Send the client to ``url`` with 302, 301 or ``status``, and finish."""
        if self._headers_written:
            raise Exception("Cannot redirect after headers have been written")
        if status is None:
            status = 301 if permanent else 302
        else:
            assert isinstance(status, int)
            assert 300 <= status <= 399
        self.set_status(status)
        self.set_header("Location", utf8(url))
        self.finish()

    def write(self, chunk: str | bytes | dict[str, Any]) -> None:
        """Add to the body; a dict is written as JSON and sets the Content-Type.

        Raises RuntimeError after `finish`, TypeError for other types.
        """
        if self._finished:
            raise RuntimeError("Cannot write() after finish()")
        if isinstance(chunk, dict):
            chunk = json_encode(chunk)
            self.set_header("Content-Type", "application/json; charset=UTF-8")
        elif not isinstance(chunk, (bytes, str)):
            message = "write() only accepts bytes, unicode, and dict objects"
            raise TypeError(_LISTS if isinstance(chunk, list) else message)
        self._write_buffer.append(utf8(chunk))

    def flush(self, include_footers: bool = False, callback: Any = None) -> Any:
        """Put what was written on the connection.

        ``callback`` is called without arguments when that is done (up to 5); without it a Future
        comes back, which fails with StreamClosedError if the client has gone.
        """
        if callback is not None:
            refuse_callback("flush")
        chunk = b"".join(self._write_buffer)
        self._write_buffer = []
        connection = self.request.connection
        if not include_footers:
            connection.begin_flush()
        if self._headers_written:
            for transform in self._transforms:
                chunk = transform.transform_chunk(chunk, include_footers)
            if self.request.method != "HEAD":
                return connection.write(chunk, callback=callback)
            future = _futures.Future()
            future.set_result(None)
            return future
        self._headers_written = True
        for transform in self._transforms:
            self._status_code, self._headers, chunk = transform.transform_first_chunk(
                self._status_code, self._headers, chunk, include_footers
            )
        if hasattr(self, "_new_cookie"):
            for cookie in self._new_cookie.values():
                self.add_header("Set-Cookie", cookie.OutputString(None))
        start_line = ResponseStartLine("", self._status_code, self._reason)
        body = None if self.request.method == "HEAD" else chunk
        return connection.write_headers(start_line, self._headers, body, callback=callback)

    def finish(self, chunk: str | bytes | dict[str, Any] | None = None) -> Any:
        """End the response, after writing ``chunk``; RuntimeError the second time.

        From generation 5 on a Future comes back.
        """
        if self._finished:
            raise RuntimeError("finish() called twice")
        if chunk is not None:
            self.write(chunk)
        if not self._headers_written:
            self._complete_headers()
        connection = self.request.connection
        if connection is not None:
            # The client may leave now: nobody is interested any more.
            connection.set_close_callback(None)
        future = self.flush(include_footers=True)
        self.request._end()
        self._log()
        self._finished = True
        choices.record("hook", "on_finish")
        self.on_finish()
        return future if generation.current >= 5 else None

    def _complete_headers(self) -> None:
        """Add the headers that need the whole body: Etag and Content-Length; maybe make it 304."""
        if (
            self._status_code == 200
            and self.request.method in ("GET", "HEAD")
            and "Etag" not in self._headers
        ):
            self.set_etag_header()
            if self.check_etag_header():
                self._write_buffer = []
                self.set_status(304)
        if self._status_code in _NO_BODY or _is_informational(self._status_code):
            assert not self._write_buffer, f"Cannot send body with {self._status_code}"
            self._clear_headers_for_304()
        elif "Content-Length" not in self._headers:
            self._headers["Content-Length"] = str(sum(map(len, self._write_buffer)))

    def compute_etag(self) -> str | None:
        """Return a hash of what was written as Etag, or None for no Etag. Override me."""
        return _etag(b"".join(self._write_buffer))

    def set_etag_header(self) -> None:
        """Set the Etag header to what `compute_etag` returns."""
        etag = self.compute_etag()
        if etag is not None:
            self.set_header("Etag", etag)

    def check_etag_header(self) -> bool:
        """Return True if If-None-Match names the Etag header: a 304 should be sent."""
        wanted = self.request.headers.get("If-None-Match")
        if not wanted:
            return False
        computed = utf8(self._headers.get("Etag", ""))
        known = _ETAG.findall(utf8(wanted))
        if not computed or not known:
            return False
        return known[0] == b"*" or computed.removeprefix(b"W/") in [
            etag.removeprefix(b"W/") for etag in known
        ]

    def _clear_headers_for_304(self) -> None:
        entity = _ENTITY_HEADERS if generation.current < 6 else _CONTENT_HEADERS
        for name in entity:
            self.clear_header(name)


generation.limit_methods(ResponseWriter, ["set_signed_cookie"], first=6)  # 6.3, to be exact


@lru_cache(maxsize=256)
def _etag(body: bytes) -> str:
    return f'"{hashlib.sha1(body).hexdigest()}"'


def _is_informational(status: int) -> bool:
    """Whether a status is one that has no body from generation 5 on, like 204; a number it is."""
    if generation.current == 5:
        return status >= 100 and status < 200
    return generation.current == 6 and 100 <= status < 200
