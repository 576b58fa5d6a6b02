"""Keeps the comments of a statement when others take its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import libcst as cst

from . import cst as tree


def carried(stmt: cst.CSTNode, new: tree.Block) -> tree.Block:
    """``new``, which stands for ``stmt``, with the comments of ``stmt`` that it has not.

    The comment behind ``stmt`` goes behind the first line of ``new``, the others in front of it.
    """
    leading = tuple(getattr(stmt, "leading_lines", ()))
    trailing = getattr(stmt, "trailing_whitespace", None)
    behind = trailing.comment if trailing is not None else None
    inside = Counter(_texts(stmt))
    inside -= Counter([*(text for line in leading for text in _texts(line))])
    inside -= Counter([behind.value] if behind is not None else [])
    inside -= Counter(text for each in new for text in _texts(each))
    lost = [own_line(text) for text in inside.elements()]
    done = list(new)
    if behind is not None and done:
        first = done[0]
        if isinstance(first, cst.SimpleStatementLine) and not first.trailing_whitespace.comment:
            assert trailing is not None
            done[0] = first.with_changes(trailing_whitespace=trailing)
        else:
            lost.append(own_line(behind.value))
    return tree.lift_comments(done, [*leading, *lost])


def behind(rest: Sequence[cst.CSTNode], new: tree.Block) -> tree.Block:
    """``new`` with the comments of ``rest``, statements that go, in front of it."""
    return tree.lift_comments(new, [own_line(text) for stmt in rest for text in _texts(stmt)])


def own_line(text: str) -> cst.EmptyLine:
    """A line with nothing but a comment."""
    return cst.EmptyLine(comment=cst.Comment(text))


def _texts(node: cst.CSTNode) -> Iterator[str]:
    return (each.value for each in tree.find(node, cst.Comment, into_functions=False))


def parted(stmts: tree.Block) -> tuple[list[cst.EmptyLine], tree.Block]:
    """The empty lines above ``stmts``, up to the first comment, and the statements without them."""
    lines = list(getattr(stmts[0], "leading_lines", ())) if stmts else []
    empty: list[cst.EmptyLine] = []
    while lines and lines[0].comment is None:
        empty.append(lines.pop(0))
    return empty, [stmts[0].with_changes(leading_lines=lines), *stmts[1:]] if empty else stmts
