"""Which expressions certainly give an awaitable, so that a ``yield`` may become an ``await``.

A coroutine's ``yield`` takes more than ``await`` does: lists, dicts, None, futures of threads
(SEMANTICS section 6, trap 65). Whatever is not known to be a Future or a coroutine is not believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import libcst as cst

from . import cst as tree
from .catalogue import Operation
from .find import COROUTINE, decorated
from .sites import SiteFinder
from .unit import Unit
from .workspace import Class, Parsed

Kind = Literal["one", "many"]
"""One awaitable, or a list or dict of things that ``gen.multi`` takes as ``yield`` does."""

FUTURES = frozenset(
    {
        "tornado.gen.Task",
        "tornado.gen.sleep",
        "tornado.gen.multi",
        "tornado.gen.multi_future",
        "tornado.gen.with_timeout",
        "tornado.gen.maybe_future",
        "tornado.concurrent.Future",
        "tornado.websocket.websocket_connect",
    }
)
"""Functions that return a Future in every Tornado from 4.2 on (documentation of each)."""

METHODS = {
    "tornado.locks.Condition": {"wait"},
    "tornado.locks.Event": {"wait"},
    "tornado.locks.Semaphore": {"acquire"},
    "tornado.locks.BoundedSemaphore": {"acquire"},
    "tornado.locks.Lock": {"acquire"},
    "tornado.queues.Queue": {"get", "put", "join"},
    "tornado.queues.PriorityQueue": {"get", "put", "join"},
    "tornado.queues.LifoQueue": {"get", "put", "join"},
    "tornado.gen.WaitIterator": {"next"},
    "tornado.process.Subprocess": {"wait_for_exit"},
    "tornado.web.RequestHandler": {"flush"},
}
"""Methods that return a Future, by class."""

YIELDPOINTS = frozenset({"tornado.gen.Callback", "tornado.gen.Wait", "tornado.gen.WaitAll"})


@dataclass(frozen=True, eq=False)
class Awaitables:
    """Answers for the methods of one class."""

    unit: Unit
    cls: Class
    finder: SiteFinder

    def kind(self, value: cst.BaseExpression | None, depth: int = 0) -> Kind | None:
        """What ``value`` certainly is; None when that cannot be told. It stands in the file."""
        if value is None or depth > 4:
            return None
        if isinstance(value, cst.List | cst.ListComp | cst.Dict | cst.DictComp):
            return None if self._yieldpoints(value) else "many"
        if isinstance(value, cst.Call):
            return "one" if self._call(value) else None
        if isinstance(value, cst.Name):
            return self._name(value, depth)
        return None

    def _yieldpoints(self, value: cst.CSTNode) -> bool:
        names = self.unit.file.names
        return any(
            names.qualified(call.func, call) in YIELDPOINTS for call in tree.find(value, cst.Call)
        )

    def _name(self, name: cst.Name, depth: int) -> Kind | None:
        """A local variable all of whose values are known."""
        names = self.unit.file.names
        owner = names.owner(name, name.value)
        if not isinstance(owner, cst.FunctionDef):
            return None
        kinds: set[Kind | None] = set()
        for place in names.bindings(owner).assigned.get(name.value, []):
            stmt = names.parents.get(id(place))
            plain = isinstance(place, cst.AssignTarget) and isinstance(place.target, cst.Name)
            given = stmt.value if plain and isinstance(stmt, cst.Assign) else None
            kinds.add(self.kind(given, depth + 1))
        return kinds.pop() if len(kinds) == 1 else None

    def _call(self, call: cst.Call) -> bool:
        qualified = self.unit.file.names.qualified(call.func, call)
        if qualified in FUTURES:
            return True
        given = {arg.keyword.value for arg in call.args if arg.keyword is not None}
        if "callback" in given:
            return False
        operation = self.finder.operation(call)
        if operation is not None:
            if in_thread(operation):
                return False
            return operation.returns == "future" and operation.form5 in {"fetch", "future", "auth"}
        if isinstance(call.func, cst.Attribute):
            owners = self.finder.receivers.owners(call.func.value, call)
            method = call.func.attr.value
            if any(method in METHODS.get(owner, ()) for owner in owners):
                return True
        return self.coroutine(call.func)

    def coroutine(self, func: cst.BaseExpression) -> bool:
        """Whether a function is a coroutine of the project, however subclasses override it."""
        found = self._functions(func)
        return bool(found) and all(_is_coroutine(file, function) for file, function in found)

    def marked(self, func: cst.BaseExpression, *qualified: str) -> bool:
        """Whether a function may be one of the project's under one of these decorators."""
        found = self._functions(func)
        return any(decorated(file.names, node, each) for file, node in found for each in qualified)

    def schedules(self, func: cst.BaseExpression) -> bool:
        """Whether a function of the project passes a callback on; its errors may come later."""
        workspace, catalogue = self.unit.workspace, self.unit.catalogue
        for file, node in self._functions(func):
            finder = SiteFinder(workspace, file, self.cls, catalogue, assume_once=True)
            if any(has_callback(finder, call) for call in tree.find(node.body, cst.Call)):
                return True
        return False

    def _functions(self, func: cst.BaseExpression) -> list[tuple[Parsed, cst.FunctionDef]]:
        """The definitions that ``func`` may call; empty when they cannot be told."""
        if isinstance(func, cst.Attribute) and isinstance(func.value, cst.Name):
            return self._methods(func.attr.value) if self._is_self(func.value) else []
        if not isinstance(func, cst.Name):
            return []
        owner = self.unit.file.names.owner(func, func.value)
        if owner is None:
            return []
        places = self.unit.file.names.bindings(owner).assigned.get(func.value, [])
        imported = self.unit.file.names.bindings(owner).imported.get(func.value, set())
        if len(places) != 1 or imported or not isinstance(places[0], cst.FunctionDef):
            return []
        return [(self.unit.file, places[0])]

    def _is_self(self, name: cst.Name) -> bool:
        owner = self.unit.file.names.owner(name, name.value)
        return any(owner is method for method in self.cls.methods.values())

    def _methods(self, name: str) -> list[tuple[Parsed, cst.FunctionDef]]:
        workspace = self.unit.workspace
        first = workspace.method(self.cls, name)
        if first is None:
            return []
        classes = [first[0], *workspace.descendants(self.cls)]
        line = [c for c in (*workspace.ancestry(self.cls), *classes) if isinstance(c, Class)]
        if any(name in each.attributes for each in line):
            return []
        return [(each.file, each.methods[name]) for each in classes if name in each.methods]


def in_thread(operation: Operation) -> bool:
    """Whether Tornado 4 may give the future of a thread, which ``await`` does not take."""
    return "tornado.netutil.Resolver" in operation.owner


def has_callback(finder: SiteFinder, call: cst.Call) -> bool:
    """Whether a call passes a callback, to a known operation or to anything else."""
    operation = finder.operation(call)
    if operation is None:
        return any(arg.keyword is not None and arg.keyword.value == "callback" for arg in call.args)
    return finder.argument(call, operation) is not None


def _is_coroutine(file: Parsed, function: cst.FunctionDef) -> bool:
    """Whether calling ``function`` gives a Future or a native coroutine, and nothing else."""
    if not function.decorators:
        generator = tree.some(function.body, lambda n: isinstance(n, cst.Yield))
        return function.asynchronous is not None and not generator
    outermost = function.decorators[0]
    return decorated(file.names, function, COROUTINE) is outermost
