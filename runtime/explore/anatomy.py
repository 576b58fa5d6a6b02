"""The parts of a version's file: its handlers, and what belongs to each of them."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

from .comparisons import dotted, last
from .examined import examined
from .harvest import VERBS
from .instrument import executable_lines
from .standin import Standin
from .started import Function, Starts, body_of, callbacks, inner, operations

WEBSOCKET = frozenset({"open", "on_message", "on_ping", "on_pong", "on_close"})
"""Methods of a handler of websockets that are called as things happen on one."""

HEARS = VERBS | WEBSOCKET | {"prepare"}
"""Methods of a handler that Tornado calls."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Classes by dotted name with their functions, and the functions of the module.

    ``marked``: dotted names of methods that are decorated ``@asynchronous`` in either version.
    """

    classes: Mapping[str, Mapping[str, Function]]
    bases: Mapping[str, tuple[str, ...]]
    functions: Mapping[str, Function]
    marked: frozenset[str]

    @classmethod
    def of(cls, tree: ast.Module, other: ast.Module) -> Anatomy:
        """The parts of ``tree``; ``other`` is the version it is compared with."""
        classes = dict(_classes(tree))
        methods = {
            name: {each.name: each for each in _methods(node)} for name, node in classes.items()
        }
        bases = {
            name: tuple(filter(None, map(dotted, node.bases))) for name, node in classes.items()
        }
        functions = {each.name: each for each in tree.body if isinstance(each, _FUNCTIONS)}
        return cls(methods, bases, functions, frozenset((*_marked(tree), *_marked(other))))

    def resolve(self, module: ModuleType, inner: Mapping[str, type]) -> dict[str, type]:
        """The executed classes by dotted name.

        A class that a function defines appears in ``inner`` once that function is called, which is
        done here, with stand-ins for what it needs, where the class may be a handler: a function
        that is called may leave something behind.
        """
        found: dict[str, type] = {}
        for name in self.classes:
            value: Any = module
            for part in name.split("."):
                value = getattr(value, part, None)
                if isinstance(value, FunctionType) and name not in inner:
                    if self._may_serve(name):
                        _call(value)
                    break
            value = inner.get(name, value)
            if isinstance(value, type):
                found[name] = value
        return found

    def _may_serve(self, name: str) -> bool:
        """Whether a class may be a handler, or what a handler derives from, by how it looks."""
        last = name.rpartition(".")[2]
        derived = any(each != "object" for each in self.bases[name])
        asked = any(m in HEARS or f"{name}.{m}" in self.marked for m in self.classes[name])
        return (derived and asked) or any(last in each for each in self.bases.values())

    def handlers(self, executed: Mapping[str, type]) -> Iterator[str]:
        """Dotted names of handlers: verbs and ``prepare`` of such classes, and what is marked."""
        from ..web import RequestHandler
        from ..websocket import WebSocketHandler

        for name, methods in self.classes.items():
            kind = executed.get(name)
            serves = kind is None or issubclass(kind, RequestHandler)
            hears = kind is not None and issubclass(kind, WebSocketHandler)
            for method in methods:
                full = f"{name}.{method}"
                verb = serves and method in (*VERBS, "prepare")
                if full in self.marked or verb or (hears and method in WEBSOCKET):
                    yield full

    def verbs(self, owner: str, method: str, known: Iterable[str]) -> list[str]:
        """The verbs of class ``owner`` that lead to ``method``."""
        if method in VERBS:
            return [method]
        mine = sorted(VERBS & set(known))
        if method == "prepare":
            return mine or ["get"]
        return [verb for verb in mine if method in self._reached(owner, verb)]

    def held(self, handler: str, elsewhere: Callable[[str], Iterable[Function]]) -> set[str]:
        """Kinds of values of which only some are tried, and which the handler takes apart.

        ``elsewhere`` gives the functions of a name in the other files of the project.
        """
        owner, _, method = handler.rpartition(".")
        return examined(self._reached(owner, method).values(), elsewhere)

    def outline(
        self, handler: str, starts: Starts, hands_over: Starts
    ) -> tuple[set[int], dict[int, str]]:
        """The lines of a handler and what it reaches in this file, and what has to start by line.

        That is its body, as a run in which it never began says nothing, the calls that ``starts``
        finds, and the bodies of the functions that are given to the calls ``hands_over`` finds.
        """
        owner, _, method = handler.rpartition(".")
        lines: set[int] = set()
        places: dict[int, str] = {}
        own = self._method(owner, method)
        for function in self._reached(owner, method).values():
            lines |= executable_lines(function)
            places.update(operations(function, starts))
            for name in callbacks(function, hands_over):
                given = inner(function, name) or self._method(owner, name)
                given = given or self.functions.get(name)
                if given is not None:
                    places.update(body_of(given, name))
        if own is not None:
            places.update(body_of(own, handler))
        return lines, places

    def _reached(self, owner: str, method: str) -> dict[str, Function]:
        """Functions of this file that ``method`` of ``owner`` mentions, and those they mention."""
        found: dict[str, Function] = {}
        waiting = [method]
        while waiting:
            name = waiting.pop()
            function = self._method(owner, name) or self.functions.get(name)
            if function is None or name in found:
                continue
            found[name] = function
            waiting.extend(_mentioned(function))
        return found

    def _method(self, owner: str, name: str) -> Function | None:
        """``name`` of class ``owner``, or of a base of it that stands in the same file."""
        waiting = [owner]
        seen: set[str] = set()
        while waiting:
            each = waiting.pop(0)
            if each in seen or each not in self.classes:
                continue
            seen.add(each)
            if name in self.classes[each]:
                return self.classes[each][name]
            waiting.extend(self.bases[each])
        return None


def _call(function: FunctionType) -> None:
    """Call a function for the classes that it defines; what it raises does not matter."""
    parameters = inspect.signature(function).parameters.values()
    needed = [each for each in parameters if each.default is each.empty]
    plain = [Standin.named(each.name) for each in needed if each.kind <= each.POSITIONAL_OR_KEYWORD]
    named = {
        each.name: Standin.named(each.name) for each in needed if each.kind == each.KEYWORD_ONLY
    }
    with suppress(Exception):
        function(*plain, **named)


def _classes(tree: ast.Module) -> Iterator[tuple[str, ast.ClassDef]]:
    """Classes with their dotted names, those inside functions and classes too."""
    waiting: list[tuple[str, ast.AST]] = [("", tree)]
    while waiting:
        prefix, node = waiting.pop()
        for child in ast.iter_child_nodes(node):
            inner = prefix
            if isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
                inner = f"{prefix}{child.name}."
            if isinstance(child, ast.ClassDef):
                yield inner[:-1], child
            waiting.append((inner, child))


def _methods(node: ast.ClassDef) -> Iterator[Function]:
    """The functions of a class, those under a condition too."""
    waiting: list[ast.AST] = [*reversed(node.body)]
    while waiting:
        child = waiting.pop()
        if isinstance(child, _FUNCTIONS):
            yield child
        elif not isinstance(child, (ast.ClassDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(child))


def _marked(tree: ast.Module) -> Iterator[str]:
    for name, node in _classes(tree):
        for method in _methods(node):
            if any(map(_is_asynchronous, method.decorator_list)):
                yield f"{name}.{method.name}"


def _is_asynchronous(decorator: ast.expr) -> bool:
    return (dotted(decorator) or "").rpartition(".")[2] == "asynchronous"


def _mentioned(function: Function) -> Iterator[str]:
    """Names that may mean functions of the file.

    ``settings.get`` is no verb of the handler: verbs count where the first parameter, ``super`` or
    a class (by its capital letter) has them.
    """
    known = {"super", *(each.arg for each in function.args.args[:1])}
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute):
            of = node.value.func if isinstance(node.value, ast.Call) else node.value
            name = last(of).lstrip("_")
            if node.attr not in VERBS or name in known or name[:1].isupper():
                yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
