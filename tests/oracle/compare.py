"""Says in what two observations differ: the one place that decides what counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import ndiff

from .scenario import Observation, Response

Clean = Callable[[str], str]

_EXPIRES = re.compile(r"expires=[^;]*", re.IGNORECASE)
_FUTURE = re.compile(r"<(tornado\.concurrent\.)?Future\b[^>]*>")
_HIDDEN = re.compile(r"<callable>|<Future>")  # whichever of them waits, nobody can see
_ERROR_NAMES = re.compile(r"\bHTTP(Client|Timeout|StreamClosed)Error\b")


def differences(
    one: Observation,
    other: Observation,
    *,
    generations: bool = False,
    accepted: Sequence[str] = (),
) -> list[str]:
    """Every difference as a line or a short block; an empty list if there is none.

    ``accepted`` are patterns of effects that do not count.

    ``generations`` is for two different Tornado generations: what Tornado 6 renamed (the errors
    of ``fetch``, their text, the body of a 599, how it shows a future, its own ``Server`` header)
    is then no difference.
    """
    clean: Clean = _across if generations else _plain
    found = [
        line
        for number, pair in enumerate(zip(one.responses, other.responses, strict=False), 1)
        for line in _response(number, *pair, clean)
    ]
    if len(one.responses) != len(other.responses):
        found.append(f"{len(one.responses)} responses / {len(other.responses)}")
    effects = [_without(accepted, seen.effects) for seen in (one, other)]
    found += _lines("effects", *effects, clean)
    found += _lines("upstream", one.upstream, other.upstream, clean)
    found += _lines("state", one.state, other.state, lambda text: _HIDDEN.sub("<...>", clean(text)))
    if one.end != other.end:
        found.append(f"end: {one.end} / {other.end}")
    return found


def _without(patterns: Sequence[str], effects: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(e for e in effects if not any(re.search(p, e) for p in patterns))


def _response(number: int, one: Response, other: Response, clean: Clean) -> list[str]:
    found = []
    for what in ("end", "status", "reason", "body"):
        left, right = getattr(one, what), getattr(other, what)
        if clean(str(left)) != clean(str(right)):
            found.append(f"response {number} {what}: {left!r} / {right!r}")
    headers = [tuple(_header(k, v, clean) for k, v in r.headers) for r in (one, other)]
    found += _lines(f"response {number} headers", *headers, clean)
    return found


def _header(name: str, value: str, clean: Clean) -> str:
    if name == "server" or (clean is _across and name in ("etag", "content-length")):
        value = "..."  # the body is compared itself
    return f"{name}: {_EXPIRES.sub('expires=...', value)}"


def _lines(what: str, one: tuple[str, ...], other: tuple[str, ...], clean: Clean) -> list[str]:
    left, right = [clean(x) for x in one], [clean(x) for x in other]
    if left == right:
        return []
    return [f"{what}:\n" + "\n".join(f"    {line.rstrip()}" for line in ndiff(left, right))]


def _plain(text: str) -> str:
    return text


def _across(text: str) -> str:
    text = _ERROR_NAMES.sub("HTTPError", _FUTURE.sub("<Future>", text)).replace("HTTP 599: ", "")
    return text.replace("599 Unknown None", "599 Unknown b''").replace("TornadoServer/", "")
