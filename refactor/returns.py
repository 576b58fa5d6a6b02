"""``raise gen.Return(x)``: what it returns, and where ``return x`` would be the same.

``Return`` is an exception: an ``except Exception`` around it catches it (SEMANTICS section 6, trap
29), and a context manager sees it.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass

import libcst as cst

from . import cst as tree
from .names import Names

RETURN = "tornado.gen.Return"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement stands: is a ``return`` there the same as ``raise gen.Return``, and is it
    free of ``try`` and ``with``?"""

    returns_like_raise: bool = True
    free: bool = True

    def inside(self, stmt: cst.CSTNode, suite: cst.BaseSuite, names: Names) -> Place:
        """The place of the statements of ``suite``, a part of ``stmt`` that stands here."""
        if isinstance(stmt, cst.With):
            return Place(False, False)
        if not isinstance(stmt, cst.Try | cst.TryStar):
            return self
        final = stmt.finalbody is not None and suite is stmt.finalbody.body
        caught = suite is stmt.body and any(_catches(each.type, names) for each in stmt.handlers)
        return Place(self.returns_like_raise and not final and not caught, False)


def is_return(names: Names, small: cst.CSTNode) -> bool:
    """Whether a statement is ``raise gen.Return`` in any spelling."""
    if not isinstance(small, cst.Raise) or small.exc is None or small.cause is not None:
        return False
    exc = small.exc.func if isinstance(small.exc, cst.Call) else small.exc
    return names.qualified(exc, small.exc) == RETURN


def stops(names: Names, small: cst.CSTNode) -> bool:
    """Whether a statement is ``raise StopIteration``, a ``return`` in a generator of Python 2."""
    if not isinstance(small, cst.Raise) or small.exc is None or small.cause is not None:
        return False
    exc = small.exc.func if isinstance(small.exc, cst.Call) else small.exc
    return tree.dotted(exc) == "StopIteration" and names.owner(exc, "StopIteration") is None


def returned(small: cst.Raise) -> cst.BaseExpression | None:
    """The value of a ``raise gen.Return``; None when it has none. Raises ValueError when it is
    called in an unusual way."""
    if not isinstance(small.exc, cst.Call) or not small.exc.args:
        return None
    if len(small.exc.args) != 1 or small.exc.args[0].star:
        raise ValueError(tree.code(small))
    return small.exc.args[0].value


def _catches(kind: cst.BaseExpression | None, names: Names) -> bool:
    """Whether ``except kind`` may catch ``gen.Return`` or StopIteration, both Exceptions."""
    if kind is None:
        return True
    if isinstance(kind, cst.Tuple):
        return any(_catches(element.value, names) for element in kind.elements)
    path = tree.dotted(kind)
    if path is None:
        return True
    qualified = names.qualified(kind)
    if qualified is not None:
        return qualified == RETURN or qualified.endswith((".Exception", ".BaseException"))
    owner = names.owner(kind, path.partition(".")[0])
    if owner is None:
        found = getattr(builtins, path, None)
        known = isinstance(found, type) and found not in (Exception, BaseException, StopIteration)
        return not known
    places = names.bindings(owner).assigned.get(path, [])
    return not (len(places) == 1 and isinstance(places[0], cst.ClassDef))
