"""The nouns of the codemod: what one stage hands to the next.

Everything here is frozen and holds plain values, so a stage can be replaced, cached or sent to
another process without its neighbours noticing. Lines and columns are 1-based throughout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Style = Literal["coroutine", "native"]
Placement = Literal["inline", "call", "coroutine"]
Result = Literal["equivalent", "different", "inconclusive", "unchecked"]


@dataclass(frozen=True, slots=True)
class Options:
    """What the person asked for.

    ``style`` is ``"coroutine"`` (``@gen.coroutine``, ``yield``) or ``"native"`` (``async def``,
    ``await``); ``tornado`` the target generation, 5 (4.1 to 5.1) or 6; ``python`` the oldest
    Python the result must run on, as ``(major, minor)``.
    """

    style: Style = "coroutine"
    tornado: Literal[5, 6] = 5
    python: tuple[int, int] = (3, 6)
    placement: Literal["inline", "call"] = "inline"
    assume_once: bool = False
    operations: tuple[Mapping[str, Any], ...] = ()
    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file could not be read, parsed or written: one line for the person."""

    code: str
    message: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a handler was left as it was (a refusal) or what deserves attention (a finding)."""

    code: str
    message: str
    line: int


@dataclass(frozen=True, slots=True)
class HandlerId:
    """One handler: the file it stands in and its dotted name, ``Login.get``."""

    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback of a rewritten handler, and where its body stands now."""

    name: str
    operation: str
    placement: Placement


@dataclass(frozen=True, slots=True)
class Verdict:
    """What running both versions showed, with its bounds.

    ``runs`` counts recorded runs, ``coverage`` is the share of the handler's lines (callbacks
    included) that ran in either version, between 0 and 1, ``complete`` says whether every
    choice was tried.
    """

    result: Result
    complete: bool = False
    runs: int = 0
    coverage: float = 0.0
    reason: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    counterexample: Mapping[str, Any] | None = None


UNCHECKED = Verdict("unchecked", reason="the check was not asked for")


@dataclass(frozen=True, slots=True)
class HandlerOutcome:
    """What the codemod did with one handler, before any check has run.

    ``answers``: an error that today only reaches the log, while the request stays open, is answered
    now; a note says where.
    """

    name: str
    line: int
    status: Literal["rewritten", "kept"]
    reason: Reason | None = None
    callbacks: tuple[Callback, ...] = ()
    notes: tuple[str, ...] = ()
    answers: bool = False


@dataclass(frozen=True, slots=True)
class Conversion:
    """One file after the codemod: ``after == before`` where nothing was rewritten."""

    path: str
    before: bytes
    after: bytes
    handlers: tuple[HandlerOutcome, ...] = ()
    findings: tuple[Reason, ...] = ()
    error: Problem | None = None
