"""Objects as text that is equal only where no program could tell the difference.

Unlike ``describe``, which shows a value to a reader, this goes through everything that an object
leads to: attributes, closures, the variables of suspended generators, and which of all these are
one and the same object. Where not everything is known ``Untold`` is raised; nothing is guessed.
"""

from __future__ import annotations

import datetime
import functools
import gc
import io
import logging
import re
import types
import weakref
from argparse import Namespace
from collections import Counter, OrderedDict, UserDict, UserList, defaultdict, deque
from collections.abc import Callable, Container, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from .._timers import Timer
from .bytecode import variables_read
from .describe import is_of_runtime
from .standin import Standin

_PLAIN: frozenset[type] = frozenset({
    str, bytes, int, float, complex, bool, type(None), type(Ellipsis), type(NotImplemented), range,
    datetime.datetime, datetime.date, datetime.time, datetime.timedelta, datetime.timezone,
    Decimal, Fraction, UUID, re.Pattern, slice,
})  # fmt: skip
"""Values that are all in their text; of them nobody minds which object it is."""

_KNOWN: frozenset[type] = frozenset(
    {OrderedDict, Counter, UserDict, UserList, defaultdict, Namespace, types.SimpleNamespace}
)
"""Classes of the library whose objects hold nothing but items and attributes."""

_WRITTEN_OUT = frozenset(
    {"abc", "collections.abc", "http.cookies", "numbers", "typing", "urllib.parse"}
)
"""Modules of the library whose classes are all written in Python."""

_BASES = (dict, list, tuple, str, bytes, int, float, set, frozenset, bytearray, BaseException)
_SKIPPED = (types.CodeType, types.FrameType)


class Untold(Exception):
    """There is an object whose state cannot be told; the message names its type."""


class Codes:
    """What is known of code objects: a number, the same one as long as this lives."""

    __slots__ = ("_by_content", "_by_id", "_read")

    def __init__(self) -> None:
        self._read: dict[tuple[int, int], frozenset[str]] = {}
        self._by_content: dict[types.CodeType, int] = {}
        self._by_id: dict[int, tuple[int, types.CodeType]] = {}

    def number(self, code: types.CodeType) -> int:
        known = self._by_id.get(id(code))
        if known is None:
            number = self._by_content.setdefault(code, len(self._by_content))
            known = self._by_id[id(code)] = number, code
        return known[0]

    def read(self, code: types.CodeType, offset: int) -> frozenset[str]:
        """As ``variables_read``."""
        key = self.number(code), offset
        known = self._read.get(key)
        if known is None:
            known = self._read[key] = variables_read(code, offset)
        return known


class Graph:
    """Goes through objects; ``parts`` is what it has seen, in words.

    ``names``: objects that stand for themselves, by ``id``; the caller keeps them alive. ``own``:
    the modules whose classes are all written in Python, beside those of the runtime. With
    ``ordered`` the order in which attributes were set counts as something that code can see.
    """

    __slots__ = ("_codes", "_names", "_ordered", "_own", "_plans", "_seen", "failures", "parts")

    def __init__(
        self, names: Mapping[int, str], own: Container[str], codes: Codes, ordered: bool
    ) -> None:
        self.parts: list[str] = []
        self.failures = 0
        """Errors seen that will be logged if nobody asks for them."""
        self._names = names
        self._own = own
        self._codes = codes
        self._ordered = ordered
        self._plans: dict[type, _Plan] = {}
        self._seen: dict[int, tuple[int, object]] = {}

    def add(self, value: Any) -> None:
        """Go through ``value``; raises ``Untold``."""
        kind = type(value)
        if kind in _PLAIN:
            self.parts.append(repr(value))
            return
        known = self._names.get(id(value))
        if known is not None:
            self.parts.append(known)
            return
        seen = self._seen.get(id(value))
        if seen is not None:
            self.parts.append(f"@{seen[0]}")
            return
        self._seen[id(value)] = len(self._seen), value
        show = _SHOWS.get(kind)
        if show is not None:
            self.parts.append(kind.__name__)
            show(self, value)
        else:
            self._other(value, kind)

    def mapping(self, mapping: dict[Any, Any], ordered: bool) -> None:
        """Go through items in their order or by their names, as a plain dictionary has them."""
        items: Iterable[tuple[Any, Any]] = dict.items(mapping)
        self.parts.append(f"{len(items)}{{")  # type: ignore[arg-type]
        for key, value in items if ordered else sorted(items, key=_by_name):
            self.add(key)
            self.add(value)

    def _other(self, value: Any, kind: type) -> None:
        if isinstance(value, (type, types.ModuleType)):
            name = self._class(value) if isinstance(value, type) else value.__name__
            self.parts.append(name)
            return
        plan = self._plans.get(kind)
        if plan is None:
            plan = self._plans[kind] = self._plan(kind)
        self.parts.append(plan.name)
        if plan.base is not None:
            plan.base(self, value)
        for slot in plan.slots:
            try:
                self.add(slot.__get__(value))
            except AttributeError:
                self.parts.append("unset")
        if plan.attributes:
            self.mapping(object.__getattribute__(value, "__dict__"), self._ordered)
        if plan.name.endswith("._Unretrieved"):
            self.failures += value.exc_info is not None

    def _class(self, kind: type) -> str:
        """The name of a class; two that are defined one after the other differ in their bases."""
        if "<locals>" in kind.__qualname__ and kind.__module__ in self._own:
            raise Untold(kind.__qualname__)
        name = kind.__dict__.get("_name", "") if type(kind) is not type else ""
        return f"{kind.__module__}.{kind.__qualname__} {len(kind.__mro__)} {name}"

    def _plan(self, kind: type) -> _Plan:
        base = None
        slots: list[Any] = []
        for each in kind.__mro__[:-1]:
            if each in _BASES or issubclass(each, BaseException):
                first = next(known for known in _BASES if issubclass(each, known))
                base = base or _SHOWS.get(first) or _text
            if each in _BASES:
                continue
            if each in _KNOWN or self._is_written_out(each):
                members = each.__dict__
                slots.extend(
                    members[name]
                    for name in sorted(members)
                    if type(members[name]) is types.MemberDescriptorType
                )
            elif not issubclass(each, BaseException):
                raise Untold(f"{each.__module__}.{each.__qualname__}")
        return _Plan(self._class(kind), base, slots, kind.__dictoffset__ != 0)

    def _is_written_out(self, kind: type) -> bool:
        name = kind.__module__
        return name in _WRITTEN_OUT or name in self._own or is_of_runtime(kind)

    def suspended(self, work: Any, frame: types.FrameType | None) -> None:
        """Go through a generator or coroutine: where it stands, and what it may still look at."""
        if frame is None:
            self.parts.append("ended")
            return
        code, held = frame.f_code, frame.f_locals
        apart = {id(held), id(frame.f_globals), id(frame.f_builtins)}
        variables = dict(held)
        if type(held) is dict:
            held.clear()  # a copy that would keep alive what the generator lets go
        self.parts.append(f"{self._codes.number(code)}:{frame.f_lasti}")
        rest = [
            each
            for each in (*gc.get_referents(work), *gc.get_referents(frame))
            if id(each) not in apart and not isinstance(each, _SKIPPED)
        ]
        wanted = variables if self._ordered else self._codes.read(code, frame.f_lasti)
        for name in code.co_varnames:
            if name in variables and name not in code.co_cellvars:
                found = [i for i, each in enumerate(rest) if each is variables[name]]
                if not found:
                    raise Untold(f"variable {name}")
                del rest[found[0]]
                if name in wanted:
                    self.parts.append(name)
                    self.add(variables[name])
        self.parts.append(" ".join(name for name in variables if name not in code.co_varnames))
        for each in rest:
            self.add(each)

    def function(self, function: types.FunctionType) -> None:
        """Go through what a function was made with."""
        self.parts.append(f"{self._codes.number(function.__code__)} {function.__module__}")
        for cell in function.__closure__ or ():
            self.add(cell)
        for each in (function.__defaults__, function.__kwdefaults__, function.__dict__):
            if each:
                self.add(each)


class _Plan:
    """How to go through the instances of one class."""

    __slots__ = ("attributes", "base", "name", "slots")

    def __init__(self, name: str, base: Any, slots: list[Any], attributes: bool) -> None:
        self.name = name
        self.base = base
        self.slots = slots
        self.attributes = attributes


def _by_name(item: tuple[Any, Any]) -> str:
    return item[0] if type(item[0]) is str else repr(item[0])


def _items(graph: Graph, values: Any) -> None:
    """The items of a sequence; what a class of the program makes of them does not count."""
    kind: Any = list if isinstance(values, list) else tuple
    graph.parts.append(f"{kind.__len__(values)}[")
    for each in kind.__iter__(values):
        graph.add(each)


def _unordered(graph: Graph, values: Any) -> None:
    """A set: in its order if that can be seen; objects are ordered by their addresses."""
    kind: Any = set if isinstance(values, set) else frozenset
    elements = list(kind.__iter__(values))
    if all(type(each) in _PLAIN for each in elements):
        _items(graph, elements)
        return
    numbers = []
    for each in elements:
        seen = graph._seen.get(id(each))
        if seen is None:
            raise Untold("set of objects")
        numbers.append(seen[0])
    graph.parts.append(f"{sorted(numbers)}")


def _cell(graph: Graph, cell: types.CellType) -> None:
    try:
        held = cell.cell_contents
    except ValueError:
        graph.parts.append("empty")
    else:
        graph.add(held)


def _builtin(graph: Graph, function: Any) -> None:
    graph.parts.append(function.__qualname__)
    if not isinstance(function.__self__, types.ModuleType):
        graph.add(function.__self__)


def _parts(*names: str) -> Callable[[Graph, Any], None]:
    """Shows some attributes of an object, in this order."""

    def show(graph: Graph, value: Any) -> None:
        for name in names:
            graph.add(getattr(value, name))

    return show


def _error(graph: Graph, error: BaseException) -> None:
    """An exception without its traceback, into which code that is served here does not look."""
    for each in (error.args, error.__cause__, error.__context__):
        graph.add(each)


def _iterator(graph: Graph, iterator: Any) -> None:
    for each in iterator.__reduce__()[1:]:
        graph.add(each)


def _buffer(graph: Graph, buffer: Any) -> None:
    graph.parts.append("closed" if buffer.closed else f"{buffer.tell()} {buffer.getvalue()!r}")


def _text(graph: Graph, value: Any) -> None:
    base = next(kind for kind in (str, bytes, int, float, bytearray) if isinstance(value, kind))
    graph.parts.append(base.__repr__(value))


def _weak(graph: Graph, reference: Any) -> None:
    if reference.__callback__ is not None:
        raise Untold("weak reference")
    graph.add(reference())


async def _nothing() -> None:
    """A coroutine, to see what waits for one."""


def _awaiting() -> type:
    work = _nothing()
    try:
        return type(work.__await__())
    finally:
        work.close()


def _awaited(graph: Graph, wrapper: Any) -> None:
    for each in gc.get_referents(wrapper):
        graph.add(each)


_EMPTY: tuple[Iterable[Any], ...] = ([], (), range(0), b"", "")
_SHOWS: dict[type, Callable[[Graph, Any], None]] = {
    list: _items,
    tuple: _items,
    deque: lambda graph, value: _items(graph, [value.maxlen, *value]),
    dict: lambda graph, value: graph.mapping(value, True),
    set: _unordered,
    frozenset: _unordered,
    bytearray: _text,
    BaseException: _error,
    Standin: lambda graph, value: graph.parts.append(str.__str__(value)),
    types.CellType: _cell,
    types.FunctionType: Graph.function,
    types.BuiltinFunctionType: _builtin,
    types.MethodType: _parts("__func__", "__self__"),
    types.GeneratorType: lambda graph, value: graph.suspended(value, value.gi_frame),
    types.CoroutineType: lambda graph, value: graph.suspended(value, value.cr_frame),
    types.TracebackType: lambda graph, value: None,
    functools.partial: _parts("func", "args", "keywords", "__dict__"),
    logging.Logger: lambda graph, value: graph.parts.append(value.name),
    io.BytesIO: _buffer,
    io.StringIO: _buffer,
    weakref.ref: _weak,
    _awaiting(): _awaited,
    Timer: _parts("deadline", "callback", "contexts", "args", "kwargs"),
    type({}.keys()): _parts("mapping"),
    type({}.values()): _parts("mapping"),
    type({}.items()): _parts("mapping"),
    **dict.fromkeys(
        (enumerate, zip, reversed, *map(type, map(iter, _EMPTY))),
        _iterator,
    ),
}
