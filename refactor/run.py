"""The line from files to an outcome: read, guard, convert and check (`rounds`), sum up.

Whatever goes wrong with one file becomes that file's `Problem`; the others go on. Nothing here
writes: `cli` hands the outcome to `apply` when it was asked to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from . import suppress
from .diff import unified
from .files import Collection, Skip, Target
from .model import UNCHECKED, Conversion, HandlerId, HandlerOutcome, Problem, Reason
from .outcome import File, Handler, Outcome
from .project import Project
from .reasons import sentence
from .rounds import Rounds, Tools
from .settings import Settings
from .source import Source, SourceError, check, decode, may_hold_handlers
from .write import WriteError
from .write import replace as write_file

# Files that hold no handlers are parsed too while they are few, so that a broken one is told; in a
# big tree that would cost more than everything else.
_PARSE_ALL_BYTES = 1 << 20


@dataclass(slots=True)
class _Batch:
    """One project's files on their way: the sources to convert, and what is settled already."""

    project: Project
    sources: dict[str, tuple[Target, Source]]
    settled: list[File]
    skips: list[Skip]
    keep: dict[HandlerId, Reason]


def run(
    command: Literal["diff", "fix"], collection: Collection, settings: Settings, tools: Tools
) -> Outcome:
    """Convert and check every target; returns the outcome sorted by path, nothing is written."""
    files = [File(fault.shown, "error", fault.problem) for fault in collection.faults]
    skips = list(collection.skips)
    for project, targets in collection.projects:
        batch = _read(project, targets)
        skips += batch.skips
        files += _process(batch, settings, tools)
    return Outcome(
        command,
        tuple(sorted(files, key=lambda file: file.shown)),
        tuple(sorted(skips, key=lambda skip: skip.shown)),
        verified=tools.checker is not None,
        strict=settings.strict,
    )


def _read(project: Project, targets: Sequence[Target]) -> _Batch:
    """Read all targets, and guard those that can hold a handler.

    The others may have to change with a handler, and are opened when one needs them.
    """
    batch = _Batch(project, {}, [], [], {})
    idle: list[Target] = []
    for target in targets:
        try:
            data = project.read(target.path)
            if suppress.is_generated(data):
                batch.skips.append(Skip(target.shown, "generated file"))
                continue
            source = decode(target.path, data)
            if suppress.skips_file(source):
                batch.skips.append(Skip(target.shown, "uncallback: skip-file"))
                continue
            batch.sources[target.path] = target, source
            if may_hold_handlers(data) or b"uncallback" in data:
                _guard(batch, target.path)
            else:
                idle.append(target)
        except OSError as error:
            problem = Problem("UC002", f"cannot be read: {error.strerror or error}")
            batch.settled.append(File(target.shown, "error", problem))
        except SourceError as error:
            _settle(batch, target, error.problem)
    _check_idle(batch, idle)
    if not any(may_hold_handlers(source.data) for _, source in batch.sources.values()):
        batch.settled += [File(each.shown, "unchanged") for each, _ in batch.sources.values()]
        batch.sources.clear()
    return batch


def _guard(batch: _Batch, path: str) -> None:
    """See that a file can be parsed, and which of its handlers a comment keeps."""
    _, source = batch.sources[path]
    for name in suppress.skipped_names(source, check(source)):
        batch.keep[HandlerId(path, name)] = Reason("UC903", sentence("UC903"), 1)


def _settle(batch: _Batch, target: Target, problem: Problem) -> None:
    batch.sources.pop(target.path, None)
    batch.settled.append(File(target.shown, "error", problem))


def _check_idle(batch: _Batch, idle: Sequence[Target]) -> None:
    """Tell of a broken file that holds no handler, while such files are few."""
    if sum(len(batch.sources[target.path][1].data) for target in idle) > _PARSE_ALL_BYTES:
        return
    for target in idle:
        try:
            check(batch.sources[target.path][1])
        except SourceError as error:
            _settle(batch, target, error.problem)


def _process(batch: _Batch, settings: Settings, tools: Tools) -> list[File]:
    """Convert and check one project's files."""
    targets = {path: target for path, (target, _) in batch.sources.items()}
    rounds = Rounds(batch.project, batch.sources, batch.keep, settings, tools)
    rounds.run()
    files = [_file(rounds, conversion) for conversion in rounds.conversions]
    files += [
        File(targets[path].shown, "error", problem) for path, problem in rounds.problems.items()
    ]
    return files + batch.settled


def _file(rounds: Rounds, conversion: Conversion) -> File:
    target, source = rounds.sources[conversion.path]
    changed = conversion.after != conversion.before
    # A file outside the working directory is patched from its project's root.
    header = conversion.path if target.shown.startswith("/") else target.shown
    return File(
        target.shown,
        "changed" if changed else "unchanged",
        None,
        conversion.before,
        conversion.after,
        unified(header, conversion.before, conversion.after),
        source.encoding,
        tuple(_handler(rounds, conversion.path, each) for each in conversion.handlers),
        conversion.findings,
    )


def _handler(rounds: Rounds, path: str, outcome: HandlerOutcome) -> Handler:
    key = HandlerId(path, outcome.name)
    if outcome.status == "kept":
        return Handler(_placed(outcome), rounds.refused.get(key))
    return Handler(outcome, rounds.verdicts.get(key, UNCHECKED))


def _placed(outcome: HandlerOutcome) -> HandlerOutcome:
    """A suppressed handler's reason gets the handler's own line."""
    if outcome.reason is None or outcome.reason.code != "UC903":
        return outcome
    return replace(outcome, reason=replace(outcome.reason, line=outcome.line))


def apply(outcome: Outcome, files: Mapping[str, Target]) -> Outcome:
    """Write every changed file; returns the outcome with the problems that this met."""
    written: list[File] = []
    for file in outcome.files:
        if file.status == "changed":
            try:
                write_file(files[file.shown].file, file.before, file.after)
            except WriteError as error:
                file = replace(file, status="error", error=error.problem)
        written.append(file)
    return replace(outcome, files=tuple(written))
