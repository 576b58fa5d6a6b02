"""Calls of a function's own callback as returns: what it gave to it, it gives to its caller.

The callback has to be called exactly once on every path, as the last thing, and where no statement
around it would see what it raises.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import libcst as cst

from . import cst as tree
from .aftermath import has_return, leaves, nothing
from .producers import asks, rewrapped
from .refusal import Refused


@dataclass(frozen=True, slots=True)
class Returning:
    """Turns calls of the callback ``name`` into returns.

    ``raising`` is how ``gen.Return`` is written where Python 2 needs it. ``again`` says that the
    end of the statements is the next round of a loop.
    """

    name: str
    raising: str | None
    again: bool = False

    def block(self, stmts: Sequence[tree.Statement]) -> tree.Block:
        """Direct statements, all of whose paths return.

        Raises Refused (UC410) where a path does not call the callback, calls it twice, or does
        more afterwards.
        """
        stmts = [stmt for stmt in stmts if rewrapped(stmt, self.name) is None]
        at = next((i for i, stmt in enumerate(stmts) if self.name in tree.names(stmt)), None)
        if at is None:
            if _raises(stmts) or (self.again and not any(_ends(each) for each in stmts)):
                return list(stmts)
            raise self._refused(stmts[-1] if stmts else None)
        head, stmt, rest = list(stmts[:at]), stmts[at], list(stmts[at + 1 :])
        if any(_ends(each) for each in head):
            raise self._refused(head[0])
        if isinstance(stmt, cst.If) and asks(stmt.test, self.name) is not None:
            return self.block([*head, *self._present(stmt, rest)])
        call = tree.called(stmt)
        if call is not None and _name(call.func) == self.name and nothing(rest):
            if any(self.name in tree.names(arg) for arg in call.args):
                raise self._refused(call)
            return [*head, *self._return(stmt, call)]
        return [*head, *self._compound(stmt, rest)]

    def _present(self, stmt: cst.If, rest: tree.Block) -> tree.Block:
        """What runs of a question for the callback, and behind it, when there is one."""
        chosen: tree.Block = []
        if asks(stmt.test, self.name):
            chosen = tree.block(stmt.body)
        elif stmt.orelse is not None:
            other = stmt.orelse
            chosen = [other] if isinstance(other, cst.If) else tree.block(other.body)
        chosen = tree.lift_comments(chosen, stmt.leading_lines)
        return chosen if leaves(chosen) else [*chosen, *rest]

    def _refused(self, node: cst.CSTNode | None) -> Refused:
        return Refused("UC410", node, what=self.name)

    def _compound(self, stmt: tree.Statement, rest: tree.Block) -> tree.Block:
        """Each branch of an ``if`` or ``try`` returns, or goes on with ``rest``, which then does.

        A loop without end has nothing behind it.
        """
        last = nothing(rest) and not (self.again and not rest)
        behind = None if last else rest
        if isinstance(stmt, cst.If) and self.name not in tree.names(stmt.test):
            done: tree.Statement = self._if(stmt, behind)
        elif isinstance(stmt, cst.Try) and self.name not in tree.names(stmt.body):
            done = self._try(stmt, behind)
        elif isinstance(stmt, cst.While) and tree.dotted(stmt.test) == "True" and last:
            round_ = replace(self, again=True).block(tree.block(stmt.body))
            done = stmt.with_changes(body=tree.suite(round_, stmt.body))
        else:
            raise self._refused(stmt)
        return [done, *(self.block(rest) if behind else [])]

    def _branch(self, suite: cst.BaseSuite, rest: tree.Block | None) -> cst.BaseSuite:
        inner = tree.block(suite)
        if self.name in tree.names(suite):
            if rest and not leaves(inner):
                raise self._refused(inner[-1])
            return tree.suite(self.block(inner), suite)
        if _raises(inner) or (rest is not None and not any(_ends(each) for each in inner)):
            return suite
        raise self._refused(inner[-1])

    def _if(self, stmt: cst.If, rest: tree.Block | None) -> cst.If:
        orelse = stmt.orelse
        if isinstance(orelse, cst.If):
            orelse = self._if(orelse, rest)
        elif orelse is not None:
            orelse = orelse.with_changes(body=self._branch(orelse.body, rest))
        elif rest is None:
            raise self._refused(stmt)
        return stmt.with_changes(body=self._branch(stmt.body, rest), orelse=orelse)

    def _try(self, stmt: cst.Try, rest: tree.Block | None) -> cst.Try:
        """A ``try`` whose other parts call the callback: what that raises, it does not catch."""
        open_ended = stmt.orelse is None and rest is None
        if stmt.finalbody is not None or open_ended or _ends(stmt.body):
            raise self._refused(stmt)
        handlers = [h.with_changes(body=self._branch(h.body, rest)) for h in stmt.handlers]
        orelse = stmt.orelse
        if orelse is not None:
            orelse = orelse.with_changes(body=self._branch(orelse.body, rest))
        return stmt.with_changes(handlers=handlers, orelse=orelse)

    def _return(self, stmt: tree.Statement, call: cst.Call) -> tree.Block:
        values = [arg.value for arg in call.args]
        value: cst.BaseExpression | None = values[0] if values else None
        if len(values) > 1:
            listed = [cst.Element(each) for each in values]
            value = cst.Tuple(listed) if self.raising else cst.Tuple(listed, lpar=(), rpar=())
        if value is None or self.raising is None:
            return [stmt.with_changes(body=[cst.Return(value)])]
        new = tree.line(f"raise {self.raising}(VALUE)", VALUE=value)
        return [stmt.with_changes(body=new.body)]


def _name(node: cst.CSTNode | None) -> str | None:
    return node.value if isinstance(node, cst.Name) else None


def _raises(stmts: Sequence[cst.CSTNode]) -> bool:
    return bool(stmts) and isinstance(tree.small(stmts[-1]), cst.Raise)


def _ends(node: cst.CSTNode) -> bool:
    """Whether a ``return`` or ``break`` stands below ``node``: an end without the callback."""
    return has_return(node) or _breaks(node)


def _breaks(node: cst.CSTNode) -> bool:
    """Whether a ``break`` below ``node`` leaves a loop around it."""
    if isinstance(node, cst.For | cst.While):
        return node.orelse is not None and _breaks(node.orelse)
    if isinstance(node, cst.FunctionDef | cst.ClassDef | cst.Lambda):
        return False
    return isinstance(node, cst.Break) or any(_breaks(each) for each in tree.children(node))
