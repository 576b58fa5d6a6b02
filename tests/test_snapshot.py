"""A snapshot notices whatever the text of an object shows, and nothing where nothing happened."""

from __future__ import annotations

import functools
from collections import OrderedDict, UserDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from typing import Any

import pytest
from uncallback.runtime import locks, queues
from uncallback.runtime.explore import states  # noqa: F401 (how the runtime's objects are described)
from uncallback.runtime.explore.describe import describe
from uncallback.runtime.explore.ordered import OrderedSet
from uncallback.runtime.explore.snapshot import Snapshot

Pair = namedtuple("Pair", "left right")


class Slotted:
    __slots__ = ("inner", "later")

    def __init__(self, inner: Any) -> None:
        self.inner = inner


class Thing:
    """A class of the project's own."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


class Other(Thing):
    """Another class with the same attributes."""


class Mine(dict[str, Any]):
    """A mapping of the project's own."""


@functools.lru_cache
def _remembered(number: int) -> int:
    return number


def _become(value: Any) -> None:
    value.__class__ = Other


CHANGES: dict[str, tuple[Callable[[], Any], Callable[[Any], object]]] = {
    "a list": (lambda: [[1]], lambda v: v[0].append(2)),
    "an element": (lambda: [1, 2], lambda v: v.__setitem__(0, True)),
    "an order": (lambda: deque([1, 2]), lambda v: v.rotate()),
    "a dict": (lambda: {"a": {}}, lambda v: v["a"].update(b=1)),
    "a key": (lambda: OrderedDict(a=1), lambda v: (v.pop("a"), v.update(b=1))),
    "a default": (lambda: defaultdict(list), lambda v: v["a"]),
    "a set": (lambda: OrderedSet([1]), lambda v: v.add(2)),
    "in a tuple": (lambda: (1, [2]), lambda v: v[1].clear()),
    "in a named tuple": (lambda: Pair(1, [2]), lambda v: v.right.clear()),
    "an attribute": (lambda: Thing(a=Thing(b=1)), lambda v: setattr(v.a, "b", 2)),
    "a new attribute": (Thing, lambda v: setattr(v, "b", 2)),
    "other attributes": (lambda: Thing(a=1), lambda v: setattr(v, "__dict__", {"b": 1})),
    "a class": (lambda: Thing(a=1), _become),
    "a slot": (lambda: Slotted([1]), lambda v: v.inner.append(2)),
    "a slot that was empty": (lambda: Slotted(1), lambda v: setattr(v, "later", 2)),
    "a mapping": (lambda: UserDict(a=1), lambda v: v.update(b=1)),
    "a mapping in a mapping": (lambda: {"a": Mine(b=[])}, lambda v: v["a"]["b"].append(1)),
    "an error": (lambda: [KeyError("a")], lambda v: setattr(v[0], "code", 1)),
    "bytes": (lambda: {"a": bytearray(b"x")}, lambda v: v["a"].extend(b"y")),
    "a lock": (lambda: {"a": locks.Lock()}, lambda v: v["a"].acquire()),
    "a queue": (lambda: {"a": queues.Queue()}, lambda v: v["a"].put_nowait(1)),
    "a cache": (lambda: [_remembered], lambda v: v[0](len(str(v[0].cache_info())))),
}  # fmt: skip


@pytest.mark.parametrize(("make", "change"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_noticed(make: Callable[[], Any], change: Callable[[Any], object]) -> None:
    value, other = make(), [1]
    snapshot = Snapshot([(1, value), (2, other), (3, {"inside": value})], describe)
    assert snapshot.touched() == set()
    before = describe(value)
    change(value)
    assert describe(value) != before
    assert snapshot.touched() == {1, 3}
