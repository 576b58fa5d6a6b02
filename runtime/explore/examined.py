"""Which values from outside a function takes apart, so that trying some does not stand for all.

A body that is only passed on, decoded, or compared with a constant is as good as any other text.
One that is counted, cut, searched or calculated with is not: what the code does with the values
that nobody tried stays open, and the verdict has to say so.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Iterator, Sequence

from .comparisons import last
from .started import Function

_KINDS = {
    "body": "bodies, but for those tried",
    "headers": "headers of answers, but for those tried",
    "code": "status codes, but for those tried",
    "status_code": "status codes, but for those tried",
}
"""Attributes of requests and answers, and how a verdict says that their values were limited."""

_PASSING = frozenset(
    {"str", "bytes", "repr", "bool", "print", "isinstance", "type", "id", "format", "getattr"}
)
"""Built-in functions to which one text is like another."""

_SHAPES = frozenset({"decode", "encode", "strip", "format"})
_CONVERSIONS = frozenset({"to_unicode", "native_str", "utf8", "str"})
_KEEPING = (ast.Add, ast.Mod)


def examined(
    functions: Iterable[Function], elsewhere: Callable[[str], Iterable[Function]]
) -> set[str]:
    """What ``functions`` take apart, in the words of a verdict's list of what was held fixed.

    ``elsewhere`` gives the functions of a name in the project's other files: what is passed to one
    of them is followed there.
    """
    flow = _Flow(elsewhere)
    for function in functions:
        flow.enter(function)
    while flow.spreads():
        pass
    return {_KINDS[kind] for scope in flow.scopes for kind in scope.taken_apart()}


class _Scope:
    """One function with those inside of it: which of their names mean values from outside."""

    def __init__(self, function: Function, flow: _Flow) -> None:
        self.nodes = list(ast.walk(function))
        self.names: dict[str, str] = {}
        self._flow = flow

    def taken_apart(self) -> Iterator[str]:
        """The kinds of values that code in here takes apart."""
        for node in self.nodes:
            yield from filter(None, map(self.kind, _looked_into(node)))

    def kind(self, node: ast.expr | None) -> str | None:
        """Which kind of value from outside ``node`` is, possibly in another shape."""
        if isinstance(node, ast.Call):
            return self._kind_of_call(node)
        if isinstance(node, ast.Attribute):
            taken = node.attr in _KINDS and node.attr != "headers"
            return node.attr if taken else self._flow.attributes.get(node.attr)
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Subscript):
            return "headers" if last(node.value) == "headers" else None
        return next(filter(None, map(self.kind, _same_value(node))), None)

    def _kind_of_call(self, node: ast.Call) -> str | None:
        name = last(node.func)
        if name in _CONVERSIONS:
            return self.kind(node.args[0] if node.args else None)
        if isinstance(node.func, ast.Attribute):
            if name in _SHAPES:
                return self.kind(node.func.value)
            if last(node.func.value) == "headers":
                return "headers"
        return self._flow.returned.get(name)


class _Flow:
    """Where values from outside go: through names, attributes, arguments and results.

    Functions and attributes are told by their last names alone. Where that takes two for one, a
    verdict claims less than it could.
    """

    def __init__(self, elsewhere: Callable[[str], Iterable[Function]]) -> None:
        self.scopes: list[_Scope] = []
        self.attributes: dict[str, str] = {}
        self.returned: dict[str, str] = {}
        self._callees: dict[str, list[tuple[_Scope, Function]]] = {}
        self._elsewhere = elsewhere

    def enter(self, function: Function) -> None:
        """Look at ``function`` too, and at those inside of it."""
        scope = _Scope(function, self)
        self.scopes.append(scope)
        for node in scope.nodes:
            if isinstance(node, Function):
                self._callees.setdefault(node.name, []).append((scope, node))

    def spreads(self) -> bool:
        """Follow every value one step on; whether one has come to a new place."""
        before = self._extent()
        for scope in list(self.scopes):
            for node in scope.nodes:
                self._follow(scope, node)
        return self._extent() != before

    def _extent(self) -> tuple[int, ...]:
        names = sum(len(scope.names) for scope in self.scopes)
        return len(self.scopes), names, len(self.attributes), len(self.returned)

    def _follow(self, scope: _Scope, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._bind(scope, target, node.value)
        elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
            self._bind(scope, node.target, node.value)
        elif isinstance(node, Function):
            self._give_back(scope, node)
        elif isinstance(node, ast.Call):
            self._pass_on(scope, node.func, node.args, node.keywords)
            for position, argument in enumerate(node.args, 1):  # partial(self.show, body)
                self._pass_on(scope, argument, node.args[position:], node.keywords)

    def _bind(self, scope: _Scope, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for each, part in zip(target.elts, value.elts, strict=False):
                self._bind(scope, each, part)
        elif kind := scope.kind(value):
            if isinstance(target, ast.Name):
                scope.names.setdefault(target.id, kind)
            elif isinstance(target, ast.Attribute):
                self.attributes.setdefault(target.attr, kind)

    def _give_back(self, scope: _Scope, function: Function) -> None:
        for node in ast.walk(function):
            value = node.value if isinstance(node, ast.Return) else None
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                value = node.exc.args[0]  # raise gen.Return(body)
            if kind := scope.kind(value):
                self.returned.setdefault(function.name, kind)

    def _pass_on(
        self,
        scope: _Scope,
        function: ast.expr,
        arguments: Sequence[ast.expr],
        keywords: Sequence[ast.keyword],
    ) -> None:
        """Let the parameters of what is called be what it is given."""
        name = last(function)
        kinds = [scope.kind(each) for each in arguments]
        named = {each.arg: scope.kind(each.value) for each in keywords if each.arg}
        if not name or not any((*kinds, *named.values())):
            return
        if name not in self._callees:
            self._callees[name] = []
            for found in self._elsewhere(name):
                self.enter(found)
        for inner, callee in self._callees[name]:
            given = callee.args
            first = [each.arg for each in (*given.posonlyargs, *given.args)]
            if first[:1] in (["self"], ["cls"]):
                del first[0]
            taken = {**dict(zip(first, kinds, strict=False)), **named}
            for parameter, kind in taken.items():
                if kind:
                    inner.names.setdefault(parameter, kind)


def _same_value(node: ast.expr | None) -> list[ast.expr]:
    """The parts of an expression of which one is its value, or all there is in it."""
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.BinOp) and isinstance(node.op, _KEEPING):
        right = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        return [node.left, *right]
    if isinstance(node, ast.JoinedStr):
        return node.values
    if isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.FormattedValue)):
        return [node.value] if node.value is not None else []
    return []


def _looked_into(node: ast.AST) -> list[ast.expr]:
    """The values that ``node`` takes apart, whatever they are."""
    if isinstance(node, ast.Subscript):
        return [node.value, node.slice]
    if isinstance(node, ast.Call):
        return _taken_by_call(node)
    if isinstance(node, ast.BinOp) and not isinstance(node.op, _KEEPING):
        return [node.left, node.right]
    if isinstance(node, ast.Compare):
        return _taken_by_comparison(node)
    if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        return [node.iter]
    return []


def _taken_by_call(node: ast.Call) -> list[ast.expr]:
    """What a call looks into: the object of a method, and what a built-in function is given."""
    function = node.func
    if isinstance(function, ast.Attribute):
        inner = isinstance(function.value, ast.Name) and function.value.id in _LIBRARIES
        own = [] if function.attr in _SHAPES else [function.value]
        return [*own, *(node.args if inner or function.attr in ("get", "index") else ())]
    name = last(function)
    return [*node.args] if hasattr(builtins, name) and name not in _PASSING else []


_LIBRARIES = frozenset(
    """
    re hashlib zlib gzip struct base64 binascii hmac time datetime math csv ET ElementTree etree
    collections itertools functools operator string textwrap
    """.split()  # noqa: SIM905
)
"""Modules of the standard library whose functions look into what they are given."""


def _taken_by_comparison(node: ast.Compare) -> list[ast.expr]:
    """Sides of a comparison that no constant decides: those are known values to try."""
    sides = [node.left, *node.comparators]
    found: list[ast.expr] = []
    for side in sides:
        others = [each for each in sides if each is not side]
        if not all(isinstance(inner, _CONSTANT) for each in others for inner in ast.walk(each)):
            found.append(side)
    return found


_CONSTANT = (ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Load, ast.UnaryOp, ast.USub)
