"""What real Tornado says about a mutant: does it behave like the fixture's ``before.py``?

A mutant is wrong when any scenario shows a difference on 4.4.2 or 5.1.1 over loopback: scenarios
that the original suggests, those that the mutant suggests, the same requests three at a time, and
the answers of the explorer's counterexample where it has one.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
from ast import literal_eval
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from mutate import Mutant
from oracle.compare import differences
from oracle.explore import WITH_BODY, Seen, explore, plain_scenarios
from oracle.fixture import Fixture
from oracle.install import TORNADO_4, TORNADO_5
from oracle.loopback import Loopback, OracleError
from oracle.scenario import OUTCOMES, Observation, Scenario

TESTS = Path(__file__).resolve().parents[1] / "tests"
CHUNKS = (0, 1, 5, 17, 1000)
"""Scenarios are run in growing parts: most wrong mutants show themselves in the first."""

ANSWERS = {
    "200, empty": "200:",
    "200, another body": "200:second",
    "connection refused": "refused",
    "connection closed": "close",
    "unknown host": "dns",
}
"""The explorer's names of an upstream's answers, as real Tornado's upstream has them."""


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
        asked = scenario(fixture, name, counterexample["choices"])
        for tornado, judge in self._judges.items():
            old, new = fixture.version(fixture.before), fixture.version(case.mutant.source.encode())
            (one,), (other,) = judge.observe(old, [asked]), judge.observe(new, [asked])
            if told := _told(fixture, asked, one, other):
                return f"{tornado}: {told[0]}"
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
        """By the scenarios that the original suggests, then by those that the mutant suggests."""
        fixture, judge = case.fixture, self._judges[tornado]
        old, new = fixture.version(fixture.before), fixture.version(case.mutant.source.encode())
        key = (fixture.name, tornado)
        if key not in self._before:
            self._before[key] = explore(judge, old, fixture.wishes)
        seen = self._before[key]
        for start, stop in itertools.pairwise(CHUNKS):
            again = judge.observe(new, [scenario for scenario, _ in seen[start:stop]])
            for (scenario, one), other in zip(seen[start:stop], again, strict=True):
                yield from _told(fixture, scenario, one, other)
        crowded = [_crowded(scenario) for scenario, _ in seen if _is_plain(scenario)]
        for scenario, one, other in zip(
            crowded, judge.observe(old, crowded), judge.observe(new, crowded), strict=True
        ):
            yield from _told(fixture, scenario, one, other)
        known = {scenario.name for scenario, _ in seen}
        more = [(s, a) for s, a in explore(judge, new, fixture.wishes) if s.name not in known]
        first = judge.observe(old, [scenario for scenario, _ in more])
        for (scenario, other), one in zip(more, first, strict=True):
            yield from _told(fixture, scenario, one, other)


def _harness() -> str:
    """A digest of everything that decides what real Tornado is asked and what counts."""
    files = [*sorted((TESTS / "oracle").glob("*.py")), Path(__file__)]
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


def _is_plain(scenario: Scenario) -> bool:
    return len(scenario.requests) == 1 and not scenario.outcomes and scenario.leave is None


def _crowded(scenario: Scenario) -> Scenario:
    """The same request three times at once: handlers of a class share more than their code."""
    name = f"{scenario.name}, three at once"
    return dataclasses.replace(scenario, name=name, requests=scenario.requests * 3, overlap=True)


def _told(fixture: Fixture, scenario: Scenario, one: Observation, other: Observation) -> list[str]:
    found = differences(one, other, accepted=fixture.accepted)
    return [f"{scenario.name}: {line}" for line in found]


def scenario(fixture: Fixture, name: str, choices: list[Mapping[str, Any]]) -> Scenario:
    """The request and the answers of a counterexample, as a scenario for real Tornado."""
    wishes = dataclasses.replace(fixture.wishes, handlers=(name,))
    plain = plain_scenarios(fixture.before.decode("utf-8"), wishes)[0]
    arguments: dict[str, list[str]] = {}
    outcomes: dict[str, str] = {}
    leave = None
    for choice in choices:
        kind, _, subject = choice["asked"].partition(" ")
        answer = choice["answer"]
        if kind == "argument" and answer.startswith(("'", '"')):
            arguments[subject] = [literal_eval(answer)]
        elif kind == "argument" and answer == "twice":
            arguments[subject.removesuffix(" is given")].append("text")
        elif kind == "fetch" and (outcome := _outcome(answer)) is not None:
            outcomes[subject] = outcome
        elif choice["asked"].startswith("client while waiting for fetch ") and not choice["plain"]:
            leave = choice["asked"].removeprefix("client while waiting for fetch ")
    (request,) = plain.requests
    path, encoded = request.path.partition("?")[0], urlencode(arguments, doseq=True)
    if request.method in WITH_BODY:
        request = dataclasses.replace(request, path=path, body=encoded or "x=1")
    else:
        request = dataclasses.replace(request, path=f"{path}?{encoded}" if encoded else path)
    return dataclasses.replace(
        plain,
        name=f"{name}, counterexample",
        requests=(request,),
        outcomes=outcomes,
        leave=leave,
    )


def _outcome(answer: str) -> str | None:
    """The upstream's outcome that an answer of the explorer's stands for, if there is one."""
    if answer.startswith(("200, '", '200, "')):
        return f"200:{literal_eval(answer.removeprefix('200, '))}"
    outcome = ANSWERS.get(answer, answer)
    return outcome if outcome in OUTCOMES or outcome.startswith("200:") else None
