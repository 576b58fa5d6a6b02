"""``tornado.websocket`` in memory: the other end is the outside world.

`websocket_connect` and ``read_message`` give a callback the Future, not the value (SEMANTICS
section 4, the table at its end).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import _current, _futures, choices
from ._handler import RequestHandler
from ._httpmessages import HTTPRequest
from ._operations import Answer, operate
from .escape import json_encode, to_unicode

__all__ = [
    "WebSocketClientConnection",
    "WebSocketClosedError",
    "WebSocketError",
    "WebSocketHandler",
    "websocket_connect",
]


class WebSocketError(Exception):
    """Something is wrong with a websocket."""


class WebSocketClosedError(WebSocketError):
    """A message was written to a closed websocket."""


def websocket_connect(
    url: str | HTTPRequest,
    io_loop: Any = None,
    callback: Callable[[Any], Any] | None = None,
    connect_timeout: float | None = None,
    on_message_callback: Callable[[Any], Any] | None = None,
    compression_options: Any = None,
    **options: Any,
) -> Any:
    """Connect; a Future of a `WebSocketClientConnection` comes back, and goes to ``callback``."""
    address = url.url if isinstance(url, HTTPRequest) else url
    choices.record("websocket", "connect", address)

    def refused() -> BaseException:
        return ConnectionRefusedError(111, "Connection refused")

    answers = (
        Answer("connected", WebSocketClientConnection(address, on_message_callback)),
        Answer("refused", error=refused),
        Answer("no websocket", error=lambda: WebSocketError("Non-websocket response")),
    )
    future = operate(f"websocket {address}", answers)
    if callback is not None:
        _current.loop().add_future(future, callback)
    return future


class WebSocketClientConnection:
    """The client's end of a websocket."""

    def __init__(self, url: str, on_message_callback: Callable[[Any], Any] | None = None) -> None:
        self.url = url
        self._on_message_callback = on_message_callback
        self._closed = False
        self.close_code: int | None = None
        self.close_reason: str | None = None

    def read_message(self, callback: Callable[[Any], Any] | None = None) -> Any:
        """Return a Future of the next message, None once closed; it goes to ``callback``."""
        if self._closed:
            future = _futures.Future()
            future.set_result(None)
        else:
            answers = (Answer("a message", "message"), Answer("closed"))
            future = operate(f"websocket message from {self.url}", answers)
            future.add_done_callback(self._hear)
        if callback is not None:
            _current.loop().add_future(future, callback)
        return future

    def _hear(self, future: Any) -> None:
        if future.exception() is None and future.result() is None:
            self._closed = True

    def write_message(self, message: Any, binary: bool = False) -> Any:
        """Send a message; WebSocketClosedError once closed."""
        if self._closed:
            raise WebSocketClosedError("Client connection has been closed")
        choices.record("websocket", "write", message)
        future = _futures.Future()
        future.set_result(None)
        return future

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close the websocket."""
        if not self._closed:
            self._closed = True
            choices.record("websocket", "close", (code, reason))


class WebSocketHandler(RequestHandler):
    """A handler that speaks over a websocket; the handshake is not here, messages are effects."""

    _closed = False
    close_code: int | None = None
    close_reason: str | None = None

    def get(self, *args: Any, **kwargs: Any) -> None:
        """Refuse a request that is no handshake, as Tornado does; others are not possible here."""
        if self.request.headers.get("Upgrade", "").lower() == "websocket":
            raise NotImplementedError("the bundled runtime has no websocket handshake")
        self.set_status(400)
        self.finish('Can "Upgrade" only to "WebSocket".')

    def write_message(self, message: Any, binary: bool = False) -> Any:
        """Send a message; a dict as JSON. WebSocketClosedError once closed."""
        if self._closed:
            raise WebSocketClosedError()
        if isinstance(message, dict):
            message = json_encode(message)
        choices.record("websocket", "write", message if binary else to_unicode(message))
        future = _futures.Future()
        future.set_result(None)
        return future

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close the websocket."""
        if not self._closed:
            self._closed = True
            choices.record("websocket", "close", (code, reason))

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Choose a subprotocol. Override me."""
        return None

    def get_compression_options(self) -> Any:
        """Return None for no compression. Override me."""
        return None

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Hear that the websocket is open. Override me."""

    def on_message(self, message: Any) -> Any:
        """Take a message. Override me."""
        raise NotImplementedError

    def ping(self, data: bytes) -> None:
        """Send a ping."""
        choices.record("websocket", "ping", data)

    def on_pong(self, data: bytes) -> None:
        """Take the answer to a ping. Override me."""

    def on_close(self) -> None:
        """Hear that the websocket was closed. Override me."""

    def check_origin(self, origin: str) -> bool:
        """Return whether pages of ``origin`` may connect. Override me."""
        return origin.rpartition("://")[2].lower() == self.request.host

    def set_nodelay(self, value: bool) -> None:
        """Accept what only concerns TCP."""
