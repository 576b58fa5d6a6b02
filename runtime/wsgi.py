"""``tornado.wsgi``: names to be made and passed around; serving over WSGI is not here."""

from __future__ import annotations

from typing import Any, NoReturn

from . import generation
from ._application import Application

__all__ = ["WSGIContainer"]


def _refuse(what: str) -> NoReturn:
    raise NotImplementedError(f"the bundled runtime does not speak WSGI ({what})")


class WSGIApplication(Application):
    """An application that a WSGI server would call (up to 5)."""

    def __call__(self, *arguments: Any) -> Any:
        """Refuse a WSGI server's call; an `HTTPServerRequest` is handled as by `Application`."""
        return super().__call__(*arguments) if len(arguments) == 1 else _refuse("WSGIApplication")


class WSGIAdapter:
    """Makes a WSGI application of an `Application` (up to 5)."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: Any, start_response: Any) -> NoReturn:
        """Refuse."""
        _refuse("WSGIAdapter")


class WSGIContainer:
    """Makes a WSGI application a fallback for requests."""

    def __init__(self, wsgi_application: Any, *options: Any) -> None:
        self.wsgi_application = wsgi_application

    def __call__(self, request: Any) -> NoReturn:
        """Refuse."""
        _refuse("WSGIContainer")


generation.limit(globals(), ["WSGIApplication", "WSGIAdapter"], last=5)
