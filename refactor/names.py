"""What a name in a module stands for, as far as its imports tell.

``tw.asynchronous`` after ``import tornado.web as tw`` is ``tornado.web.asynchronous``; a name that
is also bound in any other way in the same scope is not resolved, because nobody can tell which
binding wins. An assignment at the top of a module or a class that only gives another name
(``later = tornado.web.asynchronous``) is followed where it leads to Tornado.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import libcst as cst

from . import cst as tree
from .stars import given_by

Scope = cst.Module | cst.FunctionDef | cst.Lambda | cst.ClassDef
TARGETED = cst.AssignTarget | cst.AnnAssign | cst.AugAssign | cst.NamedExpr | cst.For | cst.Del
"""Nodes that bind (or unbind) what stands in their ``target``."""


@dataclass(slots=True)
class Bindings:
    """The names one scope binds: by import (qualified name), and in other ways (nodes)."""

    imported: dict[str, set[str]] = field(default_factory=dict)
    assigned: dict[str, list[cst.CSTNode]] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)
    stars: list[str] = field(default_factory=list)

    @property
    def bound(self) -> set[str]:
        """Every name this scope makes its own (without its ``global`` and ``nonlocal`` names)."""
        return (set(self.imported) | set(self.assigned)) - self.elsewhere


class Elsewhere(Protocol):
    """What other modules of the project are known to do."""

    def onward(self, qualified: str) -> str:
        """The name that ``qualified`` has where it comes from: a module may only hand it on."""
        ...

    def lacks(self, module: str, name: str) -> bool:
        """Whether a star import of ``module`` certainly does not give ``name``."""
        ...


class Alone:
    """Nothing is known of other modules."""

    def onward(self, qualified: str) -> str:
        return qualified

    def lacks(self, module: str, name: str) -> bool:
        return False


class Names:
    """Answers what an expression of one module refers to."""

    def __init__(
        self, module: cst.Module, package: str = "", elsewhere: Elsewhere | None = None
    ) -> None:
        """``package`` is the dotted package of the module, for relative imports; may be empty."""
        self.module = module
        self.elsewhere = elsewhere or Alone()
        self.package = package
        self.parents: dict[int, cst.CSTNode] = {}
        for node in tree.walk(module):
            for child in tree.children(node):
                self.parents[id(child)] = node
        self._bindings: dict[int, Bindings] = {}
        self._aliasing: list[str] = []

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around ``node``, innermost first; the module is the last."""
        at = self.parents.get(id(node))
        while at is not None:
            yield at
            at = self.parents.get(id(at))

    def scopes(self, node: cst.CSTNode) -> Iterator[Scope]:
        """The scopes a name at ``node`` is looked up in; classes only count directly around it."""
        inside_function, below = False, node
        for each in self.ancestors(node):
            if isinstance(each, cst.FunctionDef | cst.Lambda):
                if not isinstance(below, cst.Decorator) and below is not getattr(
                    each, "returns", None
                ):
                    yield each
                    inside_function = True
            elif isinstance(each, cst.ClassDef):
                if not inside_function and below is each.body:
                    yield each
            elif isinstance(each, cst.Module):
                yield each
            below = each

    def bindings(self, scope: Scope) -> Bindings:
        """What ``scope`` binds, computed once."""
        known = self._bindings.get(id(scope))
        if known is None:
            known = self._bindings[id(scope)] = bindings_of(scope, self.package)
        return known

    def owner(self, node: cst.CSTNode, name: str) -> Scope | None:
        """The scope whose binding ``name`` has at ``node``; None for builtins and unknown names."""
        for scope in self.scopes(node):
            if name in self.bindings(scope).bound:
                return scope
        return None

    def qualified(self, expression: cst.CSTNode, at: cst.CSTNode | None = None) -> str | None:
        """The full dotted name ``expression`` was imported as, or None.

        ``at`` is a node of the tree whose place counts, when ``expression`` itself is not in it.
        """
        path = tree.dotted(expression)
        if path is None:
            return None
        first, _, rest = path.partition(".")
        place = at if at is not None else expression
        owner = self.owner(place, first)
        if owner is None:
            starred = self._starred(path, place)
            return None if starred is None else self.elsewhere.onward(starred)
        found = self.bindings(owner)
        if first in found.assigned:
            return self._aliased(owner, first, rest)
        if len(found.imported[first]) != 1:
            return None
        (target,) = found.imported[first]
        return self.elsewhere.onward(f"{target}.{rest}" if rest else target)

    def _aliased(self, owner: Scope, name: str, rest: str) -> str | None:
        """What ``name.rest`` is where ``name`` is only another name for something of Tornado."""
        value = self.alias(owner, name)
        if value is None or name in self._aliasing:
            return None
        self._aliasing.append(name)
        found = self.qualified(value)
        self._aliasing.remove(name)
        if found is None or found.partition(".")[0] != "tornado":
            return None
        return self.elsewhere.onward(f"{found}.{rest}" if rest else found)

    def alias(self, owner: Scope, name: str) -> cst.BaseExpression | None:
        """The name or attribute that ``name`` certainly is another name for in ``owner``."""
        bindings = self.bindings(owner)
        bound = bindings.assigned.get(name, [])
        if not isinstance(owner, cst.Module | cst.ClassDef) or name in bindings.imported:
            return None
        if len(bound) != 1 or name in self.declared_global:
            return None
        target = bound[0]
        assigned = self.parents.get(id(target))
        suite = self.parents.get(id(self.parents.get(id(assigned))))
        if not isinstance(target, cst.AssignTarget) or not isinstance(target.target, cst.Name):
            return None
        if not isinstance(assigned, cst.Assign) or (suite is not owner and suite is not owner.body):
            return None
        return assigned.value if tree.dotted(assigned.value) is not None else None

    @cached_property
    def declared_global(self) -> frozenset[str]:
        """The names that some function of the module declares ``global``."""
        found = tree.find(self.module, cst.Global)
        return frozenset(item.name.value for node in found for item in node.names)

    def _starred(self, path: str, place: cst.CSTNode) -> str | None:
        if path.startswith("tornado.") and self.owner(place, "tornado") is None:
            return path  # a star import of a module that itself imports tornado hands it on
        stars = self.stars(place)
        if len(stars) == 1:
            return f"{stars[0]}.{path}"
        name = path.partition(".")[0]
        found = {
            given_by(star, path) if star.partition(".")[0] == "tornado" else f"{star}.{path}"
            for star in stars
            if not self.elsewhere.lacks(star, name)
        } - {None}
        return found.pop() if len(found) == 1 else None

    def stars(self, place: cst.CSTNode) -> list[str]:
        """The modules whose names star imports give at ``place``, each once."""
        every = (star for scope in self.scopes(place) for star in self.bindings(scope).stars)
        return list(dict.fromkeys(every))

    def enclosing(self, node: cst.CSTNode, *kinds: type[cst.CSTNode]) -> cst.CSTNode | None:
        """The nearest node around ``node`` that is one of ``kinds``."""
        return next((each for each in self.ancestors(node) if isinstance(each, kinds)), None)


def bindings_of(scope: Scope, package: str = "") -> Bindings:
    """What a scope binds by itself; nested scopes are not entered."""
    found = Bindings()
    if isinstance(scope, cst.FunctionDef | cst.Lambda):
        for param in parameters(scope.params):
            found.assigned.setdefault(param.name.value, []).append(param)
    body: cst.CSTNode = scope if isinstance(scope, cst.Module) else scope.body
    for node in _own(body):
        _bind(node, found, package)
    return found


def parameters(params: cst.Parameters) -> list[cst.Param]:
    """All parameters in order, starred ones included."""
    listed = [*params.posonly_params, *params.params]
    if isinstance(params.star_arg, cst.Param):
        listed.append(params.star_arg)
    listed += params.kwonly_params
    return [*listed, params.star_kwarg] if params.star_kwarg else listed


def _own(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Nodes that run in this very scope; comprehension variables are their own scope."""
    yield node
    closed = cst.FunctionDef | cst.ClassDef | cst.Lambda | cst.Import | cst.ImportFrom
    if isinstance(node, closed):
        return
    for child in tree.children(node):
        if isinstance(child, cst.CompFor):
            yield from (each for each in tree.walk(child) if isinstance(each, cst.NamedExpr))
        else:
            yield from _own(child)


def _bind(node: cst.CSTNode, found: Bindings, package: str) -> None:
    if isinstance(node, cst.Import):
        for alias in node.names:
            _import(alias, "", found)
    elif isinstance(node, cst.ImportFrom):
        origin = _origin(node, package)
        if isinstance(node.names, cst.ImportStar):
            found.stars.append(origin)
        else:
            for alias in node.names:
                _import(alias, origin, found)
    elif isinstance(node, cst.Global | cst.Nonlocal):
        found.elsewhere |= {item.name.value for item in node.names}
    elif isinstance(node, cst.FunctionDef | cst.ClassDef):
        found.assigned.setdefault(node.name.value, []).append(node)
    elif isinstance(node, TARGETED):
        _targets(node.target, node, found)
    elif isinstance(node, cst.AsName) or (
        isinstance(node, cst.MatchAs | cst.MatchStar) and node.name is not None
    ):
        _targets(node.name, node, found)


def _targets(target: cst.CSTNode | None, node: cst.CSTNode, found: Bindings) -> None:
    if isinstance(target, cst.Name):
        found.assigned.setdefault(target.value, []).append(node)
    elif isinstance(target, cst.Tuple | cst.List):
        for element in target.elements:
            _targets(element.value, node, found)
    elif isinstance(target, cst.StarredElement):
        _targets(target.value, node, found)


def _origin(node: cst.ImportFrom, package: str) -> str:
    module = tree.dotted(node.module) if node.module is not None else None
    if not node.relative:
        return module or ""
    parts = package.split(".") if package else []
    base = parts[: len(parts) - (len(node.relative) - 1)]
    return ".".join([*base, *([module] if module else [])]) or "."


def _import(alias: cst.ImportAlias, origin: str, found: Bindings) -> None:
    path = tree.dotted(alias.name) or ""
    if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
        name, target = alias.asname.name.value, path
    elif origin:
        name = target = path
    else:
        name = target = path.partition(".")[0]
    qualified = f"{origin}.{target}" if origin else target
    found.imported.setdefault(name, set()).add(qualified)
