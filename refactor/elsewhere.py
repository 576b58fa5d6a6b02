"""Functions of the project that start operations in the background for a handler.

What their callbacks raise is answered with 500 today, because ``@asynchronous`` covers everything
that is started while the handler runs (SEMANTICS section 0, fact 3). Without it the error would
only be logged, so a handler that calls one keeps its decorator.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from . import cst as tree
from .delegates import Delegates
from .methods import Method
from .refusal import Refused
from .sites import DECORATED, SiteFinder
from .workspace import Class, Parsed


@dataclass(eq=False)
class Elsewhere:
    """Looks through functions and other objects' methods that a handler calls."""

    delegates: Delegates
    _starting: dict[int, bool] = field(default_factory=dict)

    def check(self, method: Method) -> None:
        """Refuse (UC412) when ``method`` calls a function that starts an operation."""
        for call in tree.find(method.node.body, cst.Call):
            if self.delegates.operation(call, method.file, method.first) is not None:
                continue  # it is waited for
            for file, function in self._callees(method.file, call):
                marks = (file.names.qualified(d.decorator, function) for d in function.decorators)
                keeps = any(mark in DECORATED for mark in marks)  # its errors are its future's
                if not keeps and self._starts(file, function, method.cls):
                    raise Refused("UC412", call, what=tree.code(call.func))

    def _callees(self, file: Parsed, call: cst.Call) -> list[tuple[Parsed, cst.FunctionDef]]:
        """The project's functions that ``call`` may reach, methods on ``self`` left out."""
        func, methods = call.func, self.delegates.methods
        if isinstance(func, cst.Attribute) and methods.own(file, func):
            return []
        made = methods.workspace.resolve(file, func)
        if isinstance(made, Class):
            found = methods.workspace.method(made, "__init__")
            return [(found[0].file, found[1])] if found is not None else []
        return [(each.file, each.node) for each in methods.called(file, func)]

    def _starts(self, file: Parsed, function: cst.FunctionDef, cls: Class) -> bool:
        """Whether calling ``function`` may start an operation with a callback."""
        if id(function) not in self._starting:
            self._starting[id(function)] = False
            delegates = self.delegates
            finder = SiteFinder(delegates.methods.workspace, file, cls, delegates.catalogue, True)
            calls = list(tree.find(function.body, cst.Call))
            self._starting[id(function)] = any(
                _has_callback(finder, call)
                or any(self._starts(*callee, cls) for callee in self._callees(file, call))
                for call in calls
            )
        return self._starting[id(function)]


def _has_callback(finder: SiteFinder, call: cst.Call) -> bool:
    operation = finder.operation(call)
    if operation is None:
        return False
    try:
        return finder.argument(call, operation) is not None
    except Refused:
        return True
