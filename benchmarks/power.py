"""How much the explorer sees: mutants of the fixtures, labelled by real Tornado, judged by it.

Usage: ``python benchmarks/power.py [--limit N] [--labels FILE] [--only NAME] [--json FILE]``.

Every expected result in ``fixtures/`` is changed in every way that ``operators.py`` knows. Real
Tornado (4.4.2 and 5.1.1 over loopback, ``labels.py``) says whether a mutant behaves like the
fixture's ``before.py``; the explorer is asked the same. ``--labels`` keeps what real Tornado said
in a file, by the sources' digest, because that is the slow part.

Exit code 1 if a claim of the project does not hold: at least 98 % of the wrong mutants found, none
of the right ones called different, none of the wrong ones called equivalent and complete.
"""

from __future__ import annotations

import argparse
import ast
import collections
import dataclasses
import json
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from labels import Case, Labels  # noqa: E402
from mutate import mutants  # noqa: E402
from oracle.fixture import fixtures  # noqa: E402
from uncallback.refactor.model import Verdict  # noqa: E402
from uncallback.refactor.verify import (  # noqa: E402
    CheckError,
    Verifier,
    VerifyOptions,
    Version,
)

FOUND = 0.98
UNCONFIRMED = "a fresh process did not show the difference"


@dataclasses.dataclass(frozen=True)
class Result:
    """What real Tornado and the explorer say about one mutant."""

    case: Case
    label: str
    verdict: Verdict
    seconds: float

    @property
    def wrong(self) -> bool:
        return self.label != "same"

    @property
    def mark(self) -> str:
        """One character for the progress line: ``.`` is as it should be."""
        if self.wrong:
            return "." if self.verdict.result == "different" else self.verdict.result[0].upper()
        return self.verdict.result[0] if self.verdict.result != "equivalent" else "."


def cases(only: str) -> Iterator[Case]:
    """Every mutant of every expected result, each text of a fixture once."""
    for fixture in fixtures():
        seen: set[str] = set()
        for style in ("coroutine", "native"):
            source = fixture.expected(style, 5)
            if source is None or only not in fixture.name or fixture.project(style):
                continue
            for mutant in mutants(source.decode("utf-8")):
                if mutant.source not in seen:
                    seen.add(mutant.source)
                    yield Case(fixture, f"after.{style}.py", mutant)


def judge(verifier: Verifier, case: Case) -> tuple[str, Verdict]:
    """The worst verdict over the handlers that a mutant can reach, and which handler has it.

    The first *different* ends the search.
    """
    before = Version(case.fixture.path, case.fixture.before)
    after = Version(case.fixture.path, case.mutant.source.encode())
    worst = "", Verdict("equivalent", complete=True)
    try:
        names = verifier.handlers(before, after)
    except CheckError as error:
        return "", Verdict("inconclusive", reason=str(error))
    reached = _reached(case)
    for name in names:
        if name.partition(".")[0] not in reached:
            continue
        verdict = verifier.verify(before, after, [name])[name]
        worst = min(worst, (name, verdict), key=lambda each: _rank(each[1]))
        if verdict.result == "different":
            break
    return worst


_PARTS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _reached(case: Case) -> frozenset[str]:
    """What a change can reach: the changed class, its users, and what it is made of.

    A handler may stand in a function, so functions count as classes do.
    """
    tree = ast.parse((case.fixture.folder / case.file).read_bytes())
    parts = {node.name: node for node in tree.body if isinstance(node, _PARTS)}
    line = case.mutant.line
    changed = {n for n, c in parts.items() if c.lineno <= line <= (c.end_lineno or 0)}
    users = set(changed or parts)
    bases = set(users)
    for _ in parts:
        users |= {name for name, node in parts.items() if not users.isdisjoint(_names(node))}
        bases |= {name for base in bases for name in _names(parts[base]) if name in parts}
    return frozenset(users | bases)


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _rank(verdict: Verdict) -> tuple[int, bool]:
    return ("different", "inconclusive", "equivalent").index(verdict.result), verdict.complete


def measure(chosen: Iterable[Case], labels: Labels) -> Iterator[Result]:
    """Label and judge every case; mutants that cannot be loaded are left out, with a line."""
    with Verifier(VerifyOptions()) as verifier:
        for case in chosen:
            label = labels[case]
            if label == "unloadable":
                print(f"left out, cannot be loaded: {case.name}", flush=True, file=sys.stderr)
                continue
            start = time.monotonic()
            name, verdict = judge(verifier, case)
            seconds = time.monotonic() - start
            if label == "same" and verdict.counterexample is not None:
                label = labels.confirmed(case, name, verdict.counterexample)
            result = Result(case, label, verdict, seconds)
            told = "." if result.mark == "." else f"{result.mark} {case.name}: {verdict.reason}\n"
            print(told, end="", flush=True, file=sys.stderr)
            yield result


def report(results: list[Result]) -> bool:
    """Print the figures and the survivors; whether the project's claims hold."""
    wrong = [result for result in results if result.wrong]
    right = [result for result in results if not result.wrong]
    found = [result for result in wrong if result.verdict.result == "different"]
    false_different = [result for result in right if result.verdict.result == "different"]
    false_equivalent = [r for r in wrong if r.verdict.result == "equivalent" and r.verdict.complete]
    missed = [r for r in wrong if r.verdict.result != "different"]
    share = len(found) / len(wrong) if wrong else 1.0
    print(f"{len(results)} mutants: {len(wrong)} wrong, {len(right)} right (by real Tornado)")
    print(f"wrong ones found: {len(found)} of {len(wrong)} ({share:.1%})")
    print(f"right ones called different: {len(false_different)}")
    print(f"wrong ones called equivalent, complete: {len(false_equivalent)}")
    proven = sum(r.verdict.result == "equivalent" for r in right)
    print(f"right ones called equivalent: {proven} of {len(right)}")
    _counterexamples(results)
    _print("survivors", missed)
    _print("false alarms", false_different)
    _by_operator(results)
    times = sorted(result.seconds for result in results)
    if times:
        print(f"seconds a mutant: median {times[len(times) // 2]:.2f}, longest {times[-1]:.2f}")
    return bool(results) and share >= FOUND and not false_different and not false_equivalent


def _print(title: str, results: list[Result]) -> None:
    if results:
        print(f"\n{title}:")
    for result in results:
        verdict = result.verdict
        complete = ", complete" if verdict.complete else ""
        print(f"  {result.case.name}: {verdict.result}{complete} ({verdict.reason})")
        print(f"      real Tornado: {' '.join(result.label.split())[:240]}")


def _counterexamples(results: list[Result]) -> None:
    counts = [n for r in results if (n := _deviations(r.verdict)) is not None]
    lost = [r for r in results if UNCONFIRMED in (r.verdict.reason or "")]
    if counts:
        small = sum(count <= 2 for count in counts)
        print(f"counterexamples that replayed in a fresh process: {len(counts)}")
        print(f"counterexamples that did not: {len(lost)}")
        print(f"with two deviations or fewer: {small} ({small / len(counts):.1%})")


def _by_operator(results: list[Result]) -> None:
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for result in results:
        own = counts[result.case.mutant.operator]
        own["wrong"] += result.wrong
        own["found"] += result.wrong and result.verdict.result == "different"
        own["right"] += not result.wrong
    print("\noperator                            wrong  found  right")
    for operator, own in sorted(counts.items()):
        print(f"{operator:<36}{own['wrong']:>5}{own['found']:>7}{own['right']:>7}")


def main() -> int:
    """Run the benchmark; the exit code says whether the claims hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, default=0, help="judge so many, chosen by digest")
    parser.add_argument("--only", default="", help="fixtures whose name contains this")
    parser.add_argument("--labels", type=Path, help="file that keeps what real Tornado said")
    parser.add_argument("--json", type=Path, help="write every result to this file")
    options = parser.parse_args()
    chosen = list(cases(options.only))
    if options.limit:
        # By digest, so that a new fixture does not change which of the old mutants are chosen.
        chosen = sorted(chosen, key=lambda case: case.digest)[: options.limit]
    labels = Labels(options.labels)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    results: list[Result] = []
    try:
        results.extend(measure(chosen, labels))
    except KeyboardInterrupt:
        print(f"stopped after {len(results)} of {len(chosen)}")
    finally:
        labels.save()
        labels.close()
    if options.json:
        rows = [
            {
                "name": result.case.name,
                "label": result.label,
                "result": result.verdict.result,
                "complete": result.verdict.complete,
                "runs": result.verdict.runs,
                "reason": result.verdict.reason,
                "deviations": _deviations(result.verdict),
                "seconds": round(result.seconds, 3),
            }
            for result in results
        ]
        options.json.write_text(json.dumps(rows, indent=1), "utf-8")
    return 0 if report(results) else 1


def _deviations(verdict: Verdict) -> int | None:
    example = verdict.counterexample
    return None if example is None else sum(not choice["plain"] for choice in example["choices"])


if __name__ == "__main__":
    sys.exit(main())
