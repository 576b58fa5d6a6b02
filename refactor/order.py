"""May the arguments bound to a callback be evaluated before the operation's own?

``fetch(self.url(), partial(self.on_x, self.page))`` evaluates ``self.page`` after ``self.url()``.
Converted, what is bound stands in front of the call, so neither may notice the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from . import cst as tree
from .names import Names
from .refusal import Refused
from .sites import Site
from .variables import reads

READERS = frozenset(
    {
        "get_argument",
        "get_arguments",
        "get_body_argument",
        "get_body_arguments",
        "get_cookie",
        "get_query_argument",
        "get_query_arguments",
        "get_secure_cookie",
        "reverse_url",
        "static_url",
    }
)
"""Methods of ``RequestHandler`` that change nothing."""

ARGUMENTS = frozenset({"get_argument", "get_body_argument", "get_query_argument"})
"""Those that raise where there is nothing to read and no default."""

PURE = frozenset({"bool", "dict", "float", "int", "len", "list", "repr", "set", "str", "tuple"})
"""Builtins that change nothing, for the values that are usually given to them."""


def check_order(site: Site, first: str, names: Names) -> None:
    """Refuse (UC213) bound arguments whose place among the evaluations of the call matters.

    ``first`` is the name of self at the call, ``names`` the scopes of the file.
    """
    bound = [arg.value for arg in site.callback.arguments]
    if site.callback.kind == "choice":
        bound.append(site.callback.expression)
    others = [site.call.func, *(arg.value for arg in site.call.args if arg is not site.argument)]
    for value in bound:
        if not _settled(value, others, first, names):
            raise Refused("UC213", value, what=tree.code(value))


def _settled(
    value: cst.BaseExpression, others: Sequence[cst.CSTNode], first: str, names: Names
) -> bool:
    """Whether ``value`` may be evaluated before ``others`` as well as after them."""
    if isinstance(value, cst.BaseNumber | cst.SimpleString):
        return True
    if any(isinstance(each, cst.NamedExpr) for other in (value, *others) for each in _all(other)):
        return False
    missing = [each for other in others for each in _calls(other) if _asks(each, first)]
    if missing and any(_asks(each, first) for each in _calls(value)):
        return False  # the log says which argument is missing
    calls = [each for other in others for each in _calls(other) if not _harmless(each, first)]
    if any(True for call in _calls(value) if not _harmless(call, first)):
        return not calls
    return not any(_may_change(call, value, names) for call in calls)


def _may_change(call: cst.Call, value: cst.BaseExpression, names: Names) -> bool:
    """Whether a call may change what ``value`` gives: an object it reaches, or a name's binding."""
    mentioned = reads(value)
    if isinstance(call.func, cst.Name):
        owner = names.owner(call, call.func.value)
        imported = isinstance(owner, cst.Module) and not names.bindings(owner).assigned.get(
            call.func.value
        )
        if not imported and any(owner is names.owner(call, name) for name in mentioned):
            return owner is not None
    return not isinstance(value, cst.Name) and bool(reads(call) & mentioned)


def _harmless(call: cst.Call, first: str) -> bool:
    """Whether a call certainly changes nothing that a bound argument reads."""
    path = tree.dotted(call.func) or ""
    holder, _, name = path.rpartition(".")
    if holder == first:
        return name in READERS
    return path in PURE or name[:1].isupper() or name in {"current", "instance", "format"}


def _asks(call: cst.Call, first: str) -> bool:
    """Whether a call asks for an argument of the request that has to be there."""
    holder, _, name = (tree.dotted(call.func) or "").rpartition(".")
    return holder == first and name in ARGUMENTS and len(call.args) == 1


def _calls(node: cst.CSTNode) -> Iterator[cst.Call]:
    return tree.find(node, cst.Call, into_functions=False)


def _all(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    return tree.walk(node, into_functions=False)
