"""A websocket of which the outside world is the server.

`websocket_connect` and ``read_message`` give a callback the Future, not the value (SEMANTICS
section 4, the table at its end). The rest was observed on 4.4.2, 5.1.1 and 6.5.2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import _current, _futures, _peers, choices, generation
from ._httpmessages import HTTPRequest
from ._operations import Answer, operate
from ._questions import ask
from .log import app_log
from .stack_context import NullContext, wrap

__all__ = [
    "WebSocketClientConnection",
    "WebSocketClosedError",
    "WebSocketError",
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
    """Connect; a Future of a `WebSocketClientConnection` comes back, and goes to ``callback``.

    It fails with ConnectionRefusedError, or with WebSocketError where the other end is no
    websocket. ``on_message_callback`` gets each message, and None at the end.
    """
    address = url.url if isinstance(url, HTTPRequest) else url
    choices.record("websocket", "connect", address)

    def refused() -> BaseException:
        return ConnectionRefusedError(111, "Connection refused")

    connection = WebSocketClientConnection(address, on_message_callback)
    answers = (
        Answer("connected", connection),
        Answer("refused", error=refused),
        Answer("no websocket", error=lambda: WebSocketError("Non-websocket response")),
    )
    future = operate(f"websocket {address}", answers)
    if callback is not None:
        _current.loop().add_future(future, callback)
    if on_message_callback is not None:
        future.add_done_callback(connection._listen)
    return future


class WebSocketClientConnection:
    """The client's end of a websocket.

    ``close_code`` and ``close_reason`` are those of the other end, once it has closed.
    """

    def __init__(self, url: str, on_message_callback: Callable[[Any], Any] | None = None) -> None:
        self.url = url
        self.close_code: int | None = None
        self.close_reason: str | None = None
        self._on_message = None if on_message_callback is None else wrap(on_message_callback)
        self._heard = 0
        self._is_closed = False
        """This end has closed it."""
        self._is_over = False
        """The other end has, and said so to whoever reads."""

    def read_message(self, callback: Callable[[Any], Any] | None = None) -> Any:
        """Return a Future of the next message, of None once closed; it goes to ``callback``.

        Nothing comes after the None.
        """
        future = _futures.Future()
        if not self._is_over:
            self._ask(future.set_result)
        if callback is not None:
            _current.loop().add_future(future, callback)
        return future

    def _ask(self, give: Callable[[Any], Any]) -> None:
        """Ask what comes next, and ``give`` it: a message, or None at the end."""
        known = [*_peers.values("read_message", "message")]
        ends = ["closed", "closed with 1001 'going away'"]
        answers = [*map(repr, known), *ends, "nothing comes"]
        if self._is_closed:
            answers = ends[:1]  # it answers that

        def deliver(answer: int) -> None:
            if answers[answer] in ends:
                self._is_over = True
                if answers[answer] == ends[1]:
                    self.close_code, self.close_reason = 1001, "going away"
                give(None)
            elif answer < len(known):
                give(known[answer])

        ask(_current.loop(), f"websocket message from {self.url}", answers, deliver)

    def _listen(self, future: Any) -> None:
        """Pass on what comes by itself, when the connection is there."""
        if future.exception() is None:
            self._ask(self._pass_on)

    def _pass_on(self, message: Any) -> None:
        self._heard += 1
        with NullContext():
            _current.loop().add_callback(self._call, message)

    def _call(self, message: Any) -> None:
        assert self._on_message is not None
        try:
            self._on_message(message)
        except Exception:
            if generation.current == 4:
                app_log.error("Uncaught exception, closing connection.", exc_info=True)
                if message is not None:
                    self._pass_on(None)
                raise
            if generation.current == 5:
                raise  # and nothing more is read
            app_log.error("Uncaught exception", exc_info=True)
            if message is not None:
                self._pass_on(None)
            return
        if message is not None:
            self._ask(self._pass_on)

    def write_message(self, message: Any, binary: bool = False) -> Any:
        """Send a message; a Future. Once closed: AttributeError up to 5, WebSocketClosedError in 6.

        Where the other end has closed it, WebSocketClosedError from 5 on.
        """
        if self._is_closed:
            if generation.current == 6:
                raise WebSocketClosedError("Client connection has been closed")
            raise AttributeError("'NoneType' object has no attribute 'write_message'")
        if self._is_over and generation.current >= 5:
            raise WebSocketClosedError()
        choices.record("websocket", "write", message)
        future = _futures.Future()
        future.set_result(None)
        return future

    def ping(self, data: bytes = b"") -> None:
        """Send a ping (since 5)."""
        choices.record("websocket", "ping", data)

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close the websocket."""
        if not self._is_closed and not self._is_over:
            choices.record("websocket", "close", (code, reason))
        self._is_closed = True


generation.limit_methods(WebSocketClientConnection, ["ping"], first=5)
