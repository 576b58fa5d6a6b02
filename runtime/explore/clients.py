"""Clients that go on sending after the request's headers: websockets, and bodies sent in parts.

What a client does next is an operation of the outside like any other: it may come before or after
what else is under way, and which of the things it can do it does is a choice. The texts are those
that the code compares what it gets with, and some that it has not heard of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from .. import _current, _futures
from .._connection import MemoryConnection
from .._handler import RequestHandler
from .._outside import External
from .._serverrequest import HTTPServerRequest
from .._serversocket import ServerSocket
from ..httpserver import feed
from . import pending
from .circumstances import now
from .request import BODIES, ExploredRequest, request_of
from .shown import shown

MESSAGES = 3
"""Messages that the client of a run's websocket may send; the plain one sends one less."""

OTHER_MESSAGES = 1
"""Messages that the client of a further websocket may send."""

PARTS = 3
"""Parts of a body that is sent in parts; the plain one has one less."""

HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}
"""What asks for a websocket (RFC 6455, section 1.3)."""


class _Move(NamedTuple):
    """Something that a client can do: what it is called, and how it is done."""

    label: str
    make: Callable[[], Any]


class SocketClient:
    """The client of one websocket; ``who`` names it in questions.

    ``connected`` is given the server's end. Nothing is asked once the connection is gone.
    """

    def __init__(self, who: str, messages: int) -> None:
        self._who = who
        self._messages = messages
        self._sent = self._turns = 0
        self._socket: ServerSocket | None = None
        self._pending: External | None = None

    def connected(self, socket: ServerSocket) -> None:
        """The handshake is done."""
        self._socket = socket
        self._expect()

    def give_way(self) -> None:
        """Let whatever else is under way come before this client's turn, in the plain case."""
        loop: Any = _current.loop()
        waits = self._pending
        if waits is None or self._socket is None:
            return
        if self._socket.is_open:
            loop.put_last(waits)
        else:
            loop.remove_external(waits)
            self._pending = None

    def _expect(self) -> None:
        self._turns += 1
        self._pending = pending.expect(f"{self._who}'s turn {self._turns}", self._act)

    def _act(self) -> None:
        self._pending = None
        assert self._socket is not None
        moves = self._moves(self._socket)
        key = f"what {self._who} does, {self._turns}"
        if moves[now().ask(key, [move.label for move in moves])].make():
            self._expect()

    def _moves(self, socket: ServerSocket) -> list[_Move]:
        """What can come next, the plain case first."""
        closes = _Move("closes the websocket", self._close(None, None))
        if socket.is_closing:
            closes = _Move("answers that it closes", self._close(*socket.goodbye))
        ends = [closes, _Move("leaves", self._leave)]
        if not socket.is_closing:
            ends.insert(1, _Move("closes with 1001 'going away'", self._close(1001, "going away")))
        if self._sent == self._messages:
            now().hold(f"{self._who}'s messages after number {self._messages}")
            return ends
        more = [*self._messages_to_send(socket), *self._controls(socket)]
        plain_ends = socket.is_closing or self._sent >= max(1, self._messages - 1)
        return [*ends, *more] if plain_ends else [*more, *ends]

    def _messages_to_send(self, socket: ServerSocket) -> list[_Move]:
        here, number = now(), self._sent + 1
        name = f"message {number} of {self._who}"
        values: list[str | bytes] = [f"text {number}"]
        if here.harvest.json:
            text = f'{{"of": "{name}"}}'
            here.bodies[text] = name
            values.insert(0, text)
        values.extend(sorted(here.harvest.heard("on_message")))
        values.extend((b"bytes", ""))
        here.hold(f"what {self._who} sends, but for the values tried")
        return [
            _Move(f"sends {shown(value)}", self._send(socket, value))
            for value in dict.fromkeys(values)
        ]

    def _controls(self, socket: ServerSocket) -> Iterator[_Move]:
        """Pings and pongs, where the code listens to them."""
        listens = now().harvest.listeners
        if "on_ping" in listens:
            yield _Move("pings", self._send(socket, b"ping", "ping"))
        if "on_pong" in listens:
            yield _Move("pongs", self._send(socket, b"pong", "pong"))

    def _send(
        self, socket: ServerSocket, value: str | bytes, kind: str = "message"
    ) -> Callable[[], bool]:
        def send() -> bool:
            self._sent += 1
            getattr(socket, kind)(value)
            return True

        return send

    def _close(self, code: int | None, reason: str | None) -> Callable[[], bool]:
        def close() -> bool:
            assert self._socket is not None
            self._socket.close(code, reason)
            return False

        return close

    def _leave(self) -> bool:
        assert self._socket is not None
        self._socket.leave()
        return False


def ask_for_websocket(request: HTTPServerRequest, client: SocketClient, is_first: bool) -> None:
    """Make ``request`` one for a websocket; the first of a run may come from another site."""
    here = now()
    request.headers.update(HANDSHAKE)
    request.upgrade = client.connected
    if not is_first:
        return
    origins = ("none", "http://other.example.com", f"http://{request.host}")
    if taken := here.ask("the origin of the page", origins):
        request.headers["Origin"] = origins[taken]
    if "select_subprotocol" in here.harvest.listeners:
        names = ["none", *sorted(here.harvest.heard("select_subprotocol")), "other"]
        if taken := here.ask("the subprotocols", names):
            request.headers["Sec-WebSocket-Protocol"] = names[taken]


class BodyClient:
    """A client that sends its body in parts, each when the handler is ready for it.

    What the body is fed to stands here, too: ``handler`` is one of a `stream_request_body` class.
    """

    def __init__(self, handler: RequestHandler, request: ExploredRequest) -> None:
        self._handler = handler
        self._connection: MemoryConnection = request.connection
        of = request_of(request.connection)
        self._body = f"the body of {of}" if of else "the body"
        self._whole = _futures.Future()
        self.is_sending = True
        handler._prepared_future = _futures.Future()
        handler._body_future = request.streamed = self._whole
        self.data_received = handler.data_received

    def send(self) -> None:
        """Begin to send; the handler has begun to run."""
        parts = self._parts() if self._handler.request.method in BODIES else ()
        feed(self._connection, self, self._handler._prepared_future, parts)

    def finish(self) -> None:
        """The body has come to its end."""
        self._whole.set_result(None)

    def on_connection_close(self) -> None:
        """The rest of the body will not come."""
        self._handler._on_connection_close()

    def _parts(self) -> Iterator[Any]:
        """Futures of the parts; of None when there are no more, or the client has left."""
        for number in range(1, PARTS + 2):
            future = _futures.Future()
            pending.expect(f"part {number} of {self._body}", self._deliver(number, future))
            yield future
        self.is_sending = False

    def _deliver(self, number: int, future: Any) -> Callable[[], None]:
        def deliver() -> None:
            future.set_result(self._next(number))

        return deliver

    def _next(self, number: int) -> bytes | None:
        here = now()
        ends = ["the body ends", "the client leaves"]
        texts = [f"part {number} ", *sorted(here.harvest.heard("data_received"))]
        here.hold("what the parts of the body hold, but for the values tried")
        options = [*map(repr, texts), *ends]
        if number >= PARTS:
            options = [*ends, *map(repr, texts)] if number == PARTS else ends
        if number > PARTS:
            here.hold(f"parts of the body after number {PARTS}")
        taken = options[here.ask(f"what comes as part {number} of {self._body}", options)]
        if taken not in ends:
            return texts[[*map(repr, texts)].index(taken)].encode()
        self.is_sending = False
        if taken == ends[1]:
            self._connection.close()
        return None
