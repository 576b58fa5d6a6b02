"""What has to be started in some run, or nobody knows what it does: operations, and callbacks."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from .comparisons import dotted, last
from .instrument import is_executable

Function = ast.FunctionDef | ast.AsyncFunctionDef
Starts = Callable[[str, str | None], bool]
"""Whether a call starts one, by its last name and as it is written (``None``: not plain)."""

_WRAPPERS = frozenset({"partial", "wrap", "async_callback"})
"""Last names of calls that give a function which calls their first argument."""


def body_of(function: Function, name: str) -> dict[int, str]:
    """The line at which the body of ``function`` begins, and what reports call that place."""
    body = [each for each in function.body if is_executable(each)]
    return {each.lineno: f"the body of {name}" for each in body[:1]}


def operations(function: Function, starts: Starts) -> Iterator[tuple[int, str]]:
    """The lines of statements that start an operation, and which one."""
    for line, call in _calls(function):
        if isinstance(call.func, ast.Attribute) and starts(call.func.attr, dotted(call.func)):
            yield line, call.func.attr


def callbacks(function: Function, starts: Starts) -> Iterator[str]:
    """Last names of what is given to such a call, also through ``partial``: functions or not."""
    for _, call in _calls(function):
        if starts(last(call.func), dotted(call.func)):
            for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
                yield last(_unwrapped(argument))


def inner(function: Function, name: str) -> Function | None:
    """The function ``name`` that ``function`` defines in itself."""
    for node in ast.walk(function):
        if node is not function and isinstance(node, Function) and node.name == name:
            return node
    return None


def _unwrapped(argument: ast.expr) -> ast.expr:
    while isinstance(argument, ast.Call) and last(argument.func) in _WRAPPERS and argument.args:
        argument = argument.args[0]
    return argument


def _calls(function: Function) -> Iterator[tuple[int, ast.Call]]:
    """Calls in the statements of ``function``, with the lines of these statements."""
    waiting: list[tuple[int, ast.AST]] = [(function.lineno, child) for child in function.body]
    while waiting:
        line, node = waiting.pop()
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.stmt):
            line = node.lineno
        if isinstance(node, ast.Call):
            yield line, node
        waiting.extend((line, child) for child in ast.iter_child_nodes(node))
