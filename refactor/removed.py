"""Names that Tornado 6 does not have any more (Tornado's release notes, 5.0 to 6.0)."""

from __future__ import annotations

import libcst as cst

from . import cst as tree
from .unit import Unit

REMOVED = frozenset(
    {
        "tornado.web.asynchronous",
        "tornado.gen.engine",
        "tornado.gen.Task",
        "tornado.gen.Callback",
        "tornado.gen.Wait",
        "tornado.gen.WaitAll",
        "tornado.gen.YieldPoint",
        "tornado.gen.Multi",
        "tornado.gen.MultiYieldPoint",
        "tornado.gen.Arguments",
        "tornado.gen.UnknownKeyError",
        "tornado.gen.KeyReuseError",
        "tornado.gen.LeakedCallbackError",
        "tornado.concurrent.return_future",
        "tornado.concurrent.TracebackFuture",
        "tornado.wsgi.WSGIApplication",
        "tornado.wsgi.WSGIAdapter",
        "tornado.testing.LogTrapTestCase",
        "tornado.testing.get_unused_port",
        "tornado.ioloop.PollIOLoop",
    }
)
STACK_CONTEXT = "tornado.stack_context"


def is_removed(qualified: str | None) -> bool:
    """Whether a full dotted name is gone in Tornado 6."""
    return qualified is not None and (
        qualified in REMOVED or qualified.partition(STACK_CONTEXT)[:2] == ("", STACK_CONTEXT)
    )


def removed(unit: Unit, code: cst.CSTNode, at: cst.CSTNode) -> str | None:
    """The first removed name in ``code``, as it is written; names are looked up at ``at``."""
    for node in tree.walk(code):
        named = isinstance(node, cst.Name | cst.Attribute)
        if named and is_removed(unit.file.names.qualified(node, at)):
            return tree.code(node)
    return None
