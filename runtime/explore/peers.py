"""What the other end of a stream or websocket may send: values that the code looks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from .. import _peers
from .circumstances import Circumstances, now

_NUMBERS = frozenset({"unpack", "from_bytes", "unpack_from"})


def _values(method: str, known: Sequence[Any]) -> Sequence[Any]:
    """The plain value, and those that the code compares what it reads with."""
    here = now()
    if not here.live:
        return known
    here.hold(f"what {method} gives, but for the values tried")
    return list(dict.fromkeys([*known, *_looked_for(here, method, known[0])]))


def _looked_for(here: Circumstances, method: str, plain: Any) -> Iterator[Any]:
    methods = (method, "result", "wait_for_exit" if isinstance(plain, int) else "")
    texts = sorted(frozenset().union(*map(here.harvest.heard, methods)))
    if isinstance(plain, int):
        for text in texts:
            with suppress(ValueError):
                yield int(text)
        return
    if isinstance(plain, str):
        if here.harvest.json:
            text = '{"of": "a message"}'
            here.bodies[text] = "a message"
            yield text
        yield from texts
        return
    if here.harvest.attributes & _NUMBERS and plain:  # a length of 2, in either order of bytes
        yield b"\0" * (len(plain) - 1) + b"\2"
        yield b"\2" + b"\0" * (len(plain) - 1)
    if here.harvest.reads_numbers:
        texts.append("2")
    yield from (text.encode("latin1", "ignore") for text in texts)


def _hold(what: str) -> None:
    if now().live:
        now().hold(what)


_peers.install(_values, _hold)
