"""Pruning on real handlers: skipping orders loses no trace, for programs of every small shape."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence

import pytest
from exploring import handler
from uncallback.runtime.explore import visited, world
from waiting_programs import NASTY, QUIET, STYLES, Alone, explore, orders, shapes, text

LOG = "import logging\nlog = logging.getLogger('app')\n"


@pytest.fixture(autouse=True)
def one_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers do not matter here, and would make the numbers large; compare from the beginning."""
    real = world.upstream_outcomes
    monkeypatch.setattr(world, "upstream_outcomes", lambda *args: real(*args)[:1])
    monkeypatch.setattr(visited, "FROM", 0)
    monkeypatch.setattr(visited, "PATIENCE", sys.maxsize)


@pytest.mark.parametrize(("statements", "most"), [(QUIET, 30), (NASTY, 6)], ids=["quiet", "nasty"])
@pytest.mark.parametrize("style", STYLES)
def test_every_shape_has_the_traces_of_brute_force(
    style: str, statements: Sequence[str], most: int
) -> None:
    """Up to ``most`` orders; ``benchmarks/pruning.py`` goes on to three times three waits."""
    for shape in (each for each in shapes(3, 3) if orders(each) <= most):
        source = random.Random(f"{style} {shape}")
        written = text(style, shape, source, statements)
        tornado = source.choice((4, 5))
        pruned, fewer = explore(written, tornado, pruned=True)
        everything, more = explore(written, tornado, pruned=False)
        assert pruned == everything, shape
        assert fewer <= more


@pytest.mark.parametrize("seed", range(8))
def test_answers_and_the_client_are_no_exception(seed: int) -> None:
    source = random.Random(seed)
    written = text(source.choice(STYLES), source.choice([(1, 1), (1, 2)]), source)
    pruned, fewer = explore(written, 4, Alone, pruned=True)
    everything, more = explore(written, 4, Alone, pruned=False)
    assert pruned == everything
    assert fewer <= more


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("statements", [QUIET, ("log.info('{n}.{k}')",)], ids=["quiet", "effect"])
def test_two_operations_with_one_wait_each_need_at_most_six_runs(
    style: str, statements: Sequence[str]
) -> None:
    """Of both versions together, by orders alone."""
    written = text(style, (1, 1), random.Random(1), statements)
    _, runs = explore(written, 4, pruned=True)
    assert runs <= 6


@pytest.mark.parametrize("style", [style for style in STYLES if style != "iterator"])
def test_orders_without_a_trace_of_their_own_are_skipped(style: str) -> None:
    """Five answers that nobody looks at; an iterator would tell which of them was the last."""
    written = text(style, (1, 1, 1, 1, 1), random.Random(1), ("pass",))
    traces, runs = explore(written, 4, pruned=True)
    assert len(traces) == 1
    assert runs < 120  # of both versions together, instead of 240


def generated(shape: tuple[int, ...], seed: int) -> str:
    """Operations side by side, each of some waits, that meet in a list or do not."""
    source = random.Random(f"{shape} {seed}")
    methods = []
    for number, waits in enumerate(shape):
        lines = [
            f"{_wait(source, number, wait)}\n{_effect(source, number)}" for wait in range(waits)
        ]
        body = "".join(lines) or "pass\n"
        methods.append(f"@gen.coroutine\ndef side{number}(self):\n{_indented(body)}")
    names = [f"self.side{number}()" for number in range(len(shape))]
    source.shuffle(names)
    apart = source.randrange(2) if len(names) > 1 else 0
    body = "".join(f"{name}\n" for name in names[:apart])
    body += f"yield [{', '.join(names[apart:])}]\nself.write('end')\n"
    methods.append(f"@gen.coroutine\ndef get(self):\n{_indented(body)}")
    return handler("\n".join(methods), LOG)


def _wait(source: random.Random, number: int, wait: int) -> str:
    ask = f"AsyncHTTPClient().fetch('http://{number}.{wait}', raise_error=False)"
    other = f"AsyncHTTPClient().fetch('http://{number}.{wait}.b', raise_error=False)"
    return source.choice((
        f"yield {ask}",
        f"yield [{ask}, {other}]",
        f"both = [{ask}, {other}]\nyield both\nyield both[0]",
        f"self.kept = getattr(self, 'kept', None) or {ask}\nyield [self.kept, {other}]",
    ))  # fmt: skip


def _effect(source: random.Random, number: int) -> str:
    return source.choice(
        (f"log.info('{number}')\n", f"self.x = {number}\n", "log.info(str(self.x))\n")
    )


def _indented(body: str) -> str:
    return "".join(f"    {line}\n" for line in body.splitlines())


SHAPES = [(1,), (2,), (1, 1), (2, 1)]
CASES = [(shape, seed) for shape in SHAPES for seed in range(5)]


@pytest.mark.parametrize("start", [0, 10**9], ids=["all along", "footprints only"])
@pytest.mark.parametrize(("shape", "seed"), CASES, ids=str)
def test_lists_that_wait_lose_no_trace(
    shape: tuple[int, ...], seed: int, start: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same where members of a list arrive one after the other, and others see that or not."""
    monkeypatch.setattr(visited, "FROM", start)
    written = generated(shape, seed)
    for tornado in (4, 5):
        pruned, fewer = explore(written, tornado, Alone, pruned=True)
        everything, more = explore(written, tornado, Alone, pruned=False)
        assert pruned == everything
        assert fewer <= more
