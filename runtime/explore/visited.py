"""Places in the tree of questions from which both versions go on as from one met before.

A search that keeps states (Godefroid, 1996) cuts there, as everything below is, or will be, found
from the other place; it must then try every order above, because races with what was cut off are
not seen. Only an order whose completion lets a list wait for one less stays the only one: whatever
comes later, it could as well come first (``_joins``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from .trace import Asked, Moment, Run

FROM = 64
"""Pairs of runs after which places are compared: it takes time, and small trees need none."""

PATIENCE = 200
"""Pairs after which nothing is compared any more, unless one in ``WORTH`` was cut short."""

WORTH = 20


class Runs(Protocol):
    """Two runs under one tape (``search.Pair``)."""

    before: Run
    after: Run


class Visited:
    """The places met so far; tells how far a pair of runs is new."""

    __slots__ = ("_cut", "_known", "_pairs", "before")

    def __init__(self) -> None:
        self.before: set[bytes] = set()
        """Digests of the first version's moments."""
        self._known: set[tuple[bytes, bytes]] = set()
        self._pairs = 0
        self._cut = 0

    def wanted(self, pairs: int) -> bool:
        """Whether it is worth while to compare places, after so many ``pairs`` of runs."""
        return pairs >= FROM and (self._pairs < PATIENCE or self._cut * WORTH >= self._pairs)

    def new_until(self, runs: Runs, start: int) -> int | None:
        """The number of the first question from ``start`` on that was met before, or ``None``."""
        self._pairs += 1
        for asked, place in _places(runs):
            if asked < start:
                continue
            if place in self._known:
                self._cut += 1
                return asked
            self._known.add(place)
            self.before.add(place[0])
        return None


def _places(runs: Runs) -> Iterator[tuple[int, tuple[bytes, bytes]]]:
    """Where both stand at the same time: they were asked the same, and the same has arrived."""
    theirs: dict[int, Moment] = {moment.asked: moment for moment in runs.after.moments}
    ours = {moment.asked: moment for moment in runs.before.moments}
    apart: set[tuple[str, str]] = set()
    position = 0
    for asked in sorted(ours):
        while position < asked:
            apart ^= _answer(runs.before.asked, position)
            apart ^= _answer(runs.after.asked, position)
            position += 1
        before, after = ours[asked], theirs.get(asked)
        if after is not None and not apart and before.delivered == after.delivered:
            yield asked, (before.digest, after.digest)


def _answer(asked: tuple[Asked, ...], position: int) -> set[tuple[str, str]]:
    if position >= len(asked):
        return set()
    return {(asked[position].key, asked[position].label)}
