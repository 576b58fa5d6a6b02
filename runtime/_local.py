"""A request that a server of this process answers: the client's end of an in-memory connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._connection import MemoryConnection
from ._headers import HTTPHeaders
from ._outgoing import outgoing_headers
from .httputil import ResponseStartLine

if TYPE_CHECKING:
    from ._fetch import Fetch
    from .httpserver import HTTPServer

__all__ = ["LocalExchange"]


class LocalExchange:
    """Sends one request and passes what comes back to its `Fetch`, unless that takes too long."""

    __slots__ = ("_connection", "_fetch", "_loop", "_timer")

    def __init__(self, fetch: Fetch) -> None:
        self._fetch: Fetch | None = fetch
        self._loop = fetch.client.io_loop
        self._connection: MemoryConnection | None = None
        self._timer: Any = None

    def begin(self, server: HTTPServer, body: bytes | None, parts: list[bytes] | None) -> None:
        """Send the request; ``parts`` are the chunks of a ``body`` that was produced."""
        fetch = self._fetch
        assert fetch is not None
        url, request = fetch.url, fetch.request
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        sent = outgoing_headers(request, url, body)

        def serve() -> None:
            self._connection = server.serve(
                request.method, target, sent, body, receiver=self, parts=parts
            )

        self._loop.spawn_callback(serve)
        if request.request_timeout:
            deadline = self._loop.time() + request.request_timeout
            self._timer = self._loop.add_timeout(deadline, self._time_out)

    def headers(self, start_line: ResponseStartLine, headers: HTTPHeaders) -> None:
        """Take the status line and the headers.

        Some responses end there, whatever follows (RFC 7230 section 3.3.3).
        """
        head = self._fetch is not None and self._fetch.plain.method == "HEAD"
        self._pass_on(lambda fetch: fetch.headers(start_line, headers))
        if head or start_line.code in (204, 304):
            self.end()

    def chunk(self, chunk: bytes) -> None:
        """Take a part of the body."""
        self._pass_on(lambda fetch: fetch.chunk(chunk))

    def end(self) -> None:
        """Hear that the response is complete; the client closes its connection."""
        fetch = self._over()
        if self._connection is not None:
            self._connection.close()
        if fetch is not None:
            fetch.end()

    def lost(self) -> None:
        """Hear that the server closed the connection before that."""
        fetch = self._over()
        if fetch is not None:
            fetch.lost()

    def _pass_on(self, tell: Callable[[Fetch], None]) -> None:
        if self._fetch is None:
            return
        try:
            tell(self._fetch)
        except Exception as error:  # of a header or streaming callback
            fetch = self._hang_up()
            if fetch is not None:
                fetch.break_off(error)

    def _time_out(self) -> None:
        from ._fetch import failure

        fetch = self._hang_up()
        if fetch is not None:
            fetch.fail(failure("timeout"))

    def _hang_up(self) -> Fetch | None:
        fetch = self._over()
        if self._connection is not None:
            self._connection.close()
        return fetch

    def _over(self) -> Fetch | None:
        fetch, self._fetch = self._fetch, None
        if self._timer is not None:
            self._loop.remove_timeout(self._timer)
            self._timer = None
        return fetch
