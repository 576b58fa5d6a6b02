"""Putting one function's statements into another: which names meet, and what has to be renamed.

A *piece* is a callback's converted body with what is known of its names; a *host* is the function
it moves into. Names are only renamed where two of them really meet (SEMANTICS traps 21, 22 and 62).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import libcst as cst

from . import cst as tree
from .definite import assigned_first
from .names import Names
from .renaming import fixed_names, rename
from .variables import reads, variables


@dataclass(frozen=True, eq=False)
class Piece:
    """A converted callback body.

    ``bound`` are its local names (parameters first bound by the operation included), ``outside``
    the names it expects to find outside of every function, ``around`` those of functions around it
    (with that function's id), ``captured`` the locals that closures in it read, ``first`` its name
    for self (None for functions that share their host's).
    """

    block: tree.Block
    params: tuple[str, ...]
    bound: frozenset[str]
    outside: frozenset[str]
    around: Mapping[str, int]
    captured: frozenset[str]
    first: str | None


@dataclass(eq=False)
class Host:
    """The names of a function while pieces are merged into it; see ``Piece`` for the groups."""

    first: str
    function: int
    bound: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    around: dict[str, int] = field(default_factory=dict)
    captured: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, function: tree.Function, names: Names, first: str) -> Host:
        """The names of ``function`` before anything is merged."""
        mine = variables(function)
        read = mine.free | mine.declared
        owners = {name: names.owner(function, name) for name in read}
        around = {
            n: id(o) for n, o in owners.items() if isinstance(o, cst.FunctionDef | cst.Lambda)
        }
        return cls(
            first,
            id(function),
            set(mine.bound),
            set(read - around.keys()),
            around,
            set(mine.captured),
            set(mine.bound | mine.free | mine.declared),
        )

    def renames(self, piece: Piece) -> Mapping[str, str] | None:
        """What to rename so that ``piece`` can stand here; None when it cannot."""
        if piece.outside & self.bound or (
            piece.first and self.first in piece.bound - {piece.first}
        ):
            return None
        if any(self.bound & {n} and at != self.function for n, at in piece.around.items()):
            return None
        table = {piece.first: self.first} if piece.first not in (None, self.first) else {}
        for name in sorted(piece.bound - {piece.first}):
            if self._meets(piece, name):
                table[name] = tree.fresh(f"{name}_2", self.taken | piece.bound)
        if fixed_names(piece.block) & table.keys():
            return None
        return {k: v for k, v in table.items() if k is not None}

    def _meets(self, piece: Piece, name: str) -> bool:
        if name in self.outside or name in self.around:
            return True
        if name not in self.bound:
            return False
        if name in self.captured or name in piece.captured:
            return True
        body = cst.IndentedBlock(body=piece.block)
        return name not in piece.params and not assigned_first(body, name)

    def merge(self, piece: Piece, table: Mapping[str, str]) -> tree.Block:
        """The piece's statements, renamed; from now on its names are the host's."""

        def new(found: frozenset[str]) -> set[str]:
            return {table.get(name, name) for name in found}

        self.bound |= new(piece.bound - {piece.first})
        self.outside |= piece.outside
        self.around |= {n: at for n, at in piece.around.items() if at != self.function}
        self.captured |= new(piece.captured)
        done = [rename(stmt, table) for stmt in piece.block]
        for stmt in done:
            self.taken |= reads(stmt)
        self.taken |= self.bound
        return done
