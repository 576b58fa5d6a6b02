"""Serves the requests of the child protocol: loads two versions, judges their handlers."""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from .compare import RENAMED, across, renames
from .guard import Guard
from .job import BadRequest, Job, read
from .render import as_data, as_text
from .search import play
from .shrink import Shrunk
from .tape import Recorder
from .trace import Interrupted, Program, Run, Unloadable, Version
from .verdict import Judgement, Side, describe_divergence, judge

VERBS = frozenset({"delete", "get", "head", "options", "patch", "post", "put"})

KEPT = 4
"""Loaded versions kept: the handlers of one file come in requests of their own."""


class World(Protocol):
    """What the other half of the explorer offers: loading a version and running it once."""

    def load(self, version: Version) -> Program:
        """Load one version; raises ``Unloadable``."""

    def execute(self, program: Any, handler: str, chooser: Recorder) -> Run:
        """Run one handler of a loaded version once."""


class _RealWorld:
    def load(self, version: Version) -> Program:
        from .loader import load

        return load(version)

    def execute(self, program: Any, handler: str, chooser: Recorder) -> Run:
        from .world import execute

        return execute(program, handler, chooser)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A job and its two versions, loaded."""

    job: Job
    before: Program
    after: Program


class Service:
    """Answers requests; ``world`` is replaced by tests only."""

    def __init__(self, guard: Guard, world: World | None = None) -> None:
        self._guard = guard
        self._world = world or _RealWorld()
        self._kept: deque[tuple[Version, Program]] = deque(maxlen=KEPT)

    def answer(self, request: object) -> dict[str, Any]:
        """The answer to one request; never raises an ``Exception``."""
        number = request.get("id") if isinstance(request, Mapping) else None
        try:
            return {"id": number, "handlers": self._handlers(read(request))}
        except BadRequest as error:
            return {"id": number, "error": {"code": error.code, "message": str(error)}}

    def _handlers(self, job: Job) -> list[dict[str, Any]]:
        which = "first"
        try:
            before = self._load(job.before)
            which = "second"
            loaded = _Loaded(job, before, self._load(job.after))
            before.meet(loaded.after)
        except Unloadable as error:
            self._guard.take()
            details = {"unloadable": which}
            judgement = Judgement("inconclusive", False, 0, 0.0, str(error), details)
            return [_shown(name, judgement) for name in job.handlers or ["*"]]
        names = job.handlers
        if names is None:
            names = _common(loaded)
        if job.handlers is not None:
            for name in names:
                _require(loaded, name)
        if job.command == "handlers":
            return [{"name": name} for name in names]
        return [self._handler(loaded, name) for name in names]

    def _load(self, version: Version) -> Program:
        for known, program in self._kept:
            if known == version:
                return program
        program = self._load_fresh(version)
        self._kept.append((version, program))
        return program

    def _load_fresh(self, version: Version) -> Program:
        try:
            with self._guard.loading():
                program = self._world.load(version)
        except Unloadable:
            raise
        except Interrupted as interruption:
            raise Unloadable(f"{version.path}: {interruption}") from None
        except (Exception, SystemExit) as error:
            raise Unloadable(f"{version.path}: {_failure(error)}") from error
        refused = self._guard.take()
        if refused is not None:
            raise Unloadable(f"{version.path}: while it was imported, {refused}")
        return program

    def _handler(self, loaded: _Loaded, name: str) -> dict[str, Any]:
        try:
            _require(loaded, name)
            judgement = self._judge(loaded, name)
        except BadRequest as error:
            judgement = Judgement("inconclusive", False, 0, 0.0, str(error))
        except (Exception, Interrupted, SystemExit) as error:
            judgement = Judgement("inconclusive", False, 0, 0.0, _failure(error))
        return _shown(name, judgement)

    def _judge(self, loaded: _Loaded, name: str) -> Judgement:
        job = loaded.job
        before = self._side(loaded.before, name, job.across)
        after = self._side(loaded.after, name, job.across)
        if job.command == "replay":
            return _replay(before, after, job.tape)
        return judge(before, after, job.budget, job.answers)

    def _side(self, program: Program, handler: str, clean: bool) -> Side:
        def execute(recorder: Recorder) -> Run:
            if not clean:
                return self._world.execute(program, handler, recorder)
            renamed: list[str] = []

            def cleaned(text: str) -> str:
                if not renamed and renames(text):
                    renamed.append(RENAMED)
                return across(text)

            recorder.clean = cleaned
            run = self._world.execute(program, handler, recorder)
            return replace(run, held=(*run.held, *renamed))

        return Side(self._guard.wrap(execute), program.outline(handler), program.locate)


def _common(loaded: _Loaded) -> tuple[str, ...]:
    """Handlers of both versions, and verbs that one of them lacks.

    A helper that only one version has is a matter of how it is written: it is compared by the
    verbs that lead to it.
    """
    before, after = set(loaded.before.handlers), set(loaded.after.handlers)
    verbs = {name for name in before ^ after if name.rpartition(".")[2] in VERBS}
    return tuple(sorted((before & after) | verbs))


def _require(loaded: _Loaded, name: str) -> None:
    """Raise ``BadRequest`` unless both versions can be asked for the handler.

    A verb that only one of them has is asked of the other one's class, which answers 405.
    """
    owner, _, method = name.rpartition(".")
    versions = (("first", loaded.before), ("second", loaded.after))
    anywhere = any(name in program.handlers for _, program in versions)
    for which, program in versions:
        refuses = anywhere and method in VERBS and program.serves(owner)
        if name not in program.handlers and not refuses:
            known = ", ".join(program.handlers) or "none"
            raise BadRequest(
                "unknown-handler", f"no handler {name} in the {which} version (found: {known})"
            )


def _failure(error: BaseException) -> str:
    """An error of the checker itself, in one line that a bug report can start with."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    file = place.filename.replace("\\", "/").rpartition("/")[2]
    return f"the check itself failed: {type(error).__name__}: {error} ({file}:{place.lineno})"


def _replay(before: Side, after: Side, tape: Mapping[str, str]) -> Judgement:
    """Play one tape; *different* or, as one tape proves nothing more, *inconclusive*."""
    pair = play(before.execute, after.execute, tape, locate=(before.locate, after.locate))
    obstacle = pair.before.obstacle or pair.after.obstacle
    missing = sorted(set(tape) - {question.key for question in pair.asked})
    if obstacle is None and missing:
        obstacle = f"the tape does not fit: {missing[0]!r} was never asked"
    if obstacle is not None:
        return Judgement("inconclusive", False, 2, 0.0, obstacle)
    reason = describe_divergence(pair)
    if reason is None:
        reason = "the two versions agree on this tape"
        return Judgement("inconclusive", False, 2, 0.0, reason, {"agreed": True})
    return Judgement(
        "different", False, 2, 0.0, reason, {}, Shrunk(pair.tape, pair, frozenset(), 1)
    )


def _shown(name: str, judgement: Judgement) -> dict[str, Any]:
    verdict = {
        "result": judgement.result,
        "complete": judgement.complete,
        "runs": judgement.runs,
        "coverage": judgement.coverage,
        "reason": judgement.reason,
        "details": dict(judgement.details),
    }
    counterexample = None
    if judgement.found is not None:
        counterexample = as_data(judgement.found)
        counterexample["text"] = as_text(counterexample)
    return {"name": name, "verdict": verdict, "counterexample": counterexample}
