"""From several passes over a project to one answer.

What one pass rewrites can be what kept another handler: a base class's verb loses its decorator,
and now it is certain that ``super().post()`` finishes the request. So passes follow each other
until nothing changes, each over the result of the one before; lines are those of the original.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from .model import Conversion, HandlerId, HandlerOutcome, Reason
from .workspace import Files


@dataclass(frozen=True)
class Changed:
    """A project with other bytes in some of its files."""

    project: Files
    data: Mapping[str, bytes]

    @property
    def paths(self) -> tuple[str, ...]:
        return self.project.paths

    def read(self, path: str) -> bytes:
        return self.data[path] if path in self.data else self.project.read(path)

    def mentions(self, name: str) -> tuple[str, ...]:
        """The files that named it before: a rewrite only takes names away that others ask for."""
        return self.project.mentions(name)


def unsettled(done: Sequence[Conversion], keep: Mapping[HandlerId, Reason]) -> bool:
    """Whether another pass could convert more: something changed, and some handlers may follow."""
    outcomes = [(each.path, outcome) for each in done for outcome in each.handlers]
    changed = any(outcome.status == "rewritten" for _, outcome in outcomes)
    return changed and any(
        outcome.status == "kept" and HandlerId(path, outcome.name) not in keep
        for path, outcome in outcomes
    )


def together(first: Sequence[Conversion], second: Sequence[Conversion]) -> tuple[Conversion, ...]:
    """Two passes as one; ``second`` converted what ``first`` had made, file by file."""
    return tuple(_merged(one, two) for one, two in zip(first, second, strict=True))


def _merged(one: Conversion, two: Conversion) -> Conversion:
    if one.error is not None or two.error is not None:
        return one
    line = _former_lines(one.before, two.before)
    new = {each.name: each for each in two.handlers if each.status == "rewritten"}
    handlers = [_both(each, new.pop(each.name, None)) for each in one.handlers]
    handlers += [replace(each, line=line[each.line]) for each in new.values()]
    found = tuple(replace(each, line=line[each.line]) for each in two.findings)
    return replace(one, after=two.after, handlers=tuple(handlers), findings=found)


def _both(one: HandlerOutcome, two: HandlerOutcome | None) -> HandlerOutcome:
    """What became of a handler in the end, at its first line."""
    if two is None:
        return one
    callbacks, notes = (*one.callbacks, *two.callbacks), (*one.notes, *two.notes)
    answers = one.answers or two.answers
    return replace(two, line=one.line, callbacks=callbacks, notes=notes, answers=answers)


def _former_lines(before: bytes, after: bytes) -> Sequence[int]:
    """For each 1-based line of ``after``, the line of ``before`` that it was, or came behind."""
    old, new = before.splitlines(), after.splitlines()
    found = [1]
    for _, start, _, first, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        found += [start + 1 + index for index in range(end - first)]
    return [min(line, max(len(old), 1)) for line in found]
