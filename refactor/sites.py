"""The places where a handler starts an operation and gives it a callback."""

from __future__ import annotations

import builtins
import json
import sys
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import libcst as cst

from . import cst as tree
from .callbacks import (
    EXTERNAL_METHODS,
    PARTIALS,
    WRAPPERS,
    CallbackRef,
    CallbackResolver,
    open_parameters,
    with_defaults,
)
from .catalogue import Catalogue, Operation
from .functions import definition
from .keepers import kept
from .receivers import Receivers
from .refusal import Refused
from .removed import STACK_CONTEXT
from .steps import Steps
from .timers import duration
from .workspace import Class, Parsed, Workspace

SIDE_CALLBACKS = frozenset({"streaming_callback", "header_callback", "prepare_curl_callback"})
"""Callbacks that an operation calls besides the one that gets its result (trap 47)."""

SYNCHRONOUS_METHODS = frozenset({"sort", "sub", "subn", "apply", "applymap", "agg", "setdefault"})
"""Methods of common objects that call a function argument before they return, and only then."""

CONCURRENT_MODULES = frozenset(
    {
        "threading",
        "_thread",
        "asyncio",
        "concurrent",
        "multiprocessing",
        "signal",
        "atexit",
        "sched",
    }
    | {"weakref", "subprocess", "socketserver", "queue", "thread"}
)

SCHEDULING = {
    "add_callback": 0,
    "add_timeout": 1,
    "call_at": 1,
    "call_later": 1,
}
"""Methods of an event loop that nothing else has, and where they take a function.

What ``spawn_callback`` is given runs outside of every context.
"""

ERRORS = frozenset({"e", "err", "error", "exc", "exception"})
"""How people call the parameter of a callback that gets what went wrong."""

DECORATED = {
    "tornado.auth._auth_return_future": Operation(
        "", call="", passes=("user",), errors="none", returns="future", form5="auth", form6="auth"
    ),
    "tornado.concurrent.return_future": Operation(
        "", call="", errors="raised", immediate=True, returns="future", form5="future", form6="none"
    ),
}
"""Decorators that make a function an operation with ``callback=`` (SEMANTICS section 4)."""


@dataclass(frozen=True, eq=False)
class Site:
    """One call of an operation with a callback: the call, what is known of it, and the callback.

    ``argument`` is the argument of ``call`` that carries the callback; None for the call of a
    method that is (or becomes) a coroutine, which has no callback (its kind is ``"nothing"``), and
    for that of a nested function, which is its own callback.
    """

    call: cst.Call
    operation: Operation
    argument: cst.Arg | None
    callback: CallbackRef
    seconds: cst.BaseExpression | None = None

    @property
    def is_delegate(self) -> bool:
        """Whether it is the call of a method that is or becomes a coroutine."""
        return self.callback.kind == "nothing"

    @property
    def carrier(self) -> cst.CSTNode | None:
        """The node that names the callback; None where there is none."""
        if self.argument is None and self.callback.kind == "nested":
            return self.call.func
        return self.argument


class Waiting(Protocol):
    """Knows the calls of methods that are or become coroutines."""

    def site(self, call: cst.Call, file: Parsed, first: str) -> Site | None: ...

    def operation(self, call: cst.Call, file: Parsed, first: str) -> Operation | None: ...


class SiteFinder:
    """Recognises operations in the methods of one class."""

    def __init__(
        self,
        workspace: Workspace,
        file: Parsed,
        cls: Class,
        catalogue: Catalogue,
        assume_once: bool,
        waiting: Waiting | None = None,
    ) -> None:
        self.workspace = workspace
        self.file = file
        self.cls = cls
        self.catalogue = catalogue
        self.assume_once = assume_once
        self.waiting = waiting
        self.receivers = Receivers(workspace, file)
        self.resolver = CallbackResolver(workspace, file, cls)
        self.steps = Steps(file.names, lambda body, first: bool(self.sites(body, first)))

    def sites(self, node: cst.CSTNode, first: str) -> list[Site]:
        """The sites at and below ``node``, nested functions left out.

        ``first`` is the name of ``self`` there. Raises Refused for a call that takes a callback
        and is not understood.
        """
        calls = tree.find(node, cst.Call, into_functions=False)
        return [site for call in calls if (site := self.site(call, first)) is not None]

    def site(self, call: cst.Call, first: str) -> Site | None:
        """The site that ``call`` is, or None for a call without a callback."""
        operation = self.operation(call)
        if operation is None and self.waiting is not None:
            operation = self.waiting.operation(call, self.file, first)
        if operation is None:
            waited = self.waiting.site(call, self.file, first) if self.waiting else None
            if waited is not None:
                return waited
            step = self.steps.step(call, first)
            if step is not None:
                return Site(call, step[0], None, step[1])
            return self._unknown(call, first)
        for arg in call.args:
            if arg.keyword is not None and arg.keyword.value in SIDE_CALLBACKS:
                raise Refused("UC401", call, what=tree.code(arg))
        argument = self.argument(call, operation)
        if argument is None:
            self._check_hidden(call, operation)
            return None
        if operation.repeats and not self.assume_once:
            raise Refused("UC207", call, what=operation.name)
        callback = self.resolver.resolve(argument.value, call, first)
        callback = with_defaults(callback, len(operation.passes))
        if operation.forwards:
            more = (*callback.arguments, *handed_on(call, argument))
            callback = replace(callback, arguments=more)
        others = [each for each in call.args if each is not argument]
        others = (
            others[: len(others) - len(handed_on(call, argument))] if operation.forwards else []
        )
        seconds = duration(self.file.names, self.receivers, operation, others)
        return Site(call, operation, argument, callback, seconds)

    def _check_hidden(self, call: cst.Call, operation: Operation) -> None:
        """Refuse (UC205) a call whose future nobody wants: what it unpacks may be a callback."""
        dropped = isinstance(self.file.names.parents.get(id(call)), cst.Expr)
        if dropped and any(arg.star == "**" for arg in call.args):
            raise Refused("UC205", call, what=operation.name)

    def operation(self, call: cst.Call) -> Operation | None:
        """The catalogue's entry for a call."""
        return self.named(call.func)

    def named(self, func: cst.BaseExpression) -> Operation | None:
        """The catalogue's entry for a function, as an expression of the file names it."""
        found = self.catalogue.by_text(tree.code(func)) or self._by_decorator(func)
        if found is not None or not isinstance(func, cst.Attribute):
            return found
        if self.receivers.defines(func.value, func, func.attr.value):
            return None
        owners = self.receivers.owners(func.value, func)
        if owners:
            return self.catalogue.by_owner(owners, func.attr.value)
        return self.catalogue.by_module(self._modules, func.attr.value)

    @cached_property
    def _modules(self) -> frozenset[str]:
        """The top-level modules that the file imports."""
        imports = self.file.names.bindings(self.file.module).imported.values()
        return frozenset(name.partition(".")[0] for targets in imports for name in targets)

    def _by_decorator(self, func: cst.BaseExpression) -> Operation | None:
        """The operation that a project's function is because of what decorates it."""
        found = self.project_function(func)
        if found is None:
            return None
        file, function = found
        for each in function.decorators:
            kind = DECORATED.get(file.names.qualified(each.decorator, function) or "")
            if kind is not None:
                names = [p.name.value for p in function.params.params]
                around = file.names.enclosing(function, cst.ClassDef, cst.FunctionDef)
                if isinstance(around, cst.ClassDef):
                    names = names[1:]
                place = names.index("callback") if "callback" in names else None
                return replace(kind, name=tree.code(func), position=place)
        return None

    def project_function(self, func: cst.BaseExpression) -> tuple[Parsed, cst.FunctionDef] | None:
        """The function, or method of ``self``, that ``func`` names, with its file."""
        found = definition(self.workspace, self.file, func)
        if found is not None:
            return found
        if not isinstance(func, cst.Attribute) or not isinstance(func.value, cst.Name):
            return None
        method = self.workspace.method(self.cls, func.attr.value)
        if method is None or not self._is_self(func.value):
            return None
        return method[0].file, method[1]

    def argument(self, call: cst.Call, operation: Operation) -> cst.Arg | None:
        """The argument with the callback; None when the call passes none."""
        for arg in call.args:
            if arg.keyword is not None and arg.keyword.value == operation.callback:
                return None if tree.dotted(arg.value) == "None" else arg
        positional = [arg for arg in call.args if arg.keyword is None and arg.star != "**"]
        position = operation.position
        if position is None or not positional:
            found = None
        elif position == -1:
            found = positional[-1] if self._callable(positional[-1]) else None
        else:
            found = positional[position] if position < len(positional) else None
            if any(arg.star for arg in positional[: position + 1]):
                raise Refused("UC205", call, what=operation.name)
        if (
            found is None
            and any(arg.star == "**" for arg in call.args)
            and operation.returns != "future"
        ):
            raise Refused("UC205", call, what=operation.name)
        return None if found is None or tree.dotted(found.value) == "None" else found

    def _unknown(self, call: cst.Call, first: str) -> Site | None:
        """A call that is not in the catalogue: taken as an operation only if the person says so."""
        carriers = [arg for arg in call.args if self._callable(arg)] or _scheduled(call)
        carrier = min(carriers, key=_is_not_the_callback, default=None)
        if carrier is None or self._synchronous(call, first):
            return None
        func = tree.code(call.func)
        if self._is_spawned(call):
            return None
        if self._is_tornados(call):
            code = "UC304" if self._is_stack_context(call) else "UC401"
            raise Refused(code, call, what=func)
        keeper = kept(self.file.names, call)
        if keeper is not None:
            raise Refused("UC102", call, what=keeper)
        if not self.assume_once:
            lines = declaration(call, carrier, func, self._values(carrier, call, first))
            raise Refused("UC201", call, what=func, lines=lines)
        callback = self.resolver.resolve(carrier.value, call, first)
        passes = tuple(param.name.value for param in open_parameters(callback))
        keyword = carrier.keyword.value if carrier.keyword is not None else ""
        assumed = Operation(func, call=func, callback=keyword, passes=passes, assumed=True)
        return Site(call, assumed, carrier, callback)

    def _values(self, carrier: cst.Arg, call: cst.Call, first: str) -> list[str]:
        """The names of what a callback wants to get, as far as that can be told."""
        try:
            callback = self.resolver.resolve(carrier.value, call, first)
        except Refused:
            return ["result"]
        if callback.function is None:
            return ["result"]
        return [each.name.value for each in open_parameters(callback) if each.default is None]

    def _is_spawned(self, call: cst.Call) -> bool:
        """Whether a call is of ``IOLoop.spawn_callback``: nobody waits for what it starts.

        Nor are its errors anybody's business: it runs outside of the stack contexts of its caller
        (Tornado's documentation of ``spawn_callback``).
        """
        func = call.func
        if not isinstance(func, cst.Attribute) or func.attr.value != "spawn_callback":
            return False
        return "tornado.ioloop.IOLoop" in self.receivers.owners(func.value, func)

    def _is_stack_context(self, call: cst.Call) -> bool:
        qualified = self.file.names.qualified(call.func, call) or ""
        return qualified.startswith(f"{STACK_CONTEXT}.")

    def _is_tornados(self, call: cst.Call) -> bool:
        """Whether a call is of Tornado's own API, which the catalogue knows as far as it can.

        A method that the catalogue lacks may as well be one of a base that nobody can look into.
        """
        qualified = self.file.names.qualified(call.func, call) or ""
        owners: list[str] = []
        if isinstance(func := call.func, cst.Attribute):
            if self.receivers.defines(func.value, func, func.attr.value):
                return False
            owners = self.receivers.owners(func.value, func)
        owned = bool(owners) and all(each.startswith("tornado.") for each in owners)
        return owned or qualified.startswith("tornado.")

    def _callable(self, arg: cst.Arg) -> bool:
        """Whether an argument looks like a function that somebody else will call."""
        keyword = arg.keyword.value if arg.keyword is not None else ""
        if keyword == "callback" or keyword.endswith("_callback"):
            return tree.dotted(arg.value) != "None"
        return self._names_function(arg.value)

    def _names_function(self, value: cst.BaseExpression) -> bool:
        if isinstance(value, cst.Lambda):
            return True
        if isinstance(value, cst.Attribute) and isinstance(value.value, cst.Name):
            found = self.workspace.method(self.cls, value.attr.value)
            in_method = self.receivers.owners(value.value, value) or self._is_self(value.value)
            inherited = value.attr.value in EXTERNAL_METHODS
            own = found is not None and not _is_property(found[1])
            return bool(in_method) and (own or inherited)
        if isinstance(value, cst.Name):
            owner = self.file.names.owner(value, value.value)
            if isinstance(owner, cst.FunctionDef):
                places = self.file.names.bindings(owner).assigned.get(value.value, [])
                return any(isinstance(place, cst.FunctionDef) for place in places)
            return False
        if isinstance(value, cst.Call):
            qualified = self.file.names.qualified(value.func, value)
            wrapper = qualified in PARTIALS | WRAPPERS or tree.code(value.func).endswith(
                ".async_callback"
            )
            return wrapper and bool(value.args) and self._names_function(value.args[0].value)
        return False

    def _is_self(self, name: cst.Name) -> bool:
        owner = self.file.names.owner(name, name.value)
        return any(owner is method for method in self.cls.methods.values())

    def _synchronous(self, call: cst.Call, first: str) -> bool:
        """Whether a function argument is certainly only called before the call returns."""
        path = tree.dotted(call.func)
        qualified = self.file.names.qualified(call.func, call)
        if qualified in PARTIALS or qualified in WRAPPERS or path == f"{first}.async_callback":
            return True
        if qualified is not None:
            top = qualified.partition(".")[0]
            return top in sys.stdlib_module_names and top not in CONCURRENT_MODULES
        if isinstance(call.func, cst.Name):
            unbound = self.file.names.owner(call, call.func.value) is None
            return unbound and hasattr(builtins, call.func.value)
        return isinstance(call.func, cst.Attribute) and call.func.attr.value in SYNCHRONOUS_METHODS


def _scheduled(call: cst.Call) -> list[cst.Arg]:
    """What a call gives to an event loop, by the name of the loop's method alone."""
    place = SCHEDULING.get(call.func.attr.value) if isinstance(call.func, cst.Attribute) else None
    plain = [arg for arg in call.args if arg.keyword is None and not arg.star]
    return [] if place is None else plain[place : place + 1]


def _is_not_the_callback(arg: cst.Arg) -> bool:
    """Orders the functions among a call's arguments: the one called ``callback`` comes first."""
    return arg.keyword is None or arg.keyword.value != "callback"


def _is_property(function: cst.FunctionDef) -> bool:
    """Whether a method is a property, or the setter of one, which is the definition that counts."""
    marks = [tree.code(each.decorator) for each in function.decorators]
    accessors = {f"{function.name.value}.{each}" for each in ("getter", "setter", "deleter")}
    return any("property" in mark or mark in accessors for mark in marks)


def handed_on(call: cst.Call, argument: cst.Arg) -> list[cst.Arg]:
    """The arguments that an operation such as ``call_later`` hands to its callback."""
    at = next(i for i, arg in enumerate(call.args) if arg is argument)
    return [] if argument.keyword is not None else list(call.args[at + 1 :])


def declaration(call: cst.Call, carrier: cst.Arg, func: str, values: list[str]) -> str:
    """The lines of configuration that would declare an operation that passes ``values``."""
    if carrier.keyword is not None:
        place = f'callback = "{carrier.keyword.value}"'
    else:
        positional = [arg for arg in call.args if arg.keyword is None]
        place = f"position = {positional.index(carrier)}"
    lines = ["[[tool.uncallback.operations]]", f"call = {json.dumps(func, ensure_ascii=False)}"]
    lines += [place, f"passes = {json.dumps(values, ensure_ascii=False)}"]
    if not ERRORS.isdisjoint(values):
        lines.append('errors = "argument"')
    return "\n".join(lines)
