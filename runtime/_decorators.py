"""What decorates verbs and handlers: `asynchronous`, `authenticated`, slashes, streamed bodies."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from . import _current, gen, stack_context
from ._handler import RequestHandler
from ._weberrors import HTTPError

__all__ = ["addslash", "asynchronous", "authenticated", "removeslash", "stream_request_body"]

Method = Callable[..., Any]
HandlerClass = TypeVar("HandlerClass", bound=type[RequestHandler])


def asynchronous(method: Method) -> Method:
    """Keep the request open when ``method`` returns: it is finished by ``self.finish()``.

    Three things happen (SEMANTICS section 0): auto-finish is off; an exception in whatever was
    scheduled by the method, transitively, is the request's; the method returns None. If it returned
    something yieldable, the request is finished when that is done.
    """

    @functools.wraps(method)
    def wrapper(self: RequestHandler, *args: Any, **kwargs: Any) -> None:
        self._auto_finish = False
        with stack_context.ExceptionStackContext(self._stack_context_handle_exception):
            result = method(self, *args, **kwargs)
            if result is not None:
                future = gen.convert_yielded(result)
                _current.loop().add_future(future, functools.partial(_finish_after, self))

    return wrapper


def _finish_after(handler: RequestHandler, future: Any) -> None:
    future.result()  # an exception goes to the stack context, which answers the request
    if not handler._finished:
        handler.finish()


def authenticated(method: Method) -> Method:
    """Run ``method`` only for a user; others are sent to the login page, or get a 403."""

    @functools.wraps(method)
    def wrapper(self: RequestHandler, *args: Any, **kwargs: Any) -> Any:
        if self.current_user:
            return method(self, *args, **kwargs)
        if self.request.method not in ("GET", "HEAD"):
            raise HTTPError(403)
        url = self.get_login_url()
        if "?" not in url:
            absolute = urlsplit(url).scheme
            back = self.request.full_url() if absolute else self.request.uri
            url += "?" + urlencode({"next": back})
        self.redirect(url)
        return None

    return wrapper


def removeslash(method: Method) -> Method:
    """Redirect requests whose path ends with slashes to the path without."""

    @functools.wraps(method)
    def wrapper(self: RequestHandler, *args: Any, **kwargs: Any) -> Any:
        path = self.request.path
        if not path.endswith("/"):
            return method(self, *args, **kwargs)
        if self.request.method not in ("GET", "HEAD"):
            raise HTTPError(404)
        if path.rstrip("/"):  # the root stays the root
            _redirect_to(self, path.rstrip("/"))
            return None
        return method(self, *args, **kwargs)

    return wrapper


def addslash(method: Method) -> Method:
    """Redirect requests whose path does not end with a slash to the path with one."""

    @functools.wraps(method)
    def wrapper(self: RequestHandler, *args: Any, **kwargs: Any) -> Any:
        if self.request.path.endswith("/"):
            return method(self, *args, **kwargs)
        if self.request.method not in ("GET", "HEAD"):
            raise HTTPError(404)
        _redirect_to(self, self.request.path + "/")
        return None

    return wrapper


def _redirect_to(handler: RequestHandler, path: str) -> None:
    query = handler.request.query
    handler.redirect(f"{path}?{query}" if query else path, permanent=True)


def stream_request_body(cls: HandlerClass) -> HandlerClass:
    """Give a handler class its bodies part by part, in ``data_received``; TypeError otherwise."""
    if not issubclass(cls, RequestHandler):
        raise TypeError(f"expected subclass of RequestHandler, got {cls!r}")
    cls._stream_request_body = True
    return cls
