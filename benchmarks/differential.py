"""Random coroutine programs on the runtime and on real Tornado: how many differ.

    python benchmarks/differential.py [--programs 10000] [--seed 0] [4] [5] [6]

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
from pathlib import Path

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
    options = parser.parse_args()
    different = [
        compare(g, options.programs, options.seed) for g in options.generations or GENERATIONS
    ]
    return 1 if any(different) else 0


def compare(generation: int, programs: int, seed: int) -> int:
    """Run ``programs`` programs on both sides; return how many differ."""
    start = time.monotonic()
    different = []
    events = 0
    with both(generation) as sides:
        for first in range(0, programs, BATCH):
            seeds = [f"{seed} {number}" for number in range(first, min(first + BATCH, programs))]
            batch = [make_program(random.Random(s).randrange, generation) for s in seeds]
            for child in sides:
                child.send(batch)
            for program in batch:
                ours, theirs = (child.receive() for child in sides)
                events += len(ours)
                if ours != theirs:
                    different.append((program, ours, theirs))
    seconds = time.monotonic() - start
    print(
        f"Tornado {generation}: {len(different)} of {programs} programs differ "
        f"({events} events, {seconds:.0f} s)"
    )
    if different:
        program, ours, theirs = min(different, key=lambda found: len(json.dumps(found[0])))
        print(f"{json.dumps(program)}\n{side_by_side(ours, theirs)}")
    return len(different)


if __name__ == "__main__":
    sys.exit(main())
