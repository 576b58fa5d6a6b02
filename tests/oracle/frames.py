"""Websocket frames by RFC 6455, section 5.2, as a client sends and reads them (child side).

A frame is shown as ``text:hello``, ``bytes:raw``, ``ping:data``, ``pong:data``, ``close`` or
``close:1000:reason``; that is also how a scenario writes what its client sends.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_KINDS = {"text": 0x1, "bytes": 0x2, "close": 0x8, "ping": 0x9, "pong": 0xA}
_NAMES = {number: name for name, number in _KINDS.items()}
_MASK = b"\x11\x22\x33\x44"
HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",  # the one of RFC 6455, section 1.3
    "Sec-WebSocket-Version": "13",
}


def encode(shown: str) -> bytes:
    """The masked frame for ``text:hello`` and its like."""
    kind, _, rest = shown.partition(":")
    payload = rest.encode("latin-1" if kind == "bytes" else "utf-8")
    if kind == "close" and rest:
        code, _, reason = rest.partition(":")
        payload = struct.pack("!H", int(code)) + reason.encode()
    masked = bytes(byte ^ _MASK[index % 4] for index, byte in enumerate(payload))
    head = bytes([0x80 | _KINDS[kind]])
    if len(payload) < 126:
        head += bytes([0x80 | len(payload)])
    else:
        head += bytes([0x80 | 126]) + struct.pack("!H", len(payload))
    return head + _MASK + masked


def decode(data: bytes) -> Iterator[str]:
    """The frames in what a server sent; an incomplete one at the end is left out."""
    while len(data) >= 2:
        kind, length, start = data[0] & 0x0F, data[1] & 0x7F, 2
        if length == 126 and len(data) >= 4:
            length, start = struct.unpack("!H", data[2:4])[0], 4
        if len(data) < start + length:
            return
        payload, data = data[start : start + length], data[start + length :]
        yield f"{_NAMES[kind]}:{_shown(_NAMES[kind], payload)}".removesuffix(":")


def _shown(kind: str, payload: bytes) -> str:
    if kind == "close" and payload:
        return f"{struct.unpack('!H', payload[:2])[0]}:{payload[2:].decode()}"
    return payload.decode("latin-1" if kind == "bytes" else "utf-8")
