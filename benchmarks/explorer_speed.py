"""How fast the explorer is: recorded runs a second, and seconds until a verdict.

Usage: ``python benchmarks/explorer_speed.py [--repeat N]``. The first figure is for one handler
with two operations, one process and one core, everything included (request, handler, fetches,
trace, comparison), by computing time. The second is for every fixture with an expected result,
process start included.
Exit code 1 if a claim of the project does not hold: 5,000 runs a second, median under 0.5 s.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from functools import partial
from pathlib import Path

from uncallback.refactor import verify
from uncallback.runtime.explore import loader, world
from uncallback.runtime.explore.search import Budget
from uncallback.runtime.explore.trace import Version
from uncallback.runtime.explore.verdict import Side, judge

ROOT = Path(__file__).resolve().parents[1]
RUNS_A_SECOND = 5000
MEDIAN = 0.5

BEFORE = """
from tornado.httpclient import AsyncHTTPClient
from tornado.web import RequestHandler, asynchronous

class TwoHandler(RequestHandler):
    @asynchronous
    def get(self):
        AsyncHTTPClient().fetch("http://one.example.com", callback=self.on_one)

    def on_one(self, response):
        self.one = response.code
        AsyncHTTPClient().fetch("http://two.example.com", callback=self.on_two)

    def on_two(self, response):
        self.finish("%s %s" % (self.one, response.code))
"""
AFTER = """
from tornado import gen
from tornado.httpclient import AsyncHTTPClient
from tornado.web import RequestHandler

class TwoHandler(RequestHandler):
    @gen.coroutine
    def get(self):
        response = yield AsyncHTTPClient().fetch("http://one.example.com", raise_error=False)
        self.one = response.code
        response = yield AsyncHTTPClient().fetch("http://two.example.com", raise_error=False)
        self.finish("%s %s" % (self.one, response.code))
"""


def runs_a_second(repeat: int) -> float:
    """The best of ``repeat`` complete explorations of the two-operation handler."""
    sides = []
    for source, other in ((BEFORE, AFTER), (AFTER, BEFORE)):
        program = loader.load(Version("app.py", source.encode(), other=other.encode()))
        execute = partial(world.execute, program, "TwoHandler.get")
        sides.append(Side(execute, program.outline("TwoHandler.get"), program.locate))
    best = 0.0
    for _ in range(repeat):
        start = time.process_time()
        judgement = judge(sides[0], sides[1], Budget(runs=100_000, seconds=60))
        elapsed = time.process_time() - start
        assert judgement.result == "equivalent", judgement.reason
        assert judgement.complete
        best = max(best, judgement.runs / elapsed)
    return best


def seconds_a_verdict() -> dict[str, tuple[float, float]]:
    """Seconds for each expected result of the fixtures, a process of its own each.

    By the clock on the wall, and what the checking processes computed, which does not depend on
    what else the machine does.
    """
    seconds = {}
    for file in sorted((ROOT / "fixtures").glob("*/after.*.py")):
        before = file.with_name("before.py").read_bytes()
        generation = 6 if file.name.endswith(".6.py") else None
        start, computed = time.perf_counter(), _computed()
        with verify.Verifier(verify.VerifyOptions(after_tornado=generation)) as verifier:
            versions = [verify.Version("app.py", text) for text in (before, file.read_bytes())]
            handlers = verifier.verify_all(*versions)
        number = max(1, len(handlers))
        elapsed, computed = time.perf_counter() - start, _computed() - computed
        seconds[f"{file.parent.name}/{file.name}"] = elapsed / number, computed / number
    return seconds


def _computed() -> float:
    """Seconds of computing by processes that were started here and have ended."""
    times = os.times()
    return times.children_user + times.children_system


def main() -> int:
    """Print both figures; the exit code says whether the claims hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    rate = runs_a_second(options.repeat)
    print(f"recorded runs a second, two operations, one core: {rate:,.0f}")
    seconds = seconds_a_verdict()
    median, computed = (statistics.median(column) for column in zip(*seconds.values(), strict=True))
    slowest = max(seconds, key=lambda name: seconds[name])
    print(f"seconds a handler over {len(seconds)} files: median {median:.2f}")
    print(f"seconds of computing a handler, process start included: median {computed:.2f}")
    print(f"slowest: {slowest}, {seconds[slowest][0]:.2f}")
    return 0 if rate >= RUNS_A_SECOND and median < MEDIAN else 1


if __name__ == "__main__":
    sys.exit(main())
