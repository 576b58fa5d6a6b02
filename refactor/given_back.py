"""What a callback gives back: the event loop waits for a future that it gets from one.

Tornado 4 and 5 run a native coroutine that a callback returns, and log what a returned future is
raised with; a callback that has moved into a coroutine has nobody to give it to. (Seen on 4.4.2
and 5.1.1 for callbacks of ``fetch`` and of timers, for lists and dicts of futures too.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from . import cst as tree
from .awaitable import FUTURES
from .catalogue import Catalogue
from .find import COROUTINE, decorated
from .names import TARGETED
from .refusal import Refused
from .sites import Site, SiteFinder
from .workspace import Class, Parsed, Workspace

MAKERS = (COROUTINE, "tornado.concurrent.return_future", "tornado.concurrent.run_on_executor")
"""Decorators under which a function gives a future."""

DEPTH = 4  # functions that give on what another gave


@dataclass(frozen=True, eq=False)
class GivenBack:
    """Finds futures among what functions return; ``cls`` is the class whose methods they call."""

    workspace: Workspace
    cls: Class
    catalogue: Catalogue

    def check(self, site: Site, file: Parsed) -> None:
        """Refuse (UC215) a callback that gives the loop a future; ``file`` has the call."""
        ref = site.callback
        if ref.function is None or site.argument is None or ref.kind == "nothing":
            return
        home = ref.owner.file if ref.owner is not None else file
        found = None if _maker(home, ref.function) else self._future(home, ref.function, 0)
        if found is not None:
            raise Refused("UC215", site.call, callback=ref.name, what=tree.code(found))

    def _future(self, file: Parsed, function: tree.Function, depth: int) -> cst.CSTNode | None:
        """The first value of ``function`` that is a future, as far as can be told."""
        finder = SiteFinder(self.workspace, file, self.cls, self.catalogue, assume_once=True)
        for value in _values(function):
            for leaf in _leaves(file, value, 0):
                if self._gives_future(finder, leaf, depth):
                    return leaf
        return None

    def _gives_future(self, finder: SiteFinder, call: cst.Call, depth: int) -> bool:
        file = finder.file
        if file.names.qualified(call.func, call) in FUTURES:
            return True
        operation = finder.operation(call)
        if operation is not None:
            return operation.returns == "future"
        found = finder.project_function(call.func)
        if found is None:
            return False
        home, function = found
        if _maker(home, function):
            return True
        plain = not function.decorators and depth < DEPTH
        return plain and self._future(home, function, depth + 1) is not None


def _maker(file: Parsed, function: tree.Function) -> bool:
    """Whether calling ``function`` gives a future or a coroutine."""
    if isinstance(function, cst.Lambda):
        return False
    return function.asynchronous is not None or any(
        decorated(file.names, function, each) is not None for each in MAKERS
    )


def _values(function: tree.Function) -> list[cst.BaseExpression]:
    if isinstance(function, cst.Lambda):
        return [function.body]
    returns = tree.find(function.body, cst.Return, into_functions=False)
    return [each.value for each in returns if each.value is not None]


def _leaves(file: Parsed, value: cst.BaseExpression, depth: int) -> Iterator[cst.Call]:
    """The calls one of which ``value`` may be, or which it may be a list or dict of."""
    parts: list[cst.BaseExpression] = []
    if isinstance(value, cst.Call):
        yield value
    elif isinstance(value, cst.IfExp):
        parts = [value.body, value.orelse]
    elif isinstance(value, cst.BooleanOperation):
        parts = [value.left, value.right]
    elif isinstance(value, cst.List | cst.Dict):
        parts = [each.value for each in value.elements]
    elif isinstance(value, cst.ListComp):
        parts = [value.elt]
    elif isinstance(value, cst.DictComp | cst.NamedExpr):
        parts = [value.value]
    elif isinstance(value, cst.Name) and depth < DEPTH:
        parts = _assigned(file, value)
    for part in parts:
        yield from _leaves(file, part, depth + 1)


def _assigned(file: Parsed, name: cst.Name) -> list[cst.BaseExpression]:
    """What a local variable is given."""
    owner = file.names.owner(name, name.value)
    if not isinstance(owner, cst.FunctionDef | cst.Lambda):
        return []
    places = file.names.bindings(owner).assigned.get(name.value, [])
    statements = (
        file.names.parents.get(id(place)) if isinstance(place, cst.AssignTarget) else place
        for place in places
        if isinstance(place, TARGETED)
    )
    values = (getattr(each, "value", None) for each in statements)
    return [each for each in values if isinstance(each, cst.BaseExpression)]
