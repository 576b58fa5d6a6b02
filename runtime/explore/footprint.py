"""Which completion orders can matter: pruning by what each completion read and wrote.

A run is cut into segments, one for each delivery. Two segments may be swapped without anybody
noticing when they share no state that one of them writes, do not both have effects, and do not ask
the same question (its how-many-th time would change). For every pair that may *not* be swapped the
reverse order has to be tried (dynamic partial-order reduction, Flanagan and Godefroid, POPL 2005;
for event-driven programs Jensen and others, OOPSLA 2015). Sound for runs with ``Run.tracked`` only.

Of real code nobody knows what it reads and writes, so there each segment conflicts with each, but
for those in which no code ran: a member of a list arrived that waits for others (``_joins``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .trace import DELIVER, EVERYTHING, JOINED, NOTES, ORDER, READ, WAIT, WRITE, Run

_OUTSIDE = "the outside"
_EVERYTHING = (_OUTSIDE, EVERYTHING)
_TIMES = re.compile(r"( ~\d+|\s*#\d+)+$")


@dataclass(slots=True)
class _Segment:
    """What happened between one delivery and the next."""

    delivered: str
    order: str | None
    options: tuple[str, ...]
    creator: int
    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    joined: bool = False
    acts: bool = False


def reversals(run: Run) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Orders to try because of what happened in ``run``.

    Yields the key of an order question and the labels of completions that should come first there;
    no label that is an option there means that every option should be tried.
    """
    segments = _segments(run)
    for position, segment in enumerate(segments):
        if segment.order is not None:
            delivered = {each.delivered for each in segments[position:]}
            missing = tuple(label for label in segment.options if label not in delivered)
            if missing:  # what came first has put an end to it
                yield segment.order, missing
    for later in range(1, len(segments)):
        for earlier in range(1, later):
            order = segments[earlier].order
            if order is None or not _conflict(segments[earlier], segments[later]):
                continue
            root = later
            while segments[root].creator > earlier:
                root = segments[root].creator
            if segments[root].creator != earlier:
                yield order, (segments[root].delivered,)


def joined(run: Run) -> frozenset[str]:
    """The keys of order questions after which a list waited for one less, and nothing else."""
    if not run.tracked:
        return frozenset()
    return frozenset(
        each.order for each in _segments(run) if each.order and each.joined and not each.acts
    )


def _conflict(one: _Segment, other: _Segment) -> bool:
    return bool(one.writes & other.writes or one.writes & other.reads or one.reads & other.writes)


def _segments(run: Run) -> list[_Segment]:
    """The segments of a run; the first is what ran before anything was delivered.

    One in which a member of a list arrived and nothing else happened writes nothing: what it asked,
    its own outcome, would be asked alike at another time.
    """
    segments = [_Segment("", None, (), 0)]
    created: dict[str, int] = {}
    questions = iter(run.asked)
    question = next(questions, None)
    order: tuple[str, tuple[str, ...]] | None = None
    for position, event in enumerate((*run.events, None)):
        while question is not None and question.at == position:
            if question.key.startswith(ORDER):
                order = (question.key, question.options)
            else:
                if (
                    segments[-1].joined and question.taken > 0
                ):  # the client leaves, or another comes
                    segments.append(
                        _Segment("", None, (), len(segments) - 1, set(), {*_EVERYTHING})
                    )
                segments[-1].writes.add(_TIMES.sub("", question.key))
            question = next(questions, None)
        if event is None:
            break
        if event.kind == DELIVER:
            key, options = order or (None, ())
            segments.append(_Segment(event.subject, key, options, created.get(event.subject, 0)))
            order = None
        elif event.kind == WAIT:
            created[event.subject] = len(segments) - 1
        elif event.kind == READ:
            segments[-1].reads.add(event.subject)
        elif event.kind == WRITE:
            segments[-1].writes.add(event.subject)
        elif event.kind == JOINED:
            segments[-1].joined = True
        elif event.kind not in NOTES:
            segments[-1].writes.add(_OUTSIDE)
            segments[-1].acts = True
    for segment in segments:
        if segment.joined and not segment.acts:
            segment.writes.clear()
    return segments
