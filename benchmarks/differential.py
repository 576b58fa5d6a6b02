"""Random coroutine programs on the runtime and on real Tornado: how many differ.

    python benchmarks/differential.py [--programs 10000] [--seed 0] [--jobs 1] [4] [5] [6]

Generation 5 is a step between: there the runtime differs where a native coroutine awaits inside a
``with StackContext`` block, because Tornado 5 leaves that context behind on the loop.

Prints a line per generation and, for a difference, the shortest program with both traces. Exits
with 1 if there is one.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from differential.children import both, make_program, side_by_side

GENERATIONS = (4, 6)
BATCH = 20  # programs that the children work on at the same time


def main() -> int:
    """Compare what the command line asks for; the exit code says whether anything differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("generations", nargs="*", type=int, help="4, 5, 6 (default: 4 6)")
    parser.add_argument("--programs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="pairs of children at a time")
    options = parser.parse_args()
    different = [
        compare(g, options.programs, options.seed, options.jobs)
        for g in options.generations or GENERATIONS
    ]
    return 1 if any(different) else 0


def compare(generation: int, programs: int, seed: int, jobs: int) -> int:
    """Run ``programs`` programs on both sides, ``jobs`` pairs at a time; how many differ."""
    start = time.monotonic()
    shares = [range(job * BATCH, programs, jobs * BATCH) for job in range(jobs)]
    with ThreadPoolExecutor(jobs) as pool:
        done = list(pool.map(lambda firsts: run(generation, programs, seed, firsts), shares))
    different = [each for found, _ in done for each in found]
    events = sum(count for _, count in done)
    seconds = time.monotonic() - start
    print(
        f"Tornado {generation}: {len(different)} of {programs} programs differ "
        f"({events} events, {seconds:.0f} s)"
    )
    if different:
        program, ours, theirs = min(different, key=lambda found: len(json.dumps(found[0])))
        print(f"{json.dumps(program)}\n{side_by_side(ours, theirs)}")
    return len(different)


def run(generation: int, programs: int, seed: int, firsts: range) -> tuple[list[Any], int]:
    """Run the batches that begin at ``firsts``: what differs, and how many events there were."""
    different = []
    events = 0
    with both(generation) as sides:
        for first in firsts:
            seeds = [f"{seed} {number}" for number in range(first, min(first + BATCH, programs))]
            batch = [make_program(random.Random(s).randrange, generation) for s in seeds]
            for child in sides:
                child.send(batch)
            for program in batch:
                ours, theirs = (child.receive() for child in sides)
                events += len(ours)
                if ours != theirs:
                    different.append((program, ours, theirs))
    return different, events


if __name__ == "__main__":
    sys.exit(main())
