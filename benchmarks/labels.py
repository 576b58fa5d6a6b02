"""What real Tornado says about a mutant: does it behave like the fixture's ``before.py``?

A mutant is wrong when any scenario shows a difference on 4.4.2 or 5.1.1 over loopback: scenarios
that the original suggests, those that the mutant suggests, the same requests three times, and the
answers of the explorer's counterexample where it has one.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mutate import Mutant
from oracle.compare import differences
from oracle.explore import Seen, Wishes, explore, plain_scenarios
from oracle.fixture import Fixture
from oracle.install import TORNADO_4, TORNADO_5
from oracle.loopback import Loopback, OracleError, Version
from oracle.scenario import Observation, Scenario
from replay import asked_for, revealed

TESTS = Path(__file__).resolve().parents[1] / "tests"
CHUNKS = (0, 1, 5, 17, 1000)
"""Scenarios are run in growing parts: most wrong mutants show themselves in the first."""

REPEATS = 2
"""How often a scenario that shows a difference is run again."""


@dataclasses.dataclass(frozen=True)
class Case:
    """One mutant of one expected result."""

    fixture: Fixture
    file: str
    mutant: Mutant

    @property
    def name(self) -> str:
        return f"{self.fixture.name}/{self.file}:{self.mutant.line} {self.mutant.operator}"

    @property
    def digest(self) -> str:
        parts = (self.fixture.before, self.mutant.source.encode(), TORNADO_4, TORNADO_5)
        text = b"\0".join(p if isinstance(p, bytes) else p.encode() for p in parts)
        return hashlib.sha256(text).hexdigest()[:24]


class Labels:
    """Asks real Tornado, and remembers its answers in a file if there is one."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._known = {} if file is None else _remembered(file)
        self._fresh = 0
        self._judges = {tornado: Loopback(tornado) for tornado in (TORNADO_4, TORNADO_5)}
        self._before: dict[tuple[str, str], Seen] = {}

    def __getitem__(self, case: Case) -> str:
        """``"same"``, ``"unloadable"``, or the first difference that was seen."""
        if case.digest not in self._known:
            self._known[case.digest] = self._ask(case)
            self._fresh += 1
            if self._fresh % 20 == 0:
                self.save()
        return self._known[case.digest]

    def confirmed(self, case: Case, name: str, counterexample: Mapping[str, Any]) -> str:
        """The label of a mutant that seemed right, after the explorer's counterexample too."""
        key = f"{case.digest} {hashlib.sha256(counterexample['replay'].encode()).hexdigest()[:8]}"
        if key not in self._known:
            self._known[key] = self._shown(case, name, counterexample)
        return self._known[key]

    def _shown(self, case: Case, name: str, counterexample: Mapping[str, Any]) -> str:
        fixture = case.fixture
        old, new = fixture.version(fixture.before), fixture.version(case.mutant.source.encode())
        pair = Pair(old, new, fixture.wishes, fixture.accepted)
        asked = pair.counterexample(name, counterexample["choices"])
        for tornado, judge in self._judges.items():
            try:
                told = next(pair.compared(judge, [asked]), None)
            except OracleError:  # what the explorer served cannot be served here
                return "same"
            if told is not None:
                return f"{tornado}: {told}"
        return "same"

    def save(self) -> None:
        """Write the answers to the file."""
        if self._file is not None:
            known = {"harness": _harness(), "labels": self._known}
            self._file.write_text(json.dumps(known, indent=0, sort_keys=True), "utf-8")

    def close(self) -> None:
        """End the children."""
        for judge in self._judges.values():
            judge.close()

    def _ask(self, case: Case) -> str:
        for tornado in self._judges:
            try:
                found = next(self._differences(case, tornado), None)
            except OracleError:
                return "unloadable"
            if found is not None:
                return f"{tornado}: {found}"
        return "same"

    def _differences(self, case: Case, tornado: str) -> Iterator[str]:
        fixture, judge = case.fixture, self._judges[tornado]
        old, new = fixture.version(fixture.before), fixture.version(case.mutant.source.encode())
        key = (fixture.name, tornado)
        if key not in self._before:
            self._before[key] = explore(judge, old, fixture.wishes)
        pair = Pair(old, new, fixture.wishes, fixture.accepted)
        yield from pair.differences(judge, self._before[key])


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two versions of a module for real Tornado; effects that match ``accepted`` do not count."""

    old: Version
    new: Version
    wishes: Wishes = dataclasses.field(default_factory=Wishes)
    accepted: tuple[str, ...] = ()

    def differences(self, judge: Loopback, seen: Seen | None = None) -> Iterator[str]:
        """By the scenarios that the old version suggests, then by those that the new one does.

        ``seen`` is what ``explore`` showed of the old version, if that is known.
        """
        if seen is None:
            seen = explore(judge, self.old, self.wishes)
        for start, stop in itertools.pairwise(CHUNKS):
            again = judge.observe(self.new, [scenario for scenario, _ in seen[start:stop]])
            for (scenario, one), other in zip(seen[start:stop], again, strict=True):
                yield from self._told(judge, scenario, one, other)
        simple = [scenario for scenario, _ in seen if _is_simple(scenario)]
        several = [many for one in simple for many in _repeated(one)]
        yield from self.compared(judge, [*several, *_mixed(simple)])
        known = {scenario.name for scenario, _ in seen}
        more = [(s, a) for s, a in explore(judge, self.new, self.wishes) if s.name not in known]
        first = judge.observe(self.old, [scenario for scenario, _ in more])
        for (scenario, other), one in zip(more, first, strict=True):
            yield from self._told(judge, scenario, one, other)

    def compared(self, judge: Loopback, scenarios: Sequence[Scenario]) -> Iterator[str]:
        """Every difference in these scenarios."""
        both = judge.observe(self.old, scenarios), judge.observe(self.new, scenarios)
        for scenario, one, other in zip(scenarios, *both, strict=True):
            yield from self._told(judge, scenario, one, other)

    def counterexample(self, name: str, choices: Sequence[Mapping[str, Any]]) -> Scenario:
        """What the explorer's counterexample for a handler asks for, as a scenario."""
        wishes = dataclasses.replace(self.wishes, handlers=(name,))
        known = revealed((self.old.source, self.new.source))
        return asked_for(plain_scenarios(self.old.source, wishes)[0], choices, known)

    def _told(
        self, judge: Loopback, scenario: Scenario, one: Observation, other: Observation
    ) -> Iterator[str]:
        """The differences, unless they come and go: threads are real here."""
        found = differences(one, other, accepted=self.accepted)
        if found:
            ones, others = [one], [other]
            for seen, version in ((ones, self.old), (others, self.new)):
                seen += judge.observe(version, [scenario] * REPEATS)
            if not all(
                differences(left, right, accepted=self.accepted)
                for left, right in itertools.product(ones, others)
            ):
                return
        for line in found:
            yield f"{scenario.name}: {line}"


def _harness() -> str:
    """A digest of everything that decides what real Tornado is asked and what counts."""
    own = Path(__file__)
    files = [*sorted((TESTS / "oracle").glob("*.py")), own, own.with_name("replay.py")]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:24]


def _remembered(file: Path) -> dict[str, str]:
    """What a file holds; *same* only counts for the harness that looked: another may see more."""
    if not file.exists():
        return {}
    data = json.loads(file.read_text("utf-8"))
    known: dict[str, str] = data["labels"]
    if data["harness"] == _harness():
        return known
    return {key: label for key, label in known.items() if label != "same"}


def _is_simple(scenario: Scenario) -> bool:
    return len(scenario.requests) == 1 and len(scenario.outcomes) < 2 and scenario.leave is None


def _mixed(simple: Sequence[Scenario]) -> Iterator[Scenario]:
    """Requests for one handler that ask for different things, one after the other, either way."""
    plain = [each for each in simple if not each.outcomes]
    for handler in dict.fromkeys(each.handler for each in plain):
        own = [each for each in plain if each.handler == handler]
        requests = tuple(request for each in own for request in each.requests)
        for order in (requests, requests[::-1]) if len(own) > 1 else ():
            yield dataclasses.replace(own[0], name=f"{handler}, one of each", requests=order)


def _repeated(scenario: Scenario) -> Iterator[Scenario]:
    """The same request three times, at once and in turn: a class shares more than its code."""
    requests = scenario.requests * 3
    for how, overlap in (("at once", True), ("in turn", False)):
        name = f"{scenario.name}, three {how}"
        yield dataclasses.replace(scenario, name=name, requests=requests, overlap=overlap)
