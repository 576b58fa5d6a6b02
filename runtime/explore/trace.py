"""What one run of one version leaves behind: the noun that running and searching share.

``world.execute(program, handler, chooser) -> Run`` produces a ``Run``; tape, search, compare and
render consume it. Lines are 1-based, paths are project-relative and posix.

The contract between the two sides:

- ``chooser`` is a ``tape.Recorder``. It answers questions and collects events by itself; the
  producer calls ``choices.install(chooser)``, runs the handler until the loop is idle, restores the
  old chooser, and returns ``chooser.run(end=..., ...)``, which adds what only the producer knows.
- Every event is compared, in order, by ``kind``, ``subject`` and ``detail``, except the kinds in
  ``NOTES``. Whatever depends on the spelling of a version (a temporary name, the order of internal
  hops, a line number, an address) must therefore not be in an event's three texts.
- ``choices.record(kind, subject, detail)`` may be given any object as ``detail``: it is turned into
  text *at once* (``describe.describe``), so later mutation of the object does not matter. Objects
  that can only be compared by identity are named in ``Run.opaque``.
- The explorer's own control flow derives from ``BaseException`` (``Interrupted``), so a handler's
  ``except Exception`` cannot swallow it. The producer lets it pass (restoring what it installed).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from .._joins import JOINED as JOINED
from .._joins import SEEN as SEEN

Place = tuple[str, int]
"""A line of a file: project-relative posix path, 1-based line."""

READ = "state read"
WRITE = "state write"
ENTER = "enter"
WAIT = "wait"
DELIVER = "deliver"

TOGETHER = "another request"
"""An effect: a request that came at the same time as the one under check."""

NOTES = frozenset({READ, WRITE, ENTER, WAIT, DELIVER, JOINED, SEEN})
"""Kinds of events that are kept but never compared.

``state read`` and ``state write``: state that two completions may share (``subject`` names it, for
instance ``"Handler.pending"``); used only to skip orders that cannot matter, and only when
``Run.tracked``.
``enter``: an operation was started (``subject`` is its catalogue name).
``wait`` and ``deliver``: something outside became pending, or was delivered (``subject`` is its
key); shown to the reader.
``joined``: what was delivered only lets a list wait for one less (``_joins``).
"""

TIMER = "timer@"
"""Prefix of what is said to be delivered when time passes; the seconds follow."""

EVERYTHING = "whatever the code has"
"""Subject of a ``state write``: code ran, and nobody knows what it read and wrote."""

ORDER = "order:"
"""Prefix of the keys that ask which of several pending completions comes first.

The options of such a question are the keys of the pending completions.
"""

FINISHED = "finished"
NEVER = "never finished"
STUCK = "does not return"


class Event(NamedTuple):
    """One effect, in the order in which it happened.

    ``kind``: ``"call"`` (something outside was called), ``"fetch"``, ``"headers"``, ``"body"``
    (bytes on the wire), ``"finish"``, ``"hook"`` (``on_finish``, ``on_connection_close``,
    ``log_exception``), ``"log"``, ``"raise"``, ``"set"`` (shared state was written), ``"error"``.
    The vocabulary is open: anything not in ``NOTES`` counts.
    ``subject``: who or what, in the reader's words (``"db.find"``, ``"self.finish"``).
    ``detail``: the values, as text. ``where``: the line of the version that caused it, if known.
    """

    kind: str
    subject: str
    detail: str = ""
    where: Place | None = None


class Asked(NamedTuple):
    """One question: its key (unique in a run), the options, the plain one first, and the answer.

    ``taken`` is an index into ``options``; ``at`` counts the events that came before the question.
    """

    key: str
    options: tuple[str, ...]
    taken: int
    at: int = 0

    @property
    def label(self) -> str:
        """The option that was taken."""
        return self.options[self.taken]


class Moment(NamedTuple):
    """Where a run stood when it waited for the outside, after ``asked`` questions.

    Runs of one version with the same ``digest`` had the same effects until then, and go on alike
    when they get the same answers. ``delivered`` is equal where the same completions had come.
    """

    asked: int
    digest: bytes
    delivered: bytes


@dataclass(frozen=True, slots=True)
class Run:
    """What one version did under one tape.

    ``end``: how the request ended, one of ``FINISHED``, ``NEVER``, ``STUCK`` or any other text the
    producer needs (``"closed by the client"``); compared like an event.
    ``lines``: the places of the handler that ran (may be empty when ``chooser.locate`` is false and
    line recording costs too much; then the union over the runs that have it is used).
    ``obstacle``: why this run cannot be judged (one sentence, naming the object, call or limit, and
    the remedy), or ``None``. ``held``: choices this run did not really leave open; any entry makes
    the verdict incomplete. ``opaque``: types that could only be compared by identity.
    ``waiting``: what was still pending at the end, in the reader's words.
    ``tracked``: whether every delivery was noted (``deliver``, ``wait``) and every access to state
    that completions may share was recorded (``state read``, ``state write``); orders are skipped
    only then. ``moments``: where it stood, as far as that was asked for and can be told.
    """

    events: tuple[Event, ...]
    asked: tuple[Asked, ...]
    end: str = FINISHED
    lines: frozenset[Place] = frozenset()
    obstacle: str | None = None
    held: tuple[str, ...] = ()
    opaque: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    tracked: bool = False
    moments: tuple[Moment, ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """What can be known about a handler without running it.

    ``lines``: every executable line of the handler and of its callbacks.
    ``operations``: where an operation is started, and its catalogue name. An *equivalent* wants
    each of these places to have run. ``held``: what is held fixed for every run of this program.
    """

    lines: frozenset[Place]
    operations: Mapping[Place, str] = field(default_factory=dict)
    held: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """One version as the parent process sends it: the argument of ``loader.load``.

    ``path`` is project-relative; ``project`` holds other files of the project that differ from
    those below ``root`` or are needed without it. ``tornado`` is the generation it runs on.
    ``imports`` names modules to load for real, ``operations`` holds catalogue entries;
    with ``assume_once``, what they do not name calls back once or never.
    """

    path: str
    source: bytes
    project: Mapping[str, bytes] = field(default_factory=dict)
    tornado: int = 4
    root: str | None = None
    imports: tuple[str, ...] = ()
    operations: tuple[Mapping[str, object], ...] = ()
    assume_once: bool = False
    other: bytes | None = None
    """Source of the version it is compared with: literals are harvested from both."""


class Program(Protocol):
    """One version, loaded: what ``loader.load(version: Version) -> Program`` returns.

    ``loader.load`` raises ``Unloadable``. Every ``world.execute`` starts from fresh module state.
    """

    @property
    def handlers(self) -> tuple[str, ...]:
        """Dotted names of the handlers found, ``Login.get``."""

    @property
    def locate(self) -> Mapping[str, str]:
        """File names as code objects carry them (``co_filename``) to the paths shown to people."""

    def serves(self, owner: str) -> bool:
        """Whether there is a class ``owner`` that answers requests."""

    def meet(self, other: Any) -> None:
        """Hear of the version that this one is compared with, once both are loaded."""

    def outline(self, handler: str) -> Outline:
        """What can be known about ``handler`` without running it."""


class Unloadable(Exception):
    """A version could not be loaded; the message is one sentence and names the remedy."""


class Interrupted(BaseException):
    """The run must stop now: its time is up. Not an ``Exception``, so handlers do not catch it."""
