"""``tornado.tcpclient`` in memory: connecting is an operation whose outcome is a stream."""

from __future__ import annotations

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
        """Return a Future of an `IOStream`; it fails with StreamClosedError if refused."""
        if more.get("ssl_options") is not None:
            raise NotImplementedError("the bundled runtime has no TLS (TCPClient.connect)")
        choices.record("stream", "connect", (host, port))

        def refused() -> BaseException:
            return StreamClosedError(ConnectionRefusedError(111, "Connection refused"))

        answers = (Answer("connected", IOStream(None)), Answer("refused", error=refused))
        return operate(f"connect {host}:{port}", answers)
