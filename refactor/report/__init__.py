"""Reports: one `Outcome`, written for a terminal, a program, a review or a page.

Each format is a module with ``render(outcome, view) -> str``; it is imported when it is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from importlib import import_module
from typing import cast

from ..model import Reason
from ..outcome import File, Handler, Outcome

FORMATS = {
    "text": "text",
    "json": "json_",
    "markdown": "markdown",
    "sarif": "sarif",
    "github": "github",
    "html": "html",
}


@dataclass(frozen=True, slots=True)
class View:
    """How much is shown: ``verbosity`` is -1 (quiet), 0, or 1 (every skip and note)."""

    color: bool = False
    verbosity: int = 0
    statistics: bool = False
    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    per_file_ignores: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def wants(self, code: str, file: File) -> bool:
        """Whether ``code`` is reported for ``file``; the longer prefix of a code wins."""
        for pattern, codes in self.per_file_ignores.items():
            if fnmatch(file.shown, pattern) and code.startswith(tuple(codes)):
                return False
        chosen = max((len(p) for p in self.select if code.startswith(p)), default=-1)
        ignored = max((len(p) for p in self.ignore if code.startswith(p)), default=-1)
        if self.select and chosen < 0:
            return False
        return ignored < 0 or chosen > ignored

    def findings(self, file: File) -> Iterator[Reason]:
        """The findings of ``file`` that are wanted, in line order."""
        yield from sorted(
            (each for each in file.findings if self.wants(each.code, file)),
            key=lambda each: (each.line, each.code),
        )

    def handlers(self, file: File) -> Iterator[Handler]:
        """The handlers of ``file`` without those that were kept for an unwanted code."""
        for handler in sorted(file.handlers, key=lambda each: each.line):
            if handler.reason is None or self.wants(handler.reason.code, file):
                yield handler

    def refusals(self, outcome: Outcome) -> Counter[str]:
        """How often each wanted code keeps a handler."""
        listed = [each for file in outcome.files for each in self.handlers(file)]
        return Counter(each.reason.code for each in listed if each.reason)

    def codes(self, outcome: Outcome) -> Counter[str]:
        """How often each code is reported: wanted refusals and findings, and all problems."""
        findings = (each.code for file in outcome.files for each in self.findings(file))
        problems = (file.error.code for file in outcome.files if file.error)
        return self.refusals(outcome) + Counter(findings) + Counter(problems)


def render(name: str, outcome: Outcome, view: View) -> str:
    """Return ``outcome`` in the format ``name``, a key of `FORMATS`."""
    module = import_module(f".{FORMATS[name]}", __name__)
    write = cast("Callable[[Outcome, View], str]", module.render)
    return write(outcome, view)
