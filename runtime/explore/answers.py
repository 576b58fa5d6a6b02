"""How the outside may answer an HTTP request of the code under check."""

from __future__ import annotations

from functools import lru_cache

from .._upstream import OUTCOMES, Outcome
from .harvest import LONG, Harvest


@lru_cache(maxsize=4096)
def _outcomes(
    name: str, text: str, codes: frozenset[int], headers: frozenset[str], bodies: frozenset[str]
) -> tuple[Outcome, ...]:
    plain, other, *rest = OUTCOMES
    known = {outcome.code for outcome in OUTCOMES}
    asked = {header: f"{header} of {name}" for header in headers}
    return (
        Outcome(plain.name, 200, text.encode(), {**asked, **plain.headers}),
        Outcome(other.name, 200, f"text of {name}".encode(), other.headers),
        *rest,
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


def upstream_outcomes(name: str, text: str, harvest: Harvest) -> tuple[Outcome, ...]:
    """The answers to the request ``name``, the plain one first.

    ``text`` is the plain answer's body: bodies say whose they are, so that two of them cannot be
    mistaken for each other. Codes, bodies and headers that the code looks for come in too.
    """
    bodies = harvest.compared.get("body", frozenset()) | ({LONG} if harvest.measures else set())
    return _outcomes(name, text, harvest.codes, harvest.headers, bodies)
