"""What the caller does with the value it is about to get, read from its bytecode.

A stand-in that is called need not ask whether its result is ``None`` when the result is dropped,
and one that is unpacked into two names has two items. Both are plain to see in the instruction
that follows the call, so no question has to be asked about them.
"""

from __future__ import annotations

import dis
from functools import lru_cache
from types import CodeType, FrameType

DROPPED = "dropped"
AWAITED = "awaited"
USED = "used"

_AWAITS = frozenset({"GET_AWAITABLE", "YIELD_VALUE", "GET_YIELD_FROM_ITER"})
_SKIPPED = frozenset({"CACHE", "EXTENDED_ARG", "NOP", "PRECALL"})


@lru_cache(maxsize=4096)
def _instructions(code: CodeType) -> tuple[dict[int, int], list[tuple[str, int | None]]]:
    """Index by offset, and (name, argument) of each instruction that does something."""
    at: dict[int, int] = {}
    found: list[tuple[str, int | None]] = []
    for instruction in dis.get_instructions(code):
        at[instruction.offset] = len(found)
        if instruction.opname not in _SKIPPED:
            found.append((instruction.opname, instruction.arg))
    return at, found


@lru_cache(maxsize=16384)
def _use(code: CodeType, offset: int) -> str:
    at, found = _instructions(code)
    position = at.get(offset, len(found)) + 1
    name = found[position][0] if position < len(found) else ""
    if name == "POP_TOP":
        return DROPPED
    return AWAITED if name in _AWAITS else USED


def use_of_call(frame: FrameType) -> str:
    """``DROPPED``, ``AWAITED`` or ``USED``: what happens to the result of the call in progress."""
    return _use(frame.f_code, frame.f_lasti)


@lru_cache(maxsize=16384)
def _unpacked(code: CodeType, offset: int) -> int | None:
    at, found = _instructions(code)
    position = at.get(offset)
    if position is None or position >= len(found):
        return None
    name, argument = found[position]
    if name.startswith("UNPACK_SEQUENCE"):
        return argument
    if name == "UNPACK_EX" and argument is not None:
        return (argument & 0xFF) + (argument >> 8) + 1
    return None


_JUMPS = frozenset((*dis.hasjrel, *dis.hasjabs))
_ENDS = frozenset({
    "JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "JUMP_ABSOLUTE", "RETURN_VALUE",
    "RETURN_CONST", "RAISE_VARARGS", "RERAISE",
})  # fmt: skip
"""Instructions that are not followed by the one that stands behind them."""


def variables_read(code: CodeType, offset: int) -> frozenset[str]:
    """The local variables that code which stands at ``offset`` may still look at.

    All handlers of exceptions count as what may come next.
    """
    found = list(dis.get_instructions(code))
    position = {each.offset: index for index, each in enumerate(found)}
    entries = getattr(dis.Bytecode(code), "exception_entries", ())
    open_ = [offset if offset in position else 0, *(entry.target for entry in entries)]
    open_.extend(each.argval for each in found if each.opname.startswith("SETUP_"))
    seen: set[int] = set()
    names: set[str] = set()
    while open_:
        index = position.get(open_.pop(), len(found))
        while index < len(found) and index not in seen:
            seen.add(index)
            each = found[index]
            if each.opcode in _JUMPS:
                open_.append(each.argval)
            if "LOAD_FAST" in each.opname or "DELETE_FAST" in each.opname:
                names.update(each.argval if isinstance(each.argval, tuple) else (each.argval,))
            if each.opname in _ENDS:
                break
            index += 1
    return frozenset(names)


def unpacked_into(frame: FrameType) -> int | None:
    """How many names the iteration in progress unpacks into; ``None`` when it does not unpack."""
    return _unpacked(frame.f_code, frame.f_lasti)
