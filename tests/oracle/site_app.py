"""The Tornado side of a scenario: client, resolver, templates, hooks (child side)."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from recorder import Recorder, describe
from scenario import Request
from tornado.concurrent import Future
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.netutil import Resolver, bind_sockets
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from tornado.template import BaseLoader, Template
from tornado.web import Application, RequestHandler, create_signed_value
from upstream import Upstream

SECRET = "oracle-secret"
HOOKS = ("on_finish", "on_connection_close")


class _Stage:
    """What the client and the resolver of the running scenario talk to."""

    recorder: Recorder
    upstream: Upstream


class OracleClient(SimpleAsyncHTTPClient):
    """Tornado's own client; every fetch is an effect and is announced to the upstream.

    The upstream has no certificate, so it speaks plainly also where it is asked for ``https``.
    """

    def fetch_impl(self, request: Any, callback: Any) -> None:
        headers = {k: v for k, v in request.headers.items() if k.lower() != "user-agent"}
        shown = f"{request.method} {request.url} {describe(headers)} {describe(request.body)}"
        _Stage.recorder.note("fetch", shown)
        with contextlib.suppress(ValueError):
            if urlsplit(request.url).scheme == "https":
                request.request.url = request.url.replace("https", "http", 1)
            parts = urlsplit(request.url)
            if parts.scheme == "http":
                path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                url = f"http://{parts.netloc.rpartition('@')[2]}{path}"
                host, port = parts.hostname or "", parts.port or 80
                _Stage.upstream.expect(request.method, url, host, port)
        return super().fetch_impl(request, callback)


class OracleResolver(Resolver):
    """Leads every host name to the upstream."""

    def initialize(self, *args: Any, **kwargs: Any) -> None:
        return None

    def close(self) -> None:
        return None

    def resolve(self, host: str, port: int, family: int = 0, callback: Any = None) -> Any:
        future: Any = Future()
        try:
            future.set_result([(socket.AF_INET, _Stage.upstream.address(host, port))])
        except socket.gaierror as error:
            future.set_exception(error)
        return future


class AnyTemplate(BaseLoader):
    """Every template exists and shows its own name; the values it gets are recorded."""

    def resolve_path(self, name: str, parent_path: str | None = None) -> str:
        return name

    def _create_template(self, name: str) -> Template:
        return Template(f"[{name}]", name=name, loader=self)


def raise_curtain(recorder: Recorder, upstream: Upstream) -> None:
    """Make ``recorder`` and ``upstream`` those of the scenario that starts now."""
    _Stage.recorder, _Stage.upstream = recorder, upstream
    AsyncHTTPClient.configure(OracleClient, max_clients=20)
    Resolver.configure(OracleResolver)


def watch(handler: type[RequestHandler], recorder: Recorder) -> None:
    """Record the hooks and the templates of a handler class; the class is fresh, so is this."""
    for name in HOOKS:
        setattr(handler, name, _recorded(getattr(handler, name), name, recorder))
    plain = handler.render_string

    def render_string(self: RequestHandler, template_name: str, **kwargs: Any) -> bytes:
        recorder.note("render", f"{template_name} {describe(kwargs)}")
        return plain(self, template_name, **kwargs)

    handler.render_string = render_string


def _recorded(method: Any, name: str, recorder: Recorder) -> Any:
    def hook(self: RequestHandler) -> Any:
        recorder.note("hook", name)
        return method(self)

    return hook


def serve(
    handler: type[RequestHandler], initialize: Mapping[str, Any], settings: Mapping[str, Any]
) -> tuple[HTTPServer, tuple[str, int]]:
    """Start a server on a free port; every path leads to ``handler``.

    The parts of a path that stand in parentheses of ``settings["route"]`` are its arguments. The
    server stands behind a proxy, whose headers say who the client is.
    """
    chosen = {"cookie_secret": SECRET, "login_url": "/login", "template_path": "templates"}
    chosen |= {"template_loader": AnyTemplate(), **settings}
    route = chosen.pop("route", r"/.*")
    application = Application([(route, handler, dict(initialize))], **chosen)
    server = HTTPServer(application, xheaders=True)
    sockets = bind_sockets(0, address="127.0.0.1")
    server.add_sockets(sockets)
    return server, sockets[0].getsockname()


def cookies(request: Request) -> str:
    """The ``Cookie`` header with the request's signed cookies, or ""."""
    made = (
        f"{name}={create_signed_value(SECRET, name, value).decode()}"
        for name, value in request.signed_cookies.items()
    )
    return "; ".join(made)
