"""Converts one handler: the checks, the body, the decorators, and who finishes the request."""

from __future__ import annotations

import libcst as cst

from . import cst as tree
from . import decorators, generators
from .answering import answered
from .bodies import closed_up, footer_of, without_nested
from .callers import goes_on, is_called
from .continuation import Continuations
from .direct import Converter
from .edit import Rewrite
from .fanout import FanOut
from .find import ENGINE, Handler, decorated
from .giving import gives_nothing
from .methods import VERBS
from .refusal import SEVERAL, Refused
from .responses import REDIRECTS, may_hang
from .scope import Host
from .sites import Site, SiteFinder
from .stopping import guarded
from .unit import Unit
from .variables import variables
from .workspace import Class, first_parameter


def rewrite(unit: Unit, handler: Handler) -> Rewrite:
    """The rewrite of ``handler``; raises Refused when it has to stay as it is."""
    cls, first = _checked(unit, handler)
    if generators.applies(unit, handler.node):
        return generators.rewrite(unit, handler, cls, first)
    finder = unit.finder(cls)
    found = finder.sites(handler.node.body, first)
    _check_role(unit, handler, finder, found)
    if not found:
        return _without_operations(unit, handler, cls, first)
    _check_values(unit, handler, cls, found)
    check_nested(handler.node, finder, first, found)
    try:
        return _one_after_another(unit, handler, Continuations(unit, cls, finder), first)
    except Refused as refused:
        if refused.code == "UC306":
            deeper = Continuations(unit, cls, finder, rounds=False)
            return _one_after_another(unit, handler, deeper, first)
        if refused.code not in SEVERAL:
            raise
        return _side_by_side(unit, handler, Continuations(unit, cls, finder), first)


def _one_after_another(
    unit: Unit, handler: Handler, continuations: Continuations, first: str
) -> Rewrite:
    """At most one operation is in flight: the callbacks' bodies follow in the handler itself."""
    host = Host.of(handler.node, unit.file.names, first)
    docstring, body = split(handler.node)
    block = continuations.whole(Converter(continuations, handler.node, host), body)
    return _assembled(unit, handler, continuations, [docstring, block], [])


def _side_by_side(
    unit: Unit, handler: Handler, continuations: Continuations, first: str
) -> Rewrite:
    """Several operations are in flight: each callback becomes a coroutine of its own."""
    host = Host.of(handler.node, unit.file.names, first)
    docstring, body = split(handler.node)
    fanout = FanOut(continuations, handler.node, host)
    block = fanout.convert(body)
    return _assembled(unit, handler, continuations, [docstring, block], fanout.replaced)


def _assembled(
    unit: Unit,
    handler: Handler,
    continuations: Continuations,
    parts: list[tree.Block],
    replaced: list[tuple[cst.CSTNode, cst.CSTNode]],
) -> Rewrite:
    """The new method from its docstring and statements, with the other nodes to change."""
    docstring, block = parts
    first = first_parameter(handler.node)
    block = cleared(without_nested(block, continuations.nested))
    block = closed_up(block, split(handler.node)[1])
    finishing = unit.finishing(continuations.cls, {id(old) for old, _ in replaced})
    open_end = not finishing.always(block, first or "self")
    block = guarded(unit, continuations.cls, block, first or "self")
    if open_end:
        block = [tree.line(f"{first}._auto_finish = False"), *block]
    block, outside = parted(handler.node, block, replaced)
    new = with_footers(_coroutine(unit, handler, [*docstring, *block]), continuations)
    handled = continuations.handled
    return Rewrite(
        ((handler.node, new), *outside),
        tuple(continuations.inlined),
        tuple(continuations.callbacks),
        notes=remarks(unit, handled),
        answers=bool(answered(unit, handled)),
        handled=tuple(handled),
        block=tuple(block),
    )


def remarks(unit: Unit, sites: list[Site]) -> tuple[str, ...]:
    """What the report says about the operations of a rewritten method."""
    told = list(answered(unit, sites))
    for name in dict.fromkeys(site.operation.name for site in sites if site.operation.assumed):
        told.append(f"'{name}' is taken to call back exactly once (--assume-once)")
    fetches = [s for s in sites if s.operation.form(unit.options.tornado) == "fetch"]
    if unit.options.tornado >= 6 and any(may_hang(site.call) for site in fetches):
        told.append(REDIRECTS)
    return tuple(told)


def with_footers(node: cst.FunctionDef, continuations: Continuations) -> cst.FunctionDef:
    """``node`` with the comments at the end of the callbacks whose bodies it holds."""
    moved = [*continuations.inlined, *continuations.nested]
    lines = [
        line for each in moved if isinstance(each, cst.FunctionDef) for line in footer_of(each)
    ]
    body = cst.ensure_type(node.body, cst.IndentedBlock)
    return node.with_changes(body=body.with_changes(footer=[*body.footer, *lines]))


def parted(
    function: cst.FunctionDef, block: tree.Block, replaced: list[tuple[cst.CSTNode, cst.CSTNode]]
) -> tuple[tree.Block, list[tuple[cst.CSTNode, cst.CSTNode]]]:
    """``block`` with what is replaced inside of ``function``, and what is replaced elsewhere."""
    inside = {id(each) for each in tree.walk(function)}
    nested = [pair for pair in replaced if id(pair[0]) in inside]
    outside = [pair for pair in replaced if id(pair[0]) not in inside]
    return [tree.replace(stmt, nested) for stmt in block], outside


def _check_role(unit: Unit, handler: Handler, finder: SiteFinder, found: list[Site]) -> None:
    """Refuse methods that nobody calls as the verb of a request."""
    name = handler.node.name.value
    if name == "prepare":
        raise Refused("UC105", handler.node)
    if name in VERBS:
        return
    if "tornado.websocket.WebSocketHandler" in finder.receivers.external(finder.cls):
        raise Refused("UC107", handler.node, what=name)
    if found and not is_called(unit.delegates, finder.cls, handler.node):
        raise Refused("UC108", handler.node, what=name)


def _checked(unit: Unit, handler: Handler) -> tuple[Class, str]:
    if handler.cls is None:
        raise Refused("UC103", handler.node, what=handler.name)
    first = first_parameter(handler.node)
    if first is None:
        raise Refused("UC104", handler.node)
    if handler.node.name.value in handler.cls.repeated:
        raise Refused("UC411", handler.node, what=handler.name)
    for each in tree.find(handler.cls.node, cst.Attribute):
        if each.attr.value == "_auto_finish":
            raise Refused("UC501", each, what="_auto_finish")
    _check_hooks(handler)
    _check_statuses(unit, handler)
    if unit.options.tornado >= 6:
        _check_websocket(unit, handler.cls)
    looks = variables(handler.node).introspects
    if looks is not None:
        calls = tree.find(handler.node, cst.Call)
        at = next((each for each in calls if tree.dotted(each.func) == looks), handler.node)
        raise Refused("UC501", at, what=f"{looks}()")
    return handler.cls, first


def _check_websocket(unit: Unit, cls: Class) -> None:
    """Refuse a call of WebSocketHandler's own get(), a coroutine since Tornado 6."""
    if WEBSOCKET not in unit.finder(cls).receivers.external(cls):
        return
    for call in tree.find(cls.node, cst.Call):
        func = call.func
        if not isinstance(func, cst.Attribute) or func.attr.value != "get":
            continue
        holder = func.value.func if isinstance(func.value, cst.Call) else func.value
        path = tree.dotted(holder) or ""
        if path == "super" or path.endswith("WebSocketHandler"):
            raise Refused("UC208", call, what=tree.code(func), tornado=unit.options.tornado)


WEBSOCKET = "tornado.websocket.WebSocketHandler"

HOOKS = ("write_error", "send_error", "log_exception", "get_error_html")
"""Methods of a handler that Tornado calls with the error of a request."""

FRAMES = frozenset({"traceback", "tb_frame", "tb_next", "tb_lineno", "__traceback__", "inspect"})
"""Names by which code looks at the frames of a traceback."""


def _check_hooks(handler: Handler) -> None:
    """Refuse when an error hook looks at frames, which would be others (trap 44)."""
    assert handler.cls is not None
    for name in HOOKS:
        hook = handler.cls.methods.get(name)
        if hook is not None and tree.names(hook.body) & FRAMES:
            raise Refused("UC405", hook)


def _check_statuses(unit: Unit, handler: Handler) -> None:
    """Refuse (UC416) an error whose status has no body, where Tornado's error page is written.

    The page fails; ``@asynchronous`` answers that in turn, and ``_execute`` would only log it.
    """
    assert handler.cls is not None
    if "write_error" in handler.cls.methods or "send_error" in handler.cls.methods:
        return
    for each in tree.find(handler.node.body, cst.Raise, into_functions=False):
        error = each.exc
        if isinstance(error, cst.Call) and error.args:
            status = error.args[0].value
            named = unit.file.names.qualified(error.func) == "tornado.web.HTTPError"
            if named and isinstance(status, cst.Integer) and _is_bodiless(status.evaluated_value):
                raise Refused("UC416", each, what=tree.code(error))


def _is_bodiless(status: int) -> bool:
    """Whether an answer with ``status`` has no body (RFC 7230, 3.3.3)."""
    return status < 200 or status in (204, 304)


def _without_operations(unit: Unit, handler: Handler, cls: Class, first: str) -> Rewrite:
    """A handler that starts nothing: the decorator goes when every path finishes by itself."""
    body = tree.block(handler.node.body)
    stmts = split(handler.node)[1]
    check_nested(handler.node, unit.finder(cls), first, [])
    if stmts and isinstance(tree.small(stmts[0]), cst.Raise):
        raise Refused("UC106", handler.node)
    if not unit.finishing(cls).always(body, first):
        raise Refused("UC101", handler.node)
    if decorated(unit.file.names, handler.node, ENGINE):
        _check_values(unit, handler, cls, [])
    use = goes_on(unit.delegates, unit.delegates.methods.at(cls, handler.node))
    if use is not None:
        at = use.file.line(use.node) if use.file is not None else 1
        name = handler.node.name.value
        raise Refused("UC415", handler.node, what=name, at=at, where=use.path)
    own = _own_decorators(unit, handler)
    decorators.check(unit, handler, own)
    return Rewrite(((handler.node, decorators.without(handler.node, own)),), (), ())


def _check_values(unit: Unit, handler: Handler, cls: Class, found: list[Site]) -> None:
    """Refuse when the handler returns something that may be a future."""
    waited = {id(site.call) for site in found if site.argument is None}
    method = unit.delegates.methods.at(cls, handler.node)
    for node in tree.find(handler.node.body, cst.Return, into_functions=False):
        if node.value is None or id(node.value) in waited:
            continue
        if not gives_nothing(unit.delegates, node.value, method):
            raise Refused("UC305", node, what=tree.code(node.value))


def check_nested(node: cst.FunctionDef, finder: SiteFinder, first: str, found: list[Site]) -> None:
    """Refuse when a nested function that is no converted callback starts an operation."""
    used = _passed_on(finder, first, found)
    for each in tree.walk(node.body, into_functions=False):
        if isinstance(each, cst.FunctionDef | cst.Lambda) and id(each) not in used:
            for site in finder.sites(each.body, first):
                raise Refused("UC307", site.call, what=site.operation.name)


def _passed_on(finder: SiteFinder, first: str, found: list[Site]) -> set[int]:
    """The callbacks of operations, and of those that they start themselves, by identity."""
    used: set[int] = set()
    waiting = list(found)
    while waiting:
        ref = waiting.pop().callback
        if ref.function is not None and id(ref.function) not in used:
            used.add(id(ref.function))
            if ref.kind == "nested":
                waiting += finder.sites(ref.function.body, first)
    return used


def split(function: cst.FunctionDef) -> tuple[tree.Block, tree.Block]:
    stmts = tree.block(function.body)
    if function.get_docstring() is not None:
        return stmts[:1], stmts[1:]
    return [], stmts


def cleared(block: tree.Block) -> tree.Block:
    """A handler's statements without ``return`` at the very end."""
    done = list(block)
    while len(done) > 1:
        small = tree.small(done[-1])
        if not (isinstance(small, cst.Return) and small.value is None):
            break
        done.pop()
    return done


def _own_decorators(unit: Unit, handler: Handler) -> list[cst.Decorator]:
    """@asynchronous, and a ``gen.engine``, which does nothing for a method without ``yield``."""
    engine = decorated(unit.file.names, handler.node, ENGINE)
    return [each for each in (handler.decorator, engine) if each is not None]


def _coroutine(unit: Unit, handler: Handler, block: tree.Block) -> cst.FunctionDef:
    """The method as a coroutine: under ``@gen.coroutine`` in place of @asynchronous, or async."""
    own = _own_decorators(unit, handler)
    decorators.check(unit, handler, own)
    bare = handler.node.with_changes(body=tree.suite(block, handler.node.body))
    if unit.options.style == "native":
        return decorators.without(bare, own).with_changes(asynchronous=cst.Asynchronous())
    written = unit.imports.refer("tornado.gen", "coroutine", ())
    new = handler.decorator.with_changes(decorator=cst.parse_expression(written))
    listed = [new if each is handler.decorator else each for each in bare.decorators]
    return decorators.without(bare.with_changes(decorators=listed), own[1:])
