"""Handlers whose behaviour on the runtime is compared with real Tornado's (SEMANTICS 1 and 2).

Every case is a handler class and the requests made to it, by `web_driver`, on whatever ``tornado``
means. Handlers write what happens to ``events``; nothing depends on the clock.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tornado import concurrent, gen, httpclient, version_info, web
from tornado.ioloop import IOLoop

GENERATION = version_info[0]
OLD = GENERATION < 6

events: list[Any] = []


@dataclass(frozen=True)
class Ask:
    """One request: what the client says, and how long it waits (seconds of the loop)."""

    method: str = "GET"
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: str | bytes | None = None
    patience: float = 30.0


@dataclass(frozen=True)
class Case:
    """A handler and the requests it gets; ``path`` is a pattern with the class's name before it."""

    handler: type[web.RequestHandler]
    asks: tuple[Ask, ...]
    pattern: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    path: str = ""


cases: dict[str, Case] = {}


def case(*asks: Ask, pattern: str = "", path: str = "", old: bool = False, **arguments: Any) -> Any:
    """Declare a handler class as a case; ``old`` ones use what Tornado 6 does not have."""

    def declare(cls: type[web.RequestHandler]) -> type[web.RequestHandler]:
        if not old or OLD:
            cases[cls.__name__] = Case(cls, asks or (Ask(),), pattern, arguments, path)
        return cls

    return declare


def later(callback: Callable[..., Any], *args: Any) -> None:
    """Call back after 20 milliseconds of the loop's time."""
    loop = IOLoop.current()
    loop.add_timeout(loop.time() + 0.02, functools.partial(callback, *args))


asynchronous: Any = getattr(web, "asynchronous", lambda method: method)


class Base(web.RequestHandler):
    """Notes every hook."""

    def note(self, *what: Any) -> None:
        events.append(" ".join(map(str, what)))

    def prepare(self) -> Any:
        self.note("prepare")

    def on_finish(self) -> None:
        self.note("on_finish")

    def on_connection_close(self) -> None:
        self.note("on_connection_close")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        name = kwargs["exc_info"][0].__name__ if "exc_info" in kwargs else "-"
        self.note("write_error", status_code, name)
        self.finish(f"E{status_code}:{name}")


# Section 2, row by row: callback style


@case(old=True)
class CallbackFinishes(Base):
    @asynchronous
    def get(self) -> None:
        later(self.on_x)
        self.note("get ends")

    def on_x(self) -> None:
        self.write("x")
        self.finish()
        self.note("after finish")


@case(Ask(patience=0.1), old=True)
class CallbackNeverFinishes(Base):
    @asynchronous
    def get(self) -> None:
        later(self.write, "x")


@case(old=True)
class RaisesBeforeCallback(Base):
    @asynchronous
    def get(self) -> None:
        self.set_header("X-A", "1")
        self.write("lost")
        raise KeyError("k")


@case(old=True)
class RaisesInCallback(Base):
    @asynchronous
    def get(self) -> None:
        self.write("lost")
        later(self.on_x)

    def on_x(self) -> None:
        raise KeyError("k")


@case(old=True)
class RaisesAfterFlush(Base):
    @asynchronous
    def get(self) -> None:
        self.write("part")
        self.flush()
        later(self.on_x)

    def on_x(self) -> None:
        raise KeyError("k")


@case(old=True)
class RaisesAfterFinish(Base):
    @asynchronous
    def get(self) -> None:
        later(self.on_x)

    def on_x(self) -> None:
        self.finish("done")
        raise KeyError("k")


@case(old=True)
class RestRaises(Base):
    @asynchronous
    def get(self) -> None:
        later(self.on_x)
        raise KeyError("rest")

    def on_x(self) -> None:
        self.note("callback runs")
        self.finish("x")


@case(old=True)
class FinishedInGet(Base):
    @asynchronous
    def get(self) -> None:
        later(self.on_x)
        self.finish("main")

    def on_x(self) -> None:
        self.note("callback runs")
        self.write("late")


@case(old=True)
class TwoCallbacksFirstRaises(Base):
    @asynchronous
    def get(self) -> None:
        later(self.first)
        later(self.second)

    def first(self) -> None:
        raise KeyError("first")

    def second(self) -> None:
        self.note("second runs")
        self.finish("second")


@case(Ask(query="what=finish"), Ask(query="what=chunk"), Ask(query="what=403"), old=True)
class RaisesInCallbackSpecially(Base):
    @asynchronous
    def get(self) -> None:
        self.write("kept ")
        later(getattr(self, "when_" + self.get_argument("what")))

    def when_finish(self) -> None:
        raise web.Finish()

    def when_chunk(self) -> None:
        raise web.Finish("chunk")

    def when_403(self) -> None:
        raise web.HTTPError(403, "log %s", "me")


@case(Ask(query="v=text"), Ask(query="v=42"), old=True)
class ReturnsSomething(Base):
    @asynchronous
    def get(self) -> Any:
        later(self.on_x)
        return {"text": "text", "42": 42}[self.get_argument("v")]

    def on_x(self) -> None:
        self.note("callback runs")
        self.finish("x")


@case(old=True)
class ReturnsFuture(Base):
    @asynchronous
    def get(self) -> Any:
        self.write("w")
        return gen.sleep(0.01)


@case(old=True)
class AsynchronousCoroutine(Base):
    @asynchronous
    @gen.coroutine
    def get(self) -> Any:
        self.write("w")
        yield gen.sleep(0.01)
        later(self.on_x)
        yield gen.sleep(0.1)

    def on_x(self) -> None:
        raise KeyError("in the context")


@case(Ask(patience=0.1), old=True)
class AsynchronousEngine(Base):
    @asynchronous
    @(gen.engine if OLD else gen.coroutine)
    def get(self) -> Any:
        self.write("w")
        yield gen.sleep(0.01)


@case(old=True)
class EngineRaises(Base):
    @asynchronous
    @(gen.engine if OLD else gen.coroutine)
    def get(self) -> Any:
        yield gen.sleep(0.01)
        raise KeyError("k")


@case(old=True)
class WrongOrder(Base):
    @gen.coroutine
    @asynchronous
    def get(self) -> Any:
        yield gen.sleep(0.01)
        self.finish("x")


@case(old=True)
class EngineAlone(Base):
    @(gen.engine if OLD else gen.coroutine)
    def get(self) -> Any:
        yield gen.sleep(0.01)
        self.finish("x")


@case(Ask(patience=0.1), old=True)
class AsynchronousPrepare(Base):
    @asynchronous
    def prepare(self) -> None:
        self.note("prepare")
        later(self.note, "on_p")

    def get(self) -> None:
        self.note("get")
        self.write("x")


@case()
class MissingAsynchronous(Base):
    def get(self) -> None:
        later(self.on_x)
        self.write("partial")

    def on_x(self) -> None:
        self.note("callback runs")
        self.write("late")


@case(Ask(patience=0.05), old=True)
class ClientLeaves(Base):
    @asynchronous
    def get(self) -> None:
        loop = IOLoop.current()
        loop.add_timeout(loop.time() + 0.1, self.on_x)

    def on_x(self) -> None:
        self.write("x")
        self.finish()
        self.note("finished")


@case(Ask(patience=0.05), old=True)
class ClientLeavesThenError(Base):
    @asynchronous
    def get(self) -> None:
        loop = IOLoop.current()
        loop.add_timeout(loop.time() + 0.1, self.on_x)

    def on_x(self) -> None:
        raise KeyError("k")


@case(Ask(patience=0.05), old=True)
class FlushAfterClientLeft(Base):
    @asynchronous
    def get(self) -> None:
        loop = IOLoop.current()
        loop.add_timeout(loop.time() + 0.1, self.on_x)

    def on_x(self) -> None:
        self.write("x")
        self.flush(callback=functools.partial(self.note, "never called"))
        self.finish()


@case(Ask(patience=0.05), old=True)
class FinishInConnectionClose(Base):
    @asynchronous
    def get(self) -> None:
        pass

    def on_connection_close(self) -> None:
        self.note("on_connection_close")
        self.finish("x")


@case(Ask(patience=0.05))
class CoroutineClientLeaves(Base):
    @gen.coroutine
    def get(self) -> Any:
        yield gen.sleep(0.1)
        self.write("x")
        try:
            yield self.flush()
        except Exception as error:
            self.note(type(error).__name__, error)
        self.note("goes on")


@case(old=True)
class FlushCallbacks(Base):
    @asynchronous
    def get(self) -> None:
        self.write("1")
        self.flush(callback=self.second)
        self.note("rest")

    def second(self, *args: Any) -> None:
        self.note("second", args)
        self.write("2")
        self.flush(callback=self.third)

    def third(self) -> None:
        self.finish("3")


@case(Ask(patience=0.1), old=True)
class DroppedFuture(Base):
    @asynchronous
    def get(self) -> None:
        self.helper()

    @gen.coroutine
    def helper(self) -> Any:
        yield gen.sleep(0.01)
        raise KeyError("nobody sees it")


# Section 2: coroutine style


@case()
class CoroutineFinishes(Base):
    @gen.coroutine
    def get(self) -> Any:
        yield gen.sleep(0.01)
        self.write("x")
        self.finish()
        self.note("after finish")


@case()
class CoroutineAutoFinishes(Base):
    @gen.coroutine
    def get(self) -> Any:
        yield gen.sleep(0.01)
        self.write("x")
        self.note("body ends")


@case()
class CoroutineRaises(Base):
    @gen.coroutine
    def get(self) -> Any:
        self.write("lost")
        yield gen.sleep(0.01)
        raise KeyError("k")


@case()
class CoroutineRaisesAfterFlush(Base):
    @gen.coroutine
    def get(self) -> Any:
        self.write("part")
        self.flush()
        yield gen.sleep(0.01)
        raise KeyError("k")


@case()
class CoroutineRaisesAfterFinish(Base):
    @gen.coroutine
    def get(self) -> Any:
        self.finish("x")
        yield gen.sleep(0.01)
        raise KeyError("k")


@case()
class CoroutineFinishesTwice(Base):
    @gen.coroutine
    def get(self) -> Any:
        yield gen.sleep(0.01)
        self.finish("x")
        self.finish("y")


@case()
class CoroutineWritesLate(Base):
    @gen.coroutine
    def get(self) -> Any:
        self.finish("x")
        yield gen.sleep(0.01)
        self.write("y")


@case()
class CoroutinePrepare(Base):
    @gen.coroutine
    def prepare(self) -> Any:
        self.note("prepare begins")
        yield gen.sleep(0.01)
        self.note("prepare ends")

    def get(self) -> None:
        self.note("get")


@case()
class CoroutinePrepareRaises(Base):
    @gen.coroutine
    def prepare(self) -> Any:
        yield gen.sleep(0.01)
        raise web.HTTPError(403)

    def get(self) -> None:
        self.note("get")


@case()
class NativeCoroutine(Base):
    async def get(self) -> None:
        await gen.sleep(0.01)
        self.write("x")
        self.note("body ends")


@case()
class NativeRaises(Base):
    async def get(self) -> None:
        await gen.sleep(0.01)
        raise web.HTTPError(418, "log %s", "x", reason="Tea")


@case()
class PrepareFinishes(Base):
    def prepare(self) -> None:
        self.finish("prepared")

    def get(self) -> None:
        self.note("get")


@case(Ask("POST", body=""), Ask("HEAD"), Ask("OPTIONS"))
class WrongVerb(Base):
    def get(self) -> None:
        self.write("x")


# What a handler's author calls


@case(
    Ask(query="code=403"),
    Ask(query="code=418&reason=Tea"),
    Ask(query="code=404&log=gone%25s"),
    Ask(query="code=400&log=x%25s&arg=1"),
    Ask(query="code=x"),
    Ask(),
)
class RaisesHTTPError(web.RequestHandler):
    def get(self) -> None:
        code = int(self.get_argument("code"))
        args = self.get_arguments("arg")
        reason = self.get_argument("reason", None)
        raise web.HTTPError(code, self.get_argument("log", None), *args, reason=reason)


@case()
class SendsError(Base):
    def get(self) -> None:
        self.set_header("X-A", "1")
        self.set_cookie("kept", "1")
        self.write("lost")
        self.send_error(418, reason="Tea")
        self.note("status", self.get_status())


@case()
class WriteErrorRaises(Base):
    def get(self) -> None:
        raise KeyError("k")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.write("half")
        raise ValueError("write_error")


@case()
class LogExceptionRaises(Base):
    def get(self) -> None:
        raise KeyError("k")

    def log_exception(self, *args: Any) -> None:
        raise ValueError("log_exception")


@case()
class OnFinishRaises(web.RequestHandler):
    def get(self) -> None:
        self.write("x")

    def on_finish(self) -> None:
        raise KeyError("k")


@case(
    Ask(query="a=1&a=2&b=%20x%20&c=%C3%A9&d="),
    Ask("POST", "a=1", {"Content-Type": "application/x-www-form-urlencoded"}, "a=2&b=%20y"),
    Ask("POST", "a=1", {"Content-Type": "text/plain"}, "a=2&b=%20y"),
    Ask(query="b=%FF"),
    Ask(query="a=%00x%01"),
)
class Arguments(Base):
    def get(self) -> None:
        self.write(
            {
                "a": self.get_argument("a", "none"),
                "as": self.get_arguments("a"),
                "b": self.get_argument("b", None, strip=False),
                "query": self.get_query_arguments("a"),
                "body": self.get_body_arguments("a"),
                "c": self.get_query_argument("c", ""),
                "d": self.get_body_argument("d", "no d"),
            }
        )

    post = get


@case(pattern=r"/([^/]+)/(\d+)?", path="/a%2Fb%20c/")
class PathArguments(Base):
    def get(self, *args: Any) -> None:
        self.write({"args": args, "kept": self.path_args})


@case(pattern=r"/(?P<name>.+)", path="/%FF")
class BadPath(Base):
    def get(self, name: str) -> None:
        self.write(name)


@case(Ask(headers={"Cookie": 'a=1; b="x y"; c'}))
class Cookies(Base):
    def get(self) -> None:
        self.note(self.get_cookie("a"), self.get_cookie("b"), self.get_cookie("zz", "no"))
        self.note(sorted(self.cookies))
        self.set_cookie("z", "1", path="/x", httponly=True, secure=False)
        self.set_cookie("n", "a;b", max_age=3, domain="example.com")
        self.set_cookie("n", "again")
        self.finish("x")


@case()
class Headers(Base):
    def get(self) -> None:
        self.set_header("X-One", 1)
        self.set_header("x-one", "two")
        self.add_header("X-Many", "a")
        self.add_header("X-Many", b"b")
        self.set_header("X-Gone", "x")
        self.clear_header("X-Gone")
        for value in ("a\nb", None, ["x"], "\x01"):
            try:
                self.set_header("X-Bad", value)
            except Exception as error:
                self.note(type(error).__name__, error)
        self.set_status(201, "Made")
        self.write({"k": "</v>"})


@case(Ask(), Ask(query="permanent=1"), Ask(query="status=307"), Ask(query="status=200"))
class Redirects(Base):
    def get(self) -> None:
        status = self.get_argument("status", None)
        self.write("lost?")
        self.redirect(
            "/else where",
            permanent=bool(self.get_argument("permanent", None)),
            status=int(status) if status else None,
        )
        self.note("after redirect")


@case(
    Ask(),
    Ask(headers={"If-None-Match": '"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"'}),
    Ask(headers={"If-None-Match": 'W/"x", W/"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"'}),
    Ask(headers={"If-None-Match": "*"}),
    Ask("HEAD"),
)
class Etags(Base):
    def get(self) -> None:
        self.set_header("Content-Language", "en")
        self.write("hello")

    head = get


@case(Ask(query="s=204"), Ask(query="s=304"), Ask(query="s=204&w=1"), Ask(query="s=201"))
class BodilessStatus(Base):
    def get(self) -> None:
        self.set_status(int(self.get_argument("s")))
        if self.get_argument("w", None):
            self.write("x")


@case(Ask(query="n=2"), Ask(query="n=99"))
class WrongContentLength(Base):
    def get(self) -> None:
        self.set_header("Content-Length", self.get_argument("n"))
        self.write("hello")


@case()
class Misuse(Base):
    def get(self) -> None:
        self.attempt(self.write, [1])
        self.attempt(self.write, 3)
        self.attempt(self.write, None)
        self.attempt(self.set_cookie, "a", "b\x01")
        self.attempt(self.get_argument, "missing")
        self.attempt(self.reverse_url, "nowhere")
        self.attempt(self.create_signed_value, "a", "b")
        self.attempt(self.require_setting, "s", "my feature")
        self.attempt(self.static_url, "x")
        self.flush()
        self.attempt(self.redirect, "/x")
        self.finish()
        self.attempt(self.finish)
        self.attempt(self.write, "x")
        self.attempt(self.render, "x")
        self.attempt(self.redirect, "/x")
        self.attempt(self.send_error, 404)

    def attempt(self, function: Callable[..., Any], *args: Any) -> None:
        try:
            self.note(function.__name__, function(*args))
        except Exception as error:
            self.note(function.__name__, type(error).__name__, error)


@case(Ask(), Ask("POST", body=""), Ask(query="user=ben"))
class Authenticated(Base):
    def get_current_user(self) -> Any:
        self.note("get_current_user")
        return self.get_argument("user", None)

    def get_login_url(self) -> str:
        return "/login"

    @web.authenticated
    def get(self) -> None:
        self.write(self.current_user)

    post = get


@case(Ask(), Ask(query="user=ben"), old=True)
class AuthenticatedAsynchronous(Authenticated):
    @web.authenticated
    @asynchronous
    def get(self) -> None:
        later(self.finish, "x")


@case(Ask(), pattern="/?", path="/")
class RemoveSlash(Base):
    @web.removeslash
    def get(self) -> None:
        self.write("x")


@case(Ask(query="a=b"))
class AddSlash(Base):
    @web.addslash
    def get(self) -> None:
        self.write("x")


@case(greeting="hi")
class Initialize(Base):
    def initialize(self, greeting: str) -> None:
        self.note("initialize", greeting)

    def set_default_headers(self) -> None:
        self.note("set_default_headers")
        self.set_header("X-Default", "1")

    def get(self) -> None:
        raise KeyError("k")


@case()
class InitializeRaises(web.RequestHandler):
    def initialize(self) -> None:
        raise KeyError("k")


# Section 1: what fetch gives to a callback and at a yield


def describe(response: Any) -> dict[str, Any]:
    """The fields of a response that the table of section 1 compares."""
    error = response.error
    return {
        "code": response.code,
        "reason": response.reason,
        "body": repr(response.body),
        "buffer": response.buffer is None,
        "error": f"{type(error).__name__}: {error}",
        "error.code": getattr(error, "code", "no code"),
        "error.response": getattr(error, "response", "no response") is response,
        "url": response.effective_url.rpartition("/")[2],
        "request": response.request.url.rpartition("/")[2],
        "time": type(response.request_time).__name__,
        "headers": sorted(set(response.headers) - {"Date", "Server"}),
        "time_info": response.time_info,
    }


#: name -> keyword arguments of fetch; the URL is made of the driver's own server and the name
FETCHES: dict[str, dict[str, Any]] = {
    "200": {},
    "204": {},
    "304": {},
    "404": {},
    "500": {},
    "599": {},
    "redirect": {},
    "redirect?loop=1": {},
    "redirect?again=1": {"follow_redirects": False},
    "hang": {"request_timeout": 0.05},
    "redirect?to=hang": {"request_timeout": 0.05},
    "close": {},
    "200?post=1": {"method": "POST"},
    "200?get=1": {"body": "x"},
    "200?foo=1": {"method": "FOO"},
    "200?proxy=1": {"proxy_host": "proxy"},
    "200?header=1": {"headers": {"A": "b\r\nC: d"}},
    "echo?a=1": {"method": "POST", "body": "k=v"},
}
if GENERATION == 6:  # up to 6.5 such a future never resolves (SEMANTICS 1)
    del FETCHES["redirect?to=hang"]
#: nobody listens on the first port; the driver tells the runtime so
ODD_URLS: tuple[Any, ...] = (
    "http://127.0.0.1:1/refused",
    "",
    None,
    42,
    "ftp://x/",
    "no scheme",
    "http://[::1/x",
)


def targets(handler: web.RequestHandler) -> list[tuple[Any, dict[str, Any]]]:
    """All addresses to fetch, with the arguments."""
    root = f"http://{handler.request.host}/upstream/"
    named: list[tuple[Any, dict[str, Any]]] = [(root + k, v) for k, v in FETCHES.items()]
    return named + [(url, {}) for url in ODD_URLS]


class Fetching(Base):
    """Makes the fetches one after the other, in one way or another."""

    def show(self, how: str, url: Any, seen: Any) -> None:
        self.note(how, str(url).rpartition("/")[2], seen)


@case(old=True)
class FetchCallback(Fetching):
    @asynchronous
    def get(self) -> None:
        self.todo = targets(self)
        self.next()

    def next(self) -> None:
        if not self.todo:
            self.finish("x")
            return
        url, arguments = self.todo[0]
        returned = httpclient.AsyncHTTPClient().fetch(url, self.on_response, **arguments)
        self.note("returned", hasattr(returned, "add_done_callback"))

    def on_response(self, response: Any) -> None:
        url, _ = self.todo.pop(0)
        try:
            seen = describe(response)
        except AttributeError:
            seen = {"error": f"{type(response.error).__name__}: {response.error}"}
        self.show("callback", url, seen)
        self.next()


class FetchYield(Fetching):
    options: ClassVar[dict[str, Any]] = {}

    @gen.coroutine
    def get(self) -> Any:
        for url, arguments in targets(self):
            future = httpclient.AsyncHTTPClient().fetch(url, **arguments, **self.options)
            try:
                response = yield future
            except Exception as error:
                fields = [type(error).__name__, str(error)]
                fields.append(getattr(error, "code", "no code"))
                response = getattr(error, "response", None)
                fields.append(response and describe(response))
                self.show("raised", url, fields)
            else:
                self.show("value", url, describe(response))
        self.finish("x")


@case()
class FetchAtYield(FetchYield):
    pass


@case()
class FetchWithoutRaising(FetchYield):
    options: ClassVar[dict[str, Any]] = {"raise_error": False}


@case()
class FetchWronglyCalled(Base):
    def get(self) -> None:
        client = httpclient.AsyncHTTPClient()
        request = httpclient.HTTPRequest("http://x/")
        closed = httpclient.AsyncHTTPClient(force_instance=True)
        closed.close()
        for attempt in (
            lambda: client.fetch("http://x/", nonsense=1),
            lambda: client.fetch(request, method="POST"),
            lambda: closed.fetch("http://x/"),
        ):
            try:
                attempt()
            except Exception as error:
                self.note(type(error).__name__, str(error).rpartition("()")[2])


@case(old=True)
class FetchCallbackRaises(Base):
    @asynchronous
    def get(self) -> None:
        url = f"http://{self.request.host}/upstream/200"
        httpclient.AsyncHTTPClient().fetch(url, callback=self.on_response)
        self.note("rest")

    def on_response(self, response: Any) -> None:
        raise KeyError("k")


@case(old=True)
class StreamingCallbackRaises(Base):
    @asynchronous
    def get(self) -> None:
        url = f"http://{self.request.host}/upstream/200"
        fetch = httpclient.AsyncHTTPClient().fetch
        fetch(url, self.on_response, streaming_callback=self.on_chunk)

    def on_chunk(self, chunk: bytes) -> None:
        self.note("chunk", chunk)
        raise ValueError("chunk")

    def on_response(self, response: Any) -> None:
        self.note("response", response.code)


@case()
class StreamingCallbacks(Base):
    @gen.coroutine
    def get(self) -> Any:
        url = f"http://{self.request.host}/upstream/chunks"
        response = yield httpclient.AsyncHTTPClient().fetch(
            url, streaming_callback=self.on_chunk, header_callback=self.on_header
        )
        self.note(response.code, response.body, len(response.headers) > 1)

    def on_chunk(self, chunk: bytes) -> None:
        self.note("chunk", chunk)

    def on_header(self, line: str) -> None:
        if not line.startswith(("Date", "Server")):
            self.note("header", repr(line))


# In which iteration of the loop things happen: "m1", "m2", ... are the following ones


class Ticking(Base):
    """Notes the iterations of the loop that follow."""

    def tick(self, number: int = 1) -> None:
        loop = IOLoop.current()

        def mark() -> None:
            self.note(f"m{number}")
            if number < 9:
                self.tick(number + 1)

        loop.add_callback(mark)


@case()
class TicksCoroutine(Ticking):
    @gen.coroutine
    def get(self) -> Any:
        self.tick()
        yield gen.moment
        self.note("body ends")


@case()
class TicksNative(Ticking):
    async def get(self) -> None:
        self.tick()
        await gen.sleep(0)
        self.note("body ends")


@case()
class TicksNativeWithoutWaiting(Ticking):
    async def get(self) -> None:
        self.tick()
        self.note("body ends")


@case()
class TicksCoroutineWithoutWaiting(Ticking):
    @gen.coroutine
    def get(self) -> Any:
        self.tick()
        self.note("body ends")


@case()
class TicksPrepare(Ticking):
    @gen.coroutine
    def prepare(self) -> Any:
        self.tick()
        yield gen.moment
        self.note("prepare ends")

    def get(self) -> None:
        self.note("get")


@case()
class TicksNativePrepare(Ticking):
    async def prepare(self) -> None:
        self.tick()
        self.note("prepare ends")

    async def get(self) -> None:
        self.note("get")


@case()
class TicksFuture(Ticking):
    def get(self) -> Any:
        self.tick()
        future: Any = concurrent.Future()
        IOLoop.current().add_callback(future.set_result, None)
        return future


@case()
class TicksFlush(Ticking):
    @gen.coroutine
    def get(self) -> Any:
        self.tick()
        for chunk in "abc":
            self.write(chunk)
            yield self.flush()
            self.note("flushed", chunk)


@case(old=True)
class TicksFlushCallback(Ticking):
    @asynchronous
    def get(self) -> None:
        self.tick()
        self.write("a")
        self.flush(callback=self.first)

    def first(self) -> None:
        self.note("first")
        self.write("b")
        self.flush(callback=self.second)

    def second(self) -> None:
        self.note("second")
        self.flush(callback=self.finish)


@case(old=True)
class TicksAsynchronousCoroutine(Ticking):
    @asynchronous
    @gen.coroutine
    def get(self) -> Any:
        self.tick()
        yield gen.moment
        self.note("body ends")


@case(old=True)
class TicksTask(Ticking):
    @gen.coroutine
    def get(self) -> Any:
        self.tick()
        yield gen.Task(IOLoop.current().add_callback)
        self.note("body ends")
