"""Direct calls of nested functions that start operations: ``poll()``, where ``poll`` polls.

Where such a call is the last thing on its path, what the function does follows there, like the body
of a callback; where the function starts itself again, as a loop (SEMANTICS trap 43). Code behind
the call would run before the operation has its result, so then the call stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import libcst as cst

from . import cst as tree
from .bodies import is_generator
from .callbacks import CallbackRef
from .catalogue import Operation
from .names import Names
from .refusal import Refused


@dataclass(eq=False)
class Steps:
    """Recognises the calls in one file; ``starts`` tells whether a body starts an operation."""

    names: Names
    starts: Callable[[cst.CSTNode, str], bool]
    _known: dict[int, bool] = field(default_factory=dict)

    def step(self, call: cst.Call, first: str) -> tuple[Operation, CallbackRef] | None:
        """The function that ``call`` runs, as an operation that passes nothing; None for others.

        Raises Refused for a call with unpacked arguments (UC205), or one whose function gives a
        value that is returned (UC204).
        """
        function = self._function(call)
        if function is None or not self._starts(function, first):
            return None
        name = function.name.value
        if any(arg.star for arg in call.args):
            raise Refused("UC205", call, what=name)
        if isinstance(self.names.parents.get(id(call)), cst.Return) and _gives_value(function):
            raise Refused("UC204", call, what=name)
        operation = Operation(
            name, call=name, passes=(), immediate=True, form5="step", form6="step"
        )
        return operation, CallbackRef("nested", name, call.func, function, None, tuple(call.args))

    def _function(self, call: cst.Call) -> cst.FunctionDef | None:
        """The plain nested function that ``call`` certainly calls."""
        if not isinstance(call.func, cst.Name):
            return None
        owner = self.names.owner(call, call.func.value)
        if not isinstance(owner, cst.FunctionDef):
            return None
        places = self.names.bindings(owner).assigned.get(call.func.value, [])
        found = places[0] if len(places) == 1 else None
        plain = isinstance(found, cst.FunctionDef) and not found.decorators
        if not plain or not isinstance(found, cst.FunctionDef) or is_generator(found):
            return None
        return found

    def _starts(self, function: cst.FunctionDef, first: str) -> bool:
        """Whether running ``function`` starts an operation; a call of itself alone is none."""
        key = id(function)
        if key not in self._known:
            self._known[key] = False
            self._known[key] = self.starts(function.body, first)
        return self._known[key]


def _gives_value(function: cst.FunctionDef) -> bool:
    returns = tree.find(function.body, cst.Return, into_functions=False)
    return any(each.value is not None and tree.dotted(each.value) != "None" for each in returns)
