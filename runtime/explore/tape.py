"""Tapes: which answers the outside world gives, keyed by what is asked.

A tape holds only the answers that deviate from the plain run. Because an answer belongs to a
question (callee, arguments, how many-th time) and not to a position, the same tape can be played
to two versions of a program, and each question that only one of them asks stays visible as such.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import partial
from types import FrameType

from .describe import describe
from .trace import DELIVER, NOTES, ORDER, TIMER, Asked, Event, Interrupted, Moment, Place, Run

EVENTS = 4000
"""Effects, or questions, after which a run is said not to return; no clock has a say."""

_event = partial(tuple.__new__, Event)
_asked = partial(tuple.__new__, Asked)
"""Make an ``Event`` and an ``Asked`` of a tuple: the shortest way, which counts here."""

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")

Pick = Callable[[str, tuple[str, ...]], int]
"""Answers a question that no tape answers: key and options in, index out."""

Clean = Callable[[str], str]
"""Takes out of a text what differs between generations and means the same."""

Locate = Mapping[str, str]
"""Absolute file name of a version's source to the path shown to the reader."""


def encode(deviations: Iterable[tuple[str, str]]) -> str:
    """The tape as one line of text that ``decode`` reads: stable across Python versions."""
    return json.dumps(dict(deviations), ensure_ascii=True, separators=(",", ":"), sort_keys=True)


def decode(text: str) -> dict[str, str]:
    """Read what ``encode`` wrote; ``ValueError`` names what is wrong with it."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"the tape is not JSON: {error}") from None
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise ValueError("the tape is not an object of strings")
    return found


class TooLong(Interrupted):
    """The run had more effects than any handler needs."""


class Recorder:
    """A chooser that answers from a tape and writes down what was asked and what was done.

    ``answers``: the option taken for each key, by its label. ``other``: the run of the other
    version, whose order of completions is used where the two have different ones pending.
    ``pick``: answers what neither says; without it the plain option is taken. ``locate``: when
    given, each event says where it was caused. ``clean`` may be set: it is applied to
    every text, for two versions that run on different generations. ``clock`` may be set to what
    tells the seconds since the run began: an effect after it has moved is preceded by the time, as
    waiting longer than before is a difference, but a timer that has no effect is not.
    ``last`` is when that moved last.
    ``watch``: after how many questions ``moments`` are wanted, if at all; ``met`` are digests of
    moments after which no more are.
    """

    __slots__ = (
        "_counts",
        "_locate",
        "_other",
        "_pick",
        "_positions",
        "answers",
        "asked",
        "clean",
        "clock",
        "events",
        "last",
        "met",
        "misaligned",
        "moments",
        "opaque",
        "watch",
    )

    def __init__(
        self,
        answers: Mapping[str, str] | None = None,
        *,
        other: Run | None = None,
        pick: Pick | None = None,
        locate: Locate | None = None,
        watch: range | None = None,
        met: Container[bytes] = (),
    ) -> None:
        self.answers: Mapping[str, str] = answers or {}
        self.events: list[Event] = []
        self.asked: list[Asked] = []
        self.clean: Clean | None = None
        self.clock: Callable[[], float] | None = None
        self.misaligned: list[str] = []
        self.moments: list[Moment] = []
        self.watch = watch
        self.met = met
        self.opaque: set[str] = set()
        self._counts: dict[str, int] = {}
        self.last = 0.0
        self._other = other
        self._positions: dict[str, int] | None = None
        self._pick = pick
        self._locate = locate

    @property
    def locate(self) -> bool:
        """Whether the reader wants to know where things happened (slower)."""
        return self._locate is not None

    def choose(self, key: str, options: Sequence[str]) -> int:
        """Answer one question; the index is one into ``options`` as they were given."""
        shown = tuple(options)
        if self.clean is not None:
            key, shown = self.clean(key), tuple(map(self.clean, shown))
        given = shown
        if key.startswith(ORDER):
            key = ORDER + " | ".join(sorted(shown))
            if self._other is not None:
                positions = self._completions(self._other)
                last = len(positions)
                shown = tuple(sorted(shown, key=lambda option: positions.get(option, last)))
        seen = self._counts[key] = self._counts.get(key, 0) + 1
        if seen > 1:
            key = f"{key} ~{seen}"
        wanted = self.answers.get(key)
        if wanted is None:
            taken = 0 if self._pick is None else self._pick(key, shown)
        elif wanted in shown:
            taken = shown.index(wanted)
        else:
            self.misaligned.append(key)
            taken = 0
        asked = self.asked
        asked.append(_asked((key, shown, taken, len(self.events))))
        if len(asked) > EVENTS:
            raise TooLong(f"more than {EVENTS} questions")
        return taken if shown is given else given.index(shown[taken])

    def record(self, kind: str, subject: str, detail: object = None) -> None:
        """Write one effect down, with its values as they are now."""
        where = None
        if kind not in NOTES:
            if self.clock is not None:
                now = self.clock()
                if now != self.last:
                    self.last = now
                    self.record("time", f"{now:.3f} s")
            if self._locate is not None:
                where = _place(sys._getframe(1), self._locate)
        text = ""
        if detail is not None:
            text = describe(detail, self.opaque)
            if " at 0x" in text:
                text = _ADDRESS.sub("", text)
        if self.clean is not None:
            subject, text = self.clean(subject), self.clean(text)
        events = self.events
        events.append(_event((kind, subject, text, where)))
        if len(events) > EVENTS:
            raise TooLong(f"more than {EVENTS} effects")

    def run(
        self,
        *,
        end: str,
        lines: frozenset[Place] = frozenset(),
        obstacle: str | None = None,
        held: tuple[str, ...] = (),
        waiting: tuple[str, ...] = (),
        tracked: bool = False,
    ) -> Run:
        """Everything written down, and what only the caller knows (see ``Run``)."""
        return Run(
            events=tuple(self.events),
            asked=tuple(self.asked),
            end=end,
            lines=lines,
            obstacle=obstacle,
            held=held,
            opaque=tuple(sorted(self.opaque)),
            waiting=waiting,
            tracked=tracked,
            moments=tuple(self.moments),
        )

    def _completions(self, other: Run) -> dict[str, int]:
        if self._positions is None:
            self._positions = {key: position for position, key in enumerate(deliveries(other))}
        return self._positions


def deliveries(run: Run) -> tuple[str, ...]:
    """The completions of a run in the order in which they came."""
    noted = tuple(
        event.subject
        for event in run.events
        if event.kind == DELIVER and not event.subject.startswith(TIMER)
    )
    return noted or tuple(asked.label for asked in run.asked if asked.key.startswith(ORDER))


def deviations(asked: Iterable[Asked]) -> dict[str, str]:
    """The answers that were not the plain ones."""
    return {question.key: question.label for question in asked if question.taken}


def _place(frame: FrameType | None, locate: Locate) -> Place | None:
    while frame is not None:
        path = locate.get(frame.f_code.co_filename)
        if path is not None:
            return path, frame.f_lineno
        frame = frame.f_back
    return None
