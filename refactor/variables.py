"""The local names of one function: what it binds, reads from outside, and lets closures capture."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from . import cst as tree
from .names import bindings_of, parameters

INTROSPECTION = frozenset({"locals", "vars", "dir", "eval", "exec"})
"""Builtins that see the local names of their caller."""


@dataclass(frozen=True, slots=True)
class Variables:
    """The names of a function.

    ``bound``: its locals, parameters included; ``free``: what it reads from outside (globals,
    builtins and names of enclosing functions); ``captured``: locals that a nested function or a
    generator expression may read later; ``declared``: its ``global`` and ``nonlocal`` names.
    """

    bound: frozenset[str]
    free: frozenset[str]
    captured: frozenset[str]
    declared: frozenset[str]
    introspects: str | None


def variables(function: tree.Function) -> Variables:
    """The names of ``function``, nested functions taken into account."""
    bindings = bindings_of(function)
    bound = bindings.bound
    read = reads(function.body) | {n for p in parameters(function.params) for n in _default(p)}
    captured = frozenset(bound & captured_in(function.body))
    looking = (name for name in sorted(INTROSPECTION & read) if _called(function, name))
    return Variables(
        bound=frozenset(bound),
        free=frozenset(read - bound),
        captured=captured,
        declared=frozenset(bindings.elsewhere),
        introspects=next(looking, None),
    )


def _default(param: cst.Param) -> set[str]:
    return reads(param.default) if param.default is not None else set()


def _called(function: tree.Function, name: str) -> bool:
    calls = tree.find(function.body, cst.Call)
    return any(
        isinstance(c.func, cst.Name)
        and c.func.value == name
        and (name in {"locals", "eval", "exec"} or not c.args)
        for c in calls
    )


def reads(node: cst.CSTNode) -> set[str]:
    """Names that the code below ``node`` refers to as variables, its own bindings included.

    What a nested function binds for itself is not counted.
    """
    found: set[str] = set()
    _reads(node, found)
    return found


def _reads(node: cst.CSTNode, found: set[str]) -> None:
    if isinstance(node, cst.Name):
        found.add(node.value)
    elif isinstance(node, cst.Attribute | cst.Arg):
        _reads(node.value, found)
    elif isinstance(node, cst.FunctionDef | cst.Lambda):
        inner = variables(node)
        found |= inner.free | inner.declared
        if isinstance(node, cst.FunctionDef):
            found.add(node.name.value)
            for decorator in node.decorators:
                _reads(decorator.decorator, found)
    elif isinstance(node, cst.ClassDef):
        found.add(node.name.value)
        for child in (*node.bases, *node.keywords, *node.decorators, node.body):
            _reads(child, found)
    elif not isinstance(node, cst.Import | cst.ImportFrom):
        for child in node.children:
            _reads(child, found)


def captured_in(body: cst.CSTNode) -> set[str]:
    """Names that functions and generator expressions nested in ``body`` read from around them."""
    found: set[str] = set()
    for node in tree.walk(body, into_functions=False):
        if isinstance(node, cst.FunctionDef | cst.Lambda):
            inner = variables(node)
            found |= inner.free | inner.declared
        elif isinstance(node, cst.GeneratorExp | cst.ClassDef):
            found |= reads(node)
    return found


def imported_as(alias: cst.ImportAlias) -> str:
    """The name that one part of an import statement binds."""
    return alias.evaluated_alias or alias.evaluated_name.partition(".")[0]


def imported_by(stmt: cst.Import | cst.ImportFrom) -> set[str]:
    """The names that an import statement binds, as far as it tells."""
    if isinstance(stmt.names, cst.ImportStar):
        return set()
    return {imported_as(alias) for alias in stmt.names}


def is_local(value: cst.CSTNode) -> bool:
    """Whether an expression reads only local names and constants, which nothing else can change."""
    if isinstance(value, cst.BinaryOperation):
        return is_local(value.left) and is_local(value.right)
    return isinstance(value, cst.Name | cst.BaseNumber | cst.SimpleString)


def rebound(after: tuple[cst.CSTNode, ...]) -> set[str]:
    """The names that statements which run meanwhile bind."""
    found: set[str] = set()
    for node in after:
        for target in tree.walk(node):
            if isinstance(
                target, cst.AssignTarget | cst.AugAssign | cst.AnnAssign | cst.NamedExpr | cst.For
            ):
                found |= reads(target.target)
            elif isinstance(target, cst.AsName):
                found |= reads(target.name)
    return found


def block_reads(stmts: tree.Block) -> set[str]:
    """The names that statements refer to; see :func:`reads`."""
    return {name for stmt in stmts for name in reads(stmt)}
