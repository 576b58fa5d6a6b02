"""What an expression that stands where a callback belongs refers to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

import libcst as cst

from . import cst as tree
from .definite import assigned_first
from .names import parameters
from .refusal import Refused
from .variables import reads
from .workspace import Class, Parsed, Workspace, is_static

Kind = Literal["method", "nested", "lambda", "function", "external", "choice", "nothing"]

FUNCTIONS = (cst.FunctionDef, cst.Lambda)
PARTIALS = frozenset({"functools.partial"})
WRAPPERS = frozenset({"tornado.stack_context.wrap"})
"""Calls that give a callback which behaves like their argument when a Tornado operation runs it."""


@dataclass(frozen=True, eq=False)
class CallbackRef:
    """A callback: what stands behind it and what is already bound to it.

    ``expression`` calls it by name (``self.on_x``); ``function`` is its definition when that is
    known; ``owner`` the class a method is defined in; ``arguments`` what ``functools.partial``
    binds in front of what the operation passes. ``choices`` are what an expression may be that is
    decided at run time (its kind is ``"choice"``).
    """

    kind: Kind
    name: str
    expression: cst.BaseExpression
    function: tree.Function | None = None
    owner: Class | None = None
    arguments: tuple[cst.Arg, ...] = ()
    choices: tuple[CallbackRef, ...] = ()

    @property
    def key(self) -> str:
        """The name by which placements and memos know a method."""
        return f"{self.owner!r}.{self.name}" if self.owner else self.name


class CallbackResolver:
    """Finds callbacks for one handler: ``cls`` is its class, ``method`` the handler."""

    def __init__(self, workspace: Workspace, file: Parsed, cls: Class) -> None:
        self.workspace = workspace
        self.file = file
        self.cls = cls
        self.given: str | None = None
        """A parameter that is itself a callback, to be called by its name."""

    @contextmanager
    def giving(self, name: str | None, elsewhere: bool) -> Iterator[None]:
        """Look at a function that knows the callback as ``name``.

        With None it knows it as the one around it does, or not at all if it stands ``elsewhere``.
        """
        before = self.given
        self.given = name if name is not None or elsewhere else before
        try:
            yield
        finally:
            self.given = before

    def resolve(self, expression: cst.BaseExpression, at: cst.CSTNode, first: str) -> CallbackRef:
        """The callback that ``expression`` names where ``self`` is called ``first``.

        Raises Refused (UC202, UC203) when that cannot be told.
        """
        if isinstance(expression, cst.Call):
            return self._wrapped(expression, at, first)
        if isinstance(expression, cst.Lambda):
            return CallbackRef("lambda", "lambda", expression, expression)
        if isinstance(expression, cst.Attribute) and tree.dotted(expression.value) == first:
            return self._method(expression)
        if isinstance(expression, cst.Name):
            return self._function(expression, at, first)
        if isinstance(expression, cst.IfExp):
            return self._choice(expression, at, first, [expression.body, expression.orelse])
        raise Refused("UC202", expression, what=tree.code(expression))

    def _choice(
        self,
        expression: cst.BaseExpression,
        at: cst.CSTNode,
        first: str,
        values: Sequence[cst.BaseExpression],
    ) -> CallbackRef:
        """One of several callbacks, each of which is known."""
        found = [self.resolve(value, at, first) for value in values]
        choices = [leaf for each in found for leaf in each.choices or (each,)]
        for value in values:
            if "async_callback" in tree.names(value):
                raise Refused("UC202", expression, what=tree.code(expression))
        name = tree.code(expression)
        return CallbackRef("choice", name, expression, choices=tuple(choices))

    def _variable(self, name: cst.Name, at: cst.CSTNode, first: str) -> CallbackRef:
        """A local variable that the function around it sets to one callback or another."""
        names = self.file.names
        owner = names.owner(at, name.value)
        if not isinstance(owner, cst.FunctionDef) or names.enclosing(at, *FUNCTIONS) is not owner:
            raise Refused("UC202", name, what=name.value)
        places = names.bindings(owner).assigned.get(name.value, [])
        stmts = [names.parents.get(id(place)) for place in places]
        values = [s.value for s in stmts if isinstance(s, cst.Assign) and len(s.targets) == 1]
        plain = all(isinstance(p, cst.AssignTarget) and p.target is not None for p in places)
        shared = any(
            n.value == name.value
            for f in tree.find(owner.body, cst.Nonlocal)
            for n in tree.find(f, cst.Name)
        )
        certain = plain and len(values) == len(places) and not shared
        if not certain or not values or not assigned_first(owner.body, name.value):
            raise Refused("UC202", name, what=name.value)
        if any(name.value in reads(value) for value in values):
            raise Refused("UC202", name, what=name.value)
        return self._choice(name, at, first, values)

    def _wrapped(self, call: cst.Call, at: cst.CSTNode, first: str) -> CallbackRef:
        qualified = self.file.names.qualified(call.func, at)
        path = tree.dotted(call.func)
        wrapper = (
            qualified in PARTIALS or qualified in WRAPPERS or path == f"{first}.async_callback"
        )
        starred = any(arg.star for arg in call.args)
        if not wrapper or not call.args or starred or call.args[0].keyword is not None:
            raise Refused("UC202", call, what=tree.code(call))
        inner = self.resolve(call.args[0].value, at, first)
        return replace(inner, arguments=(*inner.arguments, *call.args[1:]))

    def _method(self, expression: cst.Attribute) -> CallbackRef:
        name = expression.attr.value
        found = self.workspace.method(self.cls, name)
        stored = any(
            name in each.attributes
            for each in self.workspace.ancestry(self.cls)
            if isinstance(each, Class)
        )
        if stored:
            raise Refused("UC202", expression, what=tree.code(expression))
        if found is None:
            if not self._inherited(name):
                raise Refused("UC203", expression, what=tree.code(expression))
            return CallbackRef("external", name, expression)
        owner, function = found
        if name in owner.repeated:
            raise Refused("UC202", expression, what=tree.code(expression))
        return CallbackRef("method", name, expression, function, owner)

    def _inherited(self, name: str) -> bool:
        return name in EXTERNAL_METHODS

    def _function(self, expression: cst.Name, at: cst.CSTNode, first: str) -> CallbackRef:
        name = expression.value
        owner = self.file.names.owner(at, name)
        if owner is None:
            raise Refused("UC203", expression, what=name)
        places = self.file.names.bindings(owner).assigned.get(name, [])
        if name == self.given and self._kept(places):
            return CallbackRef("external", name, expression)
        module_level = isinstance(owner, cst.Module)
        if len(places) == 1 and isinstance(places[0], cst.FunctionDef):
            kind: Kind = "function" if module_level else "nested"
            return CallbackRef(kind, name, expression, places[0])
        if module_level and not places:
            return CallbackRef("function", name, expression)
        if len(places) == 1 and isinstance(places[0], cst.AssignTarget):
            assigned = self.file.names.parents.get(id(places[0]))
            if isinstance(assigned, cst.Assign) and isinstance(assigned.value, cst.Lambda):
                return CallbackRef("nested", name, expression, assigned.value)
        return self._variable(expression, at, first)

    def _kept(self, places: Sequence[cst.CSTNode]) -> bool:
        """Whether a parameter is bound again by ``stack_context.wrap`` alone, which keeps it."""
        parameter, *others = sorted(places, key=lambda each: not isinstance(each, cst.Param))
        assigned = [self.file.names.parents.get(id(each)) for each in others]
        values = [each.value for each in assigned if isinstance(each, cst.Assign)]
        calls = [each for each in values if isinstance(each, cst.Call)]
        wraps = [each for each in calls if self.file.names.qualified(each.func, each) in WRAPPERS]
        return isinstance(parameter, cst.Param) and len(wraps) == len(others)


EXTERNAL_METHODS = frozenset({"finish", "write", "render", "redirect", "send_error", "on_finish"})
"""Methods that every ``RequestHandler`` has and that may themselves be a callback."""


def takes(ref: CallbackRef, passed: int) -> list[cst.Param] | None:
    """The parameters that get the ``passed`` values of the operation; None if they do not fit."""
    rest = open_parameters(ref)
    return rest if ref.function is not None and len(rest) == passed else None


def open_parameters(ref: CallbackRef) -> list[cst.Param]:
    """The parameters that are left for an operation's values: without self and what is bound.

    Only plain parameters count, as those are the ones that can become local variables.
    """
    if ref.function is None:
        return []
    params = ref.function.params
    plain = [*params.posonly_params, *params.params]
    static = isinstance(ref.function, cst.FunctionDef) and is_static(ref.function)
    if ref.kind == "method" and not static:
        plain = plain[1:]
    bound = sum(1 for arg in ref.arguments if arg.keyword is None)
    keywords = {arg.keyword.value for arg in ref.arguments if arg.keyword is not None}
    return [p for p in plain[bound:] if p.name.value not in keywords]


def is_plain(ref: CallbackRef) -> bool:
    """Whether a callback's parameters are all plain: no open defaults, no stars, no keyword-only.

    A default does not count where the argument is bound by name.
    """
    assert ref.function is not None
    params = ref.function.params
    bound = {arg.keyword.value for arg in ref.arguments if arg.keyword is not None}
    return all(
        (p.default is None or p.name.value in bound) and p.star in ("", cst.MaybeSentinel.DEFAULT)
        for p in parameters(params)
    ) and not isinstance(params.star_arg, cst.Param)


def with_defaults(ref: CallbackRef, passed: int) -> CallbackRef:
    """``ref`` with the defaults of a lambda as bound arguments: ``lambda r, name=name: ...``.

    Like those of ``partial`` they are evaluated where the operation starts. ``passed`` is how many
    values the operation passes, which may take the place of a default.
    """
    if not isinstance(ref.expression, cst.Lambda) or ref.expression.params.posonly_params:
        return ref
    rest = open_parameters(ref)[passed:]
    if not rest or any(p.default is None for p in rest):
        return ref
    bare = cst.SimpleWhitespace("")
    bound = [
        cst.Arg(p.default, keyword=cst.Name(p.name.value), equal=cst.AssignEqual(bare, bare))
        for p in rest
        if p.default is not None
    ]
    return replace(ref, arguments=(*ref.arguments, *bound))


def has_defaults(function: tree.Function) -> bool:
    """Whether a parameter of ``function`` has a default."""
    return any(p.default is not None for p in parameters(function.params))
