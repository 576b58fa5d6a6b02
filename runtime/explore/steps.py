"""Counts turns of loops, so that a version that never gives control back is stopped."""

from __future__ import annotations

from .circumstances import now
from .trace import Interrupted

TURNS = 20_000
"""Turns of all loops together after which a run is said not to return (a count, not a clock)."""


class Endless(Interrupted):
    """A loop of the code under check made too many turns."""


def step() -> None:
    """Note one turn of a loop."""
    here = now()
    here.turns += 1
    if here.turns > TURNS:
        raise Endless(f"more than {TURNS} turns of loops")
