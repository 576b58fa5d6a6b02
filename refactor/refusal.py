"""The exception by which a planning stage says that a handler stays as it is."""

from __future__ import annotations

import libcst as cst

from .reasons import sentence


class Refused(Exception):
    """A handler cannot be converted faithfully; ``node`` is the place the person should look at."""

    def __init__(self, code: str, node: cst.CSTNode | None, **facts: object) -> None:
        super().__init__(sentence(code, **facts))
        self.code = code
        self.node = node


SEVERAL = frozenset({"UC301", "UC302", "UC303"})
"""Refusals of the direct form that coroutines running side by side may still be right for."""
