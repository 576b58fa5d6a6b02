"""How the outside may answer an HTTP request of the code under check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from .._headers import HTTPHeaders
from .._upstream import OUTCOMES, REDIRECT, Outcome
from .harvest import LONG, Harvest

_DECODING = frozenset({"decode", "native_str", "recursive_unicode", "to_unicode", "_unicode"})
_SEVERAL = frozenset({"get_all", "get_list"})
_LOOKS = frozenset({"reason"}) | _DECODING | _SEVERAL
"""Names in code that can tell answers apart which are alike to other code."""


@lru_cache(maxsize=4096)
def _outcomes(
    name: str,
    text: str,
    codes: frozenset[int],
    headers: frozenset[str],
    bodies: frozenset[str],
    looks: frozenset[str],
) -> tuple[Outcome, ...]:
    first, other, *rest = OUTCOMES
    known = {outcome.code for outcome in OUTCOMES}
    asked = {header: f"{header} of {name}" for header in headers}
    plain = Outcome(first.name, 200, text.encode(), {**asked, **first.headers})
    return (
        plain,
        Outcome(other.name, 200, f"text of {name}".encode(), other.headers),
        *rest,
        *_without_one(plain, headers),
        *_for_looks(plain, headers, looks),
        *(Outcome(str(code), code, f"text of {name}".encode()) for code in sorted(codes - known)),
        *(
            Outcome(
                "200, a long body" if body == LONG else f"200, {body!r}",
                200,
                body.encode("latin1", "ignore"),
            )
            for body in sorted(bodies)
        ),
    )


def _for_looks(plain: Outcome, headers: frozenset[str], looks: frozenset[str]) -> Iterator[Outcome]:
    """Answers for code that looks at the reason, decodes bodies, or reads headers as lists."""
    if "reason" in looks:
        yield replace(plain, name=f"{plain.name}, with a reason of its own", reason="Fine")
    if looks & _DECODING:
        yield replace(plain, name=f"{plain.name}, a body that is not UTF-8", body=b"caf\xe9")
    if looks & _SEVERAL and headers:
        twice = HTTPHeaders(dict(plain.headers))
        for name in sorted(headers):
            twice.add(name, f"another {name}")
        yield replace(plain, name=f"{plain.name}, headers given twice", headers=twice)


def _without_one(plain: Outcome, names: frozenset[str]) -> Iterator[Outcome]:
    """Where the code looks for several headers, answers that lack one of them."""
    for name in sorted(names) if len(names) > 1 else ():
        others = {each: value for each, value in plain.headers.items() if each != name}
        yield replace(plain, name=f"{plain.name} without {name}", headers=others)


def plain_body(name: str) -> str:
    """The body of the plain answer to the request ``name``: it says whose it is."""
    return f'{{"body of": {name!r}}}'


def upstream_outcomes(name: str, text: str, harvest: Harvest) -> tuple[Outcome, ...]:
    """The answers to the request ``name``, the plain one first.

    ``text`` is the plain answer's body: bodies say whose they are, so that two of them cannot be
    mistaken for each other. Codes, bodies and headers that the code looks for come in too.
    """
    bodies = harvest.compared.get("body", frozenset()) | ({LONG} if harvest.measures else set())
    looks = _LOOKS & (harvest.attributes | harvest.dotted)
    return _outcomes(name, text, harvest.codes, harvest.headers, bodies, looks)


def redirected(outcomes: tuple[Outcome, ...], harvest: Harvest) -> tuple[Outcome, ...]:
    """The same for a request that follows redirects: there is one where the code can tell."""
    return (*outcomes, REDIRECT) if "effective_url" in harvest.attributes else outcomes


def in_parts(outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """The same for a request that looks at the parts of the body: there may be two, or one."""
    plain = outcomes[0]
    half = len(plain.body) // 2
    first = replace(plain, body=plain.body[:half])
    return (
        *outcomes,
        replace(first, name="200, in two parts", rest=plain.body[half:]),
        replace(first, name="200, cut off after a part", rest=b""),
    )
