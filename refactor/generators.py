"""Handlers that are generators already: ``@asynchronous`` over ``gen.coroutine`` or ``gen.engine``.

A coroutine finishes the request at its end and reports its errors by itself, so ``@asynchronous``
goes (SEMANTICS section 2). What it still does is to catch the errors of every other callback that
the handler schedules: where there is one, the handler stays. ``gen.engine`` does not finish the
request; as a coroutine it says so, unless every path finishes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import libcst as cst

from . import cst as tree
from . import decorators
from .awaitable import Awaitables
from .bystanders import Bystanders
from .edit import Rewrite
from .find import ASYNCHRONOUS, COROUTINE, ENGINE, Handler, decorated
from .forms import Forms
from .keys import Keys
from .methods import VERBS, Method
from .refusal import Refused
from .removed import is_removed
from .returns import Place, is_return
from .sites import SiteFinder
from .tasks import Tasks, is_quiet
from .unit import Unit
from .variables import variables
from .workspace import Class
from .yields import NotNative, Yields


@dataclass(frozen=True, eq=False)
class Generator:
    """A handler under ``gen.coroutine`` or ``gen.engine``: its class, ``self`` and decorator."""

    handler: Handler
    cls: Class
    first: str
    inner: cst.Decorator
    engine: bool

    @property
    def node(self) -> cst.FunctionDef:
        """The method's definition."""
        return self.handler.node

    @property
    def method(self) -> Method:
        """The method."""
        return Method(self.cls, self.node)


def applies(unit: Unit, node: cst.FunctionDef) -> bool:
    """Whether a handler is a generator, or a coroutine without ``yield``."""
    coroutine = decorated(unit.file.names, node, COROUTINE) is not None
    return coroutine or node.asynchronous is not None or _yields(node)


def rewrite(unit: Unit, handler: Handler, cls: Class, first: str) -> Rewrite:
    """The rewrite of a generator handler; raises Refused when it has to stay as it is."""
    names, node = unit.file.names, handler.node
    marked = decorated(names, node, COROUTINE) or decorated(names, node, ENGINE)
    if node.asynchronous is not None and marked is None:
        return _native_before(unit, handler, cls, first)
    generator = _generator(unit, handler, cls, first)
    finder = unit.finder(cls)
    _check_role(generator, finder)
    decorators.check(unit, handler, [handler.decorator, generator.inner, *_below(generator)])
    _check_callers(unit, generator)
    _check_finishing(unit, generator)
    Bystanders(unit, finder).check(generator.node, first)
    if unit.options.style == "native" and generator.node.asynchronous is None:
        wanted = dict(unit.imports.wanted)
        try:
            return _native(unit, generator, finder)
        except NotNative as reason:
            unit.imports.wanted = wanted
            note = f"stays a generator coroutine: '{reason}' has no certain form with await"
            return _decorated(unit, generator, finder, note)
    return _decorated(unit, generator, finder)


def _native_before(unit: Unit, handler: Handler, cls: Class, first: str) -> Rewrite:
    """An ``async def`` whose decorator waits for it and finishes, as Tornado does by itself."""
    generator = Generator(handler, cls, first, handler.decorator, engine=False)
    finder = unit.finder(cls)
    _check_role(generator, finder)
    decorators.check(unit, handler, [handler.decorator])
    _check_callers(unit, generator)
    _check_finishing(unit, generator)
    Bystanders(unit, finder).check(generator.node, first)
    if unit.options.tornado >= 6:
        _check_removed(unit, generator.node, generator.node.body)
    new = decorators.without(generator.node, [handler.decorator])
    return Rewrite(((generator.node, new),), (), ())


def _check_removed(unit: Unit, node: cst.FunctionDef, body: cst.CSTNode) -> None:
    """Refuse (UC601) a name in ``body`` that Tornado 6 does not have."""
    for each in tree.walk(body):
        named = isinstance(each, cst.Name | cst.Attribute)
        if named and is_removed(unit.file.names.qualified(each, node.body)):
            raise Refused("UC601", node, what=tree.code(each))


def _yields(node: cst.FunctionDef) -> bool:
    return tree.some(node.body, lambda n: isinstance(n, cst.Yield | cst.Await))


def _generator(unit: Unit, handler: Handler, cls: Class, first: str) -> Generator:
    names, node = unit.file.names, handler.node
    coroutine, engine = decorated(names, node, COROUTINE), decorated(names, node, ENGINE)
    inner = coroutine or engine
    if inner is None or (coroutine and engine) or node.asynchronous is not None:
        raise Refused("UC601", node, what="yield")
    order = list(node.decorators)
    if order.index(inner) < order.index(handler.decorator):
        raise Refused("UC603", inner, what=tree.code(inner.decorator))
    return Generator(handler, cls, first, inner, engine is not None)


def _below(generator: Generator) -> list[cst.Decorator]:
    """The decorators between the coroutine's and the method; they see the bare generator."""
    order = list(generator.node.decorators)
    return order[order.index(generator.inner) + 1 :]


def _check_role(generator: Generator, finder: SiteFinder) -> None:
    name = generator.node.name.value
    if name == "prepare":
        raise Refused("UC105", generator.node)
    if "tornado.websocket.WebSocketHandler" in finder.receivers.external(generator.cls):
        raise Refused("UC107", generator.node, what=name)
    if name not in VERBS:
        raise Refused("UC108", generator.node, what=name)


def _check_callers(unit: Unit, generator: Generator) -> None:
    """Refuse when somebody calls the verb, who gets None today and would drop the future."""
    methods = unit.delegates.methods
    for use in methods.uses(methods.at(generator.cls, generator.node)):
        line = use.file.line(use.node) if use.file is not None else 1
        raise Refused(
            "UC403", generator.node, what=generator.node.name.value, at=line, where=use.path
        )


def _check_finishing(unit: Unit, generator: Generator) -> None:
    """Refuse when something else decides whether the request is finished at the end."""
    if any(n.value == "_auto_finish" for n in tree.find(generator.node.body, cst.Name)):
        raise Refused("UC604", generator.node, what="_auto_finish")
    if generator.engine:
        for stmt in tree.find(generator.node.body, cst.Return, into_functions=False):
            if stmt.value is not None and tree.dotted(stmt.value) != "None":
                raise Refused("UC305", stmt, what=tree.code(stmt.value))
        for raised in tree.find(generator.node.body, cst.Raise, into_functions=False):
            call = raised.exc
            given = call.args if isinstance(call, cst.Call) else ()
            if is_return(unit.file.names, raised) and given:
                raise Refused("UC305", raised, what=tree.code(raised))
        return
    for at in unit.workspace.ancestry(generator.cls):
        if not isinstance(at, Class):
            continue
        prepare = at.methods.get("prepare")
        open_ended = prepare is not None and decorated(at.file.names, prepare, ASYNCHRONOUS)
        if open_ended or "_auto_finish" in tree.names(at.node):
            what = f"{at.name}.prepare" if open_ended else "_auto_finish"
            raise Refused("UC604", generator.node, what=what)


def _decorated(
    unit: Unit, generator: Generator, finder: SiteFinder, note: str | None = None
) -> Rewrite:
    """The handler as a generator coroutine."""
    options = replace(unit.options, style="coroutine")
    block, notes = _body(unit, generator, finder, Forms(options, unit.imports))
    bare = generator.node.with_changes(body=tree.suite(block, generator.node.body))
    new = decorators.without(bare, [generator.handler.decorator])
    if generator.engine:
        written = cst.parse_expression(unit.imports.refer("tornado.gen", "coroutine", ()))
        new = tree.replace(new, [(_same(new, generator.inner), written)])
    notes += () if note is None else (note,)
    return Rewrite(((generator.node, new),), (), (), notes)


def _same(node: cst.FunctionDef, inner: cst.Decorator) -> cst.CSTNode:
    """The expression of the decorator in the method without @asynchronous."""
    return next(d.decorator for d in node.decorators if d.decorator is inner.decorator)


def _native(unit: Unit, generator: Generator, finder: SiteFinder) -> Rewrite:
    """The handler as ``async def``; raises NotNative when that is not certain to be the same."""
    below = _below(generator)
    if below:
        raise NotNative(tree.code(below[0].decorator))
    for raised in tree.find(generator.node.body, cst.Raise, into_functions=False):
        if raised.exc is not None and "StopIteration" in tree.names(raised.exc):
            raise NotNative(tree.code(raised))
    block, notes = _body(unit, generator, finder, Forms(unit.options, unit.imports))
    bare = generator.node.with_changes(body=tree.suite(block, generator.node.body))
    new = decorators.without(bare, [generator.handler.decorator, generator.inner])
    done = new.with_changes(asynchronous=cst.Asynchronous())
    return Rewrite(((generator.node, done),), (), (), notes)


def _body(
    unit: Unit, generator: Generator, finder: SiteFinder, forms: Forms
) -> tuple[tree.Block, tuple[str, ...]]:
    """The statements in their new form, and what the report should say."""
    ends = not generator.engine
    docstring, block, notes = waiting(unit, generator.method, finder, forms, ends)
    if generator.engine and not unit.finishing(generator.cls).always(block, generator.first):
        block = [tree.line(f"{generator.first}._auto_finish = False"), *block]
    return [*docstring, *block], notes


def waiting(
    unit: Unit, method: Method, finder: SiteFinder, forms: Forms, ends_by_itself: bool
) -> tuple[tree.Block, tree.Block, tuple[str, ...]]:
    """The docstring of a generator, its statements in their new form, and notes for the report.

    ``ends_by_itself``: its end finishes the request. Raises Refused, and NotNative where ``forms``
    are those of native coroutines and one has no certain form.
    """
    node, first = method.node, method.first
    mine = variables(node)
    taken = set(mine.bound | mine.free | mine.declared)
    awaitables = Awaitables(unit, method.cls, finder)
    tasks = Tasks(unit, finder, forms, node, first, taken, ends_by_itself, awaitables)
    yields = Yields(unit, tasks, Keys.of(tasks), awaitables)
    stmts = tree.block(node.body)
    docstring = stmts[:1] if node.get_docstring() is not None else []
    block = yields.block(stmts[len(docstring) :], Place())
    if forms.options.tornado >= 6:
        whole = cst.IndentedBlock(body=block)
        _check_removed(unit, node, whole)
        old = unit.file.names.parents
        if any(is_quiet(arg) and id(arg) in old for arg in tree.find(whole, cst.Arg)):
            raise Refused("UC601", node, what="raise_error=False")
    return docstring, block, tuple(tasks.notes)
