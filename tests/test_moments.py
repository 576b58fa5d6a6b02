"""Where a run stands: what can make a difference later is told apart, and nothing else is."""

from __future__ import annotations

import functools
import io
import itertools
import threading
import weakref
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from exploring import handler, program
from uncallback.runtime.explore import world
from uncallback.runtime.explore.graph import Codes, Graph, Untold
from uncallback.runtime.explore.tape import Recorder

CODES = Codes()


class Slotted:
    __slots__ = ("__hidden", "shown")

    def hide(self, value: object) -> Slotted:
        self.__hidden = value
        return self


class Items(dict[str, int]):
    def items(self) -> Any:
        raise AssertionError("the program's own methods are not called")

    __iter__ = __len__ = items


class Again:
    first = True


First = Again


class Again(First):  # type: ignore[no-redef]
    pass


def work(one: object, two: object) -> Generator[Any, Any, None]:
    print(one)
    yield 1
    yield 2
    print(two)
    for each in (3, 4):
        yield each + 1


def suspended(steps: int, one: object = None, two: object = None) -> Generator[Any, Any, None]:
    """A generator that stands behind its ``steps``-th yield."""
    return advanced(work(one, two), steps)


def unbound(flag: bool) -> Iterator[object]:
    if flag:
        one = 1
    else:
        two = 1
    yield
    print(one, two)


def counter(start: int) -> Callable[[], int]:
    def count() -> int:
        nonlocal start
        start += 1
        return start

    return count


def advanced(iterator: Any, steps: int = 1) -> Any:
    for _ in range(steps):
        next(iterator)
    return iterator


def attributes(*names: str) -> Again:
    made = Again()
    for name in names:
        setattr(made, name, 1)
    return made


SHARED: list[int] = []
APART: list[tuple[object, object]] = [
    (1, True),
    (1, 1.0),
    ("1", 1),
    (b"a", "a"),
    ([1], (1,)),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({"a\n1": 2}, {"a": "\n12"}),
    ([SHARED, SHARED], [[], []]),
    (Items(a=1), Items(a=2)),
    (Items(a=1), {"a": 1}),
    (Again(), First()),
    (attributes("a"), attributes("b")),
    (Slotted().hide(1), Slotted().hide(2)),
    (Slotted(), Slotted().hide(None)),
    (SimpleNamespace(a=1), SimpleNamespace(a=2)),
    (Counter("a"), Counter("b")),
    (defaultdict(list), defaultdict(dict)),
    (deque([1]), deque([1], 5)),
    (counter(1), counter(2)),
    (functools.partial(print, 1), functools.partial(print, 2)),
    (SHARED.append, [1].append),
    (suspended(1), suspended(2)),
    (suspended(2, None, 1), suspended(2, None, 2)),
    (advanced(unbound(True)), advanced(unbound(False))),
    (iter([1, 2]), advanced(iter([0, 1, 2]))),
    (enumerate("ab"), advanced(enumerate("ab"))),
    (io.BytesIO(b"ab"), advanced(io.BytesIO(b"ab\nc"))),
    (ValueError(1), ValueError(2)),
    (ValueError(1), TypeError(1)),
    (range(3), range(4)),
]
ALIKE: list[tuple[object, object]] = [
    (attributes("a", "b"), attributes("b", "a")),
    (suspended(2, 1, 3), suspended(2, 2, 3)),
    (counter(3), counter(3)),
    ([[], {}], [[], {}]),
    (Items(a=1), Items(a=1)),
]
UNKNOWN = [threading.Lock(), itertools.count(), memoryview(b"a"), {Again(), Again()}]


def told(value: object, *, ordered: bool = False) -> str:
    graph = Graph({}, {__name__}, CODES, ordered)
    graph.add(value)
    return "\n".join(graph.parts)


def kinds(cases: Sequence[object]) -> list[str]:
    """Names that are the same in every process: the number of a case, and what kind it is of."""
    first = [each[0] if isinstance(each, tuple) else each for each in cases]
    return [f"{number}-{type(each).__name__}" for number, each in enumerate(first)]


@pytest.mark.parametrize(("one", "other"), APART, ids=kinds(APART))
def test_what_makes_a_difference_is_told_apart(one: object, other: object) -> None:
    assert told(one) != told(other)
    assert told(one) == told(one)


@pytest.mark.parametrize(("one", "other"), ALIKE, ids=kinds(ALIKE))
def test_what_makes_none_is_not(one: object, other: object) -> None:
    assert told(one) == told(other)


def test_the_order_of_attributes_counts_where_code_looks_at_it() -> None:
    assert told(attributes("a", "b"), ordered=True) != told(attributes("b", "a"), ordered=True)


@pytest.mark.parametrize("value", UNKNOWN, ids=kinds(UNKNOWN))
def test_what_is_not_known_is_not_guessed(value: object) -> None:
    with pytest.raises(Untold):
        told([value])


def test_looking_keeps_nothing_alive() -> None:
    def work() -> Iterator[object]:
        held: Again | None = Again()
        yield weakref.ref(held)
        print(held)
        held = None
        yield

    made = work()
    reference = next(made)
    told(made)
    next(made)
    assert reference() is None


FETCH = "AsyncHTTPClient().fetch('http://{}', raise_error=False)"
BOTH = f"yield [{FETCH.format('a')}, {FETCH.format('b')}]"


@pytest.mark.parametrize(
    ("body", "extra", "known"),
    [
        (BOTH, "", True),
        (f"self.x = [1]\n{BOTH}", "", True),
        (f"import threading\nself.x = threading.Lock()\n{BOTH}", "", True),
        (f"self.x = count()\n{BOTH}", "from itertools import count", False),
        (f"try:\n    {BOTH}\nfinally:\n    self.write('x')", "", False),
        (f"with self.x():\n    {BOTH}", "", False),
        (BOTH, "class Noisy:\n    def __del__(self): print('x')", False),
        (BOTH, "import gc", True),
    ],
    ids=str,
)
def test_a_run_says_where_it_stands_unless_there_may_be_more(
    body: str, extra: str, known: bool
) -> None:
    text = handler(f"@gen.coroutine\ndef get(self):\n{_indented(body)}", extra)
    recorder = Recorder(watch=range(100))
    run = world.execute(program(text), "Main.get", recorder)
    waiting = [moment for moment in run.moments if moment.asked < len(run.asked)]
    assert bool(waiting) == known


def _indented(body: str) -> str:
    return "".join(f"    {line}\n" for line in body.splitlines())
