"""Prepares source text for being run: lines are noted, loops are counted, inner classes are shown.

All are statements put into the tree before it is compiled, which costs far less than tracing and
works the same on every Python. ``LINES`` is a dictionary whose keys are the lines that ran;
``STEP`` is called at the beginning of each turn of a loop, so that one without an end can be
stopped; ``CLASS`` with each class that a function defines, since nobody could find it otherwise.
"""

from __future__ import annotations

import ast

LINES = "__uncallback_lines__"
STEP = "__uncallback_step__"
CLASS = "__uncallback_class__"

_BLOCKS = ("body", "orelse", "finalbody")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LOOPS = (ast.While, ast.For, ast.AsyncFor)


def instrument(tree: ast.Module) -> ast.Module:
    """Put the statements into ``tree`` (in place); what stands outside functions is left alone."""
    for node in list(ast.walk(tree)):
        if isinstance(node, _FUNCTIONS):
            _block(node, "body")
    return tree


def executable_lines(function: ast.AST) -> set[int]:
    """The lines at which statements of ``function`` begin, nested functions included.

    To be asked before ``instrument``. Docstrings, ``global`` statements and what stands in the body
    of a class do not count.
    """
    found: set[int] = set()
    waiting = [(function, True)]
    while waiting:
        node, counts = waiting.pop()
        noted = isinstance(node, _FUNCTIONS) or (counts and not isinstance(node, ast.ClassDef))
        for child in ast.iter_child_nodes(node):
            if noted and isinstance(child, ast.stmt) and is_executable(child):
                found.add(child.lineno)
            waiting.append((child, noted))
    return found


def is_executable(statement: ast.stmt) -> bool:
    """Whether ``statement`` is noted when it runs: docstrings and ``global`` are not."""
    if isinstance(statement, (ast.Global, ast.Nonlocal)):
        return False
    return not (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _block(owner: ast.AST, name: str) -> None:
    """Note the lines of one list of statements and of those inside, short of inner functions."""
    block: list[ast.stmt] = []
    for statement in getattr(owner, name):
        if is_executable(statement):
            block.append(_note(statement))
        block.append(statement)
        if isinstance(statement, ast.ClassDef):
            block.append(_call(CLASS, [ast.Name(statement.name, ast.Load())], statement))
        if not isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
            _inside(statement)
    if name == "body" and isinstance(owner, _LOOPS):
        block.insert(0, _call(STEP, [], owner))
    setattr(owner, name, block)


def _inside(statement: ast.stmt) -> None:
    for name in _BLOCKS:
        if getattr(statement, name, None):
            _block(statement, name)
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        _block(part, "body")


def _note(statement: ast.stmt) -> ast.stmt:
    line = statement.lineno
    target = ast.Subscript(ast.Name(LINES, ast.Load()), ast.Constant(line), ast.Store())
    return _placed(ast.Assign([target], ast.Constant(None)), statement)


def _call(name: str, arguments: list[ast.expr], where: ast.stmt) -> ast.stmt:
    return _placed(ast.Expr(ast.Call(ast.Name(name, ast.Load()), arguments, [])), where)


def _placed(made: ast.stmt, where: ast.stmt) -> ast.stmt:
    """``made`` as if it stood where ``where`` begins."""
    ast.copy_location(made, where)
    made.end_lineno, made.end_col_offset = made.lineno, made.col_offset
    return ast.fix_missing_locations(made)
