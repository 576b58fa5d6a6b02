"""`HTTPServer` in memory: the client of this process finds it by its port's number."""

from __future__ import annotations

import gzip
from collections.abc import Generator, Iterable, Sequence
from typing import Any
from urllib.parse import SplitResult

from . import gen
from ._connection import Context, MemoryConnection, Receiver
from ._headers import HTTPHeaders
from ._serverrequest import HTTPServerRequest
from .httputil import HTTPServerConnectionDelegate, RequestStartLine
from .log import app_log

__all__ = ["HTTPServer", "feed", "find"]

_LOCAL = frozenset(["localhost", "127.0.0.1", "::1", "0.0.0.0"])
_servers: dict[int, HTTPServer] = {}


def find(url: SplitResult) -> HTTPServer | None:
    """Return the server that listens on a local address, None for the outside world."""
    if not _servers or url.hostname not in _LOCAL:
        return None
    try:
        return _servers.get(url.port or 80)
    except ValueError:  # the port is no number: a name that nobody can resolve
        return None


class HTTPServer:
    """Serves an application, or any callable that takes an `HTTPServerRequest`.

    The options that concern sockets and TLS are accepted and have no effect.
    """

    def __init__(self, request_callback: Any, *args: Any, **options: Any) -> None:
        self.request_callback = request_callback
        self.no_keep_alive = bool(options.get("no_keep_alive", args[0] if args else False))
        self.chunk_size = options.get("chunk_size") or 65536
        self.decompress_request = bool(options.get("decompress_request"))
        self.protocol = options.get("protocol") or "http"
        self._ports: list[int] = []
        self._open: list[MemoryConnection] = []

    def listen(self, port: int, address: str = "") -> None:
        """Answer requests to ``port`` of this machine."""
        self._ports.append(port)
        _servers[port] = self

    bind = listen

    def start(self, num_processes: int | None = 1) -> None:
        """Start; it has started already."""

    def add_sockets(self, sockets: Any) -> None:
        """Listen where the sockets of `netutil.bind_sockets` are bound."""
        for sock in sockets:
            self.listen(sock.getsockname()[1])

    def add_socket(self, socket: Any) -> None:
        """Listen where one socket is bound."""
        self.add_sockets([socket])

    def stop(self) -> None:
        """Answer no more requests; those under way go on."""
        for port in self._ports:
            if _servers.get(port) is self:
                del _servers[port]
        self._ports.clear()

    @gen.coroutine
    def close_all_connections(self) -> Generator[Any, Any, None]:
        """Close the connections of requests under way; their handlers hear of it."""
        for connection in self._open:
            if connection.is_open():
                connection.hang_up()
        self._open = []
        yield gen.sleep(0)

    def serve(
        self,
        method: str,
        target: str,
        headers: HTTPHeaders,
        body: bytes | None = None,
        receiver: Receiver | None = None,
        remote_ip: str = "127.0.0.1",
        parts: Sequence[bytes] | None = None,
    ) -> MemoryConnection:
        """Handle one request; its connection comes back, and ``receiver`` hears the response.

        ``parts`` are the chunks of ``body`` if it was sent part by part.
        """
        start_line = RequestStartLine(method, target, "HTTP/1.1")
        keep_alive = not self.no_keep_alive and headers.get("Connection", "").lower() != "close"
        context = Context(remote_ip, self.protocol)
        connection = MemoryConnection(start_line, keep_alive, context, receiver)
        self._open = [*(each for each in self._open if each.is_open()), connection]
        if not isinstance(self.request_callback, HTTPServerConnectionDelegate):
            request = HTTPServerRequest(
                connection=connection, start_line=start_line, headers=headers, body=body
            )
            request._parse_body()
            self.request_callback(request)
            return connection
        connection.being_delivered = True
        try:
            self._deliver(connection, start_line, headers, body, parts)
        except Exception:
            app_log.error("Uncaught exception", exc_info=True)
            connection.hang_up()
        finally:
            connection.being_delivered = False
        return connection

    def _deliver(
        self,
        connection: MemoryConnection,
        start_line: RequestStartLine,
        headers: HTTPHeaders,
        body: bytes | None,
        parts: Sequence[bytes] | None,
    ) -> None:
        delegate = self.request_callback.start_request(self, connection)
        if body and self.decompress_request and headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
            headers["X-Consumed-Content-Encoding"] = headers.pop("Content-Encoding")
        started = delegate.headers_received(start_line, headers)
        chunks = parts or self._parts(body or b"")
        if started is None:
            for chunk in chunks:
                delegate.data_received(chunk)
            delegate.finish()
        else:
            feed(connection, delegate, started, chunks)

    def _parts(self, body: bytes) -> list[bytes]:
        size = self.chunk_size
        return [body[start : start + size] for start in range(0, len(body), size)]


@gen.coroutine
def feed(
    connection: MemoryConnection, delegate: Any, started: Any, chunks: Iterable[Any]
) -> Generator[Any, Any, None]:
    """Give a streamed body part by part, each when the handler is done with the one before.

    ``chunks`` may hold Futures of chunks; the body ends where the result is None. A handler that
    has answered before the end hears that the rest of the body will not come.
    """
    yield started
    try:
        for part in chunks:
            chunk = part if isinstance(part, bytes) else (yield part)
            if chunk is None:
                break
            if connection.finished or connection.closed:
                break
            taken = delegate.data_received(chunk)
            if taken is not None:
                yield taken
    except Exception:
        app_log.error("Uncaught exception", exc_info=True)
        connection.set_close_callback(None)  # it is told below, once
        connection.hang_up()
        delegate.on_connection_close()
        return
    if connection.finished:
        delegate.on_connection_close()
    elif not connection.closed:
        delegate.finish()
