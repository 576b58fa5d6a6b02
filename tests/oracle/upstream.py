"""The upstream server: raw sockets, answered by hand when the loop is quiet (child side)."""

from __future__ import annotations

import json
import socket
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from scenario import AS_SENT

#: Outcomes that are decided when the connection is made, by the resolver.
UNREACHABLE = ("refused", "dns")
REASONS = {200: "OK", 204: "No Content", 302: "Found", 304: "Not Modified"}
REASONS |= {401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
REASONS |= {500: "Internal Server Error", 503: "Service Unavailable"}
BORING = ("user-agent", "connection", "accept-encoding", "host")


@dataclass(slots=True)
class Held:
    """An upstream request that waits for its answer."""

    key: str
    url: str
    outcome: str
    connection: socket.socket
    since: float


@dataclass(slots=True)
class Upstream:
    """Accepts what the HTTP client sends and holds it until ``answer`` is called."""

    outcomes: Mapping[str, str]
    body: str | None = None
    held: list[Held] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    _open: dict[socket.socket, bytes] = field(default_factory=dict)
    _asked: Counter[str] = field(default_factory=Counter)
    _coming: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))
    _routes: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    _listening: socket.socket = field(init=False)
    _deaf: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listening.setblocking(False)
        self._deaf = socket.socket()
        self._deaf.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused

    def expect(self, method: str, url: str, host: str, port: int) -> None:
        """The client is about to fetch ``url``; remember where its connection has to lead."""
        key = self._numbered(f"{method} {url}")
        self.asked.append(key)
        outcome = self.outcomes.get(key, "200")
        route = outcome if outcome in UNREACHABLE else "listen"
        self._routes.setdefault((host, port), []).append(route)
        if outcome not in UNREACHABLE:
            self._coming[f"{method} {url}"].append(key)

    def address(self, host: str, port: int) -> tuple[str, int]:
        """Where a connection to ``host`` leads; raises ``socket.gaierror`` for ``dns``."""
        waiting = self._routes.get((host, port))
        route = waiting.pop(0) if waiting else "listen"
        if route == "dns":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        chosen = self._deaf if route == "refused" else self._listening
        return chosen.getsockname()

    def collect(self, now: float) -> bool:
        """Take in what has arrived; True if a request became complete."""
        while True:
            try:
                connection, _ = self._listening.accept()
            except BlockingIOError:
                break
            connection.setblocking(False)
            self._open[connection] = b""
        return sum(self._read(connection, now) for connection in list(self._open)) > 0

    def _read(self, connection: socket.socket, now: float) -> bool:
        try:
            while data := connection.recv(65536):
                self._open[connection] += data
        except BlockingIOError:
            pass
        except OSError:
            data = b""
        request = _complete(self._open[connection])
        if request is None:
            return False
        method, target, headers, body = request
        self._open[connection] = b""
        url = f"http://{headers.get('host', '')}{target}"
        coming = self._coming[f"{method} {url}"]
        key = coming.popleft() if coming else self._numbered(f"{method} {url}")
        shown = {k: v for k, v in sorted(headers.items()) if k not in BORING}
        self.requests.append(f"{method} {url} {json.dumps(shown)} {body!r}")
        outcome = self.outcomes.get(key, "200")
        self.held.append(Held(key, url, outcome, connection, now))
        return True

    def _numbered(self, name: str) -> str:
        self._asked[name] += 1
        return f"{name} #{self._asked[name]}"

    def answer(self, held: Held) -> None:
        """Send the answer ``held`` was given by the scenario."""
        self.held.remove(held)
        try:
            held.connection.sendall(self._bytes(held))
            if held.outcome in ("close", "partial", "garbage"):
                held.connection.close()
                del self._open[held.connection]
        except OSError:  # the client had gone: nothing to tell
            self._open.pop(held.connection, None)

    def _bytes(self, held: Held) -> bytes:
        if held.outcome == "close":
            return b""
        if held.outcome == "garbage":
            return b"no http spoken here\r\n\r\n"
        if held.outcome == "partial":
            return b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart"
        if held.outcome.startswith(AS_SENT):
            return _as_sent(held.outcome)
        status, _, text = held.outcome.partition(":")
        if status == "slow":
            return _reply(200, self._default_body(held))
        if status == "302":
            location = b"Location: /redirected\r\n"
            return _reply(302, "moved", location)
        bodies = {"200": self._default_body(held), "404": "missing", "500": "broken"}
        return _reply(int(status), text if ":" in held.outcome else bodies.get(status, "other"))

    def _default_body(self, held: Held) -> str:
        if self.body is not None:
            return self.body
        return json.dumps({"ok": True, "url": held.url, "items": [1, 2, 3], "name": "example"})

    def close(self) -> None:
        for connection in [*self._open, self._listening, self._deaf]:
            connection.close()


def _as_sent(outcome: str) -> bytes:
    """The bytes of an answer that is written out; what has no length gets that of its body."""
    head, _, body = outcome.partition("\r\n\r\n")
    status = int(head.split(" ", 2)[1])
    if "\r\ncontent-length:" not in head.lower() and status not in (204, 304):
        head += f"\r\nContent-Length: {len(body)}"
    return f"{head}\r\n\r\n{body}".encode("latin-1")


def _reply(status: int, text: str, extra: bytes = b"") -> bytes:
    head = f"HTTP/1.1 {status} {REASONS.get(status, 'Other')}\r\n".encode() + extra
    if status in (204, 304):
        return head + b"\r\n"
    body = text.encode()
    return head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


def _complete(data: bytes) -> tuple[str, str, dict[str, str], bytes] | None:
    """Parse one whole request, or return None while parts of it are missing."""
    head, found, rest = data.partition(b"\r\n\r\n")
    if not found:
        return None
    start, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = start.split(" ", 2)
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    if "chunked" in headers.get("transfer-encoding", ""):
        return (method, target, headers, rest) if rest.endswith(b"0\r\n\r\n") else None
    length = int(headers.get("content-length", 0))
    return (method, target, headers, rest[:length]) if len(rest) >= length else None
