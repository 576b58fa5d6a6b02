"""Which expressions certainly give text: a URL, where an ``HTTPRequest`` could stand as well."""

from __future__ import annotations

import libcst as cst

from . import cst as tree

TEXTS = frozenset(
    {"format", "get_argument", "join", "replace", "reverse_url", "str", "url_concat", "urljoin"}
)
"""Names of functions and methods that give text."""


def is_text(value: cst.CSTNode | None) -> bool:
    """Whether an expression certainly gives text."""
    if isinstance(value, cst.BinaryOperation):
        return is_text(value.left) or is_text(value.right)
    if isinstance(value, cst.Call):
        name = (tree.dotted(value.func) or tree.code(value.func)).rpartition(".")[2]
        return name in TEXTS
    return isinstance(value, cst.BaseString)
