"""A callback that starts its operation again: the body becomes a loop.

Inside the loop, starting the operation again is "wait, then continue"; every other end of the body
is a ``return``, because the handler has nothing left to do there (SEMANTICS trap 43).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import libcst as cst

from . import cst as tree
from .aftermath import last_else, leaves, nothing, upright
from .again import Level, assigned, pairs_of, unchanged
from .definite import assigned_first
from .names import bindings_of
from .refusal import Refused
from .scope import Host
from .variables import captured_in, variables

Change: TypeAlias = Callable[[tree.Block], tree.Block]


def loop(level: Level, block: tree.Block, host: Host) -> tree.Block:
    """The converted body of a function whose repetitions end in ``continue``, as a loop.

    Raises Refused (UC306) when a local name could keep its value from one round to the next, where
    each call of the function had locals of its own.
    """
    function = level.function
    given = {p.name.value for p in function.params.params}
    block = _renamed(block, level)
    body = cst.IndentedBlock(body=block)
    captured = captured_in(body) - {host.first}
    kept = [
        name
        for name in sorted(host.bound - given)
        if name in captured or not assigned_first(body, name)
    ]
    other = len(bindings_of(function).assigned.get(host.first, ())) > 1
    if kept or given & captured or other or variables(function).introspects:
        raise Refused("UC306", function, what=kept[0] if kept else "a closure")
    inner = without_last_continue(closed(block))
    return [cst.While(test=cst.Name("True"), body=tree.suite(inner))]


def _renamed(block: tree.Block, level: Level) -> tree.Block:
    """``block`` with the parameters of ``level`` under their own names again."""
    table = {stand_in: name for name, stand_in in level.names.items()}
    if not table:
        return block
    done = cst.IndentedBlock(body=block).visit(_Renamed(table))
    assert isinstance(done, cst.IndentedBlock)
    return tree.block(done)


class _Renamed(cst.CSTTransformer):
    """Gives variables their names back; what would assign one to itself goes."""

    def __init__(self, table: dict[str, str]) -> None:
        super().__init__()
        self.table = table

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        name = self.table.get(updated_node.value)
        return updated_node if name is None else updated_node.with_changes(value=name)

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        done: list[cst.BaseStatement] = []
        for before, stmt in zip(
            reversed(original_node.body), reversed(tree.block(updated_node)), strict=True
        ):
            named = [name for name, _ in pairs_of(before)]
            pairs = pairs_of(stmt)
            if named and self.table.keys() >= set(named) and any(unchanged(pair) for pair in pairs):
                lines = getattr(stmt, "leading_lines", ())
                done = tree.lift_comments([*assigned(pairs), *done], lines)
            else:
                done.insert(0, stmt)
        return updated_node.with_changes(body=done)


def closed(stmts: Sequence[tree.Statement]) -> tree.Block:
    """The same statements with a ``return`` at every end that is reached by falling through."""
    done = list(stmts)
    if leaves(done):
        return done
    last = done[-1] if done else None
    if isinstance(last, cst.If) and last_else(last) is not None:
        return [*done[:-1], _each_branch(last, closed)]
    if nothing(done[-1:]) and len(done) > 1:
        done.pop()
    return [*done, tree.line("return")]


def without_last_continue(stmts: tree.Block) -> tree.Block:
    """The body of a loop without ``continue`` where the next round begins anyway."""
    if not stmts:
        return stmts
    last = stmts[-1]
    if isinstance(tree.small(last), cst.Continue):
        return stmts[:-1]
    if isinstance(last, cst.If):
        return [*stmts[:-1], upright(_each_branch(last, without_last_continue))]
    if isinstance(last, cst.Try) and last.finalbody is None and last.orelse is not None:
        inner = without_last_continue(tree.block(last.orelse.body))
        orelse = last.orelse.with_changes(body=tree.suite(inner, last.orelse.body))
        return [*stmts[:-1], last.with_changes(orelse=orelse)]
    return stmts


def _each_branch(stmt: cst.If, change: Change) -> cst.If:
    orelse = stmt.orelse
    if isinstance(orelse, cst.If):
        orelse = _each_branch(orelse, change)
    elif orelse is not None:
        orelse = orelse.with_changes(body=tree.suite(change(tree.block(orelse.body)), orelse.body))
    return stmt.with_changes(
        body=tree.suite(change(tree.block(stmt.body)), stmt.body), orelse=orelse
    )
