"""What a run came to, file by file: the one thing that every report is written from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from .files import Skip
from .model import Callback, HandlerOutcome, Problem, Reason, Verdict

Status = Literal["changed", "unchanged", "error"]


@dataclass(frozen=True, slots=True)
class Handler:
    """One handler with its verdict; ``None`` where nothing was there to be checked."""

    outcome: HandlerOutcome
    verdict: Verdict | None = None

    @property
    def name(self) -> str:
        return self.outcome.name

    @property
    def line(self) -> int:
        return self.outcome.line

    @property
    def rewritten(self) -> bool:
        return self.outcome.status == "rewritten"

    @property
    def reason(self) -> Reason | None:
        return self.outcome.reason

    @property
    def callbacks(self) -> tuple[Callback, ...]:
        return self.outcome.callbacks


@dataclass(frozen=True, slots=True)
class File:
    """One file: ``shown`` is its path for the person, ``diff`` is in the file's own encoding."""

    shown: str
    status: Status
    error: Problem | None = None
    before: bytes = b""
    after: bytes = b""
    diff: bytes = b""
    encoding: str = "utf-8"
    handlers: tuple[Handler, ...] = ()
    findings: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything one ``diff`` or ``fix`` has to tell.

    ``hidden`` are the codes that ``--select`` and ``--ignore`` keep out of the human reports.
    """

    command: Literal["diff", "fix"]
    files: tuple[File, ...]
    skips: tuple[Skip, ...] = ()
    verified: bool = True
    strict: bool = False

    def count(self, status: Status) -> int:
        """The number of files with ``status``."""
        return sum(file.status == status for file in self.files)

    @property
    def handlers(self) -> tuple[Handler, ...]:
        return tuple(handler for file in self.files for handler in file.handlers)

    @property
    def different(self) -> int:
        """Handlers whose rewritten form behaved differently, and which were kept for it."""
        return sum(h.verdict is not None and h.verdict.result == "different" for h in self.handlers)

    def exit_code(self, *, exit_non_zero_on_fix: bool = False) -> int:
        """The contract: 3 for a file that was not processed, 1 for a change, else 0."""
        if self.count("error"):
            return 3
        reported = self.command == "diff" or exit_non_zero_on_fix
        return 1 if reported and self.count("changed") else 0

    def skipped(self) -> Counter[str]:
        """How many paths were left out, by reason."""
        return Counter(skip.reason for skip in self.skips)
