"""Runs versions of handler modules on real Tornado over loopback (test side).

``Loopback(version)`` keeps one child interpreter; ``observe`` sends it a version of a module and
scenarios and returns one ``Observation`` each.
"""

from __future__ import annotations

import json
import selectors
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from types import TracebackType

from .install import HERE, child_command, child_environment
from .scenario import Observation, Scenario

SECONDS_PER_SCENARIO = 12.0


class OracleError(Exception):
    """A module could not be run at all; the message is what the child said."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a module, as the child loads it (see ``program.Program``)."""

    source: str
    path: str = "handlers.py"
    folders: tuple[str, ...] = field(default=())
    world: str = ""


class Loopback:
    """One child with one Tornado; a context manager. Restarted after a child that died."""

    def __init__(self, tornado: str) -> None:
        self.tornado = tornado
        self._child: subprocess.Popen[str] | None = None

    def __enter__(self) -> Loopback:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def observe(self, version: Version, scenarios: Sequence[Scenario]) -> list[Observation]:
        """Run the scenarios in order. Raises ``OracleError`` if the module cannot be run."""
        if not scenarios:
            return []
        job = {"program": asdict(version), "scenarios": [s.to_json() for s in scenarios]}
        answer = self._ask(json.dumps(job), SECONDS_PER_SCENARIO * len(scenarios) + 20)
        if "error" in answer:
            raise OracleError(f"on Tornado {self.tornado}: {answer['error']}")
        return [Observation.from_json(seen) for seen in answer["observations"]]

    def _ask(self, line: str, seconds: float) -> dict:
        child = self._started()
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(line + "\n")
        child.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            reply = child.stdout.readline() if selector.select(seconds) else ""
        if not reply:
            self.close()
            raise OracleError(f"the child with Tornado {self.tornado} gave no answer")
        return json.loads(reply)

    def _started(self) -> subprocess.Popen[str]:
        if self._child is None or self._child.poll() is not None:
            self._child = subprocess.Popen(
                child_command(HERE / "serve.py"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                env=child_environment(self.tornado),
            )
        return self._child

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None
