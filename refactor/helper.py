"""Converts a method that has no ``@asynchronous`` of its own: a helper, or a verb that calls one.

It becomes a coroutine; whoever called it waits for it. Finishing is the business of the handlers.
"""

from __future__ import annotations

import dataclasses

import libcst as cst

from . import cst as tree
from . import fronts, outsiders
from .answering import answered
from .bodies import trimmed, without_nested
from .bystanders import Bystanders
from .continuation import Continuations
from .decorators import check_one
from .direct import Converter
from .edit import Rewrite
from .fanout import FanOut
from .find import ENGINE, decorated
from .forms import Forms
from .generators import waiting
from .handler import (
    check_nested,
    cleared,
    parted,
    remarks,
    split,
    with_footers,
)
from .methods import Method
from .names import parameters
from .producers import Produced, without
from .refusal import SEVERAL, Refused
from .returning import Returning
from .scope import Host
from .stopping import guarded
from .unit import Unit
from .variables import variables
from .workspace import first_parameter


def rewrite(unit: Unit, method: Method) -> Rewrite:
    """The rewrite of ``method`` as a coroutine; raises Refused when it has to stay as it is."""
    if unit.delegates.kind(method) == "engine":
        return _engine(unit, method)
    _checked(unit, method)
    try:
        return _rewritten(unit, method, rounds=True)
    except Refused as refused:
        if refused.code != "UC306":
            raise
        return _rewritten(unit, method, rounds=False)


def _rewritten(unit: Unit, method: Method, rounds: bool) -> Rewrite:
    """The rewrite; ``rounds``: a call of itself may begin the next round of a loop."""
    node, first = method.node, method.first
    finder = unit.finder(method.cls)
    own = unit.delegates.produced(method)
    finder.resolver.given = own.parameter if own is not None else None
    answering = unit.delegates.answers(method)
    continuations = Continuations(unit, method.cls, finder, answering, rounds)
    converter = Converter(continuations, node, Host.of(node, unit.file.names, first))
    check_nested(node, finder, first, converter.found)
    docstring, body = split(node)
    outside: list[tuple[cst.CSTNode, cst.CSTNode]] = []
    try:
        block = continuations.whole(converter, body)
    except Refused as refused:
        if refused.code not in SEVERAL or own is not None or not answering:
            raise
        continuations = Continuations(unit, method.cls, finder, answering, rounds)
        block, outside = _side_by_side(continuations, method, body)
    new = node
    if converter.found:
        block = cleared(trimmed(block))
    if own is not None:
        new = node.with_changes(params=without(node, own.parameter))
        block = Returning(own.parameter, _python2_return(unit)).block(block)
    if converter.found:
        block = _guarded(unit, method, block, answering and own is None)
    done = Rewrite(
        (
            (node, with_footers(_coroutine(unit, new, [*docstring, *block]), continuations)),
            *outside,
        ),
        tuple(continuations.inlined),
        tuple(continuations.callbacks),
        notes=remarks(unit, continuations.handled),
        answers=bool(answered(unit, continuations.handled)),
        handled=tuple(continuations.handled),
        block=tuple(block),
    )
    return done if own is None else _outside(unit, method, own, done)


def _side_by_side(
    continuations: Continuations, method: Method, body: tree.Block
) -> tuple[tree.Block, list[tuple[cst.CSTNode, cst.CSTNode]]]:
    """Several operations are in flight: each callback becomes a coroutine of its own."""
    unit = continuations.unit
    host = Host.of(method.node, unit.file.names, method.first)
    fanout = FanOut(continuations, method.node, host)
    block, outside = parted(method.node, fanout.convert(body), fanout.replaced)
    unit.delegates.beside.update(id(old) for old, _ in outside)
    return without_nested(block, continuations.nested), outside


def _guarded(unit: Unit, method: Method, block: tree.Block, answering: bool) -> tree.Block:
    """``block``, guarded; refused where whoever waits would go on after an error."""
    done = guarded(unit, method.cls, block, method.first)
    if done is not block and not answering:
        raise Refused("UC413", method.node, what="StopIteration")
    return done


def _outside(unit: Unit, method: Method, own: Produced, done: Rewrite) -> Rewrite:
    """The rewrite with what callers outside of the project need, or have to know."""
    if outsiders.expected(unit.workspace, method):
        ((node, new),) = done.replaced
        front, hidden = fronts.split(unit, method, own, cst.ensure_type(new, cst.FunctionDef))
        told = f"callers elsewhere may still pass {own.parameter}, which gets the result later"
        replaced, added = ((node, front),), ((method.node, hidden),)
        notes = (*done.notes, f"{method.name}() returns its result; {told}")
        return dataclasses.replace(done, replaced=replaced, added=added, notes=notes)
    told = f"{method.name}() returns its result and takes no {own.parameter} any more"
    generator = unit.options.style == "coroutine" or unit.delegates.kind(method) == "engine"
    if own.is_kept_by_coroutine and generator and unit.options.tornado < 6:
        how = "callers elsewhere may still pass callback= by name"
        told = f"{method.name}() returns its result; {how}"
    return dataclasses.replace(done, notes=(*done.notes, told))


def _python2_return(unit: Unit) -> str | None:
    """How to write ``gen.Return`` where Python 2 has to run the result; None where it has not."""
    if unit.options.python >= (3,):
        return None
    return unit.imports.refer("tornado.gen", "Return", ())


def _engine(unit: Unit, method: Method) -> Rewrite:
    """A method under ``gen.engine``: a coroutine does the same and can be waited for."""
    node, own = method.node, unit.delegates.produced(method)
    mark = decorated(unit.file.names, node, ENGINE)
    given = any(
        each.value is not None for each in tree.find(node.body, cst.Return, into_functions=False)
    )
    finder = unit.finder(method.cls)
    alone = mark is not None and len(node.decorators) == 1
    if not alone or given or finder.sites(node.body, method.first):
        raise Refused("UC601", node, what=method.name)
    assert mark is not None
    Bystanders(unit, finder).check(node, method.first)
    forms = Forms(dataclasses.replace(unit.options, style="coroutine"), unit.imports)
    docstring, block, notes = waiting(unit, method, finder, forms, ends_by_itself=False)
    written = cst.parse_expression(unit.imports.refer("tornado.gen", "coroutine", ()))
    new = node.with_changes(decorators=[mark.with_changes(decorator=written)])
    if own is not None:
        new = new.with_changes(params=without(node, own.parameter))
        block = Returning(own.parameter, _python2_return(unit)).block(block)
        block = _guarded(unit, method, block, answering=False)
    new = new.with_changes(body=tree.suite([*docstring, *block], node.body))
    done = Rewrite(((node, new),), (), (), notes, block=tuple(block))
    return done if own is None else _outside(unit, method, own, done)


def _checked(unit: Unit, method: Method) -> None:
    """Raise Refused for a method that cannot become a coroutine."""
    node = method.node
    if method.first and first_parameter(node) is None:
        raise Refused("UC104", node)
    if method.name in method.cls.repeated:
        raise Refused("UC411", node, what=method.title)
    looks = variables(node).introspects
    if looks is not None:
        raise Refused("UC501", node, what=f"{looks}()")
    if unit.delegates.kind(method) != "plain":
        raise Refused("UC601", node, what=method.name)
    own = unit.delegates.produced(method)
    for each in node.decorators:
        if own is None or not method.on_class:
            check_one(unit, node, each, outside=False)
    taken = {param.name.value for param in parameters(node.params)}
    if "callback" in taken and own is None:
        raise Refused("UC410", node, what="callback")


def _coroutine(unit: Unit, node: cst.FunctionDef, block: tree.Block) -> cst.FunctionDef:
    """``node`` with another body, as ``async def`` or under ``@gen.coroutine``."""
    new = node.with_changes(body=tree.suite(block, node.body))
    if unit.options.style == "native":
        return new.with_changes(asynchronous=cst.Asynchronous())
    written = unit.imports.refer("tornado.gen", "coroutine", ())
    mark = cst.Decorator(cst.parse_expression(written))
    return new.with_changes(decorators=[*node.decorators, mark])
