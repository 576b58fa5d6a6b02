"""Two children that answer programs with traces: the runtime and a real Tornado."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from oracle.install import TORNADO_4, TORNADO_5, TORNADO_6, child_command, child_environment

from differential.programs import Maker, Pick, Program

INTERPRETER = Path(__file__).with_name("interpreter.py")
VERSIONS = {4: TORNADO_4, 5: TORNADO_5, 6: TORNADO_6}


class Child:
    """A process that runs programs, one after the other."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )

    def trace(self, program: Program) -> list[Any]:
        """Return what happens when ``program`` runs; ``RuntimeError`` if the child has died."""
        self.send([program])
        return self.receive()

    def send(self, programs: list[Program]) -> None:
        """Hand over programs; together they must fit into a pipe (64 KB)."""
        assert self._process.stdin is not None
        self._process.stdin.write("".join(json.dumps(program) + "\n" for program in programs))
        self._process.stdin.flush()

    def receive(self) -> list[Any]:
        """Return the trace of the next program handed over."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the child has died")
        answer: list[Any] = json.loads(line)
        return answer

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def _start_runtime(generation: int) -> Child:
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": ""}
    command = [sys.executable, "-W", "ignore", str(INTERPRETER), f"runtime{generation}"]
    return Child(command, environment)


def _start_tornado(generation: int) -> Child:
    command = child_command(INTERPRETER, str(generation))
    return Child(command, child_environment(VERSIONS[generation]))


@contextmanager
def both(generation: int) -> Iterator[tuple[Child, Child]]:
    """Give the runtime and real Tornado of ``generation`` for the length of a ``with`` block."""
    children = (_start_runtime(generation), _start_tornado(generation))
    try:
        yield children
    finally:
        for child in children:
            child.close()


def make_program(pick: Pick, generation: int) -> Program:
    """Return a random program; ``pick(n)`` gives numbers from 0 to n-1."""
    return Maker(pick, generation).program()


def side_by_side(ours: list[Any], theirs: list[Any]) -> str:
    """Return two traces in two columns, with a mark where they differ."""
    lines = []
    for row in range(max(len(ours), len(theirs))):
        left = json.dumps(ours[row]) if row < len(ours) else ""
        right = json.dumps(theirs[row]) if row < len(theirs) else ""
        lines.append(f"{' ' if left == right else '!'} {left:<70} {right}")
    return "\n".join(lines)
