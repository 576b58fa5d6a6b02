"""Pruning on real handlers: skipping orders loses no trace, for programs of every small shape."""

from __future__ import annotations

import dataclasses
import random

import pytest
from exploring import handler, program
from uncallback.runtime.explore import world
from uncallback.runtime.explore.compare import Trace
from uncallback.runtime.explore.search import Budget, Exploration
from uncallback.runtime.explore.tape import Recorder
from uncallback.runtime.explore.trace import Run

EVERYTHING = Budget(runs=20_000, seconds=30)
LOG = "import logging\nlog = logging.getLogger('app')\n"


def explore(text: str, tornado: int, *, pruned: bool) -> tuple[set[Trace], int]:
    """All traces of ``Main.get``, and the runs that it took."""
    loaded = program(text, tornado=tornado)

    def execute(recorder: Recorder) -> Run:
        run = world.execute(loaded, "Main.get", recorder)
        return run if pruned else dataclasses.replace(run, tracked=False)

    exploration = Exploration(execute, execute, EVERYTHING)
    traces = {trace for pair in exploration for trace in pair.traces}
    assert exploration.complete, exploration.unsteady
    return traces, exploration.runs


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


@pytest.fixture(autouse=True)
def two_outcomes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers do not matter here, and would make the numbers large."""
    real = world.upstream_outcomes
    monkeypatch.setattr(world, "upstream_outcomes", lambda *args: real(*args)[:1])


@pytest.mark.parametrize("tornado", [4, 5])
@pytest.mark.parametrize(("shape", "seed"), CASES, ids=str)
def test_pruning_loses_no_trace(shape: tuple[int, ...], seed: int, tornado: int) -> None:
    text = generated(shape, seed)
    pruned, fewer = explore(text, tornado, pruned=True)
    everything, more = explore(text, tornado, pruned=False)
    assert pruned == everything
    assert fewer <= more
