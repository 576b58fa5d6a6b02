"""What an expression of a module may stand for, where `names` only tells what it certainly is.

A name may be bound on two branches, be handed on by a module that binds it twice, or come from one
of several star imports: every possibility is given.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from . import cst as tree
from .names import Scope
from .stars import given_by
from .workspace import Parsed, Workspace


@dataclass(frozen=True, eq=False)
class Code:
    """Something of the project's own: a function, or an expression that makes a value."""

    file: Parsed
    node: cst.CSTNode


UNKNOWN = "?"
"""Stands for what nobody can tell."""

Origin = str | Code
"""A full dotted name, a piece of the project's code, or `UNKNOWN`."""

_CONSTANTS = (cst.BaseNumber, cst.BaseString, cst.Ellipsis)
_MOST = 12


@dataclass(eq=False)
class Origins:
    """Follows names through the modules of a project; every question ends after a few steps.

    Only modules whose text holds ``word`` are looked into.
    """

    workspace: Workspace
    word: bytes
    _asked: list[tuple[int, str]] = field(default_factory=list)

    def of(self, file: Parsed, expression: cst.CSTNode) -> set[Origin]:
        """What ``expression``, a node of ``file``, may stand for."""
        path = tree.dotted(expression)
        if path is not None:
            return set(self._named(file, path, expression))
        if isinstance(expression, cst.IfExp):
            return self.of(file, expression.body) | self.of(file, expression.orelse)
        if isinstance(expression, cst.BooleanOperation):
            return self.of(file, expression.left) | self.of(file, expression.right)
        if isinstance(expression, cst.Call):
            asked = self._looked_up(file, expression)
            return asked if asked is not None else {Code(file, expression)}
        return {UNKNOWN} if isinstance(expression, _CONSTANTS) else {Code(file, expression)}

    def _looked_up(self, file: Parsed, call: cst.Call) -> set[Origin] | None:
        """``getattr(module, "name", otherwise)``; None for any other call."""
        values = [arg.value for arg in call.args]
        if tree.dotted(call.func) != "getattr" or len(values) not in (2, 3):
            return None
        holder, name = tree.dotted(values[0]), values[1]
        if holder is None or not isinstance(name, cst.SimpleString):
            return None
        found = set(self._named(file, f"{holder}.{name.raw_value}", values[0]))
        return found.union(*(self.of(file, each) | {UNKNOWN} for each in values[2:]))

    def _named(self, file: Parsed, path: str, place: cst.CSTNode) -> Iterator[Origin]:
        if path == "None":
            yield UNKNOWN
            return
        certain = file.names.qualified(_as_node(path), place)
        if certain is not None and certain.partition(".")[0] == "tornado":
            yield certain
            return
        first, _, rest = path.partition(".")
        scope = file.names.owner(place, first)
        if scope is not None:
            yield from self._bound(file, scope, first, rest)
        stars = file.names.stars(place) if scope is None else []
        for star in stars:
            yield from self._from_star(star, path)
        if scope is None and not stars and not hasattr(builtins, first):
            yield UNKNOWN

    def _from_star(self, star: str, path: str) -> Iterator[Origin]:
        if star.partition(".")[0] == "tornado":
            given = given_by(star, path)
            if given is not None:
                yield given
        elif not self.workspace.lacks(star, path.partition(".")[0]):
            yield from self._imported(f"{star}.{path}", UNKNOWN)

    def _bound(self, file: Parsed, scope: Scope, name: str, rest: str) -> Iterator[Origin]:
        """What the bindings of ``name`` in ``scope`` may give for ``name.rest``."""
        key = id(scope), f"{name}.{rest}"
        if key in self._asked or len(self._asked) > _MOST:
            yield UNKNOWN
            return
        self._asked.append(key)
        bindings = file.names.bindings(scope)
        for target in sorted(bindings.imported.get(name, ())):
            full = f"{target}.{rest}" if rest else target
            yield from self._imported(full, full)
        for node in bindings.assigned.get(name, ()):
            yield from self._assigned(file, node, rest)
        if isinstance(scope, cst.Module) and name in file.names.declared_global:
            yield UNKNOWN
        self._asked.remove(key)

    def _assigned(self, file: Parsed, node: cst.CSTNode, rest: str) -> Iterator[Origin]:
        if isinstance(node, cst.ClassDef) and rest:
            first, _, more = rest.partition(".")
            yield from self._bound(file, node, first, more)
            return
        if isinstance(node, cst.FunctionDef) and not rest:
            yield Code(file, node)
            return
        value = _value(file, node)
        if value is None:
            yield UNKNOWN
        elif not rest:
            yield from self.of(file, value)
        else:
            path = tree.dotted(value)
            known = path is not None and path != "None"
            yield from self._named(file, f"{path}.{rest}", value) if known else (UNKNOWN,)

    def _imported(self, full: str, otherwise: str) -> Iterator[Origin]:
        """``full`` in the modules of the project that it may lead to, else ``otherwise``."""
        parts = full.split(".")
        for end in range(len(parts) - 1 if parts[0] != "tornado" else 0, 0, -1):
            paths = self.workspace.module_paths(".".join(parts[:end]))
            for path in paths:
                yield from self._in_module(path, parts[end:], otherwise)
            if paths:
                return
        yield otherwise

    def _in_module(self, module: str, path: list[str], otherwise: str) -> Iterator[Origin]:
        """What ``path`` is in the file ``module``; what it does not name is a module beside it."""
        data = self.workspace.data(module)
        file = self.workspace.file(module) if self.word in data else None
        if file is None or not file.module.body:
            yield UNKNOWN if path[0].encode() in data else otherwise
            return
        bindings = file.names.bindings(file.module)
        if path[0] in bindings.bound:
            yield from self._bound(file, file.module, path[0], ".".join(path[1:]))
        elif bindings.stars or path[0] in file.names.declared_global:
            yield from self._named(file, ".".join(path), file.module.body[0])
        else:
            yield otherwise


def _value(file: Parsed, node: cst.CSTNode) -> cst.BaseExpression | None:
    """What is assigned to a name by itself; None for other ways to bind one."""
    if isinstance(node, cst.AssignTarget) and isinstance(node.target, cst.Name):
        assigned = file.names.parents.get(id(node))
        return assigned.value if isinstance(assigned, cst.Assign) else None
    if isinstance(node, cst.AnnAssign | cst.NamedExpr) and isinstance(node.target, cst.Name):
        return node.value
    return None


def _as_node(path: str) -> cst.BaseExpression:
    first, *others = path.split(".")
    node: cst.BaseExpression = cst.Name(first)
    for each in others:
        node = cst.Attribute(node, cst.Name(each))
    return node
