"""Handlers at the edges of HTTP and of a request's life, as cases for `web_driver`.

Odd statuses, reasons, headers and bodies; connections that end early; callbacks of ``fetch`` that
raise. All of them once were different on the runtime.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from tornado import auth, escape, gen, httpclient, httputil, web
from web_cases import GENERATION, Ask, Base, asynchronous, case, later

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PARTS = {"Content-Type": "multipart/form-data; boundary=B"}


class Edge(Base):
    """Notes what a call returns or raises."""

    def attempt(self, function: Callable[..., Any], *args: Any) -> None:
        try:
            self.note(function(*args))
        except Exception as error:
            self.note(type(error).__name__, error)


STATUSES: dict[str, Any] = {
    "latin": (200, "caf\xe9"),
    "euro": (200, "\u20ac"),
    "newline": (200, "a\nb"),
    "text": ("200", "OK"),
}
if GENERATION >= 5:  # Tornado 4's server sends this, its client takes it for no response
    STATUSES["informational"] = (199, "Odd")
if GENERATION >= 6:  # the others' servers send this, their clients read something else
    STATUSES["return"] = (200, "a\rb")


@case(*[Ask(query=f"kind={kind}", patience=0.1) for kind in STATUSES])
class SetsStatus(Edge):
    def get(self) -> None:
        self.set_status(*STATUSES[self.get_argument("kind")])
        self.write("x")


@case(*[Ask(query=f"kind={kind}", patience=0.1) for kind in STATUSES])
class RaisesStatus(web.RequestHandler):
    def get(self) -> None:
        code, reason = STATUSES[self.get_argument("kind")]
        raise web.HTTPError(code, reason=reason)


@case(*[Ask(query=f"kind={kind}") for kind in ("x", "%2B3")])
class ContentLengths(Edge):
    def get(self) -> None:
        self.set_header("Content-Length", self.get_argument("kind"))
        self.write("abc")


@case()
class HeaderValues(Edge):
    def get(self) -> None:
        for character in "\x00\t\n\r\x1f\x7f\x80\xe9\u0100\u20ac":
            self.attempt(self.set_header, "X-A", f"a{character}b")
        self.set_header("X-A", "x")
        self.attempt(self.finish, "one", "two many")


@case(Ask(query="name=a%0Ab"), Ask(query="name=a%0Db"))
class HeaderNames(Edge):
    def get(self) -> None:
        self.set_header(self.get_argument("name"), "x")


@case()
class KeyVersions(Edge):
    def get(self) -> None:
        self.settings.update(cookie_secret={0: "a", 1: "b"}, key_version=1)
        try:
            for value in (None, "nonsense", self.create_signed_value("k", "v")):
                self.attempt(self.get_secure_cookie_key_version, "k", value)
        finally:
            del self.settings["cookie_secret"], self.settings["key_version"]


def part(head: str, end: str = "\r\n") -> str:
    """A body with one part."""
    return f"--B\r\n{head}\r\n\r\nvalue{end}--B--"


BODIES = [
    ("a=\xff&b=%ff&c=\xc3\xa9", FORM),
    ("a=1", {**FORM, "Content-Encoding": "gzip"}),
    ("x", {"Content-Type": "multipart/form-data"}),
    ("no boundary", PARTS),
    ("--B--", PARTS),
    ("--B\r\nno head--B--", PARTS),
    ("before" + part("Content-Disposition: form-data; name=a"), PARTS),
    (part("X: y"), PARTS),
    (part("Content-Disposition: form-data"), PARTS),
    (part('Content-Disposition: form-data; name=""'), PARTS),
    (part("Content-Disposition: form-data; name=a"), PARTS),
    (part("Content-Disposition: form-data; name=a", end=""), PARTS),
    (part("Content-Disposition: attachment; name=a"), PARTS),
    (part("\xff: y"), PARTS),
    (part("Content-Disposition: form-data; name=f; filename*=utf-8''%C3%A9"), PARTS),
]


@case(*[Ask("POST", headers=headers, body=body.encode("latin1")) for body, headers in BODIES])
class Forms(Edge):
    def post(self) -> None:
        self.note(sorted(self.request.body_arguments.items()))
        self.note([(name, file[0].filename) for name, file in self.request.files.items()])


@case(Ask("FOO", headers=PARTS, body="bad"), pattern="/(.*)", path="/%FF")
class FormsAndVerbs(Edge):
    pass


@case(Ask("POST", headers=PARTS, body="bad"), pattern="/(.*)", path="/%FF")
class FormsAndPaths(Edge):
    pass


LINES = ("no colon", " first", "a:", ":b", "a : b", "a\tb: c", "x: y\r\n  z")


@case()
class HeaderLines(Edge):
    def get(self) -> None:
        for line in LINES:
            self.attempt(lambda text: sorted(httputil.HTTPHeaders.parse(text).get_all()), line)
        self.attempt(httputil.HTTPHeaders().parse_line, " first")


@case()
class Escapes(Edge):
    def get(self) -> None:
        for value in ("<&'\">", b"caf\xc3\xa9", None, 5):
            self.attempt(escape.xhtml_escape, value)
        self.attempt(escape.xhtml_unescape, "&#x27;&#39;&apos;&quot;&nbsp;&bogus;&#xZZ;")


@case()
class ShownRequest(Edge):
    def get(self) -> None:
        headers = dict.fromkeys(sorted(self.request.headers), "")
        self.request.headers.clear()
        self.request.headers.update(dict.fromkeys(headers, "x"))
        self.note(repr(self.request))
        for name in ("finish", "supports_http_1_1", "write"):
            self.note(name, hasattr(self.request, name))


@case()
class TornadoThree(Edge):
    """What Tornado 4.0 removed: no generation of the runtime has it."""

    def get(self) -> None:
        later(self.async_callback(self.finish))


# Connections that end early


@case()
class InitializeRaisesHeard(Edge):
    def initialize(self) -> None:
        raise KeyError("k")


@case(Ask(query="when=now", patience=0.1), Ask(query="when=later", patience=0.1))
class ClosesItself(Edge):
    @gen.coroutine
    def get(self) -> Any:
        if self.get_argument("when") == "later":
            yield gen.sleep(0.01)
        self.request.connection.stream.close()
        yield gen.sleep(0.01)


@case()
class WritesMoreThanPromised(Edge):
    @gen.coroutine
    def get(self) -> Any:
        self.set_header("Content-Length", "4")
        self.write("ab")
        yield self.flush()
        self.write("cde")
        yield self.flush()


@case(Ask(patience=0.05))
class ConnectionCloseRaises(Edge):
    @gen.coroutine
    def get(self) -> Any:
        yield gen.sleep(0.1)

    def on_connection_close(self) -> None:
        raise KeyError("close")


class Streamed(Edge):
    def data_received(self, chunk: bytes) -> None:
        self.note("data", len(chunk))

    def post(self) -> None:
        self.note("post")


@case(Ask("POST", body="x" * 10, patience=0.2))
@web.stream_request_body
class StreamedRaises(Streamed):
    def data_received(self, chunk: bytes) -> None:
        raise KeyError("data")


@case(Ask("POST", body="x" * 10))
@web.stream_request_body
class StreamedNotWanted(Streamed):
    def prepare(self) -> None:
        raise web.HTTPError(413)


# Redirects


@case(Ask(), Ask(query="a=1&a=2&b=%C3%A9"), url="/to?c=d")
class RedirectsWithQuery(web.RedirectHandler):
    pass


@case(Ask(), pattern="/(.*)", path="/x%20y", url="/to/{}", permanent=False)
class RedirectsWithGroups(web.RedirectHandler):
    pass


# The client's side


class Asking(Edge):
    options: ClassVar[dict[str, Any]] = {}

    @gen.coroutine
    def get(self) -> Any:
        url = (
            f"http://{self.request.host}/upstream/{'echo' if 'body' in self.options else 'chunks'}"
        )
        options = {**self.options}
        for name in ("header_callback", "streaming_callback"):
            if name in options:
                options[name] = getattr(self, options[name])
        try:
            response = yield httpclient.AsyncHTTPClient().fetch(url, **options)
            self.note(response.code, response.body)
        except Exception as error:
            self.note(type(error).__name__, error, getattr(error, "code", None))

    def raising(self, part: Any) -> None:
        raise ValueError("in a callback")


@case()
class HeaderCallbackRaises(Asking):
    options: ClassVar[dict[str, Any]] = {"header_callback": "raising"}


@case()
class StreamingCallbackRaisesAtYield(Asking):
    options: ClassVar[dict[str, Any]] = {"streaming_callback": "raising"}


@case()
class ExpectsContinue(Asking):
    options: ClassVar[dict[str, Any]] = {"method": "POST", "body": "x", "expect_100_continue": True}


@case()
class ProducesBody(Edge):
    @gen.coroutine
    def get(self) -> Any:
        for headers in ({}, {"Content-Length": "4"}):
            response = yield httpclient.AsyncHTTPClient().fetch(
                f"http://{self.request.host}/upstream/echo",
                method="POST",
                body_producer=self.produce,
                headers=httputil.HTTPHeaders(headers),
            )
            self.note(response.body)

    @gen.coroutine
    def produce(self, write: Callable[[bytes], Any]) -> Any:
        yield write(b"ab")
        later(self.note, "between")
        yield gen.sleep(0.03)
        yield write(b"cd")


# What mixins outside Tornado are made with


class Asks:
    """What the functions do with the Future that stands where their callback would."""

    def now(self, callback: Any) -> Any:
        callback.set_result("user")
        self.note("set")  # type: ignore[attr-defined]
        return "is not looked at"

    def later(self, callback: Any) -> None:
        later(callback.set_result, "user")

    def denied(self, callback: Any) -> None:
        later(callback.set_exception, auth.AuthError("denied"))

    def failed(self, callback: Any) -> None:
        later(callback.set_exception, KeyError("failed"))

    def raises(self, callback: Any) -> None:
        raise KeyError("at once")

    def raises_denied(self, callback: Any) -> None:
        raise auth.AuthError("at once")

    def raises_later(self, callback: Any) -> None:
        later([].pop)

    def raises_after(self, callback: Any) -> None:
        callback.set_result("user")
        raise KeyError("after")


KINDS = [name for name in vars(Asks) if not name.startswith("_")]
_auth_return_future: Any = getattr(auth, "_auth_return_future", lambda function: function)


class Mixin(Edge):
    pass


for _name in KINDS:
    setattr(Mixin, f"ask_{_name}", _auth_return_future(getattr(Asks, _name)))


@case(*[Ask(query=f"kind={kind}", patience=0.1) for kind in KINDS], old=True)
class MixinCallsBack(Mixin):
    @asynchronous
    def get(self) -> None:
        made = getattr(self, "ask_" + self.get_argument("kind"))(callback=self.on_user)
        self.note(made.done())

    def on_user(self, user: Any) -> None:
        self.note("user", user)
        if not user:
            raise KeyError("nobody")
        self.finish("welcome")


@case(*[Ask(query=f"kind={kind}", patience=0.1) for kind in KINDS], old=True)
class MixinIsYielded(Mixin):
    @gen.coroutine
    def get(self) -> Any:
        user = yield getattr(self, "ask_" + self.get_argument("kind"))()
        self.note("user", user)
        self.finish("welcome")
