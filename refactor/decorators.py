"""The decorators of a handler: which are understood, and the method with some of them gone."""

from __future__ import annotations

from collections.abc import Collection

import libcst as cst

from . import cst as tree
from .find import Handler
from .refusal import Refused
from .unit import Unit
from .wrappers import hands_on

TRANSPARENT = frozenset(
    {
        "tornado.web.authenticated",
        "tornado.web.addslash",
        "tornado.web.removeslash",
    }
)
"""Decorators that hand on what the method returns (SEMANTICS section 2)."""


def check(unit: Unit, handler: Handler, understood: Collection[cst.Decorator]) -> None:
    """Refuse (UC402) when a decorator may drop the future that the method will return."""
    outside = True
    for each in handler.node.decorators:
        outside = outside and each is not handler.decorator
        if not any(each is known for known in understood):
            check_one(unit, handler.node, each, outside)


def check_one(unit: Unit, node: cst.FunctionDef, decorator: cst.Decorator, outside: bool) -> None:
    """Refuse (UC402) unless ``decorator`` hands on what it gets.

    ``outside``: it stands around ``@asynchronous``, through which no error comes.
    """
    if unit.file.names.qualified(decorator.decorator, node) in TRANSPARENT:
        return
    eager = unit.options.style == "coroutine"
    if not hands_on(unit.workspace, unit.file, decorator, outside, eager):
        raise Refused("UC402", decorator, what=tree.code(decorator.decorator))


def without(node: cst.FunctionDef, gone: Collection[cst.Decorator]) -> cst.FunctionDef:
    """``node`` without some decorators; comments above a dropped one stay where they were."""
    kept: list[cst.Decorator] = []
    waiting: list[cst.EmptyLine] = []
    for each in node.decorators:
        if any(each is old for old in gone):
            waiting += each.leading_lines
        else:
            kept.append(each.with_changes(leading_lines=[*waiting, *each.leading_lines]))
            waiting = []
    if kept:
        after = [*waiting, *node.lines_after_decorators]
        return node.with_changes(decorators=kept, lines_after_decorators=after)
    lines = [*node.leading_lines, *waiting, *node.lines_after_decorators]
    return node.with_changes(decorators=(), leading_lines=lines, lines_after_decorators=())
