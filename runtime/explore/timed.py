"""Says when things happen: an effect after the clock has moved is preceded by the time that passed.

Waiting longer than before is a difference, even when nothing else happens meanwhile; but a timer
that has no effect is not.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import choices
from ..ioloop import EPOCH, IOLoop
from .trace import NOTES


class Timed:
    """A chooser in front of another one that adds the time of ``loop`` to its effects."""

    __slots__ = ("_chooser", "_last", "_loop")

    def __init__(self, chooser: choices.Chooser, loop: IOLoop) -> None:
        self._chooser = chooser
        self._loop = loop
        self._last = EPOCH

    def choose(self, key: str, options: Sequence[str]) -> int:
        """As the other one."""
        return self._chooser.choose(key, options)

    def record(self, kind: str, subject: str, detail: object = None) -> None:
        """As the other one, after the time that has passed since the last effect."""
        if kind not in NOTES:
            now = self._loop.time()
            if now != self._last:
                self._last = now
                self._chooser.record("time", f"{now - EPOCH:.3f} s")
        self._chooser.record(kind, subject, detail)
