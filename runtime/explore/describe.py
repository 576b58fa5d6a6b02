"""Values as text: what two versions pass to the outside is compared through this.

Text is compared instead of objects because it is taken at once (a list that is changed later does
not change what was recorded), survives a pipe, and never claims more than it knows: an object that
could only be compared by identity is written as its type and named in ``opaque``, and a verdict
built on it is inconclusive. Addresses, file names and line numbers never get in.
"""

from __future__ import annotations

import functools
import types
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from ..stack_context import _Wrapped

_RUNTIME = __package__.rpartition(".")[0] + "."

DEPTH = 8
"""Nesting beyond this is not followed; the rest is named opaque."""

TEXTS: dict[type, Callable[[object], str]] = {}
"""Types with a text of their own (stand-ins, the request handler), matched exactly."""

STATES: dict[type, tuple[str, Callable[[Any], Mapping[str, object]]]] = {}
"""Types that show a state in public only: the name they go by, and what tells the state."""

_PLAIN: frozenset[type] = frozenset({str, bytes, int, float, bool, type(None), complex, range})
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)
CACHE: type = type(functools.lru_cache(len))
"""What ``functools.lru_cache`` makes of a function: it remembers, but shows how much only."""

TEXTS[CACHE] = lambda cache: f"<cache of {cache.cache_info().currsize}>"  # type: ignore[attr-defined]

TEXTS[types.CellType] = lambda cell: describe(cell.cell_contents)  # type: ignore[attr-defined]

_VALUE_MODULES = frozenset({"datetime", "decimal", "fractions", "uuid", "pathlib", "ipaddress"})


def describe(value: object, opaque: set[str] | None = None) -> str:
    """Return the text of ``value``: equal texts mean equal values, as far as ``opaque`` is empty.

    ``opaque`` collects the names of types whose objects could not be looked into.
    """
    kind = type(value)
    if kind in _PLAIN or ((kind is tuple or kind is list) and _flat(value)):
        return repr(value)
    own = TEXTS.get(kind)
    if own is not None:
        return str(own(value))
    return _Describer(set() if opaque is None else opaque).text(value, DEPTH)


def _flat(values: Any) -> bool:
    """Whether a sequence holds plain values only, or tuples of them: the short way is enough."""
    kinds = set(map(type, values))
    if kinds == {tuple}:
        kinds = {type(item) for value in values for item in value}
    return kinds <= _PLAIN


class _Describer:
    __slots__ = ("_open", "opaque")

    def __init__(self, opaque: set[str]) -> None:
        self.opaque = opaque
        self._open: list[int] = []

    def text(self, value: object, depth: int) -> str:
        kind = type(value)
        if kind in _PLAIN:
            return repr(value)
        own = TEXTS.get(kind) or getattr(kind, "__uncallback_text__", None)
        if own is not None:
            return str(own(value))
        if id(value) in self._open:
            return f"<the same {STATES.get(kind, (kind.__name__,))[0]}>"
        if depth == 0:
            return self._hidden(f"{kind.__name__} nested more than {DEPTH} deep")
        self._open.append(id(value))
        try:
            return self._structure(value, kind, depth - 1)
        finally:
            self._open.pop()

    def _structure(self, value: object, kind: type, depth: int) -> str:
        if kind in STATES:
            name, state = STATES[kind]
            return f"<{name}{self._members(state(value), depth)}>"
        if (kind is tuple or kind is list) and _flat(value):
            return repr(value)
        if isinstance(value, (list, tuple, deque)):
            inner = ", ".join(self.text(item, depth) for item in value)
            return self._named(kind, (list, tuple), f"[{inner}]" if kind is list else f"({inner})")
        if isinstance(value, Mapping):
            pairs = (f"{self.text(k, depth)}: {self.text(v, depth)}" for k, v in value.items())
            return self._named(kind, (dict,), "{" + ", ".join(sorted(pairs)) + "}")
        if isinstance(value, (set, frozenset)):
            members = ", ".join(sorted(self.text(item, depth) for item in value))
            return self._named(kind, (), "{" + members + "}")
        if isinstance(value, BaseException):
            inner = ", ".join(self.text(item, depth) for item in value.args)
            return f"{kind.__name__}({inner}){self._attributes(value, depth)}"
        return self._reference(value, kind) or self._object(value, kind, depth)

    @staticmethod
    def _named(kind: type, builtin: tuple[type, ...], text: str) -> str:
        return text if kind in builtin else f"{kind.__name__}{text}"

    @staticmethod
    def _reference(value: object, kind: type) -> str | None:
        """Things that a program names rather than builds: functions, classes, modules, members."""
        if isinstance(value, type):
            return f"<class {value.__qualname__}>"
        if isinstance(value, types.ModuleType):
            return f"<module {value.__name__}>"
        if isinstance(value, _FUNCTIONS):
            return f"<function {value.__name__.strip('<>')}>"
        if kind.__name__ == "partial" or kind is _Wrapped:
            return f"<function {kind.__name__}>"
        if kind.__module__ in _VALUE_MODULES or value in (Ellipsis, NotImplemented):
            return repr(value)
        return None

    def _object(self, value: object, kind: type, depth: int) -> str:
        if isinstance(value, (bytearray, memoryview)):
            return f"{kind.__name__}({bytes(value)!r})"
        if isinstance(value, (str, bytes, int, float)):
            base = next(t for t in (str, bytes, int, float) if isinstance(value, t))
            return f"{kind.__name__}({base.__repr__(value)})"
        if kind.__module__ == "re" and hasattr(value, "pattern"):
            return f"re.compile({value.pattern!r})"
        if hasattr(value, "__dict__") or slots(kind):
            return f"<{kind.__qualname__.rpartition('.')[2]}{self._attributes(value, depth)}>"
        if kind is object:
            return "<object>"
        return self._hidden(kind.__name__)

    def _attributes(self, value: object, depth: int) -> str:
        """What an object holds; of one of the runtime's, or of a class that derives from one, what
        it shows in public."""
        held: dict[str, Any] = dict(getattr(value, "__dict__", ()))
        for name in slots(type(value)):
            if hasattr(value, name):
                held[name] = getattr(value, name)
        base = next((base for base in type(value).__mro__ if is_of_runtime(base)), None)
        if base is not None:
            private = {name for name in held if name.startswith("_")}
            if base in STATES:
                held.update(STATES[base][1](value))
            elif private:
                self.opaque.add(base.__name__)
            held = {name: each for name, each in held.items() if name not in private}
        return self._members(held, depth)

    def _members(self, held: Mapping[str, object], depth: int) -> str:
        shown = (f" {name}={self.text(held[name], depth)}" for name in sorted(held, key=str))
        return "".join(shown)

    def _hidden(self, name: str) -> str:
        self.opaque.add(name)
        return f"<{name}>"


def is_of_runtime(kind: type) -> bool:
    """Whether ``kind`` is a class of the runtime: how its objects are made is nobody's business."""
    return kind.__module__.startswith(_RUNTIME)


def slots(kind: type) -> list[str]:
    """The names of the slots that the objects of a class have."""
    names: list[str] = []
    for base in kind.__mro__:
        declared = base.__dict__.get("__slots__", ())
        names.extend([declared] if isinstance(declared, str) else declared)
    return [name for name in names if name not in ("__dict__", "__weakref__")]
