"""Whether anything that the text of some objects shows may have changed, told without the text.

To write down all the state of a big project takes longer than to run a handler of it. So the parts
of it that can change (``describe`` follows the same ones) are remembered by what they held, and
looked at for other objects in the same places: where there are none, the text is what it was.
"""

from __future__ import annotations

import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from operator import is_
from typing import Any

from .describe import CACHE, DEPTH, STATES, TEXTS, is_of_runtime, slots
from .ordered import OrderedSet
from .standin import Standin

_FIXED = (tuple, frozenset)
_SEQUENCES = (*_FIXED, list, deque, set, OrderedSet)
_MAPPINGS = (dict, OrderedDict, defaultdict)
_LEAVES = frozenset({
    str, bytes, int, float, complex, bool, type(None), range, Standin, types.FunctionType,
    types.BuiltinFunctionType, types.MethodType, types.ModuleType,
})  # fmt: skip
"""What is written down alike for ever."""

Text = Callable[[Any], str]


class _Part:
    """One object that can change: what it held, and which of the values lead to it."""

    __slots__ = ("of", "owners", "was")

    def __init__(self, of: Any) -> None:
        self.of = of
        self.owners: set[int] = set()
        self.was: Any = self.held()

    def held(self) -> list[Any]:
        """Everything that the text of the object shows."""
        return list(self.of)

    def has_changed(self) -> bool:
        """Whether it holds other objects now, or in another order."""
        return not _are(self.of, self.was)


class _Mapping(_Part):
    __slots__ = ("values",)

    def held(self) -> list[Any]:
        self.values = list(self.of.values())
        return [*self.of, *self.values]

    def has_changed(self) -> bool:
        return not (_are(self.of.values(), self.values) and all(map(is_, self.of, self.was)))


class _Object(_Part):
    """An instance, by its attributes."""

    __slots__ = ("kind", "names", "slots", "values")

    def held(self) -> list[Any]:
        self.kind = type(self.of)
        self.slots = slots(self.kind)
        names = getattr(self.of, "__dict__", None)
        self.names = None if names is None else list(names)
        self.values = [] if names is None else list(names.values())
        return [*self.values, *self._in_slots()]

    def has_changed(self) -> bool:
        if type(self.of) is not self.kind:
            return True
        if self.names is not None:
            names = self.of.__dict__
            if not (_are(names.values(), self.values) and all(map(is_, names, self.names))):
                return True
        return bool(self.slots) and not all(
            map(is_, self._in_slots(), self.was[len(self.values) :])
        )

    def _in_slots(self) -> list[Any]:
        return [getattr(self.of, name, None) for name in self.slots]


def _are(now: Any, was: list[Any]) -> bool:
    return len(now) == len(was) and all(map(is_, now, was))


class Snapshot:
    """What ``values`` hold at this moment; ``text`` writes down what cannot be looked into."""

    __slots__ = ("_parts", "_text", "_texts")

    def __init__(self, values: Iterable[tuple[int, object]], text: Text) -> None:
        """``values`` are numbered: ``touched`` gives these numbers."""
        self._text = text
        self._parts: dict[int, _Part] = {}
        self._texts: dict[int, tuple[object, str, set[int]]] = {}
        for number, value in values:
            self._walk(value, number, DEPTH, {})

    def touched(self) -> set[int]:
        """The numbers of the values whose text may be another one now."""
        found: set[int] = set()
        for part in self._parts.values():
            if not part.owners <= found and part.has_changed():
                found |= part.owners
        for value, was, owners in self._texts.values():
            if not owners <= found and self._text(value) != was:
                found |= owners
        return found

    def _walk(self, value: object, owner: int, depth: int, seen: dict[int, int]) -> None:
        """Remember what ``value`` leads to; ``seen`` says how deep that was done for ``owner``."""
        kind = type(value)
        if kind in _LEAVES or isinstance(value, type) or seen.get(id(value), -1) >= depth:
            return
        seen[id(value)] = depth
        made = _part_of(kind)
        if made is None:
            known = self._texts.get(id(value))
            if known is None:
                known = self._texts[id(value)] = (value, self._text(value), set())
            known[2].add(owner)
            return
        part = self._parts.get(id(value)) or made(value)
        if kind not in _FIXED:
            self._parts[id(value)] = part
            part.owners.add(owner)
        if depth:
            for each in part.was:
                self._walk(each, owner, depth - 1, seen)


def _part_of(kind: type) -> type[_Part] | None:
    """How to remember what the text of a ``kind`` shows; ``None`` if nobody can say."""
    if kind in TEXTS or kind in STATES or kind is CACHE or hasattr(kind, "__uncallback_text__"):
        return None
    if kind in _SEQUENCES:
        return _Part
    if kind in _MAPPINGS:
        return _Mapping
    if issubclass(kind, _BY_TEXT) or any(map(is_of_runtime, kind.__mro__)):
        return None
    return _Object


_BY_TEXT = (
    *_SEQUENCES, Mapping, str, bytes, int, float, bytearray, memoryview, BaseException,
)  # fmt: skip
"""Kinds that ``describe`` has ways of its own for, with classes that derive from them."""
