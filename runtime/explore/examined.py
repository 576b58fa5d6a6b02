"""Which values from outside a function takes apart, so that trying some does not stand for all.

A body that is only passed on, decoded, or compared with a constant is as good as any other text.
One that is counted, cut, searched or calculated with is not: what the code does with the values
that nobody tried stays open, and the verdict has to say so.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from .comparisons import dotted, last

_KINDS = {
    "body": "bodies, but for those tried",
    "headers": "headers of answers, but for those tried",
    "code": "status codes, but for those tried",
    "status_code": "status codes, but for those tried",
}
"""Attributes of requests and answers, and how a verdict says that their values were limited."""

_PASSING = frozenset(
    {"str", "bytes", "repr", "bool", "print", "isinstance", "type", "id", "format", "getattr"}
)
"""Built-in functions to which one text is like another."""

_SHAPES = frozenset({"decode", "encode", "strip", "format"})
_KEEPING = (ast.Add, ast.Mod)


def examined(function: ast.AST) -> set[str]:
    """What ``function`` takes apart, in the words of a verdict's list of what was held fixed."""
    names: dict[str, str] = {}
    nodes = list(ast.walk(function))
    for _ in range(2):  # a value may go through one more variable
        for node in nodes:
            if isinstance(node, ast.Assign) and (kind := _kind(node.value, names)):
                names.update(dict.fromkeys(filter(None, map(dotted, node.targets)), kind))
    return {_KINDS[kind] for node in nodes for kind in _taken_apart(node, names)}


def _kind(node: ast.expr | None, names: dict[str, str]) -> str | None:
    """Which kind of value from outside ``node`` is, possibly in another shape."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr not in _SHAPES:
            break
        node = node.func.value
    if isinstance(node, ast.Call) and last(node.func) in (
        "to_unicode",
        "native_str",
        "utf8",
        "str",
    ):
        return _kind(node.args[0] if node.args else None, names)
    if isinstance(node, ast.Attribute) and node.attr in _KINDS and node.attr != "headers":
        return node.attr
    if isinstance(node, ast.Subscript) and last(node.value) == "headers":
        return "headers"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return "headers" if last(node.func.value) == "headers" else None
    name = dotted(node) if isinstance(node, (ast.Name, ast.Attribute)) else None
    return names.get(name or "")


def _taken_apart(node: ast.AST, names: dict[str, str]) -> Iterator[str]:
    looked_at: list[ast.expr | None] = []
    if isinstance(node, ast.Subscript):
        looked_at = [node.value, node.slice]
    elif isinstance(node, ast.Call):
        looked_at = _taken_by_call(node)
    elif isinstance(node, ast.BinOp) and not isinstance(node.op, _KEEPING):
        looked_at = [node.left, node.right]
    elif isinstance(node, ast.Compare):
        looked_at = _taken_by_comparison(node)
    elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        looked_at = [node.iter]
    yield from filter(None, (_kind(each, names) for each in looked_at))


def _taken_by_call(node: ast.Call) -> list[ast.expr | None]:
    """What a call looks into: the object of a method, and what a built-in function is given."""
    function = node.func
    if isinstance(function, ast.Attribute):
        inner = isinstance(function.value, ast.Name) and function.value.id in _LIBRARIES
        own = [] if function.attr in _SHAPES else [function.value]
        return [*own, *(node.args if inner or function.attr in ("get", "index") else ())]
    name = last(function)
    return [*node.args] if hasattr(builtins, name) and name not in _PASSING else []


_LIBRARIES = frozenset(
    """
    re hashlib zlib gzip struct base64 binascii hmac time datetime math csv ET ElementTree etree
    collections itertools functools operator string textwrap
    """.split()  # noqa: SIM905
)
"""Modules of the standard library whose functions look into what they are given."""


def _taken_by_comparison(node: ast.Compare) -> list[ast.expr | None]:
    """Sides of a comparison that no constant decides: those are known values to try."""
    sides = [node.left, *node.comparators]
    found: list[ast.expr | None] = []
    for side in sides:
        others = [each for each in sides if each is not side]
        if not all(isinstance(inner, _CONSTANT) for each in others for inner in ast.walk(each)):
            found.append(side)
    return found


_CONSTANT = (ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Load, ast.UnaryOp, ast.USub)
