"""Random coroutine programs do the same, in the same order, on the runtime and on real Tornado."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from differential.children import Child, both, make_program, side_by_side
from differential.programs import Program
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

PROGRAMS = 200


Sides = dict[int, tuple[Child, Child]]


@pytest.fixture(scope="module")
def sides() -> Iterator[Sides]:
    """The runtime and real Tornado, for each generation."""
    with both(4) as four, both(6) as six:
        yield {4: four, 6: six}


def programs(generation: int) -> st.SearchStrategy[Program]:
    """Programs made of random bytes, a choice each; where they end, the first option is taken."""

    def from_bytes(data: bytes) -> Program:
        numbers = iter(data)
        return make_program(lambda n: next(numbers, 0) % n, generation)

    return st.binary(min_size=100, max_size=300).map(from_bytes)


def check(sides: tuple[Child, Child], program: Program) -> None:
    runtime, tornado = sides
    ours, theirs = runtime.trace(program), tornado.trace(program)
    assert ours == theirs, f"{json.dumps(program)}\n{side_by_side(ours, theirs)}"


@pytest.mark.parametrize("generation", [4, 6])
def test_random_programs(sides: Sides, generation: int) -> None:
    @given(programs(generation))
    def run(program: Program) -> None:
        check(sides[generation], program)

    settings(
        max_examples=PROGRAMS,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )(run)()


def one_coroutine(*statements: list[Any]) -> Program:
    return {"futures": 4, "coroutines": [["coroutine", list(statements)]], "ticks": 4}


FOR_ALL: dict[str, Program] = {
    "sleep": one_coroutine(["yield", 1, ["sleep", 0.0]]),
    "moment": one_coroutine(["yield", 1, ["moment"]]),
    "none": one_coroutine(["try", 1, [["yield", 2, ["none"]]], [["log", 3]]]),
    "bad yield": one_coroutine(["try", 1, [["yield", 2, ["bad"]]], [["log", 3]]]),
    "pending": one_coroutine(["callback", 1, [["resolve", 2, 0]]], ["yield", 3, ["future", 0]]),
    "two errors": one_coroutine(["yield", 1, ["list", [["failed", 2], ["failed", 3]]]]),
    "dict": one_coroutine(["yield", 1, ["dict", [["sleep", 0.25], ["done", 2]]]]),
    "timeout": one_coroutine(["yield", 1, ["timeout", 0.25, ["future", 0]]]),
    "iterator": one_coroutine(["wait_any", 1, [["sleep", 0.25], ["sleep", 0.125], ["done", 2]]]),
    "nested": {
        "futures": 4,
        "coroutines": [
            ["coroutine", [["later", 1, 0.125, [["fail", 2, 0]]], ["yield", 3, ["call", 1]]]],
            ["native", [["yield", 4, ["call", 2]]]],
            ["coroutine", [["yield", 5, ["future", 0]]]],
        ],
        "ticks": 4,
    },
}

OLD_ONLY: dict[str, Program] = {
    "task": one_coroutine(["yield", 1, ["task", "soon", 0.0, 2]]),
    "task raises later": one_coroutine(["yield", 1, ["task", "raise_soon", 0.0, 2]]),
    "callback and wait": one_coroutine(
        ["get_callback", 1, "a", "two_args", 0.0], ["yield", 2, ["wait", "a"]]
    ),
    "leaked callback": one_coroutine(["get_callback", 1, "a", "soon", 0.0]),
    "key reused": one_coroutine(
        ["get_callback", 1, "a", "never", 0.0], ["get_callback", 2, "a", "never", 0.0]
    ),
    "yield in a context": one_coroutine(["context", 1, "stack", [["yield", 2, ["moment"]]]]),
    "contexts follow": one_coroutine(
        ["context", 1, "stack", [["callback", 2, [["callback", 3, [["raise", 4]]]]]]]
    ),
    "swallowed": one_coroutine(["context", 1, "swallow", [["callback", 2, [["raise", 3]]]]]),
    "replaced": one_coroutine(["context", 1, "replace", [["callback", 2, [["raise", 3]]]]]),
    "return_future": one_coroutine(["yield", 1, ["return_future", "raise_soon", 0.0, 2]]),
    "points and futures": one_coroutine(
        ["mixed", 1, [["a", "later", 0.25], ["b", "now", 0.0]], [["sleep", 0.125], ["done", 2]]]
    ),
}


def cases() -> list[Any]:
    everywhere = [(g, name, p) for g in (4, 6) for name, p in FOR_ALL.items()]
    chosen = everywhere + [(4, name, p) for name, p in OLD_ONLY.items()]
    return [pytest.param(g, p, id=f"{g} {name}") for g, name, p in chosen]


@pytest.mark.parametrize(("generation", "program"), cases())
def test_chosen_programs(sides: Sides, generation: int, program: Program) -> None:
    check(sides[generation], program)
