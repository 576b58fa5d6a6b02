"""What the outside still owes: completions that the loop delivers when nothing else is ready."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import _current
from .._outside import External


def expect(key: str, deliver: Callable[[], Any]) -> External:
    """Let the loop call ``deliver`` when the outside completes ``key``."""
    return _current.loop().add_external(key, deliver)
