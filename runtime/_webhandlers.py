"""Handlers that come with Tornado: errors, redirects, fallbacks; static files are not here."""

from __future__ import annotations

from typing import Any

from . import generation
from ._handler import RequestHandler
from ._weberrors import HTTPError
from .httputil import url_concat

__all__ = [
    "ErrorHandler",
    "FallbackHandler",
    "GZipContentEncoding",
    "OutputTransform",
    "RedirectHandler",
    "StaticFileHandler",
]


class ErrorHandler(RequestHandler):
    """Answers every request with ``status_code``."""

    def initialize(self, status_code: int) -> None:  # type: ignore[override]
        """Take the status."""
        self.set_status(status_code)

    def prepare(self) -> None:
        """Raise the error, whatever the verb."""
        raise HTTPError(self._status_code)

    def check_xsrf_cookie(self) -> None:
        """Check nothing: an error does nothing that would need protection."""


class RedirectHandler(RequestHandler):
    """Redirects every GET to ``url``.

    From generation 5 on the groups of the route's pattern go into the ``{}`` of ``url``, and the
    request's query is added to it.
    """

    def initialize(self, url: str, permanent: bool = True) -> None:  # type: ignore[override]
        """Take the address and whether the redirect is permanent."""
        self._url = url
        self._permanent = permanent

    def get(self, *args: Any, **kwargs: Any) -> None:
        """Redirect."""
        if generation.current == 4:
            self._redirect_plainly(*args, **kwargs)
            return
        url = self._url.format(*args, **kwargs)
        query = self.request.query_arguments.items()
        values = [(name, value) for name, given in query for value in given]
        self.redirect(url_concat(url, values) if values else url, permanent=self._permanent)

    def _redirect_plainly(self) -> None:
        self.redirect(self._url, permanent=self._permanent)


class FallbackHandler(RequestHandler):
    """Hands every request to ``fallback``, a callable that takes an `HTTPServerRequest`."""

    def initialize(self, fallback: Any) -> None:  # type: ignore[override]
        """Take the callable."""
        self.fallback = fallback

    def prepare(self) -> None:
        """Hand the request over; this handler is done with it."""
        self.fallback(self.request)
        self._finished = True


class StaticFileHandler(RequestHandler):
    """Stands where static files would be served: every request fails and says so."""

    def initialize(self, path: str, default_filename: str | None = None) -> None:  # type: ignore[override]
        """Take the folder; nothing is read from it."""
        self.root = path
        self.default_filename = default_filename

    def prepare(self) -> None:
        """Refuse."""
        raise NotImplementedError("the bundled runtime serves no static files (StaticFileHandler)")


class OutputTransform:
    """Changes responses on their way out; made with the request."""

    def __init__(self, request: Any) -> None:
        pass

    def transform_first_chunk(
        self, status_code: int, headers: Any, chunk: bytes, finishing: bool
    ) -> tuple[int, Any, bytes]:
        """Return status, headers and first chunk, changed."""
        return status_code, headers, chunk

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        """Return a later chunk, changed."""
        return chunk


class GZipContentEncoding(OutputTransform):
    """Stands where responses would be compressed; the bundled runtime sends them as they are."""

    GZIP_LEVEL = 6
    MIN_LENGTH = 1024
