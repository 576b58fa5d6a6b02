"""Tornado 4.4.2's own tests, run with ``tornado`` meaning the bundled runtime.

    python benchmarks/conformance.py            every module of the table
    python benchmarks/conformance.py gen_test   only these

Fetches Tornado 4.4.2 from PyPI (source distribution, which has the tests), runs each test module
twice in children of this interpreter, on the runtime and on Tornado 4.4.2 itself, and prints the
scores side by side, then every test that the runtime fails, with its reason. Nothing is skipped by
name. Exits with 1 if a module is under its figure.
"""

from __future__ import annotations

import argparse
import collections.abc
import json
import os
import re
import subprocess
import sys
import unittest
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSION = "4.4.2"
SECONDS = 300

FIGURES = {
    "gen_test": 95,
    "stack_context_test": 11,
    "locks_test": 40,
    "queues_test": 40,
    "concurrent_test": 20,
    "testing_test": 19,
    "ioloop_test": 38,
    "web_test": 115,
}
"""How many tests of each module must pass."""


@dataclass(frozen=True)
class Score:
    """What one side made of one module; ``failed`` has a reason for each name."""

    tests: int
    skipped: int
    failed: dict[str, str]

    @property
    def passed(self) -> int:
        """How many tests did their work and passed."""
        return self.tests - self.skipped - len(self.failed)


def main() -> int:
    """Print the table and the failures; the exit code says whether a module passes too few."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", help="test modules (default: all of the table)")
    parser.add_argument("--child", choices=["runtime", "tornado"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_child(options.child, options.modules[0], options.folder)
        return 0
    sys.path.insert(0, str(ROOT / "tests"))
    from oracle.install import tornado_path

    folder = str(tornado_path(VERSION))
    modules = options.modules or list(FIGURES)
    rows = [(m, score("runtime", m, folder), score("tornado", m, folder)) for m in modules]
    return report(rows)


def score(side: str, module: str, folder: str) -> Score:
    """Run ``module`` in a child; a child that dies counts as one failed test of that name."""
    command = [sys.executable, __file__, module, "--child", side, "--folder", folder]
    environment = {**os.environ, "PYTHONPATH": folder if side == "tornado" else ""}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS, env=environment
        )
        return Score(**json.loads(done.stdout.splitlines()[-1]))
    except subprocess.TimeoutExpired:
        return Score(1, 0, {module: f"no end after {SECONDS} seconds"})
    except (IndexError, ValueError):
        return Score(1, 0, {module: f"the child died: {done.stderr[-500:]}"})


def report(rows: list[tuple[str, Score, Score]]) -> int:
    """Print the table and the failures; return the exit code."""
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"Tornado {VERSION}'s tests on Python {version}\n")
    print("| module | tests | skip themselves | runtime passes | at least | Tornado 4.4.2 passes |")
    print("|---|---|---|---|---|---|")
    under = []
    for module, ours, real in rows:
        figure = FIGURES.get(module, 0)
        numbers = [ours.tests, ours.skipped, ours.passed, figure, real.passed]
        print(f"| {module} | {' | '.join(map(str, numbers))} |")
        if ours.passed < figure:
            under.append(module)
    for module, ours, real in rows:
        for name, reason in ours.failed.items():
            also = " (fails on Tornado 4.4.2 too)" if name in real.failed else ""
            print(f"\n{module}: {name}{also}\n    {reason}", end="")
    print()
    for module in under:
        print(f"\n{module} is under its figure")
    return 1 if under else 0


def run_child(side: str, module: str, folder: str) -> None:
    """Run one test module in this process and print its score as a line of JSON."""
    if side == "runtime":
        from uncallback.runtime import tornado_alias

        tornado_alias.install({"tornado.test": f"{folder}/tornado/test"})
    else:
        prepare_for_tornado()
    import concurrent.futures.thread  # noqa: F401  the tests expect it to be there
    import logging

    logging.basicConfig(handlers=[logging.NullHandler()])
    suite = unittest.defaultTestLoader.loadTestsFromName(f"tornado.test.{module}")
    count = suite.countTestCases()
    result = unittest.TestResult()
    suite.run(result)
    failed = {}
    for test, text in [*result.failures, *result.errors]:
        failed[test.id().removeprefix("tornado.test.")] = last_words(text)
    for test in result.unexpectedSuccesses:
        failed[test.id()] = "passed, and was expected to fail"
    print(json.dumps({"tests": count, "skipped": len(result.skipped), "failed": failed}))
    sys.stdout.flush()
    os._exit(0)  # threads that tests have left behind must not keep the child


def last_words(text: str) -> str:
    """Return the first line of the exception at the end of a formatted traceback."""
    last_traceback = text.rstrip().split("Traceback (most recent call last):\n")[-1]
    lines = [line for line in last_traceback.splitlines() if re.match(r"\S", line)]
    return lines[0] if lines else text


def prepare_for_tornado() -> None:
    """Give Tornado 4.4.2 the two names that newer Pythons have removed."""
    import ssl

    if not hasattr(collections, "MutableMapping"):
        collections.MutableMapping = collections.abc.MutableMapping  # type: ignore[attr-defined]
    if not hasattr(ssl, "match_hostname"):
        ssl.match_hostname = None  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
