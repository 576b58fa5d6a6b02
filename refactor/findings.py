"""What Tornado 6 breaks in the code that stays: findings for ``--tornado 6``.

The whole file is looked at, not its handlers alone; what was rewritten is left out. SEMANTICS
sections 1 and 4 list what 5.0 and 6.0 removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import libcst as cst

from . import cst as tree
from .catalogue import Operation
from .edit import Rewrite
from .find import COROUTINE, decorated
from .model import Reason
from .names import parameters
from .reasons import sentence
from .receivers import Receivers
from .removed import WITHOUT_CALLBACK, is_removed
from .tasks import is_quiet
from .timeouts import newly_caught
from .unit import Unit

LOOP_POSITIONS = {
    "tornado.httpclient.AsyncHTTPClient": 0,
    "tornado.ioloop.PeriodicCallback": 2,
    "tornado.iostream.IOStream": 1,
}
"""Where ``io_loop`` stood among the positional arguments."""


def findings(unit: Unit, rewrites: Sequence[Rewrite], after: cst.Module) -> tuple[Reason, ...]:
    """The findings of a file in order of their lines; none unless Tornado 6 is the target.

    ``after`` is the file with its rewrites, whose imports may be fewer. Lines are those of before.
    """
    if unit.options.tornado < 6:
        return ()
    gone = {id(old) for each in rewrites for old, _ in each.replaced}
    gone |= {id(node) for each in rewrites for node in each.removed}
    found = Findings(unit, gone, frozenset(_imported(after)))
    found.visit(unit.file.module)
    return tuple(sorted(dict.fromkeys(found.reasons), key=lambda each: (each.line, each.code)))


@dataclass(eq=False)
class Findings:
    """Collects the findings of one file.

    Nodes in ``gone`` were rewritten; ``imported`` is what the new file imports.
    """

    unit: Unit
    gone: set[int]
    imported: frozenset[str]
    reasons: list[Reason] = field(default_factory=list)

    def visit(self, node: cst.CSTNode) -> None:
        """Look at ``node`` and what is below it."""
        if id(node) in self.gone:
            return
        if isinstance(node, cst.Import | cst.ImportFrom):
            self._import(node)
            return
        if isinstance(node, cst.Name | cst.Attribute):
            if is_removed(self.unit.file.names.qualified(node)):
                self._add("UC703", node, what=tree.code(node))
                return
        elif isinstance(node, cst.Call):
            self._call(node)
        elif isinstance(node, cst.Try):
            at = newly_caught(self.unit.file.names, node)
            if at is not None:
                handler = node.handlers[at]
                self._add("UC706", handler, what=tree.code(handler.type or handler))
        for child in node.children:
            name = isinstance(node, cst.AssignTarget) and isinstance(child, cst.Name)
            if not name and not (isinstance(node, cst.Attribute) and child is node.attr):
                self.visit(child)

    def _add(self, code: str, node: cst.CSTNode, **facts: object) -> None:
        self.reasons.append(Reason(code, sentence(code, **facts), self.unit.line(node)))

    def _import(self, node: cst.Import | cst.ImportFrom) -> None:
        """A removed name that is imported: the module cannot be loaded any more."""
        for name in _targets(node):
            if is_removed(name) and name in self.imported:
                self._add("UC703", node, what=name)

    def _call(self, call: cst.Call) -> None:
        operation = self._operation(call)
        positional = [arg for arg in call.args if arg.keyword is None and not arg.star]
        if operation is not None:
            self._callback(call, operation, positional)
        elif any(_is_callback(arg) for arg in call.args) and self._coroutine(call):
            self._add("UC702", call, what=tree.code(call.func))
        qualified = self.unit.file.names.qualified(call.func) or ""
        keyword = any(
            arg.keyword is not None and arg.keyword.value == "io_loop" for arg in call.args
        )
        place = LOOP_POSITIONS.get(qualified)
        if qualified.startswith("tornado.") and (
            keyword or (place is not None and len(positional) > place)
        ):
            self._add("UC704", call, what=tree.code(call.func))

    def _callback(
        self, call: cst.Call, operation: Operation, positional: Sequence[cst.Arg]
    ) -> None:
        """A callback that an operation of Tornado is given."""
        if not any(owner.startswith(WITHOUT_CALLBACK) for owner in operation.owner):
            return
        place = operation.position
        given = positional[place] if place is not None and len(positional) > place else None
        if any(_is_callback(arg, operation.callback) for arg in call.args):
            self._add("UC702", call, what=tree.code(call.func))
        elif given is not None and tree.dotted(given.value) != "None":
            code = "UC701" if operation.form6 == "fetch" else "UC702"
            what = given.value if code == "UC701" else call.func
            self._add(code, call, what=tree.code(what))
        elif operation.form6 == "fetch" and self._raises(call):
            self._add("UC705", call, what=tree.code(call.func))

    def _raises(self, call: cst.Call) -> bool:
        """Whether a quiet fetch may raise all the same, and nobody catches it."""
        return any(is_quiet(arg) for arg in call.args) and not self._caught(call)

    def _caught(self, call: cst.Call) -> bool:
        """Whether what a fetch raises is caught: around it, or around the wait for its future."""
        names = self.unit.file.names
        holder = names.parents.get(id(call))
        target = holder.targets[0].target if isinstance(holder, cst.Assign) else None
        future = target.value if isinstance(target, cst.Name) else None
        function = names.enclosing(call, cst.FunctionDef)
        for stmt in tree.find(function, cst.Try) if function is not None else ():
            types = [tree.dotted(h.type) if h.type is not None else "" for h in stmt.handlers]
            waits = (n for n in tree.walk(stmt.body) if isinstance(n, cst.Yield | cst.Await))
            if {"", "Exception", "BaseException"} & set(types) and any(
                node is call or (isinstance(node, cst.Name) and node.value == future)
                for wait in waits
                for node in tree.walk(wait)
            ):
                return True
        return False

    def _operation(self, call: cst.Call) -> Operation | None:
        if not isinstance(call.func, cst.Attribute):
            return None
        receivers = Receivers(self.unit.workspace, self.unit.file)
        owners = receivers.owners(call.func.value, call.func)
        return self.unit.catalogue.by_owner(owners, call.func.attr.value) if owners else None

    def _coroutine(self, call: cst.Call) -> bool:
        """Whether a call is of a project's ``gen.coroutine`` that has no ``callback`` itself."""
        if not isinstance(call.func, cst.Attribute):
            return False
        targets = self.unit.delegates.methods.named(self.unit.file, call.func) or ()
        return any(
            decorated(each.file.names, each.node, COROUTINE) is not None
            and all(param.name.value != "callback" for param in parameters(each.node.params))
            for each in targets
        )


def _imported(module: cst.Module) -> Iterator[str]:
    """The full dotted names that a module imports anywhere."""
    for node in tree.walk(module):
        if isinstance(node, cst.Import | cst.ImportFrom):
            yield from _targets(node)


def _targets(node: cst.Import | cst.ImportFrom) -> Iterator[str]:
    origin = node.module if isinstance(node, cst.ImportFrom) else None
    if isinstance(node.names, cst.ImportStar):
        yield tree.dotted(origin) or "" if origin is not None else ""
        return
    for alias in node.names:
        parts = [tree.dotted(part) or "" for part in (origin, alias.name) if part is not None]
        yield ".".join(parts)


def _is_callback(arg: cst.Arg, name: str = "callback") -> bool:
    given = arg.keyword is not None and arg.keyword.value == name
    return given and tree.dotted(arg.value) != "None"
