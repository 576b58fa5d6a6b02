"""The search: nothing that matters is skipped, small spaces are exhausted, big ones say so."""

from __future__ import annotations

import random
from functools import partial

import pytest
import toys
from uncallback.runtime.explore.search import Budget, Exploration, play
from uncallback.runtime.explore.tape import decode, encode

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


@pytest.mark.parametrize("seed", range(20))
def test_every_tape_replays_to_the_same_runs(seed: int) -> None:
    program = generated((2, 1, 1), seed)
    run = partial(toys.execute, program)
    for pair in Exploration(run, run, Budget(runs=300, seconds=60, seed=seed)):
        again = play(run, run, decode(encode(pair.tape.items())))
        assert (again.before, again.after) == (pair.before, pair.after)


def test_fewest_deviations_come_first() -> None:
    program = tuple(((("ask", f"q{n}", ("", "1", "2"), "x"),),) for n in range(3))
    sizes = [len(pair.tape) for pair in explore(program, tracked=False)]
    assert sizes == sorted(sizes)
    assert sizes[0] == 0


def test_no_tape_is_played_twice() -> None:
    program = generated((2, 2, 1), 3)
    tapes = [encode(pair.tape.items()) for pair in explore(program, tracked=False)]
    assert len(tapes) == len(set(tapes))


def test_the_same_seed_samples_the_same_runs() -> None:
    program = tuple(((("ask", f"q{n}", ("", "1", "2"), f"v{n}"),),) for n in range(9))

    def tapes(seed: int) -> list[str]:
        run = partial(toys.execute, program)
        exploration = Exploration(run, run, Budget(runs=200, seconds=60, seed=seed))
        return [encode(pair.tape.items()) for pair in exploration]

    assert tapes(1) == tapes(1) != tapes(2)


def test_pruning_skips_what_cannot_matter() -> None:
    private = tuple(tuple((("set", f"own{o}", 1),) for _ in range(3)) for o in range(3))
    pruned, all_orders = explore(private), explore(private, tracked=False)
    assert traces(pruned) == traces(all_orders) == {()}
    assert pruned.runs == 2
    assert all_orders.runs > 1000


@pytest.mark.parametrize("seed", range(30))
def test_two_versions_with_other_completions_pending_are_both_exhausted(seed: int) -> None:
    before, after = generated((2, 1), seed), generated((1, 2), seed + 100)
    first, second = partial(toys.execute, before), partial(toys.execute, after)
    found_before, found_after = set(), set()
    exploration = Exploration(first, second, EVERYTHING)
    for pair in exploration:
        found_before.add(toys.text(pair.before))
        found_after.add(toys.text(pair.after))
    assert exploration.complete
    assert found_before == toys.brute_force(before)
    assert found_after == toys.brute_force(after)
