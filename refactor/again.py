"""Functions that start themselves again: which are being converted, and what begins a new round.

Where a path of a function ends by starting that function again, its conversion goes round a loop
(SEMANTICS trap 43). The functions that are being converted stand in one another like the callbacks
that they pass on; ``continue`` only reaches the outer one of two where no loop stands between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import libcst as cst

from . import cst as tree
from .callbacks import CallbackRef, open_parameters
from .names import parameters
from .refusal import Refused

Pair = tuple[str, cst.BaseExpression]
"""A parameter and the expression for its new value."""
Bindings = tuple[list[cst.Param], list[Pair]]
"""The parameters that get what an operation passes, and the others."""


@dataclass(eq=False)
class Level:
    """A function that is being converted.

    ``certain``: what it starts by its own name is certainly itself. ``repeats`` is set where it
    does so. ``names`` are the stand-ins for its parameters in the functions inside of it, where
    other names may be given to other variables.
    """

    function: tree.Function
    certain: bool
    loops: int
    repeats: bool = False
    names: dict[str, str] = field(default_factory=dict)
    crossed: Refused | None = None


@dataclass(eq=False)
class Nesting:
    """The functions that are being converted, innermost last; ``taken`` are the file's names."""

    taken: set[str]
    levels: list[Level] = field(default_factory=list)
    _loops: int = 0

    @contextmanager
    def inside(self, function: tree.Function, certain: bool = True) -> Iterator[Level]:
        """Convert ``function``; raises Refused (UC306) where two loops would be one in the other
        and the inner one would have to begin the outer one's next round."""
        level = Level(function, certain, self._loops)
        self.levels.append(level)
        try:
            yield level
        finally:
            self.levels.pop()
        if level.repeats and level.crossed is not None:
            raise level.crossed

    @contextmanager
    def loop(self) -> Iterator[None]:
        """Convert the body of a loop that the author wrote."""
        self._loops += 1
        try:
            yield
        finally:
            self._loops -= 1

    def level(self, function: tree.Function | None) -> Level | None:
        """The level of ``function`` if it is being converted."""
        return next((each for each in self.levels if each.function is function), None)

    def reaches(self, level: Level) -> bool:
        """Whether ``continue`` here could begin the next round of ``level``."""
        between = self.levels[self.levels.index(level) + 1 :]
        free = level.loops == self._loops and not any(each.repeats for each in between)
        return free and level.certain

    def variables(self, level: Level, names: Sequence[str]) -> list[str]:
        """How the parameters ``names`` of ``level`` are written here."""
        if level is self.levels[-1]:
            return list(names)
        for name in names:
            if name not in level.names:
                level.names[name] = tree.fresh(f"next_{name}", self.taken)
        return [level.names[name] for name in names]

    def round(self, level: Level, pairs: Sequence[Pair], refused: Refused) -> tree.Block:
        """The statements that begin the next round of ``level`` with new values.

        Raises ``refused`` (UC306) where a loop stands between.
        """
        if not self.reaches(level):
            raise refused
        level.repeats = True
        for each in self.levels[self.levels.index(level) + 1 :]:
            each.crossed = refused
        targets = self.variables(level, [name for name, _ in pairs])
        return [*assigned(list(zip(targets, (v for _, v in pairs), strict=True))), CONTINUE]


CONTINUE = tree.line("continue")


def bindings(ref: CallbackRef, passed: int) -> Bindings | None:
    """How a function's parameters get their values: from the operation, and from what is bound.

    None where that is not certain. Defaults count where they are constants.
    """
    function = ref.function
    if function is None or any(arg.star for arg in ref.arguments):
        return None
    params = function.params
    plain = [*params.posonly_params, *params.params]
    others = len(parameters(params)) != len(plain)
    plain = plain[1:] if ref.kind in ("method", "nothing") else plain
    positional = [arg.value for arg in ref.arguments if arg.keyword is None]
    named = [(a.keyword.value, a.value) for a in ref.arguments if a.keyword is not None]
    known = {param.name.value for param in plain[len(positional) :]}
    if others or len(positional) > len(plain) or not {name for name, _ in named} <= known:
        return None
    rest = open_parameters(ref)
    pairs = [(p.name.value, value) for p, value in zip(plain, positional, strict=False)] + named
    for param in rest[passed:]:
        if param.default is None or not _constant(param.default):
            return None
        pairs.append((param.name.value, param.default))
    return (rest[:passed], pairs) if len(rest) >= passed else None


def assigned(pairs: Sequence[Pair]) -> tree.Block:
    """One statement that assigns all at once; what keeps its value is left out."""
    moving = [pair for pair in pairs if not unchanged(pair)]
    if not moving:
        return []
    value = moving[0][1]
    if len(moving) > 1:
        value = cst.Tuple([cst.Element(each) for _, each in moving], lpar=(), rpar=())
    return [tree.line(f"{', '.join(name for name, _ in moving)} = VALUE", VALUE=value)]


def pairs_of(stmt: cst.CSTNode) -> list[Pair]:
    """The pairs of a statement made by :func:`assigned`; none for another one."""
    small = tree.small(stmt)
    if not isinstance(small, cst.Assign):
        return []
    target, value = small.targets[0].target, small.value
    if isinstance(target, cst.Name):
        return [(target.value, value)]
    if not isinstance(target, cst.Tuple) or not isinstance(value, cst.Tuple):
        return []
    names = [tree.dotted(each.value) or "" for each in target.elements]
    values = [each.value for each in value.elements]
    return list(zip(names, values, strict=True)) if len(names) == len(values) else []


def unchanged(pair: Pair) -> bool:
    """Whether a variable would only be assigned to itself."""
    return tree.dotted(pair[1]) == pair[0]


def _constant(value: cst.BaseExpression) -> bool:
    literal = isinstance(value, cst.BaseNumber | cst.SimpleString)
    return literal or tree.dotted(value) in {"None", "True", "False"}
