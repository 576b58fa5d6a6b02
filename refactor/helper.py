"""Converts a method that has no ``@asynchronous`` of its own: a helper, or a verb that calls one.

It becomes a coroutine; whoever called it waits for it. Finishing is the business of the handlers.
"""

from __future__ import annotations

import libcst as cst

from . import cst as tree
from .bodies import trimmed
from .continuation import Continuations
from .decorators import check_one
from .direct import Converter
from .edit import Rewrite
from .find import ENGINE, decorated
from .handler import check_nested, cleared, split, without_nested
from .methods import Method
from .refusal import Refused
from .scope import Host
from .stopping import guarded
from .unit import Unit
from .variables import variables
from .workspace import first_parameter


def rewrite(unit: Unit, method: Method) -> Rewrite:
    """The rewrite of ``method`` as a coroutine; raises Refused when it has to stay as it is."""
    node = method.node
    if unit.delegates.kind(method) == "engine":
        return _engine(unit, method)
    first = _checked(unit, method)
    finder = unit.finder(method.cls)
    continuations = Continuations(unit, method.cls, finder)
    host = Host.of(node, unit.file.names, first)
    converter = Converter(continuations, node, host)
    check_nested(node, finder, first, list(converter.found.values()))
    docstring, body = split(node)
    block = converter.tail(body)
    if converter.found:
        block = cleared(trimmed(without_nested(block, continuations.nested)))
        block = guarded(unit, method.cls, block, first)
    return Rewrite(
        ((node, _coroutine(unit, node, [*docstring, *block])),),
        tuple(continuations.inlined),
        tuple(continuations.callbacks),
        notes=unit.delegates.notes(continuations.handled, unit.file),
        handled=tuple(continuations.handled),
        block=tuple(block),
    )


def _engine(unit: Unit, method: Method) -> Rewrite:
    """A method under ``gen.engine``: a coroutine does the same and can be waited for."""
    node, first = method.node, first_parameter(method.node)
    mark = decorated(unit.file.names, node, ENGINE)
    given = any(
        each.value is not None for each in tree.find(node.body, cst.Return, into_functions=False)
    )
    sites = unit.finder(method.cls).sites(node.body, first or "self")
    alone = mark is not None and len(node.decorators) == 1
    old = unit.options.tornado >= 6 and tree.names(node.body) & {
        "Task",
        "Callback",
        "Wait",
        "WaitAll",
    }
    if not alone or given or sites or old:
        raise Refused("UC601", node, what=method.name)
    assert mark is not None
    written = cst.parse_expression(unit.imports.refer("tornado.gen", "coroutine", ()))
    new = node.with_changes(decorators=[mark.with_changes(decorator=written)])
    return Rewrite(((node, new),), (), (), block=tuple(tree.block(node.body)))


def _checked(unit: Unit, method: Method) -> str:
    """The name of self; raises Refused for a method that cannot become a coroutine."""
    node = method.node
    first = first_parameter(node)
    if first is None:
        raise Refused("UC104", node)
    looks = variables(node).introspects
    if looks is not None:
        raise Refused("UC501", node, what=f"{looks}()")
    if unit.delegates.kind(method) != "plain":
        raise Refused("UC601", node, what=method.name)
    for each in node.decorators:
        check_one(unit, node, each, outside=False)
    return first


def _coroutine(unit: Unit, node: cst.FunctionDef, block: tree.Block) -> cst.FunctionDef:
    """``node`` with another body, as ``async def`` or under ``@gen.coroutine``."""
    new = node.with_changes(body=tree.suite(block, node.body))
    if unit.options.style == "native":
        return new.with_changes(asynchronous=cst.Asynchronous())
    written = unit.imports.refer("tornado.gen", "coroutine", ())
    mark = cst.Decorator(cst.parse_expression(written))
    return new.with_changes(decorators=[*node.decorators, mark])
