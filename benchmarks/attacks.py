"""The labels of ``tests/attacks.txt`` held against real Tornado, and against the explorer.

Usage: ``python benchmarks/attacks.py [FILE] [--only TEXT]``; FILE is laid out like
``tests/attacks.txt``, which it is where none is given.

For each pair it prints what the file claims, what real Tornado shows (4.4.2, then 5.1.1, over
loopback, ``labels.Pair``; where that is nothing and the explorer calls the pair *different*, its
counterexample too) and what ``uncallback verify`` says. Exit code 1 if a line does not hold: a
claim that real Tornado contradicts or a wrong verdict.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from labels import Pair  # noqa: E402
from oracle import loopback  # noqa: E402
from oracle.explore import Wishes  # noqa: E402
from oracle.install import TORNADO_4, TORNADO_5  # noqa: E402
from uncallback.refactor.model import Verdict  # noqa: E402
from uncallback.refactor.verify import Verifier, VerifyOptions, Version  # noqa: E402

ACCEPTED = {
    "same": ("equivalent",),
    "different": ("different",),
    "unseen": ("equivalent",),
    "inconclusive": ("inconclusive",),
}
"""The verdicts that are right for a claim; *unseen* must not be called complete."""


@dataclasses.dataclass(frozen=True)
class Attack:
    """One pair of the file: its claim, its name and both sources."""

    claim: str
    name: str
    before: str
    after: str

    @property
    def handler(self) -> str:
        """The verb that is compared: the one that ``Main`` has."""
        return "Main.get" if "def get(" in self.before else "Main.post"

    @property
    def oracle(self) -> Pair:
        """The pair as real Tornado runs it."""
        versions = [loopback.Version(text, "app.py") for text in (self.before, self.after)]
        return Pair(*versions, Wishes(handlers=(self.handler,)))


@dataclasses.dataclass(frozen=True)
class Result:
    """What was seen of one pair: ``seen`` is the first difference on real Tornado, or ""."""

    attack: Attack
    seen: str
    verdict: Verdict
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether claim, real Tornado and verdict agree; *unseen* may or may not be seen."""
        claim, verdict = self.attack.claim, self.verdict
        if verdict.result not in ACCEPTED[claim] or (claim == "unseen" and verdict.complete):
            return False
        return claim in ("unseen", "inconclusive") or bool(self.seen) == (claim == "different")


def attacks(file: Path) -> Iterator[Attack]:
    """The pairs of a file in its order."""
    head, *parts = file.read_text("utf-8").split("\n=== ")
    for part in parts:
        title, text = part.split("\n", 1)
        claim, _, name = title.partition(": ")
        before, after = (f"{head}\n{each}" for each in text.split("\n---\n"))
        yield Attack(claim, name, before, after)


def measure(chosen: list[Attack]) -> Iterator[Result]:
    """Ask real Tornado and the explorer about each pair."""
    judges = {tornado: loopback.Loopback(tornado) for tornado in (TORNADO_4, TORNADO_5)}
    with Verifier(VerifyOptions(before_tornado=4)) as verifier:
        for attack in chosen:
            start = time.monotonic()
            versions = [Version("app.py", t.encode()) for t in (attack.before, attack.after)]
            verdict = verifier.verify(*versions, [attack.handler])[attack.handler]
            seconds = time.monotonic() - start
            yield Result(attack, _seen(attack, judges, verdict), verdict, seconds)
    for judge in judges.values():
        judge.close()


def _seen(attack: Attack, judges: Mapping[str, loopback.Loopback], verdict: Verdict) -> str:
    for tornado, judge in judges.items():
        try:
            for line in attack.oracle.differences(judge):
                return f"{tornado}: {line}"
            if verdict.counterexample is not None:
                asked = attack.oracle.counterexample(
                    attack.handler, verdict.counterexample["choices"]
                )
                for line in attack.oracle.compared(judge, [asked]):
                    return f"{tornado}: {line}"
        except loopback.OracleError as error:
            return str(error)
    return ""


def main() -> int:
    """Print a line or two for each pair; the exit code says whether all of them hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, nargs="?", default=ROOT / "tests" / "attacks.txt")
    parser.add_argument("--only", default="", help="pairs whose name contains this")
    options = parser.parse_args()
    chosen = [attack for attack in attacks(options.file) if options.only in attack.name]
    wrong = 0
    for result in measure(chosen):
        attack, verdict = result.attack, result.verdict
        extent = f"{', complete' if verdict.complete else ''}, {verdict.runs} runs"
        print("ok  " if result.holds else "FAIL", f"{attack.claim}: {attack.name}", flush=True)
        print(f"     real Tornado: {' '.join(result.seen.split())[:160] or 'no difference'}")
        print(f"     explorer: {verdict.result}{extent}, {result.seconds:.1f} s")
        if verdict.reason:
            print(f"         {verdict.reason[:300]}")
        wrong += not result.holds
    print(f"{len(chosen)} pairs, {wrong} do not hold")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
