"""Streams, processes and websockets that a handler uses: outcomes, values, and real Tornado."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from exploring import compare
from oracle.install import TORNADO_4, TORNADO_5
from oracle.loopback import Loopback, Version
from oracle.scenario import Scenario
from uncallback.runtime.explore import loader, world
from uncallback.runtime.explore import trace as explorer
from uncallback.runtime.explore.tape import Recorder

GENERATIONS = {4: TORNADO_4, 5: TORNADO_5}
HEAD = """
import socket
from tornado import gen
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream, StreamClosedError
from tornado.process import Subprocess
from tornado.web import RequestHandler, asynchronous

class T(RequestHandler):
    def stream(self, data=b"", close=False):
        ours, theirs = socket.socketpair()
        if data:
            theirs.sendall(data)
        if close:
            theirs.close()
        self.theirs = theirs
        made = IOStream(ours)
        made.set_close_callback(lambda: note("closed", type(made.error).__name__))
        return made
"""


@dataclass(frozen=True)
class Case:
    """The body of ``get``, which makes the other end do something, and the tape that does it."""

    body: str
    tape: Mapping[str, str] = field(default_factory=dict)
    decorator: str = "@asynchronous"

    @property
    def text(self) -> str:
        body = textwrap.indent(textwrap.dedent(self.body), "        ")
        return f"{HEAD}\n    {self.decorator}\n    def get(self):\n{body}\n"


LINE = "stream.read_until b'\\n' #1"
CLOSED = {LINE: "closed"}
REFUSED = {"stream.connect ('127.0.0.1', 1) #1": "refused"}
CASES = {
    "a line": Case("self.stream(b'data\\n').read_until(b'\\n', callback=self.finish)"),
    "the peer closes": Case(
        "self.stream(b'dat', True).read_until(b'\\n', callback=self.finish)", CLOSED
    ),
    "the peer closes, a future": Case(
        """
        made = self.stream(b'dat')
        IOLoop.current().call_later(1, self.theirs.close)
        try: yield made.read_until(b'\\n')
        except StreamClosedError as e: note(str(e), e.real_error is None)
        """,
        {**CLOSED, f"{explorer.ORDER}{LINE} | timer@1.000000": "timer@1.000000"},
        "@gen.coroutine",
    ),
    "nothing comes": Case(
        "self.stream().read_until(b'\\n', callback=self.finish)", {LINE: "nothing comes"}
    ),
    "a callback fails": Case(
        "self.stream(b'data\\n').read_until(b'\\n', callback=lambda data: 1 / 0)"
    ),
    "a callback fails that nobody watches": Case(
        "self.stream(b'data\\n').read_until(b'\\n', callback=lambda data: 1 / 0)\n"
        "self._auto_finish = False",
        decorator="",
    ),
    "more than it takes": Case(
        "self.stream(b'abcdef').read_until(b'\\n', callback=self.finish, max_bytes=5)",
        {LINE: "more than it takes"},
    ),
    "everything": Case(
        "self.stream(b'data', True).read_until_close(callback=self.finish)",
    ),
    "refused": Case(
        """
        made = IOStream(socket.socket())
        made.set_close_callback(lambda: self.finish(type(made.error).__name__))
        made.connect(("127.0.0.1", 1), callback=lambda: note("connected"))
        """,
        REFUSED,
    ),
    "refused, a future": Case(
        """
        try: yield IOStream(socket.socket()).connect(("127.0.0.1", 1))
        except StreamClosedError as e: note(type(e.real_error).__name__)
        """,
        REFUSED,
        "@gen.coroutine",
    ),
    "an exit code": Case(
        "Subprocess(['false']).set_exit_callback(lambda code: self.finish(str(code)))",
        {"process ['false'] #1": "exit code 1"},
    ),
    "a process that cannot start": Case(
        "Subprocess(['/nosuch'])", {"start of ['/nosuch'] #1": "no such file"}
    ),
}


@pytest.fixture(scope="module")
def children() -> Iterator[dict[int, Loopback]]:
    made = {generation: Loopback(tornado) for generation, tornado in GENERATIONS.items()}
    yield made
    for child in made.values():
        child.close()


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("name", CASES)
def test_the_world_does_as_tornado_does(
    name: str, generation: int, children: dict[int, Loopback]
) -> None:
    case = CASES[name]
    [seen] = children[generation].observe(Version(case.text), [Scenario("one", "T")])
    kept = [line for line in seen.effects if line.startswith(("call note", "log ", "hook"))]
    answer = f"{seen.responses[0].status} {seen.responses[0].body}"
    assert ours(case, generation) == [*map(_effect, kept), answer]


def ours(case: Case, generation: int) -> list[str]:
    recorder = Recorder(case.tape)
    loaded = loader.load(explorer.Version("app.py", case.text.encode(), tornado=generation))
    run = world.execute(loaded, "T.get", recorder)
    assert run.obstacle is None
    assert not recorder.misaligned
    effects, status, body = [], "None", ""
    for kind, subject, detail, _ in run.events:
        if (kind, subject) == ("call", "note"):
            effects.append(f"call note{detail.replace(',)', ')')}")
        elif kind == "hook" and subject.startswith("on_"):
            effects.append(f"hook {subject}")
        elif kind == "log":
            effects.append(_effect(f"log {subject} {detail}"))
        elif kind == "headers":
            status = subject.split(" ")[0]
        elif kind == "body":
            body += eval(detail).decode()
    return [*effects, f"{status} {body}"]


def _effect(line: str) -> str:
    """A log record by its logger, level, first word and error; others as they are."""
    if not line.startswith("log "):
        return line
    kind = re.search(r"\b(ZeroDivisionError|FileNotFoundError)\b", line)
    return " ".join([*line.split(" ")[:4], kind[0] if kind else ""])


PROTOCOL = """
import socket, struct
from tornado.iostream import IOStream

class Main(RequestHandler):
    @asynchronous
    def get(self):
        self.stream = IOStream(socket.socket())
        self.stream.set_close_callback(self.on_close)
        self.stream.connect(("h", 1), callback=self.on_connect)

    def on_connect(self):
        self.stream.write(b"HELO\\r\\n", callback=self.on_written)

    def on_written(self):
        self.stream.read_until(b"\\r\\n", callback=self.on_line)

    def on_line(self, line):
        if line.strip() == b"OK":
            self.stream.read_bytes(4, callback=self.on_size)
        else:
            self.finish("bad")

    def on_size(self, data):
        size, = struct.unpack("!I", data)
        self.stream.read_bytes(size, callback=self.finish)

    def on_close(self):
        if not self._finished:
            self.finish("closed")
"""
PROCESS = """
from tornado.process import Subprocess

class Main(RequestHandler):
    @asynchronous
    def get(self):
        Subprocess(["ls"]).set_exit_callback(self.on_exit)

    def on_exit(self, code):
        self.finish("three" if code == 3 else str(code < 0))
"""
WAITS = """
from tornado.process import Subprocess

class Main(RequestHandler):
    @gen.coroutine
    def get(self):
        code = yield Subprocess(["ls"]).wait_for_exit(raise_error=False)
        self.finish("three" if code == 3 else str(code < 0))
"""
SOCKET = """
from tornado.websocket import websocket_connect

class Main(RequestHandler):
    @asynchronous
    def get(self):
        websocket_connect("ws://h/", callback=self.on_connect)

    def on_connect(self, future):
        self.conn = future.result()
        self.conn.write_message("hello")
        self.conn.read_message(callback=self.on_message)

    def on_message(self, future):
        message = future.result()
        if message == "more":
            self.conn.read_message(callback=self.on_message)
        else:
            self.conn.close()
            self.finish(str(message))
"""
READS = """
from tornado.websocket import websocket_connect

class Main(RequestHandler):
    @gen.coroutine
    def get(self):
        self.conn = yield websocket_connect("ws://h/")
        self.conn.write_message("hello")
        message = "more"
        while message == "more":
            message = yield self.conn.read_message()
        self.conn.close()
        self.finish(str(message))
"""
PUSHED = """
from tornado.websocket import websocket_connect

class Main(RequestHandler):
    @asynchronous
    def get(self):
        self.got = []
        websocket_connect("ws://h/", on_message_callback=self.on_message)

    def on_message(self, message):
        if message is None:
            self.finish(",".join(self.got))
        else:
            self.got.append(message)
"""
SAME = {
    "a protocol": (PROTOCOL, PROTOCOL.replace("on_line", "on_answer")),
    "a process": (PROCESS, WAITS),
    "a websocket": (SOCKET, READS),
    "messages that come by themselves": (PUSHED, PUSHED.replace("got", "heard")),
}
DIFFERENT = {
    "another line": (PROTOCOL, PROTOCOL.replace('b"OK"', 'b"Ok"')),
    "another length": (PROTOCOL, PROTOCOL.replace('"!I"', '"<I"')),
    "nobody hears of the end": (PROTOCOL, PROTOCOL.replace('finish("closed")', "on_line")),
    "another exit code": (PROCESS, WAITS.replace("== 3", "== 4")),
    "signals": (PROCESS, WAITS.replace("code < 0", "code > 0")),
    "an error of the process": (PROCESS, WAITS.replace("raise_error=False", "")),
    "one message only": (SOCKET, READS.replace("while", "if")),
    "a websocket that stays open": (SOCKET, READS.replace("self.conn.close()", "pass")),
    "a websocket that is refused": (
        SOCKET,
        SOCKET.replace(
            "future.result()\n        self.conn.w", "future._result\n        self.conn.w"
        ),
    ),
    "another message": (PUSHED, PUSHED.replace('","', '";"')),
}


@pytest.mark.parametrize(("before", "after"), SAME.values(), ids=SAME)
def test_the_same_dialogue(before: str, after: str) -> None:
    verdict = compare(before, after, runs=300)
    assert (verdict.result, verdict.reason) == ("equivalent", None)
    assert verdict.details["held"]
    assert not verdict.complete  # a peer may send anything
    assert verdict.coverage == 1.0


@pytest.mark.parametrize(("before", "after"), DIFFERENT.values(), ids=DIFFERENT)
def test_another_dialogue(before: str, after: str) -> None:
    assert compare(before, after, runs=300).result == "different"
