"""Convert, check, keep what may not be written, and convert again, until nothing is to be kept.

A change in one file can need a change in another (a helper becomes a coroutine, its callers yield
it). So whatever takes a handler or a whole file out starts a new round with all the others, and a
verdict counts only as long as every file that the handler can reach is the one that was checked.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from .files import Target
from .model import Conversion, HandlerId, Options, Problem, Reason, Verdict
from .parallel import each_with
from .project import Project
from .reasons import sentence
from .settings import Settings
from .source import Source, SourceError, check, decode

if TYPE_CHECKING:
    from .verify import Version

Converter = Callable[
    [Project, Sequence[str], Options, Mapping[HandlerId, Reason]], Sequence[Conversion]
]


class Checker(Protocol):
    """Compares two versions of a file's handlers; see `verify.Verifier`."""

    def verify(
        self, before: Version, after: Version, handlers: Sequence[str]
    ) -> Mapping[str, Verdict]: ...


def _silent(text: str) -> None:
    """Where talk goes that nobody wants to hear."""


def _no_obstacle(file: Path) -> Problem | None:
    return None


@dataclass(frozen=True, slots=True)
class Tools:
    """What the line works with; ``checker`` is ``None`` where no check was asked for.

    ``obstacle`` says why a file could not be written, before anything is. ``complain`` takes the
    text of an internal error (for ``--debug``), ``progress`` what is being done right now.
    """

    convert: Converter
    checker: Callable[[Project], AbstractContextManager[Checker]] | None
    complain: Callable[[str], None] = _silent
    progress: Callable[[str], None] = _silent
    obstacle: Callable[[Path], Problem | None] = _no_obstacle


@dataclass(slots=True)
class Rounds:
    """The files of one project while they are converted.

    Afterwards ``conversions`` are what may be written, ``problems`` tells of the files that were
    taken out, ``verdicts`` belong to the rewritten handlers and ``refused`` to those kept for them.
    """

    project: Project
    sources: dict[str, tuple[Target, Source]]
    keep: dict[HandlerId, Reason]
    settings: Settings
    tools: Tools
    conversions: list[Conversion] = field(default_factory=list)
    problems: dict[str, Problem] = field(default_factory=dict)
    verdicts: dict[HandlerId, Verdict] = field(default_factory=dict)
    refused: dict[HandlerId, Verdict] = field(default_factory=dict)
    _checked: dict[str, bytes] = field(default_factory=dict)

    def run(self) -> None:
        """Go through as many rounds as it takes; each one keeps or takes out something more."""
        while self.sources:
            self._convert()
            if self._take_out(self._unusable()):
                continue
            untouchable = self._untouchable()
            if untouchable:
                self.keep |= untouchable
                continue
            if self.tools.checker is None:
                return
            self._check(self.tools.checker)
            reasons = self._reasons()
            if not reasons:
                return
            stubborn = {each.path for each in reasons if each in self.keep}
            if not self._take_out({path: _internal("a handler to be kept") for path in stubborn}):
                self.refused |= {each: self.verdicts[each] for each in reasons}
                self.keep |= reasons
        self.conversions = []

    def _convert(self) -> None:
        """Convert all files at once; where that fails, each alone, so that only one is lost."""
        self.tools.progress(f"converting {len(self.sources)} files")
        try:
            self.conversions = self._converted(list(self.sources))
        except Exception:
            self.tools.complain(traceback.format_exc())
            self.conversions = [each for path in self.sources for each in self._alone(path)]

    def _converted(self, paths: Sequence[str]) -> list[Conversion]:
        options = self.settings.options()
        return list(self.tools.convert(self.project, paths, options, self.keep))

    def _alone(self, path: str) -> list[Conversion]:
        try:
            return self._converted([path])
        except Exception as error:
            self.tools.complain(traceback.format_exc())
            text = " ".join(str(error).split())[:200]
            data = self.sources[path][1].data
            problem = _internal(f"{type(error).__name__}: {text}")
            return [Conversion(path, data, data, error=problem)]

    def _unusable(self) -> dict[str, Problem]:
        """The changed files that do not compile, and those that could not be written."""
        found: dict[str, Problem] = {}
        for conversion in self.conversions:
            if conversion.error is not None:
                found[conversion.path] = conversion.error
            elif conversion.after != conversion.before:
                target = self.sources[conversion.path][0]
                problem = _garbled(conversion) or self.tools.obstacle(target.file)
                if problem is not None:
                    found[conversion.path] = problem
        return found

    def _untouchable(self) -> dict[HandlerId, Reason]:
        """The rewritten handlers one of whose callbacks is to be left alone."""
        found: dict[HandlerId, Reason] = {}
        for conversion in self.conversions:
            for handler in conversion.handlers:
                key = HandlerId(conversion.path, handler.name)
                around = handler.name.rpartition(".")[0]
                names = {f"{around}.{each.name}" for each in handler.callbacks}
                kept = any(HandlerId(conversion.path, name) in self.keep for name in names)
                if kept and handler.status == "rewritten" and key not in self.keep:
                    found[key] = Reason("UC903", sentence("UC903"), handler.line)
        return found

    def _take_out(self, problems: Mapping[str, Problem]) -> bool:
        """Leave files out of the next round; tell whether there is anything to leave out."""
        for path, problem in problems.items():
            self.problems[path] = problem
            del self.sources[path]
        return bool(problems)

    def _check(self, checker: Callable[[Project], AbstractContextManager[Checker]]) -> None:
        """Run both versions of every rewritten handler whose verdict does not stand yet."""
        changed = {each.path: each for each in self.conversions if each.after != each.before}
        now = {each.path: each.after for each in self.conversions}
        fresh = {path for path, after in now.items() if self._checked.get(path) != after}
        due = fresh if not self._checked else self._reach(fresh)
        self._checked = now
        work = [changed[path] for path in sorted(due & set(changed))]

        def verify(one: Checker, conversion: Conversion) -> dict[HandlerId, Verdict]:
            return self._verdicts(one, conversion, changed)

        for found in each_with(lambda: checker(self.project), verify, work, self.settings.jobs):
            self.verdicts |= found

    def _reach(self, paths: Iterable[str]) -> set[str]:
        """``paths`` and every file of the project that may import one of them, through others too.

        An import names a module by its file's stem, or a package by its folder.
        """
        found = set(paths)
        waiting = list(found)
        while waiting:
            at = PurePosixPath(waiting.pop())
            name = at.parent.name if at.stem == "__init__" else at.stem
            users = set(self.project.mentions(name)) - found if name else set()
            found |= users
            waiting += users
        return found

    def _verdicts(
        self, checker: Checker, conversion: Conversion, changed: Mapping[str, Conversion]
    ) -> dict[HandlerId, Verdict]:
        from .verify import Version

        path = conversion.path
        moved = _moved(conversion)
        names = [each.name for each in conversion.handlers if each.status == "rewritten"]
        others = [each for each in changed.values() if each.path != path]
        before = Version(path, conversion.before, {each.path: each.before for each in others})
        answers = any(handler.answers for each in changed.values() for handler in each.handlers)
        after = Version(path, conversion.after, {each.path: each.after for each in others}, answers)
        found: dict[HandlerId, Verdict] = {}
        for name in (each for each in names if each not in moved):
            self.tools.progress(f"checking {self.sources[path][0].shown}: {name}")
            found[HandlerId(path, name)] = _verdict(checker, before, after, name)
        found |= {HandlerId(path, name): found[HandlerId(path, moved[name])] for name in moved}
        return found

    def _reasons(self) -> dict[HandlerId, Reason]:
        """The rewritten handlers that may not be written, each with its reason."""
        found: dict[HandlerId, Reason] = {}
        for conversion in self.conversions:
            for handler in conversion.handlers:
                key = HandlerId(conversion.path, handler.name)
                verdict = self.verdicts.get(key)
                if handler.status != "rewritten" or verdict is None:
                    continue
                if verdict.result == "different":
                    found[key] = Reason("UC901", sentence("UC901"), handler.line)
                elif self.settings.strict and verdict.result != "equivalent":
                    why = verdict.reason or verdict.result
                    found[key] = Reason("UC902", sentence("UC902", what=why), handler.line)
        return self._without_victims(found)

    def _without_victims(self, found: dict[HandlerId, Reason]) -> dict[HandlerId, Reason]:
        """The reasons without those that may be another handler's fault, if others remain.

        Two versions can differ only when a second request comes, to a handler that differs itself;
        once that one is kept, the next round tells.
        """
        different = {key for key in found if self.verdicts[key].result == "different"}
        victims = {
            key
            for key in different
            if any(
                other != key and _title(other) in _also_asked(self.verdicts[key])
                for other in different
            )
        }
        if victims == found.keys():
            return found
        return {key: reason for key, reason in found.items() if key not in victims}


def _moved(conversion: Conversion) -> dict[str, str]:
    """Rewritten handlers whose bodies are in another one now, which is checked in their place."""
    rewritten = {each.name: each for each in conversion.handlers if each.status == "rewritten"}
    found: dict[str, str] = {}
    for handler in rewritten.values():
        owner = handler.name.rpartition(".")[0]
        names = [f"{owner}.{c.name}" for c in handler.callbacks if c.placement == "inline"]
        found.update({name: handler.name for name in names if name in rewritten})
    for name in found:
        for _ in found:  # a callback of a callback
            found[name] = found.get(found[name], found[name])
    return {name: into for name, into in found.items() if into not in found}


def _title(handler: HandlerId) -> str:
    """A verb of a handler as a counterexample names it."""
    cls, _, verb = handler.name.rpartition(".")
    return f"{verb.upper()} to {cls.rpartition('.')[2]}"


def _also_asked(verdict: Verdict) -> set[str]:
    """The other requests of a counterexample, ``GET to Login``."""
    choices = (verdict.counterexample or {}).get("choices", ())
    return {each["answer"] for each in choices if not each["plain"]}


def _verdict(checker: Checker, before: Version, after: Version, name: str) -> Verdict:
    """One verdict; a checker that fails has proven nothing, and costs no other handler its own."""
    try:
        return checker.verify(before, after, [name])[name]
    except Exception as error:
        return Verdict("inconclusive", reason=f"the check failed: {error}")


def _garbled(conversion: Conversion) -> Problem | None:
    """Nothing that Python cannot compile leaves the tool, whatever went wrong before."""
    try:
        check(decode(conversion.path, conversion.after))
    except SourceError as error:
        return _internal(f"line {error.problem.line} of the result: {error.problem.message}")
    return None


def _internal(what: str) -> Problem:
    return Problem("UC010", f"internal error, the file is left alone: {what}")
