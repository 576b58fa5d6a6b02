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
import re
from ast import literal_eval
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

from mutate import Mutant
from oracle.compare import differences
from oracle.explore import WITH_BODY, Seen, Wishes, explore, plain_scenarios
from oracle.fixture import Fixture
from oracle.install import TORNADO_4, TORNADO_5
from oracle.loopback import Loopback, OracleError, Version
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

REPEATS = 2
"""How often a scenario that shows a difference is run again."""

ENVIRONMENT = "environment variable "
REQUEST = {
    "the request's remote_ip": "X-Real-Ip",
    "the request's protocol": "X-Scheme",
    "the request's host": "Host",
}
"""What the explorer asks of a request, and the header that answers it."""


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
            for told in pair.compared(judge, [asked]):
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
        yield from self.compared(judge, [many for one in simple for many in _repeated(one)])
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
        return scenario(plain_scenarios(self.old.source, wishes)[0], choices)

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


def _is_simple(scenario: Scenario) -> bool:
    return len(scenario.requests) == 1 and len(scenario.outcomes) < 2 and scenario.leave is None


def _repeated(scenario: Scenario) -> Iterator[Scenario]:
    """The same request three times, at once and in turn: a class shares more than its code."""
    requests = scenario.requests * 3
    for how, overlap in (("at once", True), ("in turn", False)):
        name = f"{scenario.name}, three {how}"
        yield dataclasses.replace(scenario, name=name, requests=requests, overlap=overlap)


def scenario(plain: Scenario, choices: Sequence[Mapping[str, Any]]) -> Scenario:
    """The requests and the answers of a counterexample, on top of a plain scenario."""
    ours = [each for each in choices if not _OF_ANOTHER.search(each["asked"])]
    first = _alone(plain, ours)
    came = [each["asked"] for each in ours if _COMES.match(each["asked"]) and not each["plain"]]
    others = [_alone(plain, [*ours, *_own(choices, asked.split()[1])]) for asked in came]
    return dataclasses.replace(
        first,
        requests=tuple(request for each in (first, *others) for request in each.requests),
        overlap=any(asked.endswith("at the same time") for asked in came),
    )


_COMES = re.compile(r"request \d+ comes ")
_OF_ANOTHER = re.compile(r" of request (\d+)$")


def _own(choices: Sequence[Mapping[str, Any]], number: str) -> Iterator[Mapping[str, Any]]:
    """What a further request has that the first one has not, as if it were the first one."""
    for choice in choices:
        found = _OF_ANOTHER.search(choice["asked"])
        if found and found.group(1) == number and choice["answer"] != "as in the first request":
            yield {**choice, "asked": choice["asked"][: found.start()]}


def _alone(plain: Scenario, choices: Sequence[Mapping[str, Any]]) -> Scenario:
    arguments: dict[str, list[str]] = {}
    outcomes: dict[str, str] = {}
    headers: dict[str, str] = {}
    environment: dict[str, str] = {}
    order: list[str] = []
    leave = None
    for choice in choices:
        kind, _, subject = choice["asked"].partition(" ")
        answer = choice["answer"]
        if kind == "argument" and answer == "absent":
            arguments.pop(subject, None)
        elif kind == "argument" and answer.startswith(("'", '"')):
            arguments[subject] = [literal_eval(answer)]
        elif kind == "argument" and answer == "twice":
            arguments[subject.removesuffix(" is given")].append("text")
        elif kind in ("header", "cookie") and answer.startswith(("'", '"')):
            if kind == "cookie":
                subject, answer = "Cookie", repr(f"{subject}={literal_eval(answer)}")
            headers[subject] = literal_eval(answer)
        elif choice["asked"].startswith(ENVIRONMENT) and answer.startswith(("'", '"')):
            environment[choice["asked"].removeprefix(ENVIRONMENT)] = literal_eval(answer)
        elif choice["asked"] in REQUEST:
            headers[REQUEST[choice["asked"]]] = answer
        elif choice["asked"] == "the request's query":
            arguments |= parse_qs(answer, keep_blank_values=True)
        elif choice["asked"].startswith("order:"):
            order.append(answer.removeprefix("fetch "))
        elif kind == "fetch" and (outcome := _outcome(answer)) is not None:
            outcomes[subject] = outcome
        elif choice["asked"].startswith("client while waiting for fetch ") and not choice["plain"]:
            leave = choice["asked"].removeprefix("client while waiting for fetch ")
    (request,) = plain.requests
    request = dataclasses.replace(request, headers={**request.headers, **headers})
    path, encoded = request.path.partition("?")[0], urlencode(arguments, doseq=True)
    if request.method in WITH_BODY:
        request = dataclasses.replace(request, path=path, body=encoded or "x=1")
    else:
        request = dataclasses.replace(request, path=f"{path}?{encoded}" if encoded else path)
    return dataclasses.replace(
        plain,
        name=f"{plain.name}, counterexample",
        requests=(request,),
        outcomes=outcomes,
        environment=environment,
        order=order or plain.order,
        leave=leave,
    )


def _outcome(answer: str) -> str | None:
    """The upstream's outcome that an answer of the explorer's stands for, if there is one."""
    if answer.isdigit() and len(answer) == 3:
        return answer
    if answer.startswith(("200, '", '200, "')):
        return f"200:{literal_eval(answer.removeprefix('200, '))}"
    outcome = ANSWERS.get(answer, answer)
    return outcome if outcome in OUTCOMES or outcome.startswith("200:") else None
