"""What is compared between two runs, and between all runs of two versions.

Two runs are the same when they had the same effects (kind, subject, values) in the same order and
ended the same way. Two versions are compared as sets of such traces too: a version that can only do
less than the other one is *narrower*, one that can do more is *wider*.
"""

from __future__ import annotations

import re
from typing import Literal

from .trace import NOTES, STUCK, Event, Run

Relation = Literal[
    "equal", "after narrower", "after wider", "overlapping", "disjoint", "not established"
]
Trace = tuple[tuple[str, str, str], ...]

_NOBODY_THERE = re.compile(r"Exception in callback .*StreamClosedError: Stream is closed$")
_RENAMED = re.compile(r"\bHTTP(?:Client|Timeout|StreamClosed)Error\b")
_NO_BODY = re.compile(r"(<response 599 [^>]*?) body=None")
_FUTURE = re.compile(r"<uncallback\.runtime\._futures\.\w+ object>")
_FROM_BODY = re.compile(r"\('(Etag|Content-Length)', '[^']*'\)")


def across(text: str) -> str:
    """A text without what only changed its name between generations (SEMANTICS 1).

    That is: the errors of ``fetch`` and their text, the body of a 599, how a future is shown, and
    the headers that are computed from a body (which is compared itself).
    """
    if "HTTP" in text or "599" in text:
        text = _RENAMED.sub("HTTPError", text).replace("HTTP 599: ", "")
        text = _NO_BODY.sub(r"\1 body=b''", text)
    text = _FUTURE.sub("<Future>", text) if "Future" in text else text
    return _FROM_BODY.sub(r"('\1', ...)", text) if "'Content-Length'" in text else text


def effects(run: Run) -> tuple[Event, ...]:
    """The events of a run that count."""
    return tuple(event for event in run.events if event.kind not in NOTES and not accepted(event))


def trace(run: Run) -> Trace:
    """A run as it is compared: effects without their places, then the end."""
    shown = [
        event[:3]
        for event in run.events
        if event[0] not in NOTES and (event[0] != "log" or not accepted(event))
    ]
    shown.append(("end", run.end, ""))
    return tuple(shown)


def accepted(event: Event) -> bool:
    """The one effect that may differ: the loop's log line that nobody was there to be answered.

    From Tornado 5 on, ``finish`` returns a future. Where it is the value of a callback the loop
    watches that future, and logs a line when the client has left before the answer. A coroutine
    that yields instead has no such value. Verdicts count these lines under ``accepted``.
    """
    return (
        event.kind == "log"
        and event.subject == "tornado.application ERROR"
        and _NOBODY_THERE.match(event.detail) is not None
    )


def divergence(before: Run, after: Run) -> int | None:
    """How many effects two runs agree on before they differ; ``None`` if they never do."""
    return parting(trace(before), trace(after))


def parting(left: Trace, right: Trace) -> int | None:
    """The same for two traces.

    A run that does not return was cut off somewhere, so of two such runs only what both have is
    compared.
    """
    if left == right:
        return None
    agreed = 0
    for ours, theirs in zip(left, right, strict=False):
        if ours != theirs:
            break
        agreed += 1
    cut = left[-1] == right[-1] == ("end", STUCK, "")
    return None if cut and agreed >= min(len(left), len(right)) - 1 else agreed


class Sets:
    """All the traces of both versions that were seen."""

    def __init__(self) -> None:
        self.before: set[Trace] = set()
        self.after: set[Trace] = set()

    def relation(self, complete: bool) -> Relation:
        """How the two sets lie to each other; established only when everything was tried."""
        if not complete:
            return "not established"
        if self.before == self.after:
            return "equal"
        if self.after < self.before:
            return "after narrower"
        if self.after > self.before:
            return "after wider"
        return "disjoint" if self.before.isdisjoint(self.after) else "overlapping"
