"""Stand-ins: objects for everything that is neither Tornado, the standard library nor the project.

A stand-in has a name, the expression that led to it (``db.users.find_one('x').name``). Whatever is
done to it is named after it, and what the code can see of it (its truth value, its length, what a
call gives) is a choice keyed by that name. Calls, item and attribute writes are effects; reading is
not. It is a ``str`` whose text is its name in angle brackets, because most of the C code that a
handler hands values to (``join``, ``json.dumps``, regular expressions) wants text and would refuse
anything else; code that is not under check sees that text and nothing else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterator
from types import FrameType
from typing import Any

from . import calls
from .bytecode import unpacked_into
from .circumstances import now
from .describe import TEXTS
from .outside import base_class, exception_class
from .shown import shown

_TOLD = frozenset({"__version__", "__author__", "__file__"})
"""What modules tell about themselves; other names with underscores are the interpreter's."""
_RUNTIME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Standin(str):
    """An object of the outside. ``Standin.named("db")`` makes one; see the module."""

    __slots__ = ("_name",)
    _name: str

    @classmethod
    def named(cls, name: str) -> Standin:
        """The stand-in that the code reaches as ``name``."""
        made = str.__new__(cls, f"<{name}>")
        object.__setattr__(made, "_name", name)
        return made

    # What it is reached by -----------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return []
        if name.startswith("__") and name not in _TOLD:
            raise AttributeError(name)
        written = now().attributes.get((self._name, name), self)
        return part(f"{self._name}.{name}") if written is self else written

    def __setattr__(self, name: str, value: object) -> None:
        here = now()
        here.record("set", f"{self._name}.{name}", value)
        here.attributes[self._name, name] = value

    def __delattr__(self, name: str) -> None:
        here = now()
        here.record("delete", f"{self._name}.{name}")
        here.attributes.pop((self._name, name), None)

    def __getitem__(self, key: Any) -> Any:
        if _for_a_library():
            return str.__getitem__(self, key)
        return self._item(key)

    def _item(self, key: Any) -> Any:
        here = now()
        name = f"{self._name}[{shown(key)}]"
        if (name, None) in here.attributes:
            return here.attributes[name, None]
        missing = IndexError if isinstance(key, int) else KeyError
        if not isinstance(key, slice) and here.settle(name, ("value", missing.__name__)):
            raise missing(key)
        return Standin.named(name)

    def __setitem__(self, key: object, value: object) -> None:
        here = now()
        name = f"{self._name}[{shown(key)}]"
        here.record("set", name, value)
        here.attributes[name, None] = value

    def __delitem__(self, key: object) -> None:
        now().record("delete", f"{self._name}[{shown(key)}]")

    # What it does --------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return calls.call(self._name, args, kwargs, sys._getframe(1))

    def __await__(self) -> Generator[Any, Any, Any]:
        return calls.awaited(self._name).__await__()  # type: ignore[no-any-return]

    def __enter__(self) -> Any:
        now().record("call", f"{self._name}.__enter__", None)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        now().record("call", f"{self._name}.__exit__", kind)

    async def __aenter__(self) -> Any:
        now().record("call", f"{self._name}.__aenter__", None)
        await calls.awaited(f"{self._name}.__aenter__()")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        now().record("call", f"{self._name}.__aexit__", kind)
        await calls.awaited(f"{self._name}.__aexit__()")
        return False

    # What it looks like --------------------------------------------------------------------------

    def __bool__(self) -> bool:
        if not _has_choices(sys._getframe(1)):
            return True
        return now().settle(f"bool({self._name})", ("true", "false")) == 0

    def __len__(self) -> int:
        if _for_a_library():
            return str.__len__(self)
        return self._size()

    def _size(self) -> int:
        now().hold("lengths of what is outside, but for 0, 1 and 2")
        return (1, 0, 2)[now().settle(f"len({self._name})", ("1", "0", "2"))]

    def __iter__(self) -> Iterator[Any]:
        if _for_a_library():
            return str.__iter__(self)
        count = unpacked_into(sys._getframe(1))
        return iter(
            [
                Standin.named(f"{self._name}[{index}]")
                for index in range(self._size() if count is None else count)
            ]
        )

    async def __aiter__(self) -> Any:
        for index in range(self._size()):
            yield Standin.named(f"{self._name}[{index}]")

    def __next__(self) -> Any:
        name = now().nth(f"next({self._name})")
        if now().ask(name, ("value", "StopIteration")):
            raise StopIteration
        return Standin.named(name)

    def __contains__(self, item: object) -> bool:
        if _for_a_library():
            return isinstance(item, str) and str.__contains__(self, item)
        ways = ("true", "false") if type(item) is str else ("false", "true")
        return ways[now().settle(f"{shown(item)} in {self._name}", ways)] == "true"

    def __eq__(self, other: object) -> bool:
        return self._equals(other, _for_a_library())

    def __ne__(self, other: object) -> bool:
        return not self._equals(other, _for_a_library())

    def _equals(self, other: object, as_text: bool) -> bool:
        if self is other or (isinstance(other, Standin) and other._name == self._name):
            return True
        if other is None:
            return False
        if as_text:
            return str.__eq__(self, other) is True
        return now().settle(f"{self._name} == {shown(other)}", ("false", "true")) == 1

    def __hash__(self) -> int:
        return str.__hash__(self)

    def __int__(self) -> int:
        now().hold("numbers from outside, but for 1 and 0")
        return 1 - now().settle(f"int({self._name})", ("1", "0"))

    __index__ = __int__

    def __float__(self) -> float:
        return float(int(self))

    def __bytes__(self) -> bytes:
        return str.encode(self)

    def __fspath__(self) -> str:
        return str.__str__(self)

    def __repr__(self) -> str:
        return str.__str__(self)

    def __str__(self) -> str:
        return self

    def __format__(self, spec: str) -> str:
        text = str.__str__(self)
        return text if not spec else f"{text}:{spec}"

    def __mod__(self, other: object) -> Any:
        return Standin.named(f"({self._name} % {shown(other)})")

    def __rmod__(self, other: Any) -> Any:
        """``"%s" % self`` is formatted; anything else is arithmetic."""
        if isinstance(other, Standin) or not isinstance(other, (str, bytes)):
            return Standin.named(f"({shown(other)} % {self._name})")
        template: Any = other
        opening: Any = "%(" if isinstance(other, str) else b"%("
        return template % (_Items(self) if opening in template else (self,))

    # Where it stands in other people's protocols -------------------------------------------------

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[type, ...]:
        return (base_class(self._name, part, bases),)

    def __copy__(self) -> Standin:
        return self

    def __deepcopy__(self, memo: object) -> Standin:
        return self

    def __reduce__(self) -> tuple[Callable[[str], Standin], tuple[str]]:
        return Standin.named, (self._name,)


class _Items:
    """A mapping for ``"%(name)s" % standin``."""

    __slots__ = ("_of",)

    def __init__(self, of: Standin) -> None:
        self._of = of

    def __getitem__(self, key: object) -> Any:
        return self._of._item(key)


def _for_a_library() -> bool:
    """Whether the method that asks was called by code that is not under check: it sees text."""
    return sys._getframe(2).f_code.co_filename not in now().files


def _has_choices(frame: FrameType) -> bool:
    """Whether a truth value matters to ``frame``: the code under check, or the runtime for it."""
    path = frame.f_code.co_filename
    return path in now().files or path.startswith(_RUNTIME)


def part(name: str) -> Any:
    """What is reached as ``name``: a stand-in, or a class if it is an exception."""
    last = name.rpartition(".")[2]
    if last in now().harvest.exceptions or last.endswith(("Error", "Exception")):
        return exception_class(name, Standin.named)
    return Standin.named(name)


def name_of(standin: Standin) -> str:
    """The expression by which the code reached ``standin``."""
    return standin._name


def _of_text(method: str) -> property:
    """A method of ``str``: for the code under check a part of the object, for libraries text."""

    def get(self: Standin) -> Any:
        if sys._getframe(1).f_code.co_filename in now().files:
            return self.__getattr__(method)
        return getattr(str.__str__(self), method)

    return property(get)


def _binary(symbol: str, swapped: bool) -> Callable[[Standin, object], Standin]:
    def operate(self: Standin, other: object) -> Standin:
        left, right = (shown(other), self._name) if swapped else (self._name, shown(other))
        return Standin.named(f"({left} {symbol} {right})")

    return operate


def _added(self: Standin, other: object) -> Any:
    """``self + other``: text with text is text, as an address that is put together has to be."""
    if isinstance(other, bytes):
        return bytes(self) + other
    plain = isinstance(other, str) and not isinstance(other, Standin)
    return str.__str__(self) + str(other) if plain else _sum(self, other)


def _added_to(self: Standin, other: object) -> Any:
    """``other + self``."""
    if isinstance(other, bytes):
        return other + bytes(self)
    plain = isinstance(other, str) and not isinstance(other, Standin)
    return str(other) + str.__str__(self) if plain else _sum_to(self, other)


_sum, _sum_to = _binary("+", swapped=False), _binary("+", swapped=True)


def _ordered(symbol: str) -> Callable[[Standin, object], bool]:
    def compare(self: Standin, other: object) -> bool:
        return now().settle(f"{self._name} {symbol} {shown(other)}", ("false", "true")) == 1

    return compare


def _unary(symbol: str) -> Callable[[Standin], Standin]:
    return lambda self: Standin.named(f"{symbol}{self._name}")


for _method in [name for name in dir(str) if not name.startswith("_")]:
    setattr(Standin, _method, _of_text(_method))
for _name, _symbol in {
    "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "pow": "**",
    "and": "&", "or": "|", "xor": "^", "lshift": "<<", "rshift": ">>", "matmul": "@",
    "divmod": "divmod",
}.items():  # fmt: skip
    setattr(Standin, f"__{_name}__", _binary(_symbol, swapped=False))
    setattr(Standin, f"__r{_name}__", _binary(_symbol, swapped=True))
Standin.__add__, Standin.__radd__ = _added, _added_to  # type: ignore[method-assign,attr-defined,assignment]
for _name, _symbol in {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}.items():
    setattr(Standin, f"__{_name}__", _ordered(_symbol))
for _name, _symbol in {"neg": "-", "pos": "+", "invert": "~", "abs": "abs "}.items():
    setattr(Standin, f"__{_name}__", _unary(_symbol))
for _name in ("round", "trunc", "floor", "ceil"):
    setattr(Standin, f"__{_name}__", lambda self, *_: int(self))

TEXTS[Standin] = lambda standin: str.__str__(standin)
