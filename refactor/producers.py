"""Functions that take a callback themselves: as coroutines they return what they gave to it.

``def lookup(self, key, callback)`` becomes ``def lookup(self, key)``, ``callback(value)`` becomes
``return value``. On Tornado 4 and 5 ``gen.coroutine`` itself takes ``callback=`` from callers
outside of the project (SEMANTICS section 3). The callback has to be called exactly once on every
path, as the last thing.
"""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from typing import Protocol

import libcst as cst

from . import cst as tree
from .callbacks import PARTIALS, WRAPPERS
from .catalogue import Operation
from .methods import Method
from .sites import SiteFinder, handed_on


@dataclass(frozen=True, slots=True)
class Produced:
    """The callback of a method or function: its parameter, its place among the arguments that a
    call passes besides self (0-based), the names of what it gets, and whether it may run before
    the call returns."""

    parameter: str
    position: int
    passes: tuple[str, ...]
    immediate: bool

    @property
    def is_kept_by_coroutine(self) -> bool:
        """Whether ``gen.coroutine`` (4 and 5) takes the callback by name and gives it the same."""
        return self.parameter == "callback" and len(self.passes) == 1

    def operation(self, name: str, drops: bool) -> Operation:
        """The operation that a call of the method is once it is a coroutine.

        ``drops``: the parameter goes, so that what follows it moves up.
        """
        return Operation(
            name, call=name, callback=self.parameter, position=self.position, passes=self.passes,
            errors="raised", immediate=self.immediate, returns="future",
            form5="future", form6="future", drops=drops,
        )  # fmt: skip


def produced(method: Method, finder: SiteFinder, onward: Onward) -> Produced | None:
    """The callback that a method takes and calls; None when there is none, or it is not plain."""
    node = method.node
    listed = [*node.params.posonly_params, *node.params.params]
    listed = listed[1:] if method.first else listed
    for position, param in enumerate(listed):
        name = param.name.value
        calls = [c for c in tree.find(node.body, cst.Call) if _name(c.func) == name]
        wraps = _wraps(node, name, finder)
        handed = [c for c in tree.find(node.body, cst.Call) if _gets(c, name) and c not in wraps]
        mentions = [n for n in tree.find(node.body, cst.Name) if n.value == name]
        keywords = [a for a in tree.find(node.body, cst.Arg) if _name(a.keyword) == name]
        again = [c for c in handed if onward.itself(c) and _at(c, name, position)]
        onwards = [
            _passed(c, name, finder, onward) or bound(c, name, finder, onward)
            for c in handed
            if c not in again
        ]
        given = any(each is not None for each in onwards)
        optional = param.default is not None and tree.dotted(param.default) == "None"
        if not (calls or given) or not (optional or param.default is None):
            continue
        asked = sum(asks(stmt.test, name) is not None for stmt in tree.find(node.body, cst.If))
        if len(mentions) != len(calls) + len(handed) + len(keywords) + asked + 2 * len(wraps):
            return None
        passed = {_given(call) for call in calls} | {each and each[0] for each in onwards}
        lengths = {len(names) if names is not None else None for names in passed}
        if len(lengths) != 1 or None in passed:
            return None
        own = [c for c in tree.find(node.body, cst.Call, False) if _name(c.func) == name]
        at_once = bool(own) or any(each is not None and each[1] for each in onwards)
        several = [names for names in passed if names is not None]
        return Produced(name, position, _named(several), at_once)
    return None


class Onward(Protocol):
    """Knows the calls in a function that hand its callback on."""

    def itself(self, call: cst.Call) -> bool:
        """Whether ``call`` is one of the function itself."""

    def operation(self, call: cst.Call) -> Operation | None:
        """The operation that ``call`` is because another function takes a callback."""

    def produced(self, function: cst.BaseExpression) -> Produced | None:
        """The callback that ``function`` takes, when it certainly is one of the project."""


def _name(node: cst.CSTNode | None) -> str | None:
    return node.value if isinstance(node, cst.Name) else None


def _gets(call: cst.Call, name: str) -> bool:
    return any(_name(arg.value) == name for arg in call.args)


def _given(call: cst.Call) -> tuple[str, ...] | None:
    """Names for the arguments of one call of the callback."""
    if any(arg.keyword is not None or arg.star for arg in call.args):
        return None
    return tuple(_variable(arg.value) for arg in call.args)


def _variable(value: cst.BaseExpression) -> str:
    """The name of a value that is a plain variable, else nothing."""
    name = _name(value) or ""
    return "" if keyword.iskeyword(name) else name


def _named(several: list[tuple[str, ...]]) -> tuple[str, ...]:
    """One name for each value, from the calls where it is a variable."""
    taken: set[str] = set()
    found: list[str] = []
    for position, values in enumerate(zip(*sorted(several), strict=True)):
        known = next((value for value in values if value and value not in taken), "")
        found.append(tree.fresh(known or ("result", "error")[min(position, 1)], taken))
        taken.add(found[-1])
    return tuple(found)


def _at(call: cst.Call, name: str, position: int) -> bool:
    """Whether the callback is given where the function takes it."""
    args = call.args
    plain = not any(arg.star for arg in args)
    at = next((i for i, arg in enumerate(args) if _name(arg.value) == name), None)
    if not plain or at is None:
        return False
    given = args[at].keyword
    return at == position if given is None else given.value == name


def _passed(
    call: cst.Call, name: str, finder: SiteFinder, onward: Onward
) -> tuple[tuple[str, ...], bool] | None:
    """What an operation that gets the callback passes to it, and whether it may do so at once."""
    operation = finder.operation(call) or onward.operation(call)
    argument = finder.argument(call, operation) if operation is not None else None
    if operation is None or argument is None or _name(argument.value) != name:
        return None
    if operation.forwards:
        more = handed_on(call, argument)
        plain = not any(arg.star or arg.keyword for arg in more)
        names = (*operation.passes, *(_variable(arg.value) for arg in more))
        return (names, operation.immediate) if plain else None
    return operation.passes, operation.immediate


def bound(
    call: cst.Call, name: str, finder: SiteFinder, onward: Onward
) -> tuple[tuple[str, ...], bool] | None:
    """What the callback gets where ``call`` is a partial of it, or one that is bound to it.

    That is ``async_callback(self.on_reply, callback)`` where ``on_reply`` calls it.
    """
    names = finder.file.names
    argument = names.parents.get(id(call))
    outer = names.parents.get(id(argument)) if isinstance(argument, cst.Arg) else None
    starred = any(arg.star for arg in call.args)
    if not isinstance(outer, cst.Call) or not _wrapper(call, finder) or starred:
        return None
    operation = finder.operation(outer) or onward.operation(outer)
    if operation is None or operation.forwards or finder.argument(outer, operation) != argument:
        return None
    function, *others = call.args
    at = [i for i, arg in enumerate(others) if _name(arg.value) == name]
    if not at and not any(arg.keyword for arg in others):
        more = tuple(_variable(arg.value) for arg in others)
        return (*more, *operation.passes), operation.immediate
    own = onward.produced(function.value) if len(at) == 1 else None
    given = others[at[0]].keyword if at else None
    where = own and (given.value == own.parameter if given else at[0] == own.position)
    if own is None or not where or _name(function.value) == name:
        return None
    return own.passes, operation.immediate


def _wrapper(call: cst.Call, finder: SiteFinder) -> bool:
    """Whether ``call`` gives a callback that does what its first argument does."""
    qualified = finder.file.names.qualified(call.func, call)
    known = qualified in PARTIALS | WRAPPERS
    return known or (tree.dotted(call.func) or "").endswith(".async_callback")


def _wraps(node: cst.FunctionDef, name: str, finder: SiteFinder) -> list[cst.Call]:
    """The values of ``callback = stack_context.wrap(callback)``, which a coroutine needs not."""
    found = (rewrapped(stmt, name) for stmt in tree.block(node.body))
    names = finder.file.names
    return [c for c in found if c is not None and names.qualified(c.func, c) in WRAPPERS]


def rewrapped(stmt: cst.CSTNode, name: str) -> cst.Call | None:
    """The call in ``name = wrap(name)``."""
    small = tree.small(stmt)
    value = small.value if isinstance(small, cst.Assign) else None
    if not isinstance(small, cst.Assign) or not isinstance(value, cst.Call):
        return None
    targets = [_name(each.target) for each in small.targets]
    return value if targets == [name] == [_name(arg.value) for arg in value.args] else None


def asks(test: cst.BaseExpression, name: str) -> bool | None:
    """What a test for the presence of the callback ``name`` gives when there is one; else None."""
    if _name(test) == name:
        return True
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        return None if (inner := asks(test.expression, name)) is None else not inner
    if not isinstance(test, cst.Comparison) or _name(test.left) != name:
        return None
    (other, *more) = test.comparisons
    if more or tree.dotted(other.comparator) != "None":
        return None
    known = {cst.IsNot: True, cst.Is: False, cst.NotEqual: True, cst.Equal: False}
    return known.get(type(other.operator))


def without(node: cst.FunctionDef, name: str) -> cst.Parameters:
    """The parameters of ``node`` without the one that was the callback."""
    kept = [param for param in node.params.params if param.name.value != name]
    if kept and len(kept) < len(node.params.params) and node.params.params[-1].name.value == name:
        kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return node.params.with_changes(params=kept)
