"""The one place where the outside world may answer differently.

Whatever the runtime cannot know (the outcome of a fetch, which of two pending completions comes
first, whether an unknown function raises) it asks here. With no chooser installed every question
gets its first option, which makes the runtime a plain, deterministic Tornado. The explorer installs
a chooser that replays a tape.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Chooser(Protocol):
    """Answers questions and hears about effects."""

    def choose(self, key: str, options: Sequence[str]) -> int:
        """Return the index of the option taken; ``key`` says what is asked, not when."""

    def record(self, kind: str, subject: str, detail: object = None) -> None:
        """Note one effect on the outside world, in the order in which it happened."""


class _Plain:
    def choose(self, key: str, options: Sequence[str]) -> int:
        return 0

    def record(self, kind: str, subject: str, detail: object = None) -> None:
        return None


PLAIN: Chooser = _Plain()
_chooser: Chooser = PLAIN

choose = PLAIN.choose
"""Ask the installed chooser; the index of one of the options comes back."""

record = PLAIN.record
"""Tell the installed chooser about an effect."""


def install(chooser: Chooser) -> Chooser:
    """Make ``chooser`` answer from now on; return the one that answered before.

    ``choices.choose`` and ``choices.record`` are its methods from now on: read them when needed.
    """
    global _chooser, choose, record
    before, _chooser = _chooser, chooser
    choose, record = chooser.choose, chooser.record
    return before
