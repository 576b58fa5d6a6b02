"""``tornado.tcpclient`` in memory: connecting is an operation whose outcome is a stream."""

from __future__ import annotations

import socket
from typing import Any

from . import choices
from ._operations import Answer, operate
from .iostream import IOStream, StreamClosedError

__all__ = ["TCPClient"]


class TCPClient:
    """Connects to the outside world."""

    def __init__(self, resolver: Any = None, io_loop: Any = None) -> None:
        self.resolver = resolver

    def close(self) -> None:
        """Close nothing."""

    def connect(self, host: str, port: int, *options: Any, **more: Any) -> Any:
        """Return a Future of an `IOStream`.

        It fails with StreamClosedError if the connection is refused, and with gaierror for an
        unknown host.
        """
        if more.get("ssl_options") is not None:
            raise NotImplementedError("the bundled runtime has no TLS (TCPClient.connect)")
        choices.record("stream", "connect", (host, port))

        def refused() -> BaseException:
            return StreamClosedError(ConnectionRefusedError(111, "Connection refused"))

        def unknown() -> BaseException:
            return socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        answers = (
            Answer("connected", IOStream(None)),
            Answer("refused", error=refused),
            Answer("unknown host", error=unknown),
        )
        return operate(f"connect {host}:{port}", answers)
