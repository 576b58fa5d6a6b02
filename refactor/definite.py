"""Definite assignment: does a function body bind a name on every path before it reads it?

What is not understood counts as a read, so a yes can be relied on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from . import cst as tree
from .variables import imported_by, reads, variables


def assigned_first(body: cst.CSTNode, name: str) -> bool:
    """Whether ``body``, the suite of a function, binds ``name`` before each time it reads it."""
    stmts = tree.block(body) if isinstance(body, cst.BaseSuite) else []
    flow = _Flow(name)
    flow.block(stmts, False)
    return not flow.early


@dataclass(eq=False)
class _Flow:
    """One walk through a body.

    Each method gets whether the name is bound and gives whether it is afterwards: None where
    control does not get there. ``early`` is set by a read that comes too soon.
    """

    name: str
    early: bool = False

    def block(self, stmts: Sequence[cst.CSTNode], bound: bool | None) -> bool | None:
        for stmt in stmts:
            if bound is None:
                return None
            bound = self._statement(stmt, bound)
        return bound

    def _suite(self, suite: cst.BaseSuite, bound: bool | None) -> bool | None:
        return self.block(tree.block(suite), bound)

    def _read(self, node: cst.CSTNode | None, bound: bool) -> None:
        if node is not None and not bound and self.name in reads(node):
            self.early = True

    def _statement(self, stmt: cst.CSTNode, bound: bool) -> bool | None:
        if isinstance(stmt, cst.SimpleStatementLine):
            return self._small(tree.small(stmt) or stmt, bound)
        if isinstance(stmt, cst.If):
            return self._if(stmt, bound)
        if isinstance(stmt, cst.For | cst.While):
            return self._loop(stmt, bound)
        if isinstance(stmt, cst.Try):
            return self._try(stmt, bound)
        if isinstance(stmt, cst.With):
            return self._with(stmt, bound)
        if isinstance(stmt, cst.FunctionDef):
            free = variables(stmt).free | {n for d in stmt.decorators for n in reads(d)}
            self.early = self.early or (not bound and self.name in free)
            return bound or stmt.name.value == self.name
        self._read(stmt, bound)
        return bound

    def _small(self, small: cst.CSTNode, bound: bool) -> bool | None:
        if isinstance(small, cst.Assign):
            self._read(small.value, bound)
            for each in small.targets:
                bound = self._target(each.target, bound)
            return bound
        if isinstance(small, cst.AnnAssign) and small.value is not None:
            self._read(small.value, bound)
            return self._target(small.target, bound)
        if isinstance(small, cst.Import | cst.ImportFrom):
            return bound or self.name in imported_by(small)
        self._read(small, bound)
        if isinstance(small, cst.Return | cst.Raise | cst.Continue | cst.Break):
            return None
        return bound and not isinstance(small, cst.Del)

    def _target(self, target: cst.CSTNode, bound: bool) -> bool:
        """Bind ``target``; what stands in an index or in front of an attribute is read."""
        if isinstance(target, cst.Name):
            return bound or target.value == self.name
        if isinstance(target, cst.Tuple | cst.List):
            for element in target.elements:
                bound = self._target(element.value, bound)
            return bound
        self._read(target, bound)
        return bound

    def _if(self, stmt: cst.If, bound: bool) -> bool | None:
        self._read(stmt.test, bound)
        yes = self._suite(stmt.body, bound)
        no: bool | None = bound
        if isinstance(stmt.orelse, cst.If):
            no = self._if(stmt.orelse, bound)
        elif stmt.orelse is not None:
            no = self._suite(stmt.orelse.body, bound)
        return _either(yes, no)

    def _loop(self, stmt: cst.For | cst.While, bound: bool) -> bool | None:
        inside = bound
        if isinstance(stmt, cst.For):
            self._read(stmt.iter, bound)
            inside = self._target(stmt.target, bound)
        else:
            self._read(stmt.test, bound)
        self._suite(stmt.body, inside)
        if stmt.orelse is not None:
            self._suite(stmt.orelse.body, bound)
        endless = isinstance(stmt, cst.While) and tree.dotted(stmt.test) == "True"
        if endless and not tree.some(stmt.body, lambda n: isinstance(n, cst.Break)):
            return None
        return bound

    def _try(self, stmt: cst.Try, bound: bool) -> bool | None:
        end = self._suite(stmt.body, bound)
        if stmt.orelse is not None:
            end = self._suite(stmt.orelse.body, end)
        for handler in stmt.handlers:
            self._read(handler.type, bound)
            named = handler.name is not None and self.name in reads(handler.name.name)
            caught = self._suite(handler.body, bound or named)
            end = _either(end, caught and not named if caught is not None else None)
        if stmt.finalbody is None:
            return end
        last = self._suite(stmt.finalbody.body, bound)
        return None if last is None or end is None else end or last

    def _with(self, stmt: cst.With, bound: bool) -> bool | None:
        """A context manager may swallow what its body raises, so nothing is sure behind it."""
        inside = bound
        for item in stmt.items:
            self._read(item.item, inside)
            if item.asname is not None:
                inside = self._target(item.asname.name, inside)
        self._suite(stmt.body, inside)
        return bound


def _either(one: bool | None, other: bool | None) -> bool | None:
    """What is sure where two paths meet."""
    if one is None or other is None:
        return other if one is None else one
    return one and other
