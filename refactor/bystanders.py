"""Callbacks that a generator handler schedules besides what it waits for.

Their errors reach the client only through ``@asynchronous`` (SEMANTICS section 2), so a handler
that has one cannot do without it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from . import cst as tree
from .awaitable import Awaitables, has_callback
from .find import ASYNCHRONOUS, ENGINE, TASK, decorated
from .keys import CALLBACK
from .refusal import Refused
from .sites import SiteFinder
from .unit import Unit
from .workspace import Class, first_parameter

ELSEWHERE = frozenset({"submit", "run_in_executor"})
"""Methods that call a function in another thread; what it raises stays in the future."""


@dataclass(eq=False)
class Bystanders:
    """Looks for them in one handler and the methods it calls."""

    unit: Unit
    finder: SiteFinder
    _seen: set[int] = field(default_factory=set)

    def check(self, function: cst.FunctionDef, first: str) -> None:
        """Refuse (UC401, UC605) when ``function`` or a method it calls has another callback."""
        for call in tree.find(function.body, cst.Call, into_functions=False):
            self._call(call, first)
            self._method(call, first)

    def _call(self, call: cst.Call, first: str) -> None:
        names = self.unit.file.names
        if any(self._old_callback(arg.value) for arg in call.args):
            return
        if names.qualified(call.func, call) == TASK:
            call = call.with_changes(args=call.args[1:])
        elif self._quiet(call):
            return
        try:
            site = self.finder.site(call, first)
        except Refused as refused:
            raise Refused("UC401", call, what=tree.code(call.func)) from refused
        if site is not None and site.argument is not None:
            raise Refused("UC401", call, what=tree.code(call.func))

    def _old_callback(self, value: cst.BaseExpression) -> bool:
        inner = value.value if isinstance(value, cst.Yield) else None
        called = isinstance(inner, cst.Call)
        return (
            called
            and isinstance(inner, cst.Call)
            and self.unit.file.names.qualified(inner.func, inner) == CALLBACK
        )

    def _quiet(self, call: cst.Call) -> bool:
        """Whether a function among the arguments is certainly no callback of the loop.

        A call that is waited for hands its errors to the waiter.
        """
        keywords = {arg.keyword.value for arg in call.args if arg.keyword is not None}
        if any(each == "callback" or each.endswith("_callback") for each in keywords):
            return False
        waited = isinstance(self.unit.file.names.parents.get(id(call)), cst.Yield)
        func = call.func
        method = func.attr.value if isinstance(func, cst.Attribute) else ""
        return (waited and self.finder.operation(call) is None) or method in ELSEWHERE

    def _method(self, call: cst.Call, first: str) -> None:
        """Follow a call of a method of ``self``, or of a function of the same file."""
        func = call.func
        if isinstance(func, cst.Name):
            functions = Awaitables(self.unit, self.finder.cls, self.finder)
            if functions.schedules(func):
                raise Refused("UC605", call, what=func.value)
        if not isinstance(func, cst.Attribute) or tree.dotted(func.value) != first:
            return
        workspace = self.unit.workspace
        for cls in (self.finder.cls, *workspace.descendants(self.finder.cls)):
            found = workspace.method(cls, func.attr.value)
            if found is not None and id(found[1]) not in self._seen:
                self._seen.add(id(found[1]))
                self._followed(call, *found)

    def _followed(self, call: cst.Call, owner: Class, function: cst.FunctionDef) -> None:
        names = owner.file.names
        waited = isinstance(self.unit.file.names.parents.get(id(call)), cst.Yield)
        loose = decorated(names, function, ASYNCHRONOUS) or decorated(names, function, ENGINE)
        if loose is not None and not waited:
            raise Refused("UC605", call, what=tree.code(call.func))
        inner = SiteFinder(
            self.unit.workspace, owner.file, owner, self.unit.catalogue, assume_once=True
        )
        first = first_parameter(function) or "self"
        if any(has_callback(inner, each) for each in tree.find(function.body, cst.Call)):
            raise Refused("UC605", call, what=tree.code(call.func))
        same = Bystanders(self.unit, inner, self._seen)
        for each in tree.find(function.body, cst.Call, into_functions=False):
            same._method(each, first)
