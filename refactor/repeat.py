"""A callback that starts its operation again: the body becomes a loop.

Inside the loop, starting the operation again is "wait, then continue"; every other end of the body
is a ``return``, because the handler has nothing left to do there (SEMANTICS trap 43).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import libcst as cst

from . import cst as tree
from .aftermath import last_else, leaves, nothing
from .refusal import Refused
from .scope import Host
from .variables import assigned_first, variables

Change: TypeAlias = Callable[[tree.Block], tree.Block]


def loop(function: tree.Function, block: tree.Block, host: Host) -> tree.Block:
    """The converted body of ``function``, whose repetitions end in ``continue``, as a loop.

    Raises Refused (UC306) when a local name could keep its value from one round to the next, where
    each call of the callback had locals of its own.
    """
    given = {p.name.value for p in function.params.params}
    body = cst.IndentedBlock(body=block)
    kept = [
        name
        for name in sorted(host.bound - given)
        if name in host.captured or not assigned_first(body, name)
    ]
    if kept or (given & host.captured) or variables(function).introspects:
        raise Refused("UC306", function, what=kept[0] if kept else "a closure")
    inner = without_last_continue(closed(block))
    return [cst.While(test=cst.Name("True"), body=tree.suite(inner))]


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
        return [*stmts[:-1], _each_branch(last, without_last_continue)]
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
