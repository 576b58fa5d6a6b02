"""The oracle itself: it sees what a handler does, the same each time, and tells versions apart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from oracle.compare import differences
from oracle.explore import Wishes, explore
from oracle.install import TORNADO_4, TORNADO_5, TORNADO_6, run_python, tornado_path
from oracle.loopback import Loopback, OracleError, Version
from oracle.scenario import Request, Scenario

KEY = "GET http://example.com/ #1"

CALLBACK = Version("""
from tornado.httpclient import AsyncHTTPClient
from tornado.web import RequestHandler, asynchronous

class Page(RequestHandler):
    @asynchronous
    def get(self):
        AsyncHTTPClient().fetch("http://example.com", self.on_page)
        self.write("rest ")

    def on_page(self, response):
        note(response.code)
        self.finish("%s" % response.error)
""")

SILENT = Version("""
from tornado.ioloop import IOLoop
from tornado.web import RequestHandler, asynchronous

class Page(RequestHandler):
    @asynchronous
    def get(self):
        IOLoop.instance().call_later(30, self.late)

    def late(self):
        note("late")
""")

NATIVE = Version("""
from tornado.httpclient import AsyncHTTPClient
from tornado.web import RequestHandler

class Page(RequestHandler):
    async def get(self):
        response = await AsyncHTTPClient().fetch("http://example.com", raise_error=False)
        note(response.code)
""")


@pytest.fixture(scope="module", params=[TORNADO_4, TORNADO_5])
def loopback(request: pytest.FixtureRequest) -> Iterator[Loopback]:
    with Loopback(request.param) as child:
        yield child


@pytest.mark.parametrize(
    ("outcome", "body"),
    [
        ("200", "rest None"),
        ("404", "rest HTTP 404: Not Found"),
        ("304", "rest HTTP 304: Not Modified"),
        ("refused", "rest [Errno 111] Connection refused"),
        ("dns", "rest [Errno -2] Name or service not known"),
        ("HTTP/1.1 418 Tea\r\nX-Pot: 1\r\n\r\nshort and stout", "rest HTTP 418: Tea"),
    ],
)
def test_upstream_outcomes_reach_the_callback(loopback: Loopback, outcome: str, body: str) -> None:
    scenario = Scenario("one", "Page", outcomes={KEY: outcome})
    [seen] = loopback.observe(CALLBACK, [scenario])
    assert (seen.responses[0].end, seen.responses[0].body) == ("complete", body)
    assert seen.asked == (KEY, "call note #1")


def test_timeouts_take_no_real_time_and_silence_is_never(loopback: Loopback) -> None:
    [late] = loopback.observe(CALLBACK, [Scenario("late", "Page", outcomes={KEY: "timeout"})])
    assert "Timeout during request" in late.responses[0].body
    [silent] = loopback.observe(SILENT, [Scenario("silent", "Page")])
    assert silent.responses[0].end == "never"
    assert [e for e in silent.effects if e.startswith(("call", "client", "hook"))] == [
        "call note('late')",
        "client 1 leaves",
        "hook on_connection_close",
    ]


def test_a_client_may_leave_while_an_operation_is_under_way(loopback: Loopback) -> None:
    [seen] = loopback.observe(CALLBACK, [Scenario("leaves", "Page", leave=KEY)])
    order = [e.split()[0] for e in seen.effects]
    assert order.index("client") < order.index("answer") < order.index("call")


def test_the_same_scenario_shows_the_same_twice(loopback: Loopback) -> None:
    first = explore(loopback, CALLBACK, Wishes())
    again = loopback.observe(CALLBACK, [scenario for scenario, _ in first])
    assert len(first) > 8
    assert [differences(a, b) for (_, a), b in zip(first, again, strict=True)] == [[]] * len(first)


def test_requests_may_overlap_on_one_program(loopback: Loopback) -> None:
    scenario = Scenario("two", "Page", requests=(Request(), Request()), overlap=True)
    [seen] = loopback.observe(CALLBACK, [scenario])
    assert seen.together == 2
    assert [r.body for r in seen.responses] == ["rest None"] * 2


def test_a_module_that_does_not_load_is_an_error(loopback: Loopback) -> None:
    with pytest.raises(OracleError, match="ZeroDivisionError"):
        loopback.observe(Version("1 / 0"), [Scenario("none", "Page")])


def test_an_endless_loop_is_cut_off(loopback: Loopback) -> None:
    version = Version(CALLBACK.source.replace("note(response.code)", "while True: pass"))
    [seen] = loopback.observe(version, [Scenario("spins", "Page")])
    assert seen.end == "out of time"


def test_tornado_6_runs_beside() -> None:
    with Loopback(TORNADO_6) as child:
        [seen] = child.observe(NATIVE, [Scenario("native", "Page")])
    assert "call note(200)" in seen.effects


def test_run_python_runs_that_version(tmp_path: object) -> None:
    script = f"{tmp_path}/version.py"
    with open(script, "w") as file:
        file.write("import sys, tornado.web\nprint(tornado.version, *sys.argv[1:])\n")
    done = run_python(TORNADO_4, script, "a", "b")
    assert (done.returncode, done.stdout) == (0, f"{TORNADO_4} a b\n")
    assert (tornado_path(TORNADO_4) / "tornado" / "web.py").exists()
