"""Toy programs for testing the explorer without any handler: operations made of segments.

A program is a tuple of operations, an operation a tuple of segments, a segment a tuple of actions.
Every segment, the first included, waits for the outside; which one comes next is a choice. Actions:
``("emit", text)``, ``("set", variable, value)``, ``("show", variable)`` (an effect with the value),
``("touch", variable)`` (a read without an effect), ``("ask", key, options, variable)`` (a choice
whose answer is stored), ``("stop", variable)`` (ends the operation when the variable is true).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from uncallback.runtime.explore.tape import Recorder
from uncallback.runtime.explore.trace import DELIVER, FINISHED, NOTES, READ, WAIT, WRITE, Run

Action = tuple[object, ...]
Toy = tuple[tuple[tuple[Action, ...], ...], ...]


def execute(program: Toy, recorder: Recorder, *, tracked: bool = True) -> Run:
    """Run a toy under a recorder."""
    state: dict[str, object] = {}
    pending = [(operation, 0) for operation in range(len(program))]
    for operation, segment in pending:
        recorder.record(WAIT, f"{operation}.{segment}")
    while pending:
        names = [f"{operation}.{segment}" for operation, segment in pending]
        taken = recorder.choose("order:toy", names) if len(pending) > 1 else 0
        operation, segment = pending.pop(taken)
        recorder.record(DELIVER, f"{operation}.{segment}")
        going = all(_act(action, state, recorder) for action in program[operation][segment])
        if going and segment + 1 < len(program[operation]):
            pending.append((operation, segment + 1))
            recorder.record(WAIT, f"{operation}.{segment + 1}")
    return recorder.run(end=FINISHED, tracked=tracked)


def _act(action: Action, state: dict[str, object], recorder: Recorder) -> bool:
    name, subject = action[0], str(action[1])
    if name == "emit":
        recorder.record("effect", subject)
    elif name == "set":
        recorder.record(WRITE, subject)
        state[subject] = action[2]
    elif name == "ask":
        options = action[2]
        assert isinstance(options, tuple)
        recorder.record(WRITE, str(action[3]))
        state[str(action[3])] = options[recorder.choose(subject, options)]
    else:
        recorder.record(READ, subject)
        if name == "show":
            recorder.record("effect", subject, state.get(subject))
        if name == "stop" and state.get(subject):
            return False
    return True


def text(run: Run) -> tuple[tuple[str, str, str], ...]:
    """The compared part of a run."""
    return tuple((e.kind, e.subject, e.detail) for e in run.events if e.kind not in NOTES)


class _Script(Recorder):
    """Answers order questions from a fixed sequence of operations, data questions from another."""

    def __init__(self, order: Sequence[int], data: Sequence[int]) -> None:
        super().__init__()
        self.order = list(order)
        self.data = list(data)
        self.widths: list[int] = []

    def choose(self, key: str, options: Sequence[str]) -> int:
        if key.startswith("order:"):
            for wanted in list(self.order):
                for index, option in enumerate(options):
                    if option.startswith(f"{wanted}."):
                        self.order.remove(wanted)
                        return index
                self.order.remove(wanted)
            return 0
        self.widths.append(len(options))
        return self.data[len(self.widths) - 1] if len(self.widths) <= len(self.data) else 0


def brute_force(program: Toy) -> set[tuple[tuple[str, str, str], ...]]:
    """The traces of every interleaving and every answer, found without the explorer's search."""
    steps = [n for n, operation in enumerate(program) for _ in operation]
    found = set()
    for order in _interleavings(steps):
        answers: list[tuple[int, ...]] = [()]
        while answers:
            data = answers.pop()
            script = _Script(order, data)
            found.add(text(execute(program, script)))
            for position in range(len(data), len(script.widths)):
                padding = (0,) * (position - len(data))
                for option in range(1, script.widths[position]):
                    answers.append((*data, *padding, option))
    return found


def _interleavings(steps: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Distinct permutations of a multiset."""
    counts = {step: steps.count(step) for step in set(steps)}

    def extend(prefix: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if len(prefix) == len(steps):
            yield prefix
        for step, left in counts.items():
            if left:
                counts[step] -= 1
                yield from extend((*prefix, step))
                counts[step] += 1

    return extend(())


def shapes(operations: int, waits: int) -> Iterator[tuple[int, ...]]:
    """How many waits each operation has: every combination up to the two bounds."""
    for count in range(1, operations + 1):
        yield from itertools.combinations_with_replacement(range(waits + 1), count)
