"""How long a request took: measured by the loop, so it is no look at the clock.

A response of ``fetch`` has its ``request_time`` from the loop. Code that makes a response by hand,
as uncallback's longer form of ``fetch`` does, measures it with ``time.time()``, and so the version
with such code would look at the clock more often than the other one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeGuard

from .comparisons import last

SECONDS = "__uncallback_seconds__"
"""The function that stands for ``time.time`` there."""


def measured_by_loop(tree: ast.Module) -> ast.Module:
    """Exchange, in place, the calls of ``time.time`` whose value only becomes a request's time.

    These are ``x = time.time()`` and ``request_time=time.time() - x`` where nobody else in the
    file uses ``x``; a function of the file may get it as a parameter of the same name.
    """
    nodes = list(ast.walk(tree))
    ends = list(_ends(nodes))
    if not ends:
        return tree
    starts = list(_starts(nodes))
    known = {id(end.right) for end in ends} | {id(target) for target, _ in starts}
    known |= {id(name) for name in _handed_on(nodes)}
    others = {n.id for n in nodes if isinstance(n, ast.Name) and id(n) not in known}
    calls = [call for target, call in starts if target.id not in others]
    calls += [e.left for e in ends if isinstance(e.left, ast.Call) and last(e.right) not in others]
    for call in calls:
        call.func = ast.copy_location(ast.Name(SECONDS, ast.Load()), call.func)
    return tree


def _is_look(node: ast.expr) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and not node.args and ast.unparse(node.func) == "time.time"


def _starts(nodes: list[ast.AST]) -> Iterator[tuple[ast.Name, ast.Call]]:
    """``x = time.time()``: the variable and the call."""
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name() as target], value=value) if _is_look(value):
                yield target, value


def _ends(nodes: list[ast.AST]) -> Iterator[ast.BinOp]:
    """The differences in ``request_time=time.time() - x``."""
    for node in nodes:
        match node:
            case ast.keyword(
                arg="request_time",
                value=ast.BinOp(left=left, op=ast.Sub(), right=ast.Name()) as difference,
            ) if _is_look(left):
                yield difference


def _handed_on(nodes: list[ast.AST]) -> Iterator[ast.Name]:
    """The variables that are given to a function which has parameters of these names."""
    taken: dict[str, set[str]] = {}
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            taken.setdefault(node.name, set()).update(each.arg for each in node.args.args)
    for node in nodes:
        if isinstance(node, ast.Call):
            wanted = taken.get(last(node.func), set())
            yield from (a for a in node.args if isinstance(a, ast.Name) and a.id in wanted)
