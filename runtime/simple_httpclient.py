"""``tornado.simple_httpclient``: the client class that `AsyncHTTPClient()` makes."""

from __future__ import annotations

from typing import Any

from . import generation
from ._httpmessages import HTTPStreamClosedError, HTTPTimeoutError
from .httpclient import AsyncHTTPClient
from .ioloop import IOLoop

__all__ = ["HTTPStreamClosedError", "HTTPTimeoutError", "SimpleAsyncHTTPClient"]


class SimpleAsyncHTTPClient(AsyncHTTPClient):
    """The in-memory client; the limits of the real one are accepted and never reached."""

    def initialize(  # type: ignore[override]
        self, io_loop: IOLoop, max_clients: int = 10, defaults: Any = None, **limits: Any
    ) -> None:
        """Take ``max_clients`` and ``defaults``; other keyword arguments are limits of sockets."""
        super().initialize(io_loop, defaults=defaults)
        self.max_clients = max_clients


generation.limit(globals(), ["HTTPStreamClosedError", "HTTPTimeoutError"], first=5)
