"""``tornado.httpclient`` in memory: `AsyncHTTPClient.fetch` asks the outside world by a choice.

What arrives in a callback and what is raised at a yield is SEMANTICS section 1, row by row. Nothing
but a wrong argument, an unknown one, or a closed client is raised at the call.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any
from weakref import WeakKeyDictionary

from . import _current, _futures, _joins, choices, generation
from ._fetch import Fetch
from ._headers import HTTPHeaders
from ._httpmessages import (
    CLIENT_ERRORS,
    HTTP_ERRORS,
    HTTPRequest,
    HTTPResponse,
    RequestProxy,
    _ClientError,
)
from ._questions import numbered
from ._upstream import OUTCOMES, Outcome, set_outcomes, set_responder
from .ioloop import IOLoop
from .stack_context import wrap
from .util import Configurable

__all__ = [
    "OUTCOMES",
    "AsyncHTTPClient",
    "HTTPClient",
    "HTTPError",
    "HTTPRequest",
    "HTTPResponse",
    "Outcome",
    "_RequestProxy",
    "set_outcomes",
    "set_responder",
]

_RequestProxy = RequestProxy
_OPTIONS = (
    "auth_username",
    "auth_password",
    "auth_mode",
    "connect_timeout",
    "request_timeout",
    "follow_redirects",
    "max_redirects",
    "user_agent",
    "decompress_response",
    "proxy_host",
    "proxy_port",
    "allow_nonstandard_methods",
    "validate_cert",
    "ca_certs",
    "client_key",
    "client_cert",
)
"""What of a request the other side, or who waits for it, notices; part of the effect."""
_read_options = itemgetter(*_OPTIONS)
_NO_OPTIONS = (None,) * len(_OPTIONS)
_clients: WeakKeyDictionary[IOLoop, dict[type[Any], AsyncHTTPClient]] = WeakKeyDictionary()


class AsyncHTTPClient(Configurable):
    """A client; there is one a loop unless ``force_instance`` is true.

    ``defaults`` are values for fields that a request leaves None.
    """

    io_loop: IOLoop
    defaults: dict[str, Any]
    plain_defaults: bool

    def __new__(
        cls, io_loop: IOLoop | None = None, force_instance: bool = False, **kwargs: Any
    ) -> AsyncHTTPClient:
        """Return the loop's client, a new one with ``force_instance``; SEMANTICS section 1."""
        if generation.current >= 5:  # the first argument is force_instance there
            force_instance, io_loop = bool(io_loop) or force_instance, None
        loop = io_loop or _current.loop()
        shared = _clients.setdefault(loop, {})
        if not force_instance and cls in shared:
            return shared[cls]
        client: AsyncHTTPClient = super().__new__(cls, io_loop=loop, **kwargs)
        client._shared = None if force_instance else cls
        if not force_instance:
            shared[cls] = client
        return client

    _shared: type[AsyncHTTPClient] | None
    _closed = False

    @classmethod
    def configurable_base(cls) -> type[AsyncHTTPClient]:
        """Return the class that `configure` is about."""
        return AsyncHTTPClient

    @classmethod
    def configurable_default(cls) -> type[AsyncHTTPClient]:
        """Return the class that is used when none is configured."""
        from .simple_httpclient import SimpleAsyncHTTPClient

        return SimpleAsyncHTTPClient

    def initialize(  # type: ignore[override]
        self, io_loop: IOLoop, defaults: dict[str, Any] | None = None
    ) -> None:
        """Take what the constructor was given."""
        self.io_loop = io_loop
        self.defaults = {**HTTPRequest._DEFAULTS, **(defaults or {})}
        self.plain_defaults = self.defaults == HTTPRequest._DEFAULTS

    def close(self) -> None:
        """End this client; `fetch` raises RuntimeError from now on."""
        if self._closed:
            return
        self._closed = True
        shared = _clients.get(self.io_loop, {})
        if self._shared is not None and shared.get(self._shared) is self:
            del shared[self._shared]

    def fetch(self, request: str | HTTPRequest, *options: Any, **kwargs: Any) -> Any:
        """Make a request; a Future of its `HTTPResponse` comes back.

        Further arguments: ``callback`` (up to 5), which is called with the response, whatever it
        is; ``raise_error``, without which only 2xx is an error of the Future (in 6: the absence of
        a response still is); everything else makes an `HTTPRequest` of a URL.
        """
        if self._closed:
            raise RuntimeError("fetch() called on closed AsyncHTTPClient")
        names = ("callback", "raise_error") if generation.current < 6 else ("raise_error",)
        given = dict(zip(names, options, strict=False)) if options else {}
        if kwargs:
            for name in names:
                if name in kwargs:
                    given[name] = kwargs.pop(name)
        if not isinstance(request, HTTPRequest):
            request = HTTPRequest(request, **kwargs)
        elif kwargs:
            raise ValueError("kwargs can't be used if request is an HTTPRequest object")
        headers = request.headers
        if type(headers) is not HTTPHeaders or headers:
            request.headers = HTTPHeaders(headers)
        proxy = RequestProxy(request, self.defaults)
        choices.record("fetch", f"{request.method} {request.url}", _detail(request))
        return self._start(proxy, given.get("callback"), given.get("raise_error", True))

    def _start(self, request: RequestProxy, callback: Any, raise_error: bool) -> Any:
        future = _futures.Future()
        loop = self.io_loop
        if callback is not None:
            callback = wrap(callback)
            start = loop.time()

            def call_back(future: Any) -> None:
                error = future.exception()
                if error is None:
                    response = future.result()
                elif isinstance(error, _ClientError) and error.response is not None:
                    response = error.response
                else:
                    elapsed = loop.time() - start
                    response = HTTPResponse(request, 599, error=error, request_time=elapsed)
                loop.add_callback(callback, response)

            future.add_done_callback(call_back)

        def resolve(response: HTTPResponse) -> None:
            if future.cancelled():
                return
            if (
                _joins.unnoticed(future)
                and request.streaming_callback is None
                and request.header_callback is None
            ):
                _joins.note(future)
            error = response.error
            if error is None or not _raises(response, raise_error):
                future.set_result(response)
                return
            if generation.current == 5 and isinstance(error, _ClientError):
                error.response = response
            future.set_exception(error)

        self.fetch_impl(request, resolve)
        return future

    def fetch_impl(self, request: Any, callback: Any) -> None:
        """Make the request and call ``callback`` with its response. Subclasses may replace it."""
        Fetch(self, request, callback).begin()

    def question(self, request: Any) -> str:
        """The key of a request: what is asked, and the how many-th time on this loop."""
        body = f" {request.body[:60]!r}" if request.body else ""
        return numbered(self.io_loop, f"fetch {request.method} {request.url}{body}")


def _raises(response: HTTPResponse, raise_error: bool) -> bool:
    """Whether the future of a response with an error fails (SEMANTICS 1, last column)."""
    return raise_error or (generation.current == 6 and not response._error_is_response_code)


def _detail(request: HTTPRequest) -> dict[str, Any] | None:
    """What a request says besides method and address: headers, body, and the options given."""
    given = vars(request)
    values = _read_options(given)
    detail: dict[str, Any] = {}
    if values != _NO_OPTIONS:
        options = zip(_OPTIONS, values, strict=True)
        detail.update({name: value for name, value in options if value is not None})
    if request.headers:
        detail["headers"] = dict(request.headers)
    if request.body is not None:
        detail["body"] = request.body
    return detail or None


class HTTPClient:
    """The client that waits: it runs a loop of its own for every request."""

    def __init__(self, async_client_class: Any = None, **kwargs: Any) -> None:
        self._io_loop = IOLoop(make_current=False)
        client_class = async_client_class or AsyncHTTPClient
        if generation.current >= 5:
            self._async_client = client_class(force_instance=True, **kwargs)
            self._async_client.io_loop = self._io_loop
        else:
            self._async_client = client_class(self._io_loop, force_instance=True, **kwargs)
        self._closed = False

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """End the client."""
        if not getattr(self, "_closed", True):
            self._async_client.close()
            self._io_loop.close()
            self._closed = True

    def fetch(self, request: str | HTTPRequest, **kwargs: Any) -> HTTPResponse:
        """Make a request and return its response; see `AsyncHTTPClient.fetch` for errors."""
        response: HTTPResponse = self._io_loop.run_sync(
            lambda: self._async_client.fetch(request, **kwargs)
        )
        return response


HTTPError: type[_ClientError]
generation.vary(globals(), "HTTPError", HTTP_ERRORS)
generation.vary(globals(), "HTTPClientError", CLIENT_ERRORS)
