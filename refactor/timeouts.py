"""``gen.TimeoutError`` in Tornado 6: the built-in one, which is an ``OSError`` (SEMANTICS trap 67).

An ``except IOError`` in front of ``except gen.TimeoutError`` then catches both, so the handlers of
a ``try`` statement change places; where nobody catches a timeout, it is raised again.
"""

from __future__ import annotations

import libcst as cst

from . import cst as tree
from .names import Names

TIMEOUTS = frozenset(
    {"tornado.gen.TimeoutError", "tornado.ioloop.TimeoutError", "tornado.util.TimeoutError"}
)
WIDER = frozenset(
    {
        "EnvironmentError",
        "IOError",
        "OSError",
        "TimeoutError",
        "asyncio.TimeoutError",
        "concurrent.futures.TimeoutError",
        "select.error",
        "socket.error",
        "socket.timeout",
    }
)
"""What catches a timeout there and did not before."""

WAITING = "tornado.gen.with_timeout"


def newly_caught(names: Names, stmt: cst.Try) -> int | None:
    """The index of the handler that gets a timeout in Tornado 6 alone; None if there is none."""
    types = [_types(names, handler) for handler in stmt.handlers]
    known = next((i for i, each in enumerate(types) if each & TIMEOUTS), None)
    wide = next((i for i, each in enumerate(types) if each & WIDER), None)
    if wide is None or (known is not None and known <= wide):
        return None
    waiting = (c for c in tree.find(stmt.body, cst.Call) if names.qualified(c.func) == WAITING)
    return wide if known is not None or any(waiting) else None


def ordered(names: Names, stmt: cst.Try, new: cst.Try) -> cst.Try:
    """``new``, which ``stmt`` becomes, with handlers that catch in Tornado 6 what they caught.

    It stays as it is where that would need more than another order or one more handler.
    """
    wide = newly_caught(names, stmt)
    if wide is None:
        return new
    handlers = list(new.handlers)
    timeout = next((h for h in stmt.handlers if _types(names, h) & TIMEOUTS), None)
    if timeout is not None and not isinstance(timeout.type, cst.Tuple):
        at = next(i for i, each in enumerate(stmt.handlers) if each is timeout)
        handlers.insert(wide, handlers.pop(at))
    elif timeout is None and wide == len(handlers) - 1:
        calls = tree.find(stmt.body, cst.Call)
        waiting = next(call for call in calls if names.qualified(call.func) == WAITING)
        error = _beside(waiting.func)
        if error is not None:
            again = cst.ExceptHandler(body=tree.suite([tree.line("raise")]), type=error)
            handlers.insert(wide, again)
    return new.with_changes(handlers=handlers)


def _beside(function: cst.BaseExpression) -> cst.Attribute | None:
    """``gen.TimeoutError`` written as ``gen.with_timeout`` is."""
    if not isinstance(function, cst.Attribute):
        return None
    return cst.Attribute(function.value, cst.Name("TimeoutError"))


def _types(names: Names, handler: cst.ExceptHandler) -> set[str]:
    given = handler.type
    each = [e.value for e in given.elements] if isinstance(given, cst.Tuple) else [given]
    return {names.qualified(one) or tree.dotted(one) or "" for one in each if one is not None}
