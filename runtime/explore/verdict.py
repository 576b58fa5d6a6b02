"""From runs to a verdict. ``_conclude`` is the one function that can say *equivalent*."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .compare import answered, divergence, effects
from .evidence import Evidence
from .phrases import LONGEST, apart, effect
from .search import Budget, Execute, Exploration, Pair, play
from .shrink import Shrunk, shrink
from .tape import Locate
from .trace import Outline, Run

AFTERWARDS = 0.7
"""Seconds of computing after the first difference, to tell the sets of traces apart."""

SHRINKING = 0.4
"""Computing time for making a counterexample small, as a share of that for finding one."""

DOUBTED = 3
"""Differing pairs that are played again before they count."""


@dataclass(frozen=True, slots=True)
class Side:
    """One version of one handler, ready to run. ``locate`` maps its file names to shown paths."""

    execute: Execute
    outline: Outline
    locate: Locate = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its bounds; ``found`` is the shrunk counterexample of a *different*."""

    result: Literal["equivalent", "different", "inconclusive"]
    complete: bool
    runs: int
    coverage: float
    reason: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    found: Shrunk | None = None


def judge(
    before: Side, after: Side, budget: Budget | None = None, answers: bool = False
) -> Judgement:
    """Explore both versions of a handler and say what that showed.

    With ``answers`` it is no difference that only the second version answers an error, where the
    first one leaves the request open (``compare.answered``); it keeps the verdict from being
    *equivalent*, and is its reason.
    """
    return _Trial(before, after, budget or Budget(), answers).judge()


class _Trial:
    def __init__(self, before: Side, after: Side, budget: Budget, answers: bool) -> None:
        self._answers = answers
        self._before = before
        self._after = after
        self._evidence = Evidence()
        self._search = Exploration(before.execute, after.execute, budget)
        self._extra = 0

    def judge(self) -> Judgement:
        first: Pair | None = None
        deadline = 0.0
        for number, pair in enumerate(self._steady_pairs()):
            self._evidence.add(pair)
            if error := self._answered(pair):
                self._evidence.add_answer(error)
            elif pair.differs:
                first = first or pair
                deadline = deadline or time.process_time() + AFTERWARDS
                self._evidence.add_difference(describe_divergence(pair) or "")
            if first is not None and number % 8 == 0 and time.process_time() >= deadline:
                break
        if self._search.unsteady is not None:
            return self._inconclusive(
                f"not deterministic: given the same answers again, {self._search.unsteady}"
            )
        if first is not None:
            return self._different(first)
        return self._conclude()

    def _answered(self, pair: Pair) -> str | None:
        """The error whose answer is all that two runs differ in, where that may be."""
        if not self._answers or not pair.differs:
            return None
        return answered(pair.before, pair.after, self._evidence.answers)

    def _steady_pairs(self) -> Iterator[Pair]:
        """The pairs of the search; now and then a version is held against itself."""
        due = 1
        doubted = 0
        for number, pair in enumerate(self._search, 1):
            doubtful = pair.differs and doubted < DOUBTED
            doubted += doubtful
            if number == due or doubtful:
                due = number * 2 if number == due else due
                step = self._unsteady(pair)
                if step is not None:
                    self._search.unsteady = step
                    return
            yield pair

    def _unsteady(self, pair: Pair) -> str | None:
        """Where a version differs from itself under the same answers, or ``None``."""
        again = play(self._before.execute, self._after.execute, pair.tape)
        self._extra += 2
        for name, old, new in (
            ("the first version", pair.before, again.before),
            ("the second version", pair.after, again.after),
        ):
            agreed = divergence(old, new)
            if agreed is not None:
                return f"{name} did something else at step {agreed + 1} ({_step(new, agreed)})"
        return None

    def _different(self, first: Pair) -> Judgement:
        def still(tape: Mapping[str, str]) -> Pair | None:
            pair = play(self._before.execute, self._after.execute, tape)
            self._extra += 2
            return pair if pair.differs and not self._answered(pair) else None

        found = shrink(first, still, seconds=self._search.budget.seconds * SHRINKING)
        located = play(
            self._before.execute,
            self._after.execute,
            found.tape,
            locate=(self._before.locate, self._after.locate),
        )
        self._extra += 2
        if not located.differs:
            return self._inconclusive("not deterministic: the difference did not come again")
        found = Shrunk(found.tape, located, found.irrelevant, found.tries)
        return self._judgement("different", describe_divergence(located), found)

    def _conclude(self) -> Judgement:
        """The verdict when no run differed: *equivalent* if nothing is in its way."""
        evidence = self._evidence
        if evidence.obstacles:
            worst = max(evidence.obstacles, key=lambda text: evidence.obstacles[text])
            return self._inconclusive(worst)
        if evidence.opaque:
            names = ", ".join(sorted(evidence.opaque))
            return self._inconclusive(
                f"an object cannot be compared: {names}; hand over what it holds, as a list or in"
                " attributes"
            )
        if not evidence.completed:
            return self._inconclusive(
                "no run of both versions came to an end; load what it waits for with --import"
            )
        missed = [
            f"{name} (line {place[1]} of {place[0]})"
            for side, lines in (
                (self._before, evidence.lines_before),
                (self._after, evidence.lines_after),
            )
            for place, name in sorted(side.outline.operations.items())
            if place not in lines
        ]
        if missed:
            return self._inconclusive(f"never started in any run: {missed[0]}; {self._remedy()}")
        if evidence.answers:
            runs = sum(evidence.answers.values())
            return self._inconclusive(
                f"{' or '.join(sorted(evidence.answers))}, which only reached the log, is handled"
                f" as the request's error now ({runs} of {evidence.pairs} runs); the others agree"
            )
        return self._judgement("equivalent", None)

    def _remedy(self) -> str:
        """What may help where an operation was never started, and what ended the runs instead."""
        evidence = self._evidence
        more = "" if self._search.complete else ", or raise --runs"
        advice = f"load what decides about it with --import{more}"
        if not evidence.errors:
            return advice
        worst = max(evidence.errors, key=lambda name: (evidence.errors[name], name))
        count = f"{evidence.errors[worst]} of {evidence.pairs}"
        return f"{worst} ended {count} runs of the first version before it; {advice}"

    def _inconclusive(self, reason: str) -> Judgement:
        return self._judgement("inconclusive", reason)

    def _judgement(
        self,
        result: Literal["equivalent", "different", "inconclusive"],
        reason: str | None,
        found: Shrunk | None = None,
    ) -> Judgement:
        held = self._held()
        complete = self._search.complete and not held and not self._evidence.obstacles
        return Judgement(
            result=result,
            complete=complete and result != "inconclusive",
            runs=self._search.runs + self._extra,
            coverage=self._coverage(),
            reason=reason,
            details=self._details(held),
            found=found,
        )

    def _held(self) -> list[str]:
        outlines = (self._before.outline, self._after.outline)
        return sorted(
            {
                *self._evidence.held.union(*(outline.held for outline in outlines)),
                *self._unreached(),
            }
        )

    def _unreached(self) -> Iterator[str]:
        """What stands in lines that no run has reached, so that nobody knows what it does."""
        for name, side, seen in (
            ("first", self._before, self._evidence.lines_before),
            ("second", self._after, self._evidence.lines_after),
        ):
            numbers = sorted(line for _, line in side.outline.lines - seen)
            if numbers:
                yield f"what no run reached in the {name} version: {_lines(numbers)}"

    def _coverage(self) -> float:
        evidence = self._evidence
        wanted = ran = 0
        for side, lines in (
            (self._before, evidence.lines_before),
            (self._after, evidence.lines_after),
        ):
            wanted += len(side.outline.lines)
            ran += len(side.outline.lines & lines)
        return round(ran / wanted, 4) if wanted else 0.0

    def _details(self, held: list[str]) -> dict[str, Any]:
        search = self._search
        return {
            **self._evidence.details(search.complete),
            "sampled": search.sampled,
            "held": held,
        }


def _lines(numbers: list[int]) -> str:
    """``line 3``, or ``lines 3, 5 to 7``."""
    groups: list[list[int]] = []
    for number in numbers:
        if groups and number == groups[-1][-1] + 1:
            groups[-1].append(number)
        else:
            groups.append([number])
    parts = [f"{g[0]}" if len(g) == 1 else f"{g[0]} to {g[-1]}" for g in groups]
    return f"line{'s' * (len(numbers) > 1)} {', '.join(parts)}"


def _step(run: Run, position: int) -> str:
    """One effect of a run in the reader's words; past the last one it is how the run ended."""
    done = effects(run)
    if position >= len(done):
        return run.end
    event = done[position]
    return effect(event.kind, event.subject, event.detail)


def describe_divergence(pair: Pair) -> str | None:
    """One line: where two runs part, and what each did there; ``None`` if they never do."""
    agreed = pair.agreed
    if agreed is None:
        return None
    steps = [_step(run, agreed) for run in (pair.before, pair.after)]
    if steps[0] == steps[1]:  # headers that follow from the body, which comes next
        steps = [_step(run, agreed + 1) for run in (pair.before, pair.after)]
    before, after = apart(steps[0], steps[1], LONGEST)
    return f"agreed for {agreed} step{'s' * (agreed != 1)}, then before: {before}; after: {after}"
