"""What is true during one run: which answers were given, which names were asked how often.

Stand-ins outlive a run (a module that did not change is not executed again), so nothing that
belongs to one run may be kept on them. It is kept here, and ``begin`` forgets it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from .. import choices
from .._askers import whose
from .catalogue import NO_OPERATIONS, Catalogue
from .harvest import NOTHING, Harvest


class Circumstances:
    """The state of one run that stand-ins and guarded modules share.

    ``live`` is false while modules are being executed and after the run is over: then every
    question has its plain answer and nothing is recorded. ``held`` collects what was kept fixed,
    ``failures`` are the exceptions that the code
    shows it expects, by name, ``opaque`` the types of which only the identity could be told,
    ``files`` those of the code under check, ``bodies`` the texts that came from outside, with
    what they are the body of. ``turns`` counts turns of loops, ``looks`` looks at the clock,
    ``late`` is what it is ahead of the loop's, in seconds, and ``looked`` where the run stood at
    the last look. ``together`` says that another request came at the same time as the one under
    check, ``awaited`` that somebody was found waiting for an event or a future. ``fixed`` are the
    environment variables that a module has read while it was executed.
    """

    __slots__ = (
        "answers", "attributes", "awaited", "bodies", "catalogue", "counts", "failures", "files",
        "fixed", "harvest", "held", "late", "live", "looked", "looks", "opaque", "together",
        "turns",
    )  # fmt: skip

    def __init__(
        self,
        harvest: Harvest = NOTHING,
        catalogue: Catalogue = NO_OPERATIONS,
        files: Container[str] = (),
    ) -> None:
        self.files = files
        self.bodies: dict[str, str] = {}
        self.harvest = harvest
        self.catalogue = catalogue
        self.failures: dict[str, Callable[[str], BaseException]] = {}
        self.turns = self.looks = 0
        self.late = 0.0
        self.looked: object = None
        self.awaited = self.live = self.together = False
        self.opaque: set[str] = set()
        self.counts: dict[str, int] = {}
        self.answers: dict[str, object] = {}
        self.attributes: dict[tuple[str, object], object] = {}
        self.held: dict[str, None] = {}
        self.fixed: set[str] = set()

    def nth(self, name: str) -> str:
        """``name`` the first time it is used in this run, ``name#2`` the second time, and so on."""
        name += whose()
        count = self.counts.get(name, 0) + 1
        self.counts[name] = count
        return name if count == 1 else f"{name}#{count}"

    def ask(self, key: str, options: Sequence[str]) -> int:
        """The index of the option taken; the first one outside a run."""
        return choices.choose(key, options) if self.live else 0

    def settle(self, key: str, options: Sequence[str]) -> int:
        """Like ``ask``, but a second question with the same key gets the first one's answer."""
        if not self.live:
            return 0
        known = self.answers.get(key)
        if known is None:
            known = self.answers[key] = choices.choose(key, options)
        return known  # type: ignore[return-value]

    def hold(self, what: str) -> None:
        """Say that something was kept fixed, or not looked at, in this run."""
        self.held[what] = None

    def record(self, kind: str, subject: str, detail: object = None) -> None:
        """Record an effect; nothing outside a run."""
        if self.live:
            choices.record(kind, subject, detail)


_now = Circumstances()


def now() -> Circumstances:
    """The circumstances of the run in progress."""
    return _now


def begin(circumstances: Circumstances) -> Circumstances:
    """Make these the circumstances; return the former ones."""
    global _now
    before, _now = _now, circumstances
    return before
