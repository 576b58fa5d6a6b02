"""One request's connection, in memory: it records what would have gone over the wire.

The rules are HTTP/1.1's and Tornado 4.4's: a body of unknown length is chunked, one that does not
fit its Content-Length breaks the connection. Writes are complete at once, as they are on a socket
whose buffer is not full, unless the client is said to be slow; the iterations until flush's future
or callback arrives were measured on 4.4.2, 5.1.1 and 6.5.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import itemgetter
from typing import Any, Protocol

from . import _current, _futures, choices, generation, stack_context
from ._headers import HTTPHeaders
from ._outgoing import check_lines
from ._questions import numbered
from .escape import utf8
from .httputil import (
    HTTPConnection,
    HTTPOutputError,
    RequestStartLine,
    ResponseStartLine,
)
from .iostream import StreamClosedError

__all__ = ["Context", "MemoryConnection", "MemoryStream", "Receiver"]

_BODILESS = (204, 304)
_DIGITS = re.compile("[0-9]+")

_header_name = itemgetter(0)


class Receiver(Protocol):
    """The client's end of a connection; every call arrives an iteration after it was sent."""

    def headers(self, start_line: ResponseStartLine, headers: HTTPHeaders) -> None:
        """Take the status line and the headers."""

    def chunk(self, chunk: bytes) -> None:
        """Take a part of the body."""

    def end(self) -> None:
        """Hear that the response is complete."""

    def lost(self) -> None:
        """Hear that the server closed the connection before that."""


class Context:
    """Where a request comes from."""

    __slots__ = ("address", "protocol", "remote_ip")

    def __init__(self, remote_ip: str = "127.0.0.1", protocol: str = "http") -> None:
        self.address = (remote_ip, 0)
        self.protocol = protocol
        self.remote_ip = remote_ip

    def __str__(self) -> str:
        return self.remote_ip


class MemoryStream:
    """What stands where the socket's stream would be: it is open or closed, no more."""

    __slots__ = ("_connection", "io_loop")

    def __init__(self, connection: MemoryConnection) -> None:
        self._connection = connection
        self.io_loop = _current.loop()

    def closed(self) -> bool:
        """Return True once either side has closed the connection."""
        return self._connection.closed

    def close(self, exc_info: Any = False) -> None:
        """Close the connection from the server's side."""
        self._connection.hang_up()

    def set_close_callback(self, callback: Callable[[], Any] | None) -> None:
        """Run ``callback`` an iteration after the connection is closed."""
        self._connection.set_close_callback(callback)

    def set_nodelay(self, value: bool) -> None:
        """Accept what only concerns TCP."""


class _Flush:
    """A flush that waits for the client: ``done`` is called when it is complete."""

    __slots__ = ("done", "external", "has_callback")

    def __init__(self, done: Callable[[], None], has_callback: bool) -> None:
        self.done = done
        self.external: Any = None
        self.has_callback = has_callback


class MemoryConnection(HTTPConnection):
    """Takes one response and keeps what was written to it.

    ``start_line`` and ``headers`` are None until headers were sent; ``chunks`` are the parts of the
    body without the framing of a chunked message; ``chunked`` says whether it has one. ``finished``
    tells a complete response from one whose connection was ``closed`` before. While a request is
    ``being_delivered`` to its handler, a connection closes without the handler's being told.
    """

    __slots__ = (
        "_close_callback",
        "_flushing",
        "_head",
        "_is_slow",
        "_remaining",
        "_request",
        "_stream",
        "being_delivered",
        "chunked",
        "chunks",
        "closed",
        "context",
        "finished",
        "headers",
        "no_keep_alive",
        "receiver",
        "start_line",
    )

    def __init__(
        self,
        request: RequestStartLine,
        keep_alive: bool = True,
        context: Context | None = None,
        receiver: Receiver | None = None,
    ) -> None:
        self._request = request
        self._close_callback: Callable[[], Any] | None = None
        self._flushing: _Flush | None = None
        self._is_slow = False
        self._remaining: int | None = None
        self._stream: MemoryStream | None = None
        self._head = b""
        self.being_delivered = False
        self.chunked = False
        self.chunks: list[bytes] = []
        self.closed = False
        self.context = context or Context()
        self.finished = False
        self.headers: HTTPHeaders | None = None
        self.no_keep_alive = not keep_alive
        self.receiver = receiver
        self.start_line: ResponseStartLine | None = None

    @property
    def stream(self) -> MemoryStream:
        """The stream below this connection."""
        if self._stream is None:
            self._stream = MemoryStream(self)
        return self._stream

    @property
    def wire(self) -> bytes:
        """Everything that was sent, byte for byte."""
        if not self.chunked:
            return self._head + b"".join(self.chunks)
        framed = [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in self.chunks]
        return self._head + b"".join(framed) + (b"0\r\n\r\n" if self.finished else b"")

    def set_close_callback(self, callback: Callable[[], Any] | None) -> None:
        """Run ``callback`` an iteration after the client has gone."""
        self._close_callback = callback and stack_context.wrap(callback)

    def write_headers(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: HTTPHeaders,
        chunk: bytes | None = None,
        callback: Any = None,
    ) -> Any:
        """Send status line, headers and maybe the first part of the body.

        Returns a Future unless there is a ``callback``. Raises ValueError for a line break in a
        header, UnicodeEncodeError for one that is not latin-1, TypeError for a status that is no
        number, HTTPOutputError for a ``chunk``
        longer than the Content-Length.
        """
        assert isinstance(start_line, ResponseStartLine)
        _, code, reason = start_line
        status = utf8("HTTP/1.1 %d %s" % start_line[1:])  # noqa: UP031 (its TypeError)
        self._frame(code, headers)
        head = _encoded(status, headers)
        if self.closed:
            return self._refused()
        if chunk:
            self._count(chunk)  # headers and first part go out together, or not at all
        self._head = head
        # The reason goes out as UTF-8 and is read as latin-1, as headers are.
        received = utf8(str(reason)).decode("latin1")
        self.start_line = ResponseStartLine("HTTP/1.1", code, received)
        self.headers = headers
        # Which of two different headers comes first means nothing (RFC 9110, section 5.3).
        shown = sorted(headers.get_all(), key=_header_name)
        choices.record("headers", f"{code} {reason}", tuple(shown))
        if self.receiver is not None:
            self._send(self.receiver.headers, self.start_line, headers.copy())
        if chunk:
            self._send_chunk(chunk)
        return self._written(callback, first=True)

    def _frame(self, code: int, headers: HTTPHeaders) -> None:
        """Decide how the client will know the end of the body; add the headers that say so."""
        modern = self._request.version == "HTTP/1.1"
        length = headers.get("Content-Length")
        self.chunked = (
            modern
            and code not in _BODILESS
            and length is None
            and "Transfer-Encoding" not in headers
            and (self._request.method != "HEAD" or generation.current < 6)
        )
        if not modern and not self.no_keep_alive:
            headers["Connection"] = "Keep-Alive"
        elif modern and self.no_keep_alive and generation.current >= 5:
            headers["Connection"] = "close"
        if self.chunked:
            headers["Transfer-Encoding"] = "chunked"
        if self._request.method == "HEAD" or code == 304:
            self._remaining = 0
        else:
            self._remaining = None if length is None else _length(length)

    def write(self, chunk: bytes, callback: Any = None) -> Any:
        """Send a part of the body; see `write_headers`."""
        if self.closed:
            return self._refused()
        self._count(chunk)
        if chunk:
            self._send_chunk(chunk)
        return self._written(callback, first=False)

    def finish(self) -> None:
        """End the response; HTTPOutputError if less than the Content-Length was written."""
        if self._remaining and not self.closed:
            self.hang_up()
            raise HTTPOutputError(
                f"Tried to write {self._remaining} bytes less than Content-Length"
            )
        self._close_callback = None
        if self.closed:
            return
        self.finished = True
        self.closed = self.no_keep_alive
        choices.record("finish", "response")
        if self.receiver is not None:
            self._send(self.receiver.end)

    def note(self, kind: str, subject: str, detail: object) -> None:
        """Record what goes over this connection after an upgrade."""
        choices.record(kind, subject, detail)

    def is_open(self) -> bool:
        """Whether the response is still to be written, or its rest, and the client is there."""
        return not self.closed and not self.finished

    def close(self) -> None:
        """The client goes away; the handler hears of it in the next iteration."""
        if not self.is_open():
            return
        self.closed = True
        flush, self._flushing = self._flushing, None
        if flush is not None:  # it is complete, as far as the server can tell
            _current.loop().remove_external(flush.external)
            if generation.current == 4:
                flush.done()
            else:
                _current.loop().spawn_callback(_current.loop().spawn_callback, flush.done)
        if self.being_delivered:
            self._close_callback = None
        elif self._close_callback is not None:
            _current.loop().spawn_callback(self._tell)

    def _tell(self) -> None:
        """Run the close callback, unless the response was ended in the meantime."""
        callback, self._close_callback = self._close_callback, None
        if callback is not None:
            callback()

    def hang_up(self) -> None:
        """The server closes the connection: the client sees it end."""
        if self.closed:
            return
        if not self.finished:
            choices.record("close", "connection")
        self.close()
        self.closed = True
        if self.receiver is not None and not self.finished:
            self._send(self.receiver.lost)

    def set_body_timeout(self, timeout: float) -> None:
        """Accept a limit that cannot be reached: the body is there already."""

    def set_max_body_size(self, max_body_size: int) -> None:
        """Accept a limit for bodies that are still to come."""

    def _send(self, deliver: Callable[..., None], *args: Any) -> None:
        _current.loop().spawn_callback(deliver, *args)

    def _send_chunk(self, chunk: bytes) -> None:
        self.chunks.append(chunk)
        choices.record("body", "response", chunk)
        if self.receiver is not None:
            self._send(self.receiver.chunk, chunk)

    def _count(self, chunk: bytes) -> None:
        if self._remaining is None:
            return
        self._remaining -= len(chunk)
        if self._remaining < 0:
            self.hang_up()
            raise HTTPOutputError("Tried to write more data than Content-Length")

    def _refused(self) -> Any:
        future = _futures.Future()
        future.set_exception(StreamClosedError())
        future.exception()  # whoever drops it has the close callback
        return future

    def begin_flush(self) -> None:
        """Ask whether the client is slow to take what is flushed now."""
        if not self.closed:
            key = numbered(_current.loop(), "when the client takes a flush")
            self._is_slow = choices.choose(key, ("at once", "later")) == 1

    def _written_later(self, callback: Any) -> Any:
        """Complete a flush when the client has taken it; a later one's callback replaces this's."""
        loop = _current.loop()
        future = None if callback is not None else _futures.Future()
        before, wrapped = self._flushing, callback and stack_context.wrap(callback)

        def done() -> None:
            if before is not None and not before.has_callback:
                before.done()
            if future is None:
                loop.spawn_callback(wrapped)
            else:
                future.set_result(None)

        def deliver() -> None:
            if self._flushing is flush:
                self._flushing = None
            flush.done()

        flush = self._flushing = _Flush(done, callback is not None)
        if before is not None:
            loop.remove_external(before.external)
        flush.external = loop.add_external(numbered(loop, "flush"), deliver)
        return future

    def _written(self, callback: Any, first: bool) -> Any:
        if self._is_slow:
            self._is_slow = False
            return self._written_later(callback)
        loop = _current.loop()
        if callback is not None:
            if generation.current == 5 and not first:
                loop.add_callback(loop.add_callback, stack_context.wrap(callback))
            else:
                loop.add_callback(callback)
            return None
        future = _futures.Future()
        if generation.current == 5 and not first:
            loop.add_callback(future.set_result, None)
        else:
            future.set_result(None)
        return future


def _encoded(status_line: bytes, headers: HTTPHeaders) -> bytes:
    """The head of a response as bytes; ValueError for a line break in a header."""
    fields = [f"{name}: {value}" for name, value in headers.get_all()]
    text = "\r\n".join(fields)
    ends = text.count("\r") == text.count("\n") == len(fields) - 1
    if not (ends and text.isascii() and b"\n" not in status_line and b"\r" not in status_line):
        check_lines([status_line, *[field.encode("latin1") for field in fields]])
    return b"\r\n".join([status_line, text.encode("latin1"), b"", b""])


def _length(text: str) -> int:
    """The value of a Content-Length; ValueError if it is none."""
    if generation.current == 6 and not _DIGITS.fullmatch(text):
        raise ValueError(f"not an integer: {text!r}")
    return int(text)
