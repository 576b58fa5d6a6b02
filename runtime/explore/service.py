"""One request of the child protocol in, one answer out (``runtime/__main__.py`` says which)."""

from __future__ import annotations

import io
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from tokenize import detect_encoding
from typing import Any, Protocol

from .guard import Guard
from .render import as_data, as_test, as_text
from .search import Budget, play
from .shrink import Shrunk
from .tape import decode
from .trace import Interrupted, Program, Run, Unloadable, Version
from .verdict import Judgement, Side, describe_divergence, judge


class World(Protocol):
    """What the other half of the explorer offers: loading a version and running it once."""

    def load(self, version: Version) -> Program:
        """Load one version; raises ``Unloadable``."""

    def execute(self, program: Program, handler: str, chooser: Any) -> Run:
        """Run one handler once."""


class BadRequest(Exception):
    """The request cannot be served; ``code`` says why in one word."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class _RealWorld:
    def load(self, version: Version) -> Program:
        from .loader import load

        return load(version)

    def execute(self, program: Program, handler: str, chooser: Any) -> Run:
        from .world import execute

        return execute(program, handler, chooser)


class Service:
    """Answers requests; ``world`` is replaced by tests only."""

    def __init__(self, guard: Guard, world: World | None = None) -> None:
        self._guard = guard
        self._world = world or _RealWorld()

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one request; never raises an ``Exception``."""
        number = request.get("id") if isinstance(request, Mapping) else None
        try:
            if not isinstance(request, Mapping):
                raise BadRequest("bad-request", "a request is an object")
            return {"id": number, "handlers": self._handlers(request)}
        except BadRequest as error:
            return {"id": number, "error": {"code": error.code, "message": str(error)}}

    def _handlers(self, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        command = _text(request, "command")
        if command not in ("verify", "replay", "handlers"):
            raise BadRequest("bad-request", f"unknown command {command!r}")
        names = request.get("handlers")
        try:
            before, after = self._load(request)
        except Unloadable as error:
            self._guard.take()
            return [_unloadable(name, str(error)) for name in names or ["*"]]
        options = request.get("options") or {}
        if names is None:
            names = sorted({*before.handlers, *after.handlers})
        if command == "handlers":
            return [{"name": name} for name in names]
        check: Callable[[Side, Side], Judgement] = partial(judge, budget=_budget(options))
        if command == "replay":
            check = partial(_replay, tape=_tape(request))
        paths = (str(request["before"]["path"]), str(request["after"]["path"]))
        return [self._handler(name, before, after, check, paths) for name in names]

    def _load(self, request: Mapping[str, Any]) -> tuple[Program, Program]:
        before, after = _versions(request)
        programs = []
        for version in (before, after):
            try:
                programs.append(self._world.load(version))
            except Interrupted as interruption:
                raise Unloadable(f"{version.path}: {interruption}") from None
            except (Exception, SystemExit) as error:
                if isinstance(error, Unloadable):
                    raise
                raise Unloadable(f"{version.path}: {_failure(error)}") from error
            refused = self._guard.take()
            if refused is not None:
                raise Unloadable(f"{version.path}: while it was imported, {refused}")
        return programs[0], programs[1]

    def _handler(
        self,
        name: str,
        before: Program,
        after: Program,
        check: Callable[[Side, Side], Judgement],
        paths: tuple[str, str],
    ) -> dict[str, Any]:
        for which, program in (("first", before), ("second", after)):
            if name not in program.handlers:
                known = ", ".join(program.handlers) or "none"
                raise BadRequest(
                    "unknown-handler", f"no handler {name} in the {which} version (found: {known})"
                )
        try:
            judgement = check(self._side(before, name), self._side(after, name))
        except (Exception, Interrupted, SystemExit) as error:
            judgement = Judgement("inconclusive", False, 0, 0.0, _failure(error))
        shown = _shown(name, judgement)
        example = shown["counterexample"]
        if example is not None:
            example["test"] = as_test(name, *paths, example["replay"], example["text"].splitlines())
        return shown

    def _side(self, program: Program, handler: str) -> Side:
        execute = self._guard.wrap(partial(self._world.execute, program, handler))
        return Side(execute, program.outline(handler), program.locate)


def _failure(error: BaseException) -> str:
    """An error of the checker itself, in one line that a bug report can start with."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    file = place.filename.replace("\\", "/").rpartition("/")[2]
    return f"the check itself failed: {type(error).__name__}: {error} ({file}:{place.lineno})"


def _replay(before: Side, after: Side, tape: Mapping[str, str]) -> Judgement:
    """Play one tape; *different* or, as one tape proves nothing more, *inconclusive*."""
    pair = play(before.execute, after.execute, tape, locate=(before.locate, after.locate))
    obstacle = pair.before.obstacle or pair.after.obstacle
    found = Shrunk(pair.tape, pair, frozenset(), 1)
    missing = sorted(set(tape) - {question.key for question in pair.asked})
    if obstacle is None and missing:
        obstacle = f"the tape does not fit: {missing[0]!r} was never asked"
    if obstacle is not None:
        return Judgement("inconclusive", False, 2, 0.0, obstacle)
    agreed = describe_divergence(pair)
    if agreed is None:
        reason = "the two versions agree on this tape"
        return Judgement("inconclusive", False, 2, 0.0, reason, {"agreed": True})
    return Judgement("different", False, 2, 0.0, agreed, {}, found)


def _versions(request: Mapping[str, Any]) -> tuple[Version, Version]:
    options = request.get("options") or {}
    sources = {}
    for name in ("before", "after"):
        given = request.get(name)
        if not isinstance(given, Mapping):
            raise BadRequest("bad-request", f"{name!r} is missing")
        sources[name] = _bytes(_text(given, "source"))
    return tuple(  # type: ignore[return-value]
        Version(
            path=_text(request[name], "path"),
            source=sources[name],
            project={
                path: _bytes(str(source))
                for path, source in (request[name].get("project") or {}).items()
            },
            tornado=int(options.get(f"{name}_tornado", 4)),
            root=options.get("root"),
            imports=tuple(options.get("imports", ())),
            operations=tuple(options.get("operations", ())),
            other=sources[other],
        )
        for name, other in (("before", "after"), ("after", "before"))
    )


def _bytes(source: str) -> bytes:
    """The source as it stands in a file: in the encoding it declares, UTF-8 without one."""
    try:
        encoding, _ = detect_encoding(io.BytesIO(source.encode()).readline)
        return source.encode(encoding)
    except (SyntaxError, UnicodeEncodeError):
        return source.encode(errors="surrogatepass")


def _text(mapping: Mapping[str, Any], key: str) -> str:
    value = mapping.get(key)
    if not isinstance(value, str):
        raise BadRequest("bad-request", f"{key!r} is missing or no string")
    return value


def _tape(request: Mapping[str, Any]) -> dict[str, str]:
    try:
        return decode(_text(request, "tape"))
    except ValueError as error:
        raise BadRequest("bad-tape", str(error)) from None


def _budget(options: Mapping[str, Any]) -> Budget:
    plain = Budget()
    return Budget(
        runs=int(options.get("runs", plain.runs)),
        seconds=float(options.get("seconds", plain.seconds)),
        seed=int(options.get("seed", plain.seed)),
    )


def _unloadable(name: str, message: str) -> dict[str, Any]:
    return _shown(name, Judgement("inconclusive", False, 0, 0.0, message))


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
