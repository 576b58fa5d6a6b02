"""``tornado.websocket`` in memory: the other end is the outside world."""

from __future__ import annotations

from typing import Any

from . import generation
from ._decorators import asynchronous
from ._handler import RequestHandler
from ._serversocket import ServerSocket
from ._websocketclient import (
    WebSocketClientConnection,
    WebSocketClosedError,
    WebSocketError,
    websocket_connect,
)
from .escape import json_encode, to_unicode, utf8

__all__ = [
    "WebSocketClientConnection",
    "WebSocketClosedError",
    "WebSocketError",
    "WebSocketHandler",
    "websocket_connect",
]


class WebSocketHandler(RequestHandler):
    """A handler that speaks over a websocket.

    The handshake needs a client that speaks websockets, ``request.upgrade``, which takes the
    server's end once that is open.
    """

    close_code: int | None = None
    close_reason: str | None = None
    ws_connection: ServerSocket | None = None
    _is_upgraded = False
    _knows_of_close = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if generation.current < 6:
            self.stream: Any = None
        if generation.current >= 5:
            self.selected_subprotocol: str | None = None

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """Shake hands and run `open`; up to 5 nothing comes back, in 6 a coroutine to wait for."""
        if generation.current == 6:
            return self._get(args, kwargs)
        return _get_open(self, args, kwargs)

    async def _get(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        socket = self._shake_hands()
        if socket is not None:
            await socket.open(args, kwargs)
            await socket.over

    def _shake_hands(self) -> ServerSocket | None:
        """The websocket, or None if the client was told why there is none (RFC 6455, 4.2)."""
        headers = self.request.headers
        if headers.get("Upgrade", "").lower() != "websocket":
            self._refuse(400, 'Can "Upgrade" only to "WebSocket".')
            return None
        if "upgrade" not in headers.get("Connection", "").lower():
            self._refuse(400, '"Connection" must be "Upgrade".')
            return None
        origin = headers.get("Origin", headers.get("Sec-Websocket-Origin"))
        if origin is not None and not self.check_origin(origin):
            self._refuse(403, "Cross origin websockets not allowed")
            return None
        if self.request.upgrade is None:
            raise NotImplementedError("the bundled runtime has no websocket handshake over HTTP")
        self._upgrade(headers.get("Sec-WebSocket-Protocol", ""))
        assert self.ws_connection is not None
        self.request.upgrade(self.ws_connection)
        return self.ws_connection

    def _refuse(self, status: int, text: str) -> None:
        self.set_status(status)
        self.finish(text)

    def _upgrade(self, wanted: str) -> None:
        """Answer the handshake; headers that the handler has set go with it from 5 on."""
        protocols = [name.strip() for name in wanted.split(",")]
        if generation.current >= 5 and not wanted:
            protocols = []
        selected = self.select_subprotocol(protocols)
        if selected:
            assert selected in protocols
        shown = [] if selected is None else [("Sec-Websocket-Protocol", selected)]
        if generation.current >= 5:
            self.selected_subprotocol = selected
            self.set_status(101)
            shown += [each for each in self._headers.get_all() if each[0] not in _USUAL]
            shown += [("Set-Cookie", each.OutputString(None)) for each in self._cookies_to_send()]
            self._headers_written = self._finished = True
            self.on_finish()
        connection = self.request.connection
        connection.note("headers", "101 Switching Protocols", tuple(sorted(shown)))
        self._is_upgraded = True
        self.ws_connection = ServerSocket(self, connection)
        if generation.current < 6:
            self.stream = connection.stream

    def _cookies_to_send(self) -> list[Any]:
        return list(getattr(self, "_new_cookie", {}).values())

    def write_message(self, message: Any, binary: bool = False) -> Any:
        """Send a message, a dict as JSON; a Future. WebSocketClosedError once closed."""
        if self.ws_connection is None:
            raise WebSocketClosedError()
        if isinstance(message, dict):
            message = json_encode(message)
        data = utf8(message)
        future = self.ws_connection.send(data if binary else to_unicode(data))
        if future is False:
            raise WebSocketClosedError()
        return future

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close the websocket; `on_close` comes when the client has answered."""
        if self.ws_connection is not None:
            socket, self.ws_connection = self.ws_connection, None
            socket.say_goodbye(code, reason)

    def on_connection_close(self) -> None:
        """Hear that the connection is gone: `on_close` is called, once."""
        self.ws_connection = None
        if not self._knows_of_close:
            self._knows_of_close = True
            self.on_close()

    def send_error(self, *args: Any, **kwargs: Any) -> None:
        """Answer with an error page before the handshake; up to 5 end the connection after it."""
        if self._is_upgraded and generation.current < 6:
            self.request.connection.hang_up()
        else:
            super().send_error(*args, **kwargs)

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
        """Send a ping; WebSocketClosedError once closed."""
        if self.ws_connection is None:
            raise WebSocketClosedError()
        if generation.current == 4:
            assert isinstance(data, bytes)
        self.ws_connection.send_ping(utf8(data))

    def on_ping(self, data: bytes) -> None:
        """Hear of a ping (since 5). Override me."""

    def on_pong(self, data: bytes) -> None:
        """Take the answer to a ping. Override me."""

    def on_close(self) -> None:
        """Hear that the websocket was closed. Override me."""

    def check_origin(self, origin: str) -> bool:
        """Return whether pages of ``origin`` may connect. Override me."""
        return origin.rpartition("://")[2].lower() == self.request.host

    def set_nodelay(self, value: bool) -> None:
        """Accept what only concerns TCP."""


_USUAL = frozenset({"Server", "Content-Type", "Date"})


@asynchronous
def _get_open(self: WebSocketHandler, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """``get`` up to generation 5."""
    socket = self._shake_hands()
    if socket is not None:
        socket.open(args, kwargs)


def _not_over_a_websocket(name: str) -> Any:
    """The method ``name`` of a request handler, which works until the handshake."""

    def method(self: WebSocketHandler, *args: Any, **kwargs: Any) -> Any:
        if self._is_upgraded:
            raise RuntimeError("Method not supported for Web Sockets")
        return getattr(super(WebSocketHandler, self), name)(*args, **kwargs)

    method.__name__ = name
    return method


for _name in ("write", "redirect", "set_header", "set_cookie", "set_status", "flush", "finish"):
    setattr(WebSocketHandler, _name, _not_over_a_websocket(_name))
