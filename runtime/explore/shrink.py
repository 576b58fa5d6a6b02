"""Making a counterexample small: fewest deviations first, then what does not matter is said so."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .search import Pair

Try = Callable[[Mapping[str, str]], "Pair | None"]
"""Plays a tape; the pair of runs if they still differ in a way that counts, else ``None``."""

OPTIONS = 6
"""Other answers tried for each question before it is said that its answer does not matter."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The smallest tape found, its runs, the questions whose answer does not matter, the cost."""

    tape: Mapping[str, str]
    pair: Pair
    irrelevant: frozenset[str]
    tries: int


def shrink(pair: Pair, differs: Try, tries: int = 300, seconds: float = 10.0) -> Shrunk:
    """Shrink the tape of ``pair``: at most ``tries`` tapes, and ``seconds`` of computing.

    Whoever waits for a verdict must hear of the difference, however slow its runs are.
    """
    counter = _Counter(differs, tries, seconds)
    best = _fewer(pair, counter)
    return Shrunk(best.tape, best, _irrelevant(best, counter), counter.used)


class _Counter:
    def __init__(self, differs: Try, tries: int, seconds: float) -> None:
        self._deadline = time.process_time() + seconds
        self._differs = differs
        self._tries = tries
        self.used = 0

    @property
    def spent(self) -> bool:
        return self.used >= self._tries or time.process_time() >= self._deadline

    def __call__(self, tape: Mapping[str, str]) -> Pair | None:
        self.used += 1
        return self._differs(tape)


def _size(pair: Pair) -> tuple[int, int]:
    return len(pair.tape), len(pair.before.events) + len(pair.after.events)


def _fewer(pair: Pair, differs: _Counter) -> Pair:
    """Leave out blocks of deviations, halves first, then one by one, while it still differs."""
    best = pair
    block = max(1, len(best.tape) // 2)
    while block and not differs.spent:
        improved = False
        keys = list(best.tape)
        for start in range(0, len(keys), block):
            gone = set(keys[start : start + block])
            rest = {key: label for key, label in best.tape.items() if key not in gone}
            found = None if differs.spent else differs(rest)
            if found is not None and _size(found) < _size(best):
                best, improved = found, True
        if not improved:
            block //= 2
    return best


def _still(differs: _Counter, tape: Mapping[str, str]) -> bool:
    """Whether it is known that the two versions differ on ``tape``."""
    return not differs.spent and differs(tape) is not None


def _irrelevant(pair: Pair, differs: _Counter) -> frozenset[str]:
    """Questions that may be answered in any way: the two versions differ all the same."""
    found = set()
    tape = pair.tape
    for question in pair.asked:
        others = [label for label in question.options if label != question.label][:OPTIONS]
        if differs.spent:
            break
        if others and all(_still(differs, {**tape, question.key: label}) for label in others):
            found.add(question.key)
    return frozenset(found)
