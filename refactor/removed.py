"""What Tornado 6 does not have any more (Tornado's release notes, 5.0 to 6.0)."""

from __future__ import annotations

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
        "tornado.stack_context",
        "tornado.stack_context.ExceptionStackContext",
        "tornado.stack_context.NullContext",
        "tornado.stack_context.StackContext",
        "tornado.stack_context.StackContextInconsistentError",
        "tornado.stack_context.run_with_stack_context",
        "tornado.stack_context.wrap",
    }
)
STACK_CONTEXT = "tornado.stack_context"

WITHOUT_CALLBACK = (
    "tornado.httpclient.",
    "tornado.simple_httpclient.",
    "tornado.curl_httpclient.",
    "tornado.auth.",
    "tornado.iostream.",
    "tornado.netutil.",
    "tornado.web.",
)
"""Modules whose ``callback`` arguments Tornado 6 removed; the event loop's stayed."""


def is_removed(qualified: str | None) -> bool:
    """Whether a full dotted name is gone in Tornado 6."""
    return qualified in REMOVED
