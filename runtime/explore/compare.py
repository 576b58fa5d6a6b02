"""What is compared between two runs, and between all runs of two versions.

Two runs are the same when they had the same effects (kind, subject, values) in the same order and
ended the same way. Two versions are compared as sets of such traces too: a version that can only do
less than the other one is *narrower*, one that can do more is *wider*.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from .trace import NEVER, NOTES, STUCK, TOGETHER, Event, Run

Relation = Literal[
    "equal", "after narrower", "after wider", "overlapping", "disjoint", "not established"
]
_Shown = tuple[str, str, str]
Trace = tuple[_Shown, ...]

_TAG = re.compile(r"^request \d+: | of request \d+\b")
_NOBODY_THERE = re.compile(r"Exception in callback .*StreamClosedError: Stream is closed$")
_RENAMED = re.compile(r"\bHTTP(?:Client|Timeout|StreamClosed)Error\b")
_NO_BODY = re.compile(r"(<response 599 [^>]*?) body=None")
_FUTURE = re.compile(r"<(?:uncallback\.runtime\._futures\.)?Future\b[^>]*>")
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


RENAMED = "how each generation names and words the errors of fetch: taken for the same"
"""What is held fixed where ``renames`` says that a text is not compared as it is."""


def renames(text: str) -> bool:
    """Whether ``across`` makes alike what whoever reads ``text`` could tell apart."""
    found = ("HTTP" in text or "599" in text) and (
        _RENAMED.search(text) or "HTTP 599: " in text or _NO_BODY.search(text)
    )
    return bool(found)


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


def answered(before: Run, after: Run, seen: Iterable[str] = ()) -> str | None:
    """The error (by its class) that only ``after`` answers, or ``None`` where more differs.

    ``before`` has it in the log and may leave the request open: a future that nobody waited for, or
    a callback of the auth mixins of Tornado 4 (SEMANTICS sections 2 and 3). ``after`` handles it as
    the request's. Whatever else ``before`` did, ``after`` must have done too, in the same order;
    what came from outside because the request was still open does not count. A run that was cut off
    did not come to log such errors: there the classes ``seen`` in other runs are taken for logged.
    """
    if _is_mixed(trace(before), trace(after)):
        return _answered_together(before, after)
    agreed = divergence(before, after)
    if agreed is None:
        return None
    ours, theirs = effects(before)[agreed:], effects(after)[agreed:]
    if not theirs or theirs[0][:2] != _HANDLED:
        return None
    lost = "\n".join(event.detail for event in ours if _only_logged(event))
    if before.end == STUCK:
        lost = "\n".join((lost, *seen))
    asked, answers = ({q.key for q in run.asked} for run in (before, after))
    handled = theirs[: max(agreed + 1, _until_asked(after, asked)) - agreed]
    mine = Counter(event for event in handled if event[:2] == _HANDLED)
    mine -= Counter(event for event in ours if event[:2] == _HANDLED)
    known = all(re.search(rf"\b{re.escape(event.detail[1:-1])}\b", lost) for event in mine)
    # Where the answer asked more of the outside, that changes what comes later.
    end = agreed if answers - asked else max(agreed, _until_asked(before, answers))
    mattering = ours[: end - agreed]
    others = [e[:3] for e in mattering if not _only_logged(e) and not _left_open(e)]
    rest = iter(event[:3] for event in theirs)
    same = known and all(each in rest for each in others)
    return theirs[0].detail[1:-1] if same else None


def _answered_together(before: Run, after: Run) -> str | None:
    """The same where requests came at the same time: in any order, and each with its answers."""
    done = effects(before)
    until = _until_asked(before, {question.key for question in after.asked})
    until = next((at for at, event in enumerate(done[:until]) if _left_open(event)), until)
    ours, theirs = (Counter(map(_without_tags, each)) for each in (done[:until], effects(after)))
    new = theirs - Counter(map(_without_tags, done))
    handled = [detail for kind, subject, detail in new if (kind, subject) == _HANDLED]
    logged = "\n".join(event.detail for event in done if _only_logged(event))
    known = all(re.search(rf"\b{re.escape(each[1:-1])}\b", logged) for each in handled)
    same = all(_only_logged(Event(*each)) for each in ours - theirs)
    return handled[0][1:-1] if handled and known and same else None


def _until_asked(run: Run, known: set[str]) -> int:
    """How many effects ``run`` had until something was answered to it that is not ``known``.

    From there on the outside is another one, say because a further request came.
    """
    at = min((q.at for q in run.asked if q.taken and q.key not in known), default=len(run.events))
    return len(effects(replace(run, events=run.events[:at])))


_HANDLED = ("hook", "log_exception")


def _left_open(event: Event) -> bool:
    ended = event.kind == "end" and event.detail.strip("'") == NEVER
    return ended or event[:2] == ("hook", "on_connection_close")


def _only_logged(event: Event) -> bool:
    if event[:2] == ("log", "asyncio ERROR"):  # where a future is asyncio's, from Tornado 5 on
        return event.detail.startswith("Future exception was never retrieved")
    return event[:2] == ("log", "tornado.application ERROR") and (
        event.detail.startswith("Exception in callback")
        or "exception was never retrieved" in event.detail
    )


def divergence(before: Run, after: Run) -> int | None:
    """How many effects two runs agree on before they differ; ``None`` if they never do."""
    return parting(trace(before), trace(after))


def parting(left: Trace, right: Trace) -> int | None:
    """The same for two traces.

    A run that does not return was cut off somewhere, so of two such runs only what both have is
    compared. Between requests that came at the same time no order is promised: there the effects
    must be the same, whatever their order and whichever of the requests they are of; of those that
    were cut off nobody knows what both had (``is_unsettled``).
    """
    if left == right or is_unsettled(left, right):
        return None
    if _is_mixed(left, right) and _mixed(left) == _mixed(right):
        return None
    agreed = 0
    for ours, theirs in zip(left, right, strict=False):
        if ours != theirs:
            break
        agreed += 1
    return None if _are_cut(left, right) and agreed >= min(len(left), len(right)) - 1 else agreed


def is_unsettled(left: Trace, right: Trace) -> bool:
    """Whether requests came at the same time, and one of them does not return: where the runs were
    cut off the others had come to different points."""
    return _are_cut(left, right) and _is_mixed(left, right)


def _are_cut(left: Trace, right: Trace) -> bool:
    return left[-1] == right[-1] == ("end", STUCK, "")


def _is_mixed(left: Trace, right: Trace) -> bool:
    """Whether both are traces of requests that came at the same time."""
    return left[0][0] == right[0][0] == TOGETHER


def _mixed(trace: Trace) -> list[_Shown]:
    """What some requests did together, without telling which of them did what, and when."""
    return sorted(map(_without_tags, trace))


def _without_tags(event: Event | _Shown) -> _Shown:
    """An effect without saying which request it is of; its body's length may say so, too."""
    kind, subject, detail = event[:3]
    shown = _FROM_BODY.sub(r"('\1', ...)", _TAG.sub("", detail))
    return kind, _TAG.sub("", subject), shown


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
