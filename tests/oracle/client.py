"""The browser: raw sockets that send a request and read what comes back (child side)."""

from __future__ import annotations

import contextlib
import socket

import frames
from scenario import Request, Response


class Client:
    """One connection with one request, and what follows on it; ``read`` never blocks."""

    def __init__(self, address: tuple[str, int], request: Request, cookies: str) -> None:
        self.request = request
        self.data = b""
        self.closed = False
        self._coming = [*request.frames, *request.parts]
        self._said_goodbye = False
        self._socket = socket.create_connection(address)
        # Small parts must arrive when they are sent, not when the ones before are acknowledged.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(_bytes(request, cookies))
        self._socket.setblocking(False)

    def read(self) -> bytes:
        """Return what has arrived since the last time."""
        fresh = b""
        while not self.closed:
            if hasattr(socket, "TCP_QUICKACK"):  # the server may wait for it with its next part
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            try:
                part = self._socket.recv(65536)
            except BlockingIOError:
                break
            except OSError:
                part = b""
            if not part:
                self.closed = True
                self._socket.close()
            fresh += part
        self.data += fresh
        if self.request.frames:
            self._close_politely()
        return fresh

    def next(self, hurry: bool) -> str:
        """Do what comes next on this connection and say what it was; "" if there is nothing."""
        if self.closed or not self._coming or hurry > self.request.hurry:
            return ""
        if self.request.frames and b"\r\n\r\n" not in self.data:
            return ""
        what = self._coming.pop(0)
        if what == "leave":
            self.leave()
        elif self.request.frames:
            self._send_frames(what)
        else:
            self._socket.sendall(what.encode())
        return what

    def _send_frames(self, shown: str) -> None:
        each = shown.split(" & ")
        self._said_goodbye = self._said_goodbye or each[-1].startswith("close")
        with contextlib.suppress(OSError):  # the server has gone, which the next ``read`` shows
            self._socket.sendall(b"".join(map(frames.encode, each)))

    def _close_politely(self) -> None:
        """Answer a closing frame with another, as RFC 6455 (section 5.5.1) wants it."""
        _, _, sent = self.data.partition(b"\r\n\r\n")
        goodbye = [shown for shown in frames.decode(sent) if shown.startswith("close")]
        if goodbye and not self._said_goodbye and not self.closed:
            self._send_frames(goodbye[0])

    def leave(self) -> None:
        """Close the connection, whatever still had to come."""
        self.closed = True
        self._socket.close()

    def response(self) -> Response:
        """What has arrived so far, parsed."""
        head, found, rest = self.data.partition(b"\r\n\r\n")
        if not found:
            return Response("closed" if self.closed else "never", None, "", (), "")
        start, *lines = head.decode("latin-1").split("\r\n")
        _, code, *reason = start.split(" ", 2)
        pairs = [tuple(p.strip() for p in line.split(":", 1)) for line in lines]
        headers = tuple(sorted((k.lower(), v) for k, v in pairs if k.lower() != "date"))
        if code == "101":
            shown = "|".join(frames.decode(rest))
            end = "closed" if self.closed else "open"
            return Response(end, 101, " ".join(reason), headers, shown)
        body, whole = _body(rest, dict(headers), int(code), self.request.method)
        end = "complete" if whole else "partial"
        return Response(end, int(code), " ".join(reason), headers, body.decode("latin-1"))


def _bytes(request: Request, cookies: str) -> bytes:
    body = request.body.encode()
    headers = {"Host": "oracle.test", **request.headers}
    if request.frames:
        headers = {**frames.HANDSHAKE, **headers}
    if request.parts:
        whole = sum(len(part.encode()) for part in request.parts if part != "leave")
        headers.setdefault("Content-Length", str(whole))
    elif body:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    if not request.parts and (body or request.method in ("POST", "PUT", "PATCH")):
        headers["Content-Length"] = str(len(body))
    if cookies:
        headers["Cookie"] = "; ".join(filter(None, (headers.get("Cookie"), cookies)))
    lines = [
        f"{request.method} {request.path} HTTP/1.1",
        *(f"{k}: {v}" for k, v in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _body(rest: bytes, headers: dict[str, str], code: int, method: str) -> tuple[bytes, bool]:
    """The body with its chunks put together, and whether all of it is there."""
    if method == "HEAD" or code in (204, 304):
        return rest, True
    if headers.get("transfer-encoding") == "chunked":
        return _unchunk(rest)
    length = int(headers.get("content-length", 0))
    return rest, len(rest) >= length


def _unchunk(rest: bytes) -> tuple[bytes, bool]:
    """The chunks with a bar between them, so that it shows when what was sent."""
    chunks: list[bytes] = []
    while True:
        size, found, rest = rest.partition(b"\r\n")
        if not found:
            return b"|".join(chunks), False
        length = int(size, 16)
        if length == 0:
            return b"|".join(chunks), True
        chunks.append(rest[:length])
        if len(rest) < length + 2:
            return b"|".join(chunks), False
        rest = rest[length + 2 :]
