"""The line from files to verdicts: read, convert, verify, keep what may not be written.

Whatever goes wrong with one file becomes that file's `Problem`; the others go on. Nothing here
writes: `cli` hands the outcome to `apply` when it was asked to.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from . import suppress
from .diff import unified
from .files import Collection, Fault, Skip, Target, shown
from .model import (
    UNCHECKED,
    Conversion,
    HandlerId,
    HandlerOutcome,
    Options,
    Problem,
    Reason,
    Verdict,
)
from .outcome import File, Handler, Outcome
from .project import Project
from .reasons import sentence
from .settings import Settings
from .source import Source, SourceError, check, decode
from .write import WriteError
from .write import replace as write_file

if TYPE_CHECKING:
    from .verify import Version

_CANDIDATE = re.compile(rb"tornado|asynchronous")
# Files that never name Tornado are parsed too while they are few, so that a broken one is told; in
# a big tree that would cost more than everything else.
_PARSE_ALL_BYTES = 1 << 20

Converter = Callable[
    [Project, Sequence[str], Options, Mapping[HandlerId, Reason]], Sequence[Conversion]
]


class Checker(Protocol):
    """Compares two versions of a file's handlers; see `verify.Verifier`."""

    def verify(
        self, before: Version, after: Version, handlers: Sequence[str]
    ) -> Mapping[str, Verdict]: ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What the line works with; ``checker`` is ``None`` where no check was asked for.

    ``complain`` takes the text of an internal error (for ``--debug``); ``obstacle`` says why a file
    could not be written, before anything is.
    """

    convert: Converter
    checker: Callable[[Project], AbstractContextManager[Checker]] | None
    complain: Callable[[str], None] = lambda text: None
    obstacle: Callable[[Path], Problem | None] = lambda file: None


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
        files += _process(batch, settings, tools) if batch.sources else batch.settled
    return Outcome(
        command,
        tuple(sorted(files, key=lambda file: file.shown)),
        tuple(sorted(skips, key=lambda skip: skip.shown)),
        verified=tools.checker is not None,
        strict=settings.strict,
    )


def _read(project: Project, targets: Sequence[Target]) -> _Batch:
    """Read all targets, settle those that cannot hold a handler, guard the others."""
    batch = _Batch(project, {}, [], [], {})
    idle: list[tuple[Target, Source]] = []
    for target in targets:
        try:
            data = project.read(target.path)
            if suppress.is_generated(data):
                batch.skips.append(Skip(target.shown, "generated file"))
                continue
            source = decode(target.path, data)
            if suppress.skips_file(source):
                batch.skips.append(Skip(target.shown, "uncallback: skip-file"))
            elif _CANDIDATE.search(data):
                _enter(batch, target, source)
            else:
                idle.append((target, source))
        except OSError as error:
            problem = Problem("UC002", f"cannot be read: {error.strerror or error}")
            batch.settled.append(File(target.shown, "error", problem))
        except SourceError as error:
            batch.settled.append(File(target.shown, "error", error.problem))
    _settle_idle(batch, idle)
    return batch


def _enter(batch: _Batch, target: Target, source: Source) -> None:
    tree = check(source)
    for name in suppress.skipped_names(source, tree):
        reason = Reason("UC903", sentence("UC903"), 1)
        batch.keep[HandlerId(target.path, name)] = reason
    batch.sources[target.path] = (target, source)


def _settle_idle(batch: _Batch, idle: Sequence[tuple[Target, Source]]) -> None:
    parse = sum(len(source.data) for _, source in idle) <= _PARSE_ALL_BYTES
    for target, source in idle:
        try:
            if parse:
                check(source)
            batch.settled.append(File(target.shown, "unchanged"))
        except SourceError as error:
            batch.settled.append(File(target.shown, "error", error.problem))


def _process(batch: _Batch, settings: Settings, tools: Tools) -> list[File]:
    """Convert until every rewritten handler may be written."""
    keep = dict(batch.keep)
    verdicts: dict[HandlerId, Verdict] = {}
    shown_verdicts: dict[HandlerId, Verdict] = {}
    previous: dict[str, bytes] = {}
    while True:
        conversions = _convert(batch, settings.options(), keep, tools)
        if _set_aside(batch, conversions, tools):
            continue
        if tools.checker is None:
            break
        fresh = [c for c in conversions if previous.get(c.path) != c.after]
        previous = {c.path: c.after for c in conversions}
        verdicts |= _check(batch.project, conversions, fresh, settings, tools)
        refused = _refused(conversions, verdicts, settings.strict)
        shown_verdicts |= {each: verdicts[each] for each in refused}
        if not refused:
            break
        keep |= refused
    files = [_file(batch, each, verdicts, shown_verdicts, tools) for each in conversions]
    return files + batch.settled


def _set_aside(batch: _Batch, conversions: Sequence[Conversion], tools: Tools) -> bool:
    """Take out files that would change but could not be written; tell whether there were any.

    The others are converted again without them, because a change can need one in another file.
    """
    found = False
    for conversion in conversions:
        if conversion.after != conversion.before and conversion.path in batch.sources:
            target, _ = batch.sources[conversion.path]
            problem = tools.obstacle(target.file)
            if problem is not None:
                batch.settled.append(File(target.shown, "error", problem))
                del batch.sources[conversion.path]
                found = True
    return found


def _convert(
    batch: _Batch, options: Options, keep: Mapping[HandlerId, Reason], tools: Tools
) -> list[Conversion]:
    """Convert all files at once; where that fails, each alone, so that only one is lost."""
    paths = list(batch.sources)
    try:
        conversions = list(tools.convert(batch.project, paths, options, keep))
    except Exception:
        tools.complain(traceback.format_exc())
        conversions = [_convert_one(batch, path, options, keep, tools) for path in paths]
    return [_guarded(batch, each) for each in conversions]


def _convert_one(
    batch: _Batch, path: str, options: Options, keep: Mapping[HandlerId, Reason], tools: Tools
) -> Conversion:
    data = batch.sources[path][1].data
    try:
        for each in tools.convert(batch.project, [path], options, keep):
            if each.path == path:
                return each
        return Conversion(path, data, data)
    except Exception as error:
        tools.complain(traceback.format_exc())
        text = " ".join(str(error).split())[:200]
        message = f"internal error, the file is left alone: {type(error).__name__}: {text}"
        return Conversion(path, data, data, error=Problem("UC010", message))


def _guarded(batch: _Batch, conversion: Conversion) -> Conversion:
    """Nothing that Python cannot compile leaves the tool, whatever went wrong before."""
    if conversion.after == conversion.before:
        return conversion
    try:
        check(decode(conversion.path, conversion.after))
    except SourceError as error:
        at = f"line {error.problem.line} of the result: {error.problem.message}"
        problem = Problem("UC010", f"internal error, the file is left alone: {at}")
        return Conversion(conversion.path, conversion.before, conversion.before, error=problem)
    return conversion


def _check(
    project: Project,
    conversions: Sequence[Conversion],
    fresh: Sequence[Conversion],
    settings: Settings,
    tools: Tools,
) -> dict[HandlerId, Verdict]:
    """Run both versions of every rewritten handler in the ``fresh`` files."""
    from .parallel import each_with

    changed = {c.path: c for c in conversions if c.after != c.before}
    work = [c for c in fresh if c.path in changed]
    if not work or tools.checker is None:
        return {}

    def verify(checker: Checker, conversion: Conversion) -> dict[HandlerId, Verdict]:
        return _verdicts(checker, conversion, changed)

    checker = tools.checker
    results = each_with(lambda: checker(project), verify, work, settings.jobs)
    return {handler: verdict for result in results for handler, verdict in result.items()}


def _verdicts(
    checker: Checker, conversion: Conversion, changed: Mapping[str, Conversion]
) -> dict[HandlerId, Verdict]:
    from .verify import Version

    names = [each.name for each in conversion.handlers if each.status == "rewritten"]
    others = [each for path, each in changed.items() if path != conversion.path]
    before = Version(conversion.path, conversion.before, {c.path: c.before for c in others})
    after = Version(conversion.path, conversion.after, {c.path: c.after for c in others})
    return {
        HandlerId(conversion.path, name): _verdict_on(checker, before, after, name)
        for name in names
    }


def _verdict_on(checker: Checker, before: Version, after: Version, name: str) -> Verdict:
    """One verdict; a checker that fails has proven nothing, and costs no other handler its own."""
    try:
        return checker.verify(before, after, [name])[name]
    except Exception as error:
        return Verdict("inconclusive", reason=f"the check failed: {error}")


def _refused(
    conversions: Sequence[Conversion], verdicts: Mapping[HandlerId, Verdict], strict: bool
) -> dict[HandlerId, Reason]:
    """The rewritten handlers that may not be written, each with its reason."""
    refused: dict[HandlerId, Reason] = {}
    for conversion in conversions:
        for handler in conversion.handlers:
            key = HandlerId(conversion.path, handler.name)
            if handler.status != "rewritten" or key not in verdicts:
                continue
            verdict = verdicts[key]
            if verdict.result == "different":
                refused[key] = Reason("UC901", sentence("UC901"), handler.line)
            elif strict and verdict.result != "equivalent":
                why = verdict.reason or verdict.result
                refused[key] = Reason("UC902", sentence("UC902", what=why), handler.line)
    return refused


def _file(
    batch: _Batch,
    conversion: Conversion,
    verdicts: Mapping[HandlerId, Verdict],
    refused: Mapping[HandlerId, Verdict],
    tools: Tools,
) -> File:
    target, source = batch.sources.get(conversion.path) or (None, None)
    path = target.shown if target else shown(batch.project.root / conversion.path)
    changed = conversion.after != conversion.before
    handlers = tuple(
        Handler(_placed(outcome), _verdict(conversion.path, outcome, verdicts, refused, tools))
        for outcome in conversion.handlers
    )
    # A file outside the working directory is patched from its project's root.
    header = conversion.path if path.startswith("/") else path
    return File(
        path,
        "error" if conversion.error else "changed" if changed else "unchanged",
        conversion.error,
        conversion.before,
        conversion.after,
        unified(header, conversion.before, conversion.after),
        source.encoding if source else "utf-8",
        handlers,
        conversion.findings,
    )


def _placed(outcome: HandlerOutcome) -> HandlerOutcome:
    """A suppressed handler's reason gets the handler's own line."""
    if outcome.reason is None or outcome.reason.code != "UC903":
        return outcome
    return replace(outcome, reason=replace(outcome.reason, line=outcome.line))


def _verdict(
    path: str,
    outcome: HandlerOutcome,
    verdicts: Mapping[HandlerId, Verdict],
    refused: Mapping[HandlerId, Verdict],
    tools: Tools,
) -> Verdict | None:
    key = HandlerId(path, outcome.name)
    if outcome.status == "kept":
        return refused.get(key)
    return UNCHECKED if tools.checker is None else verdicts.get(key)


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


__all__ = ["Checker", "Converter", "Fault", "Tools", "apply", "run"]
