"""Which calls certainly give None, or a future that is safe to drop.

``return self.fail(400)`` is the usual way to say that a request ends there; the value is nothing
that Tornado would wait for.
"""

from __future__ import annotations

import libcst as cst

from . import cst as tree
from .delegates import Delegates
from .methods import Method

NOTHING_RETURNED = frozenset(
    {
        "finish",
        "render",
        "redirect",
        "send_error",
        "write",
        "set_status",
        "set_header",
        "write_error",
    }
)
"""``RequestHandler`` methods that return None, or (5.1) a future that is safe to drop."""


def gives_nothing(delegates: Delegates, value: cst.BaseExpression | None, method: Method) -> bool:
    """Whether a value that ``method`` returns is nothing, or a call that gives nothing."""
    return _gives_nothing(delegates, value, method, set())


def _gives_nothing(
    delegates: Delegates, value: cst.BaseExpression | None, method: Method, seen: set[Method]
) -> bool:
    if value is None or tree.dotted(value) == "None":
        return True
    if not isinstance(value, cst.Call) or not isinstance(value.func, cst.Attribute):
        return False
    if tree.dotted(value.func.value) != method.first:
        return False
    name, targets = (
        value.func.attr.value,
        delegates.methods.on_self(value, method.file, method.first),
    )
    known = delegates.methods.workspace.method(method.cls, name) is not None
    return (known or name in NOTHING_RETURNED) and all(
        _returns_nothing(delegates, each, seen) for each in targets
    )


def _returns_nothing(delegates: Delegates, method: Method, seen: set[Method]) -> bool:
    """Whether nothing that a plain method returns is worth waiting for."""
    if method in seen:
        return True
    seen.add(method)
    plain = delegates.kind(method) == "plain" and not method.node.decorators
    returns = tree.find(method.node.body, cst.Return, into_functions=False)
    return plain and all(_gives_nothing(delegates, each.value, method, seen) for each in returns)
