"""What the runs of two versions have shown, added up: the ground a verdict stands on."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import Any

from .compare import Sets, accepted, is_unsettled
from .search import Pair
from .trace import NEVER, ORDER, STUCK, Place

ACCEPTED = "log lines of the loop about an answer to a client that had left"
"""What ``details["accepted"]`` counts: see ``compare.accepted``."""

UNSETTLED = "what is served at the same time as a request that does not return"
"""What is held fixed where ``compare.is_unsettled``."""

KINDS = 20
"""Different differences that are counted apart."""

RAISED = ("hook", "log_exception")
"""How an event begins that tells of an error which a handler did not catch."""

_VALUES = re.compile(r"\(.*\)", re.DOTALL)
_TIMES = re.compile(r"( ~\d+|\s*#\d+)+$")


@dataclass(slots=True)
class Evidence:
    """What the runs have shown so far."""

    sets: Sets = field(default_factory=Sets)
    pairs: int = 0
    completed: int = 0
    lines_before: set[Place] = field(default_factory=set)
    lines_after: set[Place] = field(default_factory=set)
    obstacles: dict[str, int] = field(default_factory=dict)
    opaque: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    outcomes: dict[str, tuple[set[str], set[str]]] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    accepted: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    _answered: set[tuple[str, tuple[str, ...], int]] = field(default_factory=set)

    def add(self, pair: Pair) -> None:
        """Take in one pair of runs."""
        self.pairs += 1
        before, after = pair.traces
        if is_unsettled(before, after):
            self.held.add(UNSETTLED)
        if pair.agreed is None:
            after = before
        self.sets.before.add(before)
        self.sets.after.add(after)
        self.lines_before |= pair.before.lines
        self.lines_after |= pair.after.lines
        ends = (pair.before.end, pair.after.end)
        self.completed += not any(end in (NEVER, STUCK) for end in ends)
        for run in (pair.before, pair.after):
            if run.opaque or run.held:
                self.opaque.update(run.opaque)
                self.held.update(run.held)
            logged = [event for event in run.events if event[0] == "log"]
            self.accepted += sum(map(accepted, logged))
            for error in {e[2].strip("'") for e in run.events if e[:2] == RAISED}:
                self.errors[error] = self.errors.get(error, 0) + (run is pair.before)
            if run.obstacle is not None:
                self.obstacles[run.obstacle] = self.obstacles.get(run.obstacle, 0) + 1
        for question, options, taken, _ in pair.asked:
            if (question, options, taken) not in self._answered:
                self._answered.add((question, options, taken))
                self._add_answered(question, options, options[taken])

    def _add_answered(self, question: str, options: tuple[str, ...], label: str) -> None:
        key = _operation(question)
        taken, possible = self.outcomes.setdefault(key, (set(), set()))
        taken.add(label)
        if key.startswith("random"):
            self.held.add(f"{key}: drawn from {len(options)} values only")
        possible.update(options)

    def add_difference(self, story: str) -> None:
        """Count one difference by what it looks like."""
        if story in self.kinds or len(self.kinds) < KINDS:
            self.kinds[story] = self.kinds.get(story, 0) + 1

    def add_answer(self, error: str) -> None:
        """Count a run in which only the second version answered an error of this class."""
        self.answers[error] = self.answers.get(error, 0) + 1

    def details(self, complete: bool) -> dict[str, Any]:
        """The figures as plain data; ``complete`` says whether every tape was played."""
        details: dict[str, Any] = {
            "traces": {
                "before": len(self.sets.before),
                "after": len(self.sets.after),
                "relation": self.sets.relation(complete),
            },
            "outcomes": {
                key: {"tried": len(taken), "of": len(possible)}
                for key, (taken, possible) in sorted(self.outcomes.items())
            },
        }
        if self.kinds:
            details["differences"] = self.kinds
        if self.answers:
            details["answered"] = self.answers
        if self.obstacles:
            details["obstacles"] = self.obstacles
        if self.accepted:
            details["accepted"] = {ACCEPTED: self.accepted}
        return details


@functools.lru_cache(maxsize=4096)
def _operation(key: str) -> str:
    """What a question is about, in short: its callee without the how-many-th time and values."""
    if key.startswith(ORDER):
        return "the order of completions"
    return _TIMES.sub("", _VALUES.sub("(...)", key))
