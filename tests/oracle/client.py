"""The browser: raw sockets that send a request and read what comes back (child side)."""

from __future__ import annotations

import socket

from scenario import Request, Response


class Client:
    """One connection with one request; ``read`` never blocks."""

    def __init__(self, address: tuple[str, int], request: Request, cookies: str) -> None:
        self.request = request
        self.data = b""
        self.closed = False
        self._socket = socket.create_connection(address)
        self._socket.sendall(_bytes(request, cookies))
        self._socket.setblocking(False)

    def read(self) -> bytes:
        """Return what has arrived since the last time."""
        fresh = b""
        while not self.closed:
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
        return fresh

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
        body, whole = _body(rest, dict(headers), int(code), self.request.method)
        end = "complete" if whole else "partial"
        return Response(end, int(code), " ".join(reason), headers, body.decode("latin-1"))


def _bytes(request: Request, cookies: str) -> bytes:
    body = request.body.encode()
    headers = {"Host": "oracle.test", **request.headers}
    if body:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    if body or request.method in ("POST", "PUT", "PATCH"):
        headers["Content-Length"] = str(len(body))
    if cookies:
        headers["Cookie"] = cookies
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
