"""Random bytes that are the same in every run when somebody watches.

Two versions of a handler must draw the same tokens, or they would differ for no reason. So under an
installed chooser the bytes are fixed; without one they are the system's.
"""

from __future__ import annotations

import os

from . import choices

__all__ = ["random_bytes"]


def random_bytes(size: int) -> bytes:
    """Return ``size`` bytes nobody can guess, or, under a chooser, always the same ones."""
    if choices._chooser is choices.PLAIN:
        return os.urandom(size)
    return bytes([(37 * index + 11) % 256 for index in range(size)])
