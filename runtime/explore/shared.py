"""State that outlives a request: module globals, class attributes, and what hangs on them.

What one request leaves there, the next one finds; so a change is an effect. The same comparison
tells whether the modules must be executed again before the next run.
"""

from __future__ import annotations

import copy
import os
import re
from argparse import Namespace
from array import array
from collections import UserDict, UserList, deque
from collections.abc import Container, Iterable, Iterator
from contextvars import ContextVar
from io import IOBase
from types import (
    BuiltinFunctionType,
    CellType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
    SimpleNamespace,
)
from typing import Any

from . import circumstances, states  # noqa: F401 (how the runtime's objects are described)
from .describe import CACHE, STATES, describe, is_of_runtime
from .patterns import CompiledPattern
from .snapshot import Snapshot
from .standin import Standin

_HARMLESS = (
    str, bytes, int, float, complex, bool, type(None), type(Ellipsis), BuiltinFunctionType,
    property, frozenset, CompiledPattern,
)  # fmt: skip
_RUNTIME_FILES = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_CONSTANT = (str, bytes, int, float, bool, type(None), tuple, frozenset)
_FUNCTION = re.compile(r"<function [^<>]*>|<Future>")
"""What will be called back: a function, or a future that nobody has resolved."""
_MISSING = object()
_LAZY = frozenset({"__annotations__", "__builtins__", "__warningregistry__"})
"""Made by the interpreter when somebody looks."""
_LOOK_INTO = (list, dict, set, bytearray, deque, array, CellType)
_NAMED = frozenset({
    *_HARMLESS, Standin, FunctionType, ModuleType, type, staticmethod, classmethod,
    GetSetDescriptorType, MemberDescriptorType, type(object.__init__), type(str.join),
})  # fmt: skip
"""Kinds of things that hold no state, or whose state is looked at on its own."""
_SPENT = (Iterator, IOBase, ContextVar)
"""Objects whose state nobody can see, but that one request may leave otherwise for the next."""


class Watch:
    """Remembers the state of freshly executed modules and tells what has become of it."""

    __slots__ = (
        "_before", "_dirty", "_names", "_objects", "_owners", "_plain", "_snapshot", "_unseen"
    )  # fmt: skip

    def __init__(self, modules: Iterable[ModuleType]) -> None:
        self._owners: list[tuple[str, Any, dict[str, Any]]] = []
        self._objects: list[tuple[str, Any]] = []
        self._dirty = self._unseen = False
        seen: set[int] = set()
        modules = list(modules)
        self._names = {module.__name__ for module in modules}
        for module in modules:
            self._add("", module, module.__dict__, seen, module.__name__)
        self._before = [_Before(value) for _, value in self._objects]
        numbered = list(enumerate(self._before))
        self._plain = {number for number, was in numbered if was.is_plain}
        others = [(n, self._objects[n][1]) for n, was in numbered if not was.is_plain]
        self._snapshot = Snapshot(others, _text_alone)

    @property
    def stale(self) -> bool:
        """Whether ``changes`` has ever found something, or could overlook something."""
        return self._dirty or self._unseen

    @property
    def unseen(self) -> bool:
        """Whether there is state of which nobody can see what it is."""
        return self._unseen

    def shares(self, mutated: Container[str]) -> bool:
        """Whether there is state that code which changes what is called ``mutated`` may change."""
        if self._unseen or any(type(value) is CACHE for _, value in self._objects):
            return True
        names = [name for name, _ in self._objects]
        names.extend(f"{prefix}{name}" for prefix, _, kept in self._owners for name in kept)
        return any(name.rpartition(".")[2] in mutated for name in names)

    def spoil(self) -> None:
        """A run was cut short: nobody knows what it has left behind."""
        self._dirty = True

    def changes(self) -> dict[str, str]:
        """What differs from the fresh state: name, and the text of the value now."""
        found: dict[str, str] = {}
        here = circumstances.now()
        here.awaited = False
        for prefix, owner, before in self._owners:
            now = owner.__dict__
            if now == before:
                continue
            for name in sorted({*before, *now} - _LAZY):
                value = now.get(name, _MISSING)
                if value is not before.get(name, _MISSING):
                    self._dirty = True
                    text = "deleted" if value is _MISSING else _text(value)
                    found[f"{prefix}{name}"] = text
        for number in sorted(self._plain | self._snapshot.touched()):
            name, value = self._objects[number]
            changed = self._before[number].changed_to(value)
            if changed is not None:
                self._dirty = True
                found[name] = changed
        self._dirty = self._dirty or here.awaited
        return found

    def kept(self) -> Iterator[tuple[str, object]]:
        """What may have changed without anybody's noticing: name and object, in a fixed order.

        That is what was put in place of something, and what had or may have state at first.
        """
        yield from self._objects
        for prefix, owner, before in self._owners:
            now = owner.__dict__
            for name in sorted({*before, *now} - _LAZY):
                value = now.get(name, _MISSING)
                changed = value is not before.get(name, _MISSING)
                if changed or type(value) not in _NAMED:
                    yield f"{prefix}{name}", "deleted" if value is _MISSING else value
                elif type(value) is FunctionType and value.__dict__:
                    yield f"{prefix}{name}", value.__dict__

    def _add(self, prefix: str, owner: Any, names: Any, seen: set[int], module: str) -> None:
        """Remember the attributes of a module or class, and look into what can change."""
        if id(owner) in seen:
            return
        seen.add(id(owner))
        kept = dict(names)
        self._owners.append((prefix, owner, kept))
        for name, value in kept.items():
            if not name.startswith("__"):
                self._look(f"{prefix}{name}", value, seen, module)

    def _look(self, name: str, value: Any, seen: set[int], module: str) -> None:
        kind = type(value)
        if kind in _HARMLESS or kind is Standin or isinstance(value, ModuleType):
            return
        if kind is tuple:
            for index, each in enumerate(value):
                self._look(f"{name}[{index}]", each, seen, module)
            return
        if isinstance(value, type):
            if value.__module__ == module:
                self._add(f"{name}.", value, value.__dict__, seen, module)
            return
        value = getattr(value, "__func__", value) if kind is not MethodType else value
        if isinstance(value, FunctionType):
            self._look_at_function(name, value, seen, module)
        elif isinstance(value, (*_LOOK_INTO, CACHE)) or self._has_state(value, kind):
            self._objects.append((name, value))
            self._unseen = self._unseen or (is_of_runtime(kind) and kind not in STATES)
        elif isinstance(value, _SPENT):
            self._unseen = True

    def _has_state(self, value: object, kind: type) -> bool:
        """Whether an instance holds something: its class is the project's, the runtime's, or one
        of the library's whose attributes code sets as it likes."""
        if kind.__name__ in _STATELESS:
            return False
        of_project = kind.__module__ in self._names or kind in _FREE
        return is_of_runtime(kind) or (of_project and hasattr(value, "__dict__"))

    def _look_at_function(
        self, name: str, function: FunctionType, seen: set[int], module: str
    ) -> None:
        if id(function) in seen or function.__module__ != module:
            return
        seen.add(id(function))
        for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            if isinstance(default, _LOOK_INTO):
                self._objects.append((f"{name} default", default))
        for free, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        ):
            try:
                held = cell.cell_contents
            except ValueError:  # an empty cell
                continue
            if isinstance(held, _CONSTANT):
                if function.__code__.co_filename.startswith(_RUNTIME_FILES):
                    continue  # a decorator's, which nothing rebinds
                self._objects.append((f"{name}.{free}", cell))
            else:
                self._look(name, held, seen, module)


_FREE = (SimpleNamespace, UserDict, UserList, Namespace)


class _Before:
    """What an object was: a copy where that can be compared (``is_plain``), else its text."""

    __slots__ = ("_copy", "_text", "is_plain")

    def __init__(self, value: Any) -> None:
        self.is_plain = _is_plain(value)
        self._copy = copy.deepcopy(value) if self.is_plain else None
        self._text = None if self.is_plain else _text_alone(value)

    def changed_to(self, value: Any) -> str | None:
        """The text of ``value`` if it is not what it was."""
        same = value == self._copy if self.is_plain else _text_alone(value) == self._text
        return None if same else _text(value)


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind in (list, tuple, set, frozenset):
        return all(map(_is_plain, value))
    if kind is dict:
        return all(map(_is_plain, value)) and all(map(_is_plain, value.values()))
    return kind in (str, bytes, int, float, bool, type(None))


_STATELESS = frozenset({"RunLoop", "IOLoop", "Application", "URLSpec", "OptionParser", "_Options"})


def _text_alone(value: Any) -> str:
    """The same; that something in it cannot be told does not matter yet."""
    return _text(value, set())


def _text(value: Any, opaque: set[str] | None = None) -> str:
    """The text of a value; what a function is called is a matter of spelling."""
    into = circumstances.now().opaque if opaque is None else opaque
    return _FUNCTION.sub("<function>", describe(value, into))
