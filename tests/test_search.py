"""The search: nothing that matters is skipped, small spaces are exhausted, big ones say so."""

from __future__ import annotations

import random
from functools import partial

import pytest
import toys
from uncallback.runtime.explore.search import Budget, Exploration

EVERYTHING = Budget(runs=10_000_000, seconds=600)


def explore(program: toys.Toy, *, tracked: bool = True, budget: Budget = EVERYTHING) -> Exploration:
    run = partial(toys.execute, program, tracked=tracked)
    return Exploration(run, run, budget)


def traces(exploration: Exploration) -> set[tuple[tuple[str, str, str], ...]]:
    found = set()
    for pair in exploration:
        found.add(toys.text(pair.before))
        assert toys.text(pair.before) == toys.text(pair.after)
    return found


def generated(shape: tuple[int, ...], seed: int) -> toys.Toy:
    """A program of the given shape whose segments do something different for each seed."""
    source = random.Random(f"{shape} {seed}")
    kinds = ("emit", "set", "set", "show", "touch", "touch", "ask", "stop", "nothing")
    asked = 0

    def action(operation: int, segment: int) -> toys.Action:
        nonlocal asked
        kind = source.choice(kinds)
        variable = source.choice(("x", "y", f"own{operation}"))
        if kind == "emit":
            return ("emit", f"e{operation}.{segment}")
        if kind == "set":
            return ("set", variable, source.randrange(3))
        if kind == "ask" and asked < 2:
            asked += 1
            return ("ask", source.choice(("q", "r")), ("", "1"), variable)
        if kind == "stop":
            return ("stop", variable)
        return ("show", variable) if kind == "show" else ("touch", variable)

    return tuple(
        tuple(
            tuple(action(operation, segment) for _ in range(source.randrange(3)))
            for segment in range(waits + 1)
        )
        for operation, waits in enumerate(shape)
    )


@pytest.mark.parametrize("shape", list(toys.shapes(3, 3)), ids=str)
def test_pruning_loses_no_trace(shape: tuple[int, ...]) -> None:
    orders = len(list(toys._interleavings([n for n, w in enumerate(shape) for _ in range(w + 1)])))
    for seed in range(max(1, min(60, 6000 // orders))):
        program = generated(shape, seed)
        assert traces(explore(program)) == toys.brute_force(program), (seed, program)


def test_two_operations_with_one_wait_each_need_six_runs() -> None:
    program = tuple(tuple((("emit", f"{o}.{s}"),) for s in range(2)) for o in range(2))
    exploration = explore(program)
    assert len(traces(exploration)) == 6
    assert exploration.complete
    assert exploration.runs == 12  # six of each version
