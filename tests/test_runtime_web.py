"""The web half of the runtime by itself: choices, effects, the connection, and what is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import pytest
from uncallback.runtime import (
    auth,
    choices,
    gen,
    generation,
    httpclient,
    httputil,
    iostream,
    netutil,
    process,
    tcpclient,
    tcpserver,
    template,
    web,
    websocket,
    wsgi,
)
from uncallback.runtime.httpserver import HTTPServer
from uncallback.runtime.ioloop import IOLoop


class World:
    """A chooser that takes the options a test names and keeps what it hears."""

    def __init__(self, **taken: int) -> None:
        self.taken = taken
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.effects: list[tuple[str, str, Any]] = []

    def choose(self, key: str, options: Sequence[str]) -> int:
        self.asked.append((key, tuple(options)))
        for part, index in self.taken.items():
            if part in key:
                return index
        return 0

    def record(self, kind: str, subject: str, detail: object = None) -> None:
        self.effects.append((kind, subject, detail))

    def kinds(self) -> list[str]:
        return [kind for kind, _, _ in self.effects]


@pytest.fixture(autouse=True)
def fresh_loop() -> Iterator[IOLoop]:
    IOLoop.clear_current()
    loop = IOLoop()
    before = choices.install(World())
    yield loop
    choices.install(before)
    generation.switch(4)
    loop.clear_current()


def serve(handler: type[web.RequestHandler], path: str = "/", **headers: str) -> Any:
    """Start one request; the connection comes back."""
    server = HTTPServer(web.Application([(r"/.*", handler)]))
    return server.serve("GET", path, httputil.HTTPHeaders({"Host": "x", **headers}))


def run(world: World, handler: type[web.RequestHandler], **headers: str) -> Any:
    """Serve one request in ``world`` until nothing more can happen."""
    choices.install(world)
    connection = serve(handler, **headers)
    IOLoop.current().run_until_idle()
    return connection


class Fetching(web.RequestHandler):
    @web.asynchronous
    def get(self) -> None:
        httpclient.AsyncHTTPClient().fetch("http://up/", callback=self.on_response)
        self.write("rest ")

    def on_response(self, response: Any) -> None:
        self.finish(f"{response.code} {response.body} {type(response.error).__name__}")


def test_every_outcome_of_a_fetch_is_a_choice() -> None:
    seen = []
    for index in range(len(httpclient.OUTCOMES)):
        world = World(fetch=index)
        seen.append(b"".join(run(world, Fetching).chunks).decode())
        [(key, options)] = world.asked
        assert key == "fetch GET http://up/ #1"
        assert options == tuple(outcome.name for outcome in httpclient.OUTCOMES)
        IOLoop.clear_current()
        IOLoop()
    assert seen == [
        'rest 200 b\'{"id": 1, "name": "first"}\' NoneType',
        "rest 200 b'second' NoneType",
        "rest 200 b'' NoneType",
        "rest 304 b'' HTTPError",
        "rest 404 b'not here' HTTPError",
        "rest 500 b'broken' HTTPError",
        "rest 599 None ConnectionRefusedError",
        "rest 599 None HTTPError",
        "rest 599 None HTTPError",
    ]


def test_the_same_question_again_has_the_next_number() -> None:
    world = World()
    choices.install(world)
    client = httpclient.AsyncHTTPClient()
    for url in ("http://a/", "http://b/", "http://a/"):
        client.fetch(url)
    client.fetch("http://a/", method="POST", body="k=v")
    IOLoop.current().run_until_idle()
    keys = [key for key, _ in world.asked if key.startswith("fetch")]
    assert keys == [
        "fetch GET http://a/ #1",
        "fetch GET http://b/ #1",
        "fetch GET http://a/ #2",
        "fetch POST http://a/ b'k=v' #1",
    ]


def test_a_redirect_is_an_outcome_only_for_who_does_not_follow() -> None:
    world = World(fetch=len(httpclient.OUTCOMES))
    choices.install(world)
    future = httpclient.AsyncHTTPClient().fetch(
        "http://a/", follow_redirects=False, raise_error=False
    )
    IOLoop.current().run_until_idle()
    assert future.result().code == 302


def test_effects_come_in_the_order_in_which_they_happen() -> None:
    world = World()
    run(world, Fetching)
    assert world.kinds() == ["fetch", "headers", "body", "finish", "hook"]
    assert world.effects[0][1] == "GET http://up/"
    assert world.effects[1][1] == "200 OK"


def test_what_a_request_says_is_part_of_its_effect() -> None:
    world = World()
    choices.install(world)
    httpclient.AsyncHTTPClient().fetch(
        "http://a/", method="POST", body="b", headers={"x-a": "1"}, request_timeout=5
    )
    assert world.effects == [
        (
            "fetch",
            "POST http://a/",
            {"request_timeout": 5, "headers": {"X-A": "1"}, "body": b"b"},
        )
    ]


def test_a_responder_answers_before_the_world() -> None:
    answer = httpclient.Outcome("mine", 201, b"made", {"X-A": "1"}, reason="Made")
    before = httpclient.set_responder(lambda request: answer if "up" in request.url else None)
    try:
        world = World()
        connection = run(world, Fetching)
    finally:
        httpclient.set_responder(before)
    assert world.asked == []
    assert connection.chunks == [b"rest 201 b'made' NoneType"]


def test_outcomes_can_be_replaced() -> None:
    httpclient.set_outcomes([httpclient.Outcome("only", 418, b"tea")])
    try:
        connection = run(World(), Fetching)
    finally:
        httpclient.set_outcomes(None)
    assert connection.chunks == [b"rest 418 b'tea' HTTPError"]


class Waiting(web.RequestHandler):
    closed: list[str] = []  # noqa: RUF012 (shared with the test)

    @web.asynchronous
    def get(self) -> None:
        IOLoop.current().call_later(1, self.late)

    def late(self) -> None:
        self.finish("late")

    def on_connection_close(self) -> None:
        self.closed.append("closed")


def test_the_client_may_leave() -> None:
    world = World()
    choices.install(world)
    Waiting.closed.clear()
    connection = serve(Waiting)
    connection.close()
    assert Waiting.closed == []  # it is told in the next iteration
    IOLoop.current().run_until_idle()
    assert Waiting.closed == ["closed"]
    assert world.kinds() == ["hook", "hook"]  # on_connection_close, then on_finish of the late one
    assert connection.closed
    assert not connection.finished
    assert connection.wire == b""


def test_the_wire_is_what_a_socket_would_carry() -> None:
    class Chunked(web.RequestHandler):
        @gen.coroutine
        def get(self) -> Any:
            self.write("one")
            yield self.flush()
            self.finish("three")

    head, _, body = run(World(), Chunked).wire.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert head.endswith(b"\r\nTransfer-Encoding: chunked")
    assert body == b"3\r\none\r\n5\r\nthree\r\n0\r\n\r\n"


def test_a_request_to_a_server_of_this_process_is_served_by_it() -> None:
    class Hello(web.RequestHandler):
        def post(self) -> None:
            self.write(self.get_argument("name").upper())

    server = web.Application([("/hello", Hello)]).listen(8080)
    try:
        future = httpclient.AsyncHTTPClient().fetch(
            "http://localhost:8080/hello", method="POST", body="name=ben"
        )
        IOLoop.current().run_until_idle()
    finally:
        server.stop()
    assert future.result().body == b"BEN"
    assert future.result().headers["Content-Type"] == "text/html; charset=UTF-8"


def test_rendering_is_an_effect_with_name_and_arguments() -> None:
    class Page(web.RequestHandler):
        def get(self) -> None:
            self.render("page.html", title="x")

    world = World()
    connection = run(world, Page)
    assert ("render", "page.html", {"title": "x"}) in world.effects
    assert connection.chunks == [b"<!-- template page.html -->"]
    assert template.Template("{{ a }}", name="t").generate(a=1) == b"<!-- template t -->"
    assert ("render", "t", {"a": 1}) in world.effects


def test_tokens_are_the_same_in_every_run_that_is_watched() -> None:
    class Token(web.RequestHandler):
        def get(self) -> None:
            self.write(self.xsrf_token.rpartition(b"|")[0])

    watched = [run(World(), Token).chunks for _ in range(2)]
    assert watched[0] == watched[1]
    choices.install(choices.PLAIN)
    free = [serve(Token).chunks for _ in range(2)]
    assert free[0] != free[1]


def test_oauth_signatures_are_those_of_tornado() -> None:
    """The signatures were observed on Tornado 4.4.2, with this nonce and at this time."""

    class Signer(auth.OAuthMixin):
        def _oauth_consumer_token(self) -> dict[str, str]:
            return {"key": "asdf", "secret": "qwer"}

    class Old(Signer):
        _OAUTH_VERSION = "1.0"

    token = {"key": "uiop", "secret": "5678"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.time", lambda: 1300000000.5)
        patch.setattr("uncallback.runtime._oauth1.random_bytes", lambda size: b"0123456789abcdef")
        new = Signer()._oauth_request_parameters(
            "http://www.Example.com:80/api/asdf", token, {"foo": "bar é", "z": "&"}
        )
        old = Old()._oauth_request_parameters(
            "http://www.example.com/api/asdf", token, {"foo": "bar"}, method="POST"
        )
    assert new["oauth_signature"] == "M/v1IQG69lk2WzhKqju8hyJIVmo="
    assert old["oauth_signature"] == "mt5Dy2DGiSVQVwU4nGPMc2Luh/E="


class Login(web.RequestHandler, auth.GoogleOAuth2Mixin):
    @web.asynchronous
    def get(self) -> None:
        self.get_authenticated_user("/back", "code", callback=self.on_user)

    def on_user(self, user: Any) -> None:
        self.finish("denied" if user is None else user["access_token"])


class LoginCoroutine(Login):
    @gen.coroutine
    def get(self) -> Any:
        try:
            user = yield self.get_authenticated_user("/back", "code")
        except auth.AuthError as error:
            self.finish(f"AuthError {error}")
        else:
            self.finish(user["access_token"])


@pytest.mark.parametrize(
    ("handler", "taken", "body", "logged"),
    [
        (Login, 0, b"token", False),
        (Login, 1, b"denied", True),
        (LoginCoroutine, 0, b"token", False),
        (LoginCoroutine, 1, b"AuthError Google auth error: HTTP 400: Bad Request", False),
    ],
)
def test_a_login_gives_a_user_or_a_denial(
    handler: type[web.RequestHandler],
    taken: int,
    body: bytes,
    logged: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    connection = run(World(get_authenticated_user=taken), handler)
    assert connection.chunks == [body]
    assert [record.name for record in caplog.records] == ["tornado.general"] * logged


def test_a_login_callback_that_raises_hangs_on_4_and_answers_500_on_5(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Observed on Tornado 4.4.2 and 5.1.1: on 4.4 the callback runs inside set_result."""

    class Raising(Login):
        def on_user(self, user: Any) -> None:
            raise KeyError("k")

    assert run(World(), Raising).start_line is None
    assert caplog.records[-1].getMessage().startswith("Exception in callback")
    with generation.use(5):
        assert run(World(), Raising).start_line.code == 500


def settled(start: Callable[[], Any], **taken: int) -> Any:
    """Start an operation and return what its Future holds when nothing more can happen."""
    choices.install(World(**taken))
    future = start()
    IOLoop.current().run_until_idle()
    error = future.exception()
    return type(error).__name__ if error is not None else future.result()


OPERATIONS: list[tuple[str, Callable[[], Any], dict[str, int], Any]] = [
    ("resolve", lambda: netutil.Resolver().resolve("h", 80), {}, [(2, ("127.0.0.1", 80))]),
    ("resolve", lambda: netutil.Resolver().resolve("h", 80), {"resolve": 1}, "gaierror"),
    ("exit", lambda: process.Subprocess(["ls"]).wait_for_exit(), {}, 0),
    (
        "exit",
        lambda: process.Subprocess(["ls"]).wait_for_exit(),
        {"process": 1},
        "CalledProcessError",
    ),
    (
        "exit",
        lambda: process.Subprocess(["ls"]).wait_for_exit(raise_error=False),
        {"process": 1},
        1,
    ),
    ("read", lambda: iostream.IOStream(None).read_until(b"\n"), {}, b"data\n"),
    ("read", lambda: iostream.IOStream(None).read_bytes(3), {}, b"012"),
    ("read", lambda: iostream.IOStream(None).read_until_close(), {}, b"data"),
    ("read", lambda: iostream.IOStream(None).read_bytes(3), {"stream": 1}, "StreamClosedError"),
    ("write", lambda: iostream.IOStream(None).write(b"x"), {}, None),
    ("write", lambda: iostream.IOStream(None).write(b"x"), {"stream": 1}, "StreamClosedError"),
    (
        "connect",
        lambda: iostream.IOStream(None).connect(("h", 1)),
        {"connect": 1},
        "StreamClosedError",
    ),
    ("connect", lambda: tcpclient.TCPClient().connect("h", 1), {"connect": 1}, "StreamClosedError"),
    (
        "websocket",
        lambda: websocket.websocket_connect("ws://h/"),
        {"websocket": 1},
        "ConnectionRefusedError",
    ),
    (
        "websocket",
        lambda: websocket.websocket_connect("ws://h/"),
        {"websocket": 2},
        "WebSocketError",
    ),
]


@pytest.mark.parametrize(("name", "start", "taken", "expected"), OPERATIONS)
def test_operations_end_with_a_value_or_an_error(
    name: str, start: Callable[[], Any], taken: dict[str, int], expected: Any
) -> None:
    assert settled(start, **taken) == expected


def test_a_closed_stream_never_calls_the_reader_but_tells_the_close_callback() -> None:
    choices.install(World(stream=1))
    stream, called = iostream.IOStream(None), []
    stream.set_close_callback(lambda: called.append("closed"))
    stream.read_until(b"\n", lambda data: called.append(data))
    IOLoop.current().run_until_idle()
    assert called == ["closed"]
    with pytest.raises(iostream.StreamClosedError, match="Stream is closed"):
        stream.write(b"x")


def test_websocket_callbacks_get_the_future() -> None:
    seen: list[Any] = []
    websocket.websocket_connect("ws://h/", callback=seen.append)
    IOLoop.current().run_until_idle()
    connection = seen[0].result()
    connection.read_message(callback=seen.append)
    IOLoop.current().run_until_idle()
    assert seen[1].result() == "message"
    connection.close()
    with pytest.raises(AttributeError, match="write_message"):
        connection.write_message("x")
    with generation.use(6), pytest.raises(websocket.WebSocketClosedError):
        connection.write_message("x")


def test_what_is_left_out_says_so() -> None:
    for attempt, missing in (
        (lambda: tcpserver.TCPServer().listen(80), "accepts no connections"),
        (lambda: iostream.SSLIOStream(None), "TLS"),
        (lambda: netutil.bind_sockets(0)[0].fileno(), "sockets"),
        (lambda: process.fork_processes(2), "one process"),
        (lambda: wsgi.WSGIContainer(None)(None), "WSGI"),
    ):
        with pytest.raises(NotImplementedError, match=missing):
            attempt()


def test_static_files_answer_500_and_the_log_says_why(caplog: pytest.LogCaptureFixture) -> None:
    application = web.Application(static_path="/nowhere")
    connection = HTTPServer(application).serve("GET", "/robots.txt", httputil.HTTPHeaders())
    IOLoop.current().run_until_idle()
    assert connection.start_line.code == 500
    assert "serves no static files" in str(caplog.records[0].exc_info[1])  # type: ignore[index]


@pytest.mark.parametrize(
    ("number", "names", "gone"),
    [
        (4, ["asynchronous"], []),
        (5, ["asynchronous"], []),
        (6, [], ["asynchronous"]),
    ],
)
def test_names_of_a_generation(number: int, names: list[str], gone: list[str]) -> None:
    with generation.use(number):
        assert all(hasattr(web, name) for name in names)
        assert not any(hasattr(web, name) for name in gone)
        assert hasattr(httpclient, "HTTPClientError") == (number > 4)
        expected = "HTTPError" if number == 4 else "HTTPClientError"
        assert httpclient.HTTPError.__name__ == expected


def test_generation_6_has_no_callbacks_any_more() -> None:
    with generation.use(6):
        client = httpclient.AsyncHTTPClient()
        with pytest.raises(TypeError, match="callback"):
            client.fetch("http://x/", callback=print)
        with pytest.raises(TypeError, match="callback"):
            iostream.IOStream(None).read_bytes(1, callback=print)
        with pytest.raises(TypeError, match="callback"):
            netutil.Resolver().resolve("h", 1, callback=print)


def test_generation_6_raises_what_has_no_response() -> None:
    with generation.use(6):
        for index, expected in ((4, 404), (6, "ConnectionRefusedError"), (7, "HTTPTimeoutError")):
            fetch = partial(httpclient.AsyncHTTPClient().fetch, "http://x/", raise_error=False)
            seen = settled(fetch, fetch=index)
            assert getattr(seen, "code", seen) == expected


def test_a_timeout_of_a_local_server_closes_its_connection() -> None:
    Waiting.closed.clear()
    server = web.Application([("/", Waiting)]).listen(8081)
    try:
        future = httpclient.AsyncHTTPClient().fetch("http://localhost:8081/", request_timeout=0.5)
        IOLoop.current().run_until_idle()
    finally:
        server.stop()
    assert str(future.exception()) == "HTTP 599: Timeout during request"
    assert Waiting.closed == ["closed"]
