"""Which tapes are played, in which order, and when everything has been tried.

Two versions on one tape are treated as one program: the first version runs, then the second with
the answers the first one got. Its questions form a tree; the search walks that tree by fewest
deviations from the plain run, so the first difference found is close to the smallest. Orders that
cannot matter are skipped by ``footprint.reversals``, and a tree that grows is cut where both stand
as they stood before (``visited``). What the budget does not allow is sampled, and
``Exploration.complete`` says that not everything was tried.
"""

from __future__ import annotations

import heapq
import random
import sys
import time
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field

from .compare import Trace, parting, trace
from .footprint import joined, reversals
from .tape import Locate, Pick, Recorder, deviations
from .trace import ORDER, STUCK, Asked, Interrupted, Run
from .visited import Visited

Execute = Callable[[Recorder], Run]
"""Runs one version once under a recorder."""

SYSTEMATIC = 0.75
"""Share of the budget that goes to the systematic search before sampling starts."""

LOOK = 0.02
"""Seconds between two looks at the computing time, which are not free."""

FRONTIER = 200_000
"""Open tapes kept at most; more are dropped, and the exploration is then not complete."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to look: recorded runs (of either version), and seconds of computing.

    Computing time, because what was found must not depend on what else the machine does; whoever
    waits for the answer bounds the wall clock.
    """

    runs: int = 6000
    seconds: float = 10.0
    seed: int = 0


class Pair:
    """Both versions under one tape; what is worked out about them is worked out once.

    ``asked``: the questions of both, each once, in the order in which they were first asked.
    ``traces``: what is compared. ``agreed``: effects both had before they parted, or ``None``.
    """

    __slots__ = ("after", "agreed", "asked", "before", "traces")

    def __init__(self, before: Run, after: Run) -> None:
        self.before = before
        self.after = after
        self.asked: tuple[Asked, ...] = before.asked
        if after.asked != before.asked:
            known = {question.key for question in before.asked}
            self.asked += tuple(each for each in after.asked if each.key not in known)
        self.traces: tuple[Trace, Trace] = (trace(before), trace(after))
        self.agreed: int | None = parting(*self.traces)

    @property
    def differs(self) -> bool:
        """Whether these two runs are a difference that may be reported."""
        if self.before.obstacle is not None or self.after.obstacle is not None:
            return False
        return self.agreed is not None

    @property
    def tape(self) -> dict[str, str]:
        """The answers that make these two runs: what ``play`` wants."""
        return deviations(self.asked)


def run_once(execute: Execute, recorder: Recorder) -> Run:
    """One run; a run that was interrupted ends as ``STUCK``."""
    try:
        return execute(recorder)
    except Interrupted:
        return recorder.run(end=STUCK)


def play(
    before: Execute,
    after: Execute,
    tape: Mapping[str, str],
    *,
    pick: Pick | None = None,
    locate: tuple[Locate, Locate] | None = None,
    first: Run | None = None,
    watch_from: int | None = None,
    met: Container[bytes] = (),
) -> Pair:
    """Play one tape to both versions; ``first`` is the run of ``before`` when it is known.

    ``watch_from``: after how many questions it is noted where they stand (``visited``), if at all,
    as long as that is not among those ``met``.
    """
    here, there = locate or (None, None)
    watch = None if watch_from is None else range(watch_from, sys.maxsize)
    if first is None:
        first = run_once(before, Recorder(tape, pick=pick, locate=here, watch=watch, met=met))
    answers = {**tape, **{key: options[taken] for key, options, taken, _ in first.asked}}
    last = first.moments[-1].asked + 1 if first.moments else 0
    watch = None if watch_from is None else range(watch_from, last)
    recorder = Recorder(answers, other=first, pick=pick, locate=there, watch=watch)
    return Pair(first, run_once(after, recorder))


@dataclass(slots=True)
class _Node:
    """One question on a path: its answer there, and which answers are already on the list."""

    key: str
    options: tuple[str, ...]
    parent: _Step | None
    listed: set[int] = field(default_factory=set)
    first: Run | None = None


@dataclass(slots=True)
class _Step:
    """An answer given at a node: a link in the path from a run back to the root."""

    node: _Node
    taken: int


class Exploration:
    """An iterator over pairs of runs, fewest deviations first.

    After it ended: ``complete`` (every tape was played, none dropped), ``runs`` (recorded runs of
    either version), ``sampled`` (pairs found by the random tail), ``unsteady`` (what came
    differently when the same answers were given again: not deterministic), or ``None``.
    """

    def __init__(self, before: Execute, after: Execute, budget: Budget | None = None) -> None:
        self.budget = budget or Budget()
        self.runs = 0
        self.complete = False
        self.dropped = False
        self.sampled = 0
        self.unsteady: str | None = None
        self._before = before
        self._after = after
        self._heap: list[tuple[int, int, _Step]] = []
        self._count = 0
        self._pairs = 0
        self._visited = Visited()
        self._comparing = self._crowded = False
        self._joined: list[tuple[list[_Step], int]] | None = []
        self._start = time.process_time()
        self._used = 0.0
        self._looked = 0.0

    def __iter__(self) -> Iterator[Pair]:
        yield from self._systematic()
        if self.unsteady is None and self._heap:
            yield from self._random()
        self.complete = self.unsteady is None and not self._heap and not self.dropped

    def _systematic(self) -> Iterator[Pair]:
        yield self._visit(None)
        while self._heap and self.unsteady is None and not self._spent(1.0):
            if self._spent(SYSTEMATIC) and 2 * len(self._heap) > self.budget.runs - self.runs:
                return  # what is open would not fit into what is left
            _, _, step = heapq.heappop(self._heap)
            yield self._visit(step)

    def _random(self) -> Iterator[Pair]:
        """Random orders and answers; few changes of mind a run, as in priority-based sampling."""
        source = random.Random(self.budget.seed)
        while not self._spent(1.0):
            pair = play(self._before, self._after, {}, pick=_sampler(source))
            self.runs += 2
            self.sampled += 1
            yield pair

    def _spent(self, share: float) -> bool:
        if self.runs >= self.budget.runs * share:
            return True
        now = time.monotonic()
        if now - self._looked > LOOK:
            self._looked = now
            self._used = time.process_time() - self._start
        return self._used >= self.budget.seconds * share

    def _visit(self, step: _Step | None) -> Pair:
        path = _path(step)
        tape = {link.node.key: link.node.options[link.taken] for link in path}
        first = step.node.first if step is not None else None
        self._comparing = self._crowded and self._visited.wanted(self._pairs)
        start = len(path) if self._comparing else None
        met = self._visited.before
        pair = play(self._before, self._after, tape, first=first, watch_from=start, met=met)
        self._pairs += 1
        self.runs += 1 if first is not None else 2
        self._extend(pair, path)
        return pair

    def _extend(self, pair: Pair, path: list[_Step]) -> None:
        """Put the tapes that this pair of runs suggests on the list."""
        asked = pair.asked
        for link, question in zip(path, asked, strict=False):
            if (link.node.key, link.taken) != (question.key, question.taken):
                self.unsteady = f"{question.key!r} was asked instead of {link.node.key!r}"
                return
        if len(asked) < len(path):
            self.unsteady = f"{path[len(asked)].node.key!r} was not asked again"
            return
        steps = list(path)
        end = self._visited.new_until(pair, len(path)) if self._comparing else None
        for position in range(len(path), len(asked) if end is None else end):
            question = asked[position]
            parent = steps[-1] if steps else None
            known = pair.before if position >= len(pair.before.asked) else None
            node = _Node(question.key, question.options, parent, {0}, known)
            steps.append(_Step(node, 0))
            if not question.key.startswith(ORDER):
                self._list(steps, position, range(1, len(question.options)))
        self._list_orders(pair, steps)

    def _list_orders(self, pair: Pair, steps: list[_Step]) -> None:
        positions = {
            step.node.key: position
            for position, step in enumerate(steps)
            if step.node.key.startswith(ORDER)
        }
        if not positions:
            return
        self._crowded = True
        if not (pair.before.tracked and pair.after.tracked):
            self._list_joined()
            for position in positions.values():
                self._list_all(steps, position)
            return
        if self._comparing:
            only = joined(pair.before) & joined(pair.after)
            for key, position in positions.items():
                if key in only and self._joined is not None:
                    self._joined.append((steps, position))
                else:
                    self._list_all(steps, position)
            return
        for run in (pair.before, pair.after):
            for key, wanted in reversals(run):
                if key in positions:
                    options = steps[positions[key]].node.options
                    taken = [options.index(label) for label in wanted if label in options]
                    self._list(steps, positions[key], taken or range(len(options)))

    def _list_joined(self) -> None:
        """Somebody may have seen a future that only a list was to wait for: skip nothing more."""
        for steps, position in self._joined or ():
            self._list_all(steps, position)
        self._joined = None

    def _list_all(self, steps: list[_Step], position: int) -> None:
        self._list(steps, position, range(len(steps[position].node.options)))

    def _list(self, steps: list[_Step], position: int, options: range | list[int]) -> None:
        node = steps[position].node
        cost = sum(step.taken > 0 for step in steps[:position])
        for option in options:
            if option in node.listed:
                continue
            node.listed.add(option)
            if len(self._heap) >= FRONTIER:
                self.dropped = True
                continue
            self._count += 1
            heapq.heappush(self._heap, (cost + (option > 0), self._count, _Step(node, option)))


def _path(step: _Step | None) -> list[_Step]:
    path: list[_Step] = []
    while step is not None:
        path.append(step)
        step = step.node.parent
    path.reverse()
    return path


def _sampler(source: random.Random) -> Pick:
    rate = source.choice((0.1, 0.3, 0.6))
    priority: dict[str, float] = {}

    def pick(key: str, options: tuple[str, ...]) -> int:
        if key.startswith(ORDER):
            ranks = [priority.setdefault(option, source.random()) for option in options]
            if source.random() < 0.1:
                priority[options[ranks.index(max(ranks))]] = -source.random()
            return ranks.index(max(ranks))
        return source.randrange(len(options)) if source.random() < rate else 0

    return pick
