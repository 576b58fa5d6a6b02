"""``set`` for the code under check: its elements come in the order in which they were added.

A set of functions or objects is ordered by addresses, which differ from run to run; code that calls
every element of one could not be compared with itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

_PLAIN_SET = set


class _Like(type):
    """Lets sets from displays and libraries pass for instances."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _PLAIN_SET)


class OrderedSet(_PLAIN_SET[Any], metaclass=_Like):
    """A set that remembers the order of insertion."""

    __slots__ = ("_order",)

    def __init__(self, elements: Iterable[Any] = ()) -> None:
        super().__init__()
        self._order: dict[Any, None] = {}
        self.update(elements)

    def __iter__(self) -> Iterator[Any]:
        if len(self._order) != len(self):  # changed by an operator in place
            self._order = {e: None for e in (*self._order, *super().__iter__()) if e in self}
        return iter(list(self._order))

    def add(self, element: Any) -> None:
        """As ``set.add``."""
        super().add(element)
        self._order[element] = None

    def discard(self, element: Any) -> None:
        """As ``set.discard``."""
        super().discard(element)
        self._order.pop(element, None)

    def remove(self, element: Any) -> None:
        """As ``set.remove``."""
        super().remove(element)
        self._order.pop(element, None)

    def pop(self) -> Any:
        """Remove and return the element that was added first."""
        if not self:
            raise KeyError("pop from an empty set")
        first = next(iter(self))
        self.remove(first)
        return first

    def clear(self) -> None:
        """As ``set.clear``."""
        super().clear()
        self._order.clear()

    def update(self, *others: Iterable[Any]) -> None:
        """As ``set.update``."""
        for other in others:
            for element in other:
                self.add(element)

    def copy(self) -> OrderedSet:
        """As ``set.copy``."""
        return OrderedSet(self)

    def __reduce__(self) -> Any:
        return OrderedSet, (list(self),)


OrderedSet.__name__ = OrderedSet.__qualname__ = "set"
