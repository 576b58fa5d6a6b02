"""The local names of one function: what it binds, reads from outside, and lets closures capture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import libcst as cst

from . import cst as tree
from .names import Names, bindings_of, parameters

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


def rename(node: tree.NodeT, table: Mapping[str, str]) -> tree.NodeT:
    """``node`` with variables renamed; attributes, keywords and shadowing functions are left."""
    if not table:
        return node
    done = node.visit(_Rename(dict(table)))
    assert isinstance(done, type(node))
    return done


class _Rename(cst.CSTTransformer):
    def __init__(self, table: dict[str, str]) -> None:
        super().__init__()
        self.stack = [table]

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        new = self.stack[-1].get(updated_node.value)
        return updated_node.with_changes(value=new) if new else updated_node

    def visit_Attribute_attr(self, node: cst.Attribute) -> None:
        self.stack.append({})

    def leave_Attribute_attr(self, node: cst.Attribute) -> None:
        self.stack.pop()

    def visit_Arg_keyword(self, node: cst.Arg) -> None:
        self.stack.append({})

    def leave_Arg_keyword(self, node: cst.Arg) -> None:
        self.stack.pop()

    def _enter(self, node: tree.Function) -> None:
        shadowed = bindings_of(node).bound
        self.stack.append({k: v for k, v in self.stack[-1].items() if k not in shadowed})

    def visit_FunctionDef_params(self, node: cst.FunctionDef) -> None:
        self._enter(node)

    def leave_FunctionDef_body(self, node: cst.FunctionDef) -> None:
        self.stack.pop()

    def visit_Lambda(self, node: cst.Lambda) -> None:
        self._enter(node)

    def leave_Lambda(self, original_node: cst.Lambda, updated_node: cst.Lambda) -> cst.Lambda:
        self.stack.pop()
        return updated_node


def means_the_same(names: Names, name: str, at: cst.CSTNode, place: cst.CSTNode) -> bool:
    """Whether ``name`` has one and the same binding at two nodes of a module."""
    return names.owner(at, name) is names.owner(place, name)
