"""Recognises source of another age: Python 2, and names that were no keywords before Python 3.7.

Two Python 2 forms parse as modern Python with another meaning: ``print >>f, x`` is a tuple, and
``except E, e:`` is a tuple of exception types since Python 3.14 (PEP 758) and always for LibCST.
The other forms are told from the error that CPython reports.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

_BY_MESSAGE = (
    (re.compile(r"Missing parentheses in call to '(print|exec)'"), "the `{0}` statement"),
    (re.compile(r"multiple exception types must be parenthesized"), "`except E, e:`"),
    (re.compile(r"leading zeros in decimal integer literals"), "an octal number such as `0755`"),
    (re.compile(r"(?:Function|Lambda expression) parameters cannot be paren"), "a tuple parameter"),
)
_BY_TEXT = (
    (re.compile(r"`[^`]*`"), "backticks"),
    (re.compile(r"<>"), "`<>`"),
    (re.compile(r"\b(?:\d+|0[xX][0-9a-fA-F]+)[lL]\b"), "a long integer such as `0L`"),
    (re.compile(r"\b[uU][rR]['\"]"), "a `ur''` string"),
    (re.compile(r"^\s*raise\s+[\w.]+\s*,"), "`raise E, value`"),
    (re.compile(r"^\s*except\s+[\w.]+\s*,\s*\w+\s*:"), "`except E, e:`"),
    (re.compile(r"^\s*print\s+[^\s=(.]"), "the `print` statement"),
    (re.compile(r"^\s*exec\s+[^\s=(.]"), "the `exec` statement"),
    (re.compile(r"\b(?:def\s+\w+|lambda)[^:]*\(\s*\w+\s*,"), "a tuple parameter"),
)
_KEYWORD_NAME = re.compile(r"\basync\s*[=,)\]:.]|[.,(]\s*async\b|\bimport\s+async\b|\basync\s*$")


@dataclass(frozen=True, slots=True)
class Legacy:
    """A form of another age, with its 1-based place."""

    message: str
    line: int
    column: int


def _python2(form: str) -> str:
    return f"Python 2 source ({form}); convert the file to Python 3 first"


def in_message(message: str, text: str, column: int) -> str | None:
    """Return what to tell about a syntax error that is due to the file's age, else ``None``.

    ``message`` is CPython's, ``text`` the line it points at, ``column`` its 1-based column.
    """
    for pattern, form in _BY_MESSAGE:
        match = pattern.search(message)
        if match:
            return _python2(form.format(*match.groups()))
    for pattern, form in _BY_TEXT:
        if any(match.start() <= column <= match.end() + 1 for match in pattern.finditer(text)):
            return _python2(form)
    if _KEYWORD_NAME.search(text):
        return "source for Python 3.6 or older: `async` is a keyword since 3.7"
    return None


def in_tree(tree: ast.Module) -> Legacy | None:
    """Return the first Python 2 form that ``tree`` accepted with another meaning."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and _bare_tuple(node.type):
            return Legacy(_python2("`except E, e:`"), node.lineno, node.col_offset + 1)
        if isinstance(node, ast.Expr) and _print_chevron(node.value):
            return Legacy(_python2("`print >>file, ...`"), node.lineno, node.col_offset + 1)
    return None


def _bare_tuple(node: ast.expr | None) -> bool:
    """Whether ``node`` is a tuple without parentheres: it starts where its first item starts."""
    if not isinstance(node, ast.Tuple) or not node.elts:
        return False
    first = node.elts[0]
    return (node.lineno, node.col_offset) == (first.lineno, first.col_offset)


def _print_chevron(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple) and node.elts:
        node = node.elts[0]
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.RShift)
        and isinstance(node.left, ast.Name)
        and node.left.id == "print"
    )
