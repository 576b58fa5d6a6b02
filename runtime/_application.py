"""`Application`: routes, settings, and the way from a request to its handler."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from . import _futures, generation
from ._handler import RequestHandler
from ._rendering import TemplateModule
from ._routes import Route, URLSpec
from ._serverrequest import HTTPServerRequest
from ._webhandlers import ErrorHandler, RedirectHandler, StaticFileHandler
from .httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from .log import access_log, app_log

__all__ = ["Application"]

_DEBUG = {
    "autoreload": True,
    "compiled_template_cache": False,
    "static_hash_cache": False,
    "serve_traceback": True,
}


class Application(HTTPServerConnectionDelegate):
    """A collection of routes with settings.

    ``handlers`` is a list of `URLSpec` or of tuples with its arguments; ``settings`` are the
    keyword arguments of Tornado's documentation.
    """

    def __init__(
        self,
        handlers: Iterable[Any] | None = None,
        default_host: str = "",
        transforms: list[Any] | None = None,
        **settings: Any,
    ) -> None:
        self.transforms = transforms or []
        self.handlers: list[tuple[re.Pattern[str], list[URLSpec]]] = []
        self.named_handlers: dict[str, URLSpec] = {}
        self.default_host = default_host
        self.settings = settings
        self.ui_modules: dict[str, Any] = {"Template": TemplateModule}
        self.ui_methods: dict[str, Any] = {}
        if settings.get("ui_modules"):
            _load(self.ui_modules, settings["ui_modules"], _is_module)
        if settings.get("ui_methods"):
            _load(self.ui_methods, settings["ui_methods"], _is_method)
        if settings.get("debug"):
            for name, value in _DEBUG.items():
                settings.setdefault(name, value)
        routes = list(handlers or [])
        if settings.get("static_path"):
            routes = self._static_routes() + routes
        if routes:
            self.add_handlers(".*$", routes)

    def _static_routes(self) -> list[Any]:
        arguments = {**self.settings.get("static_handler_args", {})}
        arguments["path"] = self.settings["static_path"]
        handler = self.settings.get("static_handler_class", StaticFileHandler)
        prefix = re.escape(self.settings.get("static_url_prefix", "/static/"))
        patterns = [r"/(robots\.txt)", r"/(favicon\.ico)", prefix + r"(.*)"]
        return [(pattern, handler, arguments) for pattern in patterns]

    def listen(self, port: int, address: str = "", **kwargs: Any) -> Any:
        """Serve this application on an in-memory port; the server comes back."""
        from .httpserver import HTTPServer

        server = HTTPServer(self, **kwargs)
        server.listen(port, address)
        return server

    def add_handlers(self, host_pattern: str, host_handlers: Iterable[Any]) -> None:
        """Add routes for hosts that match the regular expression ``host_pattern``.

        The routes of all matching hosts are tried in the order they came, those of ``.*`` last.
        """
        pattern = re.compile(host_pattern if host_pattern.endswith("$") else host_pattern + "$")
        specs = [spec if isinstance(spec, URLSpec) else URLSpec(*spec) for spec in host_handlers]
        catch_all = self.handlers and self.handlers[-1][0].pattern == ".*$"
        position = len(self.handlers) - 1 if catch_all else len(self.handlers)
        self.handlers.insert(position, (pattern, specs))
        for spec in specs:
            if spec.name:
                if spec.name in self.named_handlers:
                    message = "Multiple handlers named %s; replacing previous value"
                    app_log.warning(message, spec.name)
                self.named_handlers[spec.name] = spec

    def add_transform(self, transform_class: Any) -> None:
        """Pass every response through an output transform of this class."""
        self.transforms.append(transform_class)

    def reverse_url(self, name: str, *args: Any) -> str:
        """Return the path of the route called ``name``; KeyError if there is none."""
        if name in self.named_handlers:
            return self.named_handlers[name].reverse(*args)
        raise KeyError(f"{name} not found in named urls")

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """Return what takes the parts of a new request."""
        return _Dispatcher(self, request_conn)

    def __call__(self, request: HTTPServerRequest) -> Any:
        """Handle a complete request; what comes back resolves when its handler has returned."""
        return self.execute(request)

    def execute(self, request: HTTPServerRequest) -> Any:
        """Make the handler of ``request`` and run it."""
        route = self.route(request)
        return self.run(route.handler_class(self, request, **route.handler_kwargs), route)

    def run(self, handler: RequestHandler, route: Route) -> Any:
        """Run ``handler`` with the arguments that ``route`` found in the path."""
        transforms = [transform(handler.request) for transform in self.transforms]
        return handler._execute(transforms, *route.path_args, **route.path_kwargs)

    def route(self, request: HTTPServerRequest) -> Route:
        """Find the handler class for ``request``."""
        host = request.host.lower().split(":")[0] if len(self.handlers) != 1 else ""
        found = False
        for pattern, specs in self.handlers:
            if pattern.pattern != ".*$" and not self._host_matches(pattern, host, request):
                continue
            found = True
            for spec in specs:
                match = spec.match(request.path)
                if match is not None:
                    return spec.route(match)
        if not found:
            url = f"{request.protocol}://{self.default_host}/"
            return Route(RedirectHandler, {"url": url})
        if self.settings.get("default_handler_class"):
            arguments = self.settings.get("default_handler_args", {})
            return Route(self.settings["default_handler_class"], arguments)
        return Route(ErrorHandler, {"status_code": 404})

    def _host_matches(
        self, pattern: re.Pattern[str], host: str, request: HTTPServerRequest
    ) -> bool:
        host = host or request.host.lower().split(":")[0]
        if pattern.match(host):
            return True
        # A proxy keeps the host of the client; without one the name may not be ours.
        return (
            bool(self.default_host)
            and "X-Real-Ip" not in request.headers
            and not any(known.match(host) for known, _ in self.handlers)
            and bool(pattern.match(self.default_host))
        )

    def log_request(self, handler: RequestHandler) -> None:
        """Write the access log's line, or call the ``log_function`` setting."""
        if "log_function" in self.settings:
            self.settings["log_function"](handler)
            return
        status = handler.get_status()
        if status < 400:
            log = access_log.info
        elif status < 500:
            log = access_log.warning
        else:
            log = access_log.error
        elapsed = 1000.0 * handler.request.request_time()
        log("%d %s %.2fms", status, handler._request_summary(), elapsed)


class _Dispatcher(HTTPMessageDelegate):
    """Collects one request from its parts and starts its handler."""

    def __init__(self, application: Application, connection: Any) -> None:
        self.application = application
        self.connection = connection
        self.chunks: list[bytes] = []
        self.handler: RequestHandler | None = None

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Any:
        """Make the request; with a streamed body its handler starts now."""
        assert isinstance(start_line, RequestStartLine)
        request = HTTPServerRequest(
            connection=self.connection, start_line=start_line, headers=headers
        )
        self.request = request
        self.found = self.application.route(request)
        if not self.found.handler_class._stream_request_body:
            return None
        body = _futures.Future()
        if generation.current < 6:
            request.body = body  # type: ignore[assignment]
        handler = self.found.handler_class(self.application, request, **self.found.handler_kwargs)
        handler._prepared_future = _futures.Future()
        handler._body_future = body
        self.handler, self.body = handler, body
        self.application.run(handler, self.found)
        return handler._prepared_future

    def data_received(self, chunk: bytes) -> Any:
        """Take a part of the body."""
        if self.handler is not None:
            return self.handler.data_received(chunk)
        self.chunks.append(chunk)
        return None

    def finish(self) -> None:
        """Run the handler, or tell it that its body is complete."""
        if self.handler is not None:
            self.body.set_result(None)
            return
        self.request.body = b"".join(self.chunks)
        if generation.current == 6:
            self.request._parses_late = True
        else:
            self.request._parse_body()
        route = self.found
        handler = route.handler_class(self.application, self.request, **route.handler_kwargs)
        self.application.run(handler, route)

    def on_connection_close(self) -> None:
        """Tell a handler with a streamed body that the rest will not come."""
        if self.handler is not None:
            self.handler._on_connection_close()


def _load(into: dict[str, Any], source: Any, wanted: Any) -> None:
    """Collect ui methods or modules from a dict, a module, or a list of them."""
    if isinstance(source, list):
        for part in source:
            _load(into, part, wanted)
    elif isinstance(source, dict):
        into.update({name: value for name, value in source.items() if wanted(name, value)})
    else:
        names = {name: getattr(source, name) for name in dir(source)}
        into.update({name: value for name, value in names.items() if wanted(name, value)})


def _is_method(name: str, value: Any) -> bool:
    return not name.startswith("_") and callable(value) and name[0].lower() == name[0]


def _is_module(name: str, value: Any) -> bool:
    from ._rendering import UIModule

    return isinstance(value, type) and issubclass(value, UIModule)
