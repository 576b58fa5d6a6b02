"""Pruning held against brute force, on handlers with several operations in flight.

Usage: ``python benchmarks/pruning.py [--operations N] [--waits N] [--most ORDERS] [--programs N]
[--seed N]``. Handlers of every shape (so many operations, each with so many waits) in every style
of ``tests/waiting_programs.py``, ``--programs`` of each, are explored once with every order and
once with pruning; ``--most`` leaves out shapes with more orders than that. Choices other than
orders have their plain answers. Printed: orders, traces, recorded runs both ways, and the seconds.
Exit code 1 if a set of traces is not the same, or two operations with one wait each need more than
six runs.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from uncallback.runtime.explore import visited
from waiting_programs import NASTY, QUIET, STYLES, orders, shapes, text
from waiting_programs import explore as explored

SIX = 6


def main() -> int:
    """Print one line for each shape; see the module for the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=3)
    parser.add_argument("--waits", type=int, default=3)
    parser.add_argument("--most", type=int, default=2000)
    parser.add_argument("--programs", type=int, default=1)
    parser.add_argument("--seed", default="0")
    options = parser.parse_args()
    visited.FROM, visited.PATIENCE = 0, sys.maxsize
    wrong = 0
    print("shape          orders  programs   traces  brute runs  pruned runs  seconds")
    for shape in shapes(options.operations, options.waits):
        if orders(shape) <= options.most:
            wrong += not _compare(shape, options.programs, options.seed)
    print(f"{wrong} shapes with a program that went wrong")
    return 1 if wrong else 0


def _compare(shape: tuple[int, ...], programs: int, seed: str) -> bool:
    runs = [0, 0]
    traces = count = 0
    right = True
    start = time.process_time()
    for style in STYLES:
        for number in range(programs):
            source = random.Random(f"{seed} {style} {shape} {number}")
            statements = QUIET if sum(shape) > SIX else source.choice((QUIET, NASTY))
            written = text(style, shape, source, statements)
            tornado = source.choice((4, 5))
            pruned, fewer = explored(written, tornado, pruned=True)
            everything, more = explored(written, tornado, pruned=False)
            count, traces = count + 1, traces + len(everything)
            runs = [runs[0] + more, runs[1] + fewer]
            if pruned != everything or (shape == (1, 1) and statements is QUIET and fewer > SIX):
                right = False
                print(f"WRONG: {style} {shape}, program {number} of seed {seed}, on {tornado}")
    seconds = time.process_time() - start
    print(
        f"{shape!s:14} {orders(shape):6} {count:9} {traces:8} {runs[0]:11} {runs[1]:12} "
        f"{seconds:8.1f}"
    )
    return right


if __name__ == "__main__":
    sys.exit(main())
