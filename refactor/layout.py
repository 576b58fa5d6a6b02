"""Keeps arguments aligned with their parenthesis when the call in front of them moves."""

from __future__ import annotations

import libcst as cst

from . import cst as tree


def realigned(stmt: tree.Statement, old: cst.Call, new: cst.BaseExpression) -> tree.Statement:
    """``stmt``, which contains ``new`` for the statement ``old``, with its further lines shifted.

    Only lines that were aligned with (or stood right of) the old opening parenthesis move; hanging
    indents stay. Columns count from the statement's own indent.
    """
    if not isinstance(new, cst.Call) or not _spans_lines(new):
        return stmt
    before = _width(old.func)
    at = _column(stmt, new)
    if before is None or at is None:
        return stmt
    shift = at - (before + 1)
    swaps = [
        (space, _moved(space, shift))
        for space in tree.find(new, cst.ParenthesizedWhitespace)
        if len(space.last_line.value) >= before + 1
    ]
    return tree.replace(stmt, swaps) if shift and swaps else stmt


def _spans_lines(call: cst.Call) -> bool:
    return any(True for _ in tree.find(call, cst.ParenthesizedWhitespace))


def _width(func: cst.CSTNode) -> int | None:
    text = cst.Module(body=[]).code_for_node(func)
    return None if "\n" in text else len(text)


def _column(stmt: tree.Statement, call: cst.Call) -> int | None:
    """The column behind the opening parenthesis of ``call`` in the first line of ``stmt``."""
    bare = stmt.with_changes(leading_lines=())
    first_line = cst.Module(body=[]).code_for_node(bare).split("\n", 1)[0]
    func = cst.Module(body=[]).code_for_node(call.func)
    at = first_line.find(f"{func}(")
    return None if at < 0 else at + len(func) + 1


def _moved(space: cst.ParenthesizedWhitespace, shift: int) -> cst.ParenthesizedWhitespace:
    def wide(white: cst.SimpleWhitespace) -> cst.SimpleWhitespace:
        return cst.SimpleWhitespace(" " * max(0, len(white.value) + shift))

    lines = [each.with_changes(whitespace=wide(each.whitespace)) for each in space.empty_lines]
    return space.with_changes(last_line=wide(space.last_line), empty_lines=lines)
