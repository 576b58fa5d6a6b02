"""Random handlers, converted without the check and run before and after on real Tornado.

    python benchmarks/fuzz_tornado.py               100 handlers from seed 0
    python benchmarks/fuzz_tornado.py 50 --seed 7   others

Each result for Tornado 5 is run on 4.4.2 and 5.1.1, each for Tornado 6 on 6.5.2 against the
original on 4.4.2. A difference is a mistake of the codemod that nothing catches under
``--no-verify``; each is printed. Exits with 1 if there is one, or if something could not be run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from oracle.compare import differences
from oracle.explore import Seen, explore
from oracle.fixture import Fixture
from oracle.install import TORNADO_4, TORNADO_5, TORNADO_6
from oracle.loopback import Loopback, OracleError
from oracle.tool import convert
from random_handlers import module

#: Style and target of a conversion, and the Tornado that runs the original and the result.
RUNS = (
    ("coroutine", 5, TORNADO_4, TORNADO_4),
    ("coroutine", 5, TORNADO_5, TORNADO_5),
    ("native", 5, TORNADO_5, TORNADO_5),
    ("coroutine", 6, TORNADO_4, TORNADO_6),
    ("native", 6, TORNADO_4, TORNADO_6),
)
#: 5.1.1 logs this for a flush when the client has left, and when it does is a matter of timing.
ACCEPTED = {TORNADO_5: (r"Exception in callback.*StreamClosedError: Stream is closed",)}

#: How a run ends that a loaded machine had to cut off; it says nothing.
OUT_OF_TIME = "out of time"


class Judges:
    """A child for each Tornado."""

    def __init__(self) -> None:
        self.children = {version: Loopback(version) for version in {r[3] for r in RUNS}}

    def before(self, fixture: Fixture, tornado: str) -> Seen:
        """What the original does, in every scenario that is thought up for it."""
        return explore(self.children[tornado], fixture.version(fixture.before), fixture.wishes)

    def compare(self, seen: Seen, fixture: Fixture, after: bytes, run: tuple) -> list[str]:
        """The differences between the original and the result, as lines."""
        _, _, before, tornado = run
        again = self.children[tornado].observe(fixture.version(after), [s for s, _ in seen])
        accepted = ACCEPTED.get(tornado, ())
        across = before != tornado
        return [
            line
            for (scenario, one), other in zip(seen, again, strict=True)
            if OUT_OF_TIME not in (one.end, other.end)
            if (found := differences(one, other, generations=across, accepted=accepted))
            for line in (f"-- {scenario.name}", *found)
        ]

    def close(self) -> None:
        for child in self.children.values():
            child.close()


def problems(fixture: Fixture, judges: Judges) -> tuple[int, list[str]]:
    """How often the handler was converted, and what then went wrong, as texts."""
    seen: dict[str, Seen] = {}
    converted, found = 0, []
    for run in RUNS:
        style, target, before, tornado = run
        after = convert(fixture, {fixture.path: fixture.before}, style, target)[fixture.path].after
        if after == fixture.before:
            continue
        converted += 1
        try:
            if before not in seen:
                seen[before] = judges.before(fixture, before)
            lines = judges.compare(seen[before], fixture, after, run)
        except OracleError as error:
            lines = [f"could not be run: {error}"]
        if lines:
            found.append("\n".join([f"{style}, for {target}, on {tornado}:", *lines[:60]]))
    return converted, found


def main() -> int:
    """Convert and compare what the command line asks for; print the mistakes and a total."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", nargs="?", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    start = time.monotonic()
    conversions = mistakes = 0
    judges = Judges()
    for seed in range(given.seed, given.seed + given.count):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "before.py").write_text(module(Random(seed)), encoding="utf-8")
            converted, found = problems(Fixture(Path(folder)), judges)
        conversions += converted
        mistakes += len(found)
        for text in found:
            print(f"seed {seed}, {text}", flush=True)
    judges.close()
    seconds = time.monotonic() - start
    print(f"{given.count} handlers, {conversions} conversions: {mistakes} differ ({seconds:.0f} s)")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
