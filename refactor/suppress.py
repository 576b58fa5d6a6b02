"""Comments that keep the tool away: ``# uncallback: skip`` and ``# uncallback: skip-file``.

``skip`` counts for the function or the class on whose header it stands: on a decorator line, on a
line of the ``def`` or ``class`` statement up to its colon, or alone on the line above them. It
counts for a function at a statement in it too, and a handler stays as well when it stands at one
of its callbacks. Other comments may stand in front of it on its line.
``skip-file`` counts wherever a comment line says it, below a shebang and a cookie too.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from .source import Source

_ANY = re.compile(rb"#\s*uncallback:\s*skip")
_COMMENT = re.compile(r"(?:#|.*\s#)\s*uncallback:\s*(skip-file|skip)\b(?!-)")
_GENERATED = re.compile(rb"^[^\n\r]*@generated\b", re.MULTILINE)
_BETWEEN = {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT}
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def mentioned(data: bytes) -> bool:
    """Whether ``data`` may hold such a comment at all."""
    return _ANY.search(data) is not None


def is_generated(data: bytes) -> bool:
    """Whether the head of a file says ``@generated``, the mark that generators leave."""
    return _GENERATED.search(data[:2048]) is not None


def comments(text: str) -> list[tuple[str, int]]:
    """Return the suppressing comments as (``"skip"`` or ``"skip-file"``, line).

    The line is the first line of the statement header that the comment stands in or directly above.
    """
    found: list[tuple[str, int]] = []
    waiting: list[str] = []
    start: int | None = None
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            match = _COMMENT.match(token.string) if token.type == tokenize.COMMENT else None
            if match:
                waiting.append(match[1])
            if token.type == tokenize.NEWLINE:
                start = None
            elif start is None and token.type not in _BETWEEN:
                start = token.start[0]
            if start is not None or token.type == tokenize.ENDMARKER:
                found += [(word, start or token.start[0]) for word in waiting]
                waiting = []
    except (tokenize.TokenError, SyntaxError):
        pass
    return found


def skips_file(source: Source) -> bool:
    """Whether ``source`` asks to be left alone as a whole."""
    return mentioned(source.data) and any(word == "skip-file" for word, _ in comments(source.text))


def skipped_names(source: Source, tree: ast.Module) -> frozenset[str]:
    """Return the dotted names of the functions that ``skip`` comments keep as they are.

    A comment on a class counts for all functions in it. A class inside a function is known by both
    its names, ``make.Login.get`` and ``Login.get``.
    """
    if not mentioned(source.data):
        return frozenset()
    lines = {line for word, line in comments(source.text) if word == "skip"}
    return frozenset(_skipped(tree, ("",), lines, False))


def _skipped(
    node: ast.AST, prefixes: tuple[str, ...], lines: set[int], inside: bool
) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Definition):
            names = tuple(prefix + child.name for prefix in prefixes)
            skip = inside or bool(lines & _lines_of(child))
            if skip and not isinstance(child, ast.ClassDef):
                yield from names
            below = tuple(f"{name}." for name in names)
            if not isinstance(child, ast.ClassDef):
                below += ("",)
            yield from _skipped(child, below, lines, skip)
        elif not isinstance(child, ast.expr):
            yield from _skipped(child, prefixes, lines, inside)


def _lines_of(node: _Definition) -> set[int]:
    """The lines that speak for a definition: its header, and a function's body without classes."""
    heads = {node.lineno, *(each.lineno for each in node.decorator_list)}
    if isinstance(node, ast.ClassDef):
        return heads
    inner = (each for each in ast.walk(node) if isinstance(each, ast.ClassDef))
    others = {line for each in inner for line in _range(each)}
    return heads | (set(_range(node)) - others)


def _range(node: _Definition) -> range:
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return range(first, (node.end_lineno or node.lineno) + 1)
