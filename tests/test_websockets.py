"""Websockets in the explorer's world, held against real Tornado over loopback.

Each case is played twice: by a client on a raw socket against real Tornado, and as a tape of the
explorer. Calls, log records, hooks and frames must come in the same order.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from exploring import compare
from oracle.install import TORNADO_4, TORNADO_5, TORNADO_6
from oracle.loopback import Loopback, Version
from oracle.scenario import Request, Scenario
from uncallback.runtime.explore import loader, world
from uncallback.runtime.explore import trace as explorer
from uncallback.runtime.explore.tape import Recorder

GENERATIONS = {4: TORNADO_4, 5: TORNADO_5, 6: TORNADO_6}
HEAD = """
import time
from tornado import gen, web
from tornado.ioloop import IOLoop
from tornado.websocket import WebSocketClosedError, WebSocketHandler

def later(function):
    IOLoop.current().add_timeout(time.time() + 1, function)

class Chat(WebSocketHandler):
    def open(self):
        note("open")
    def on_message(self, message):
        note("message", message)
    def on_close(self):
        note("close", self.close_code, self.close_reason)
"""
ONE, TWO = "text:text 1", "text:text 2"
TIMER = "timer@1.000000"


@dataclass(frozen=True)
class Case:
    """Methods of the handler, what the client does, and the order where there is a choice.

    ``answers`` stands for the frame with which a client answers one that closes; ``first`` names
    what comes before the client's turn of that number.
    """

    body: str
    frames: tuple[str, ...]
    first: tuple[tuple[int, str], ...] = ()
    generations: tuple[int, ...] = (4, 5, 6)

    @property
    def text(self) -> str:
        body = textwrap.dedent(self.body) or "pass"
        return f"{HEAD}\nclass T(Chat):\n{textwrap.indent(body, '    ')}\n"

    def tape(self) -> dict[str, str]:
        tape = {}
        for number, frame in enumerate((*self.frames, "leave"), 1):
            kind, _, rest = frame.partition(":")
            label = {
                "text": f"sends {rest!r}",
                "bytes": f"sends {rest.encode()!r}",
                "ping": "pings",
                "pong": "pongs",
                "close": "closes with 1001 'going away'" if rest else "closes the websocket",
                "leave": "leaves",
                "answers": "answers that it closes",
            }[kind]
            tape[f"what the client does, {number}"] = label
        for turn, what in self.first:
            options = sorted((what, f"the client's turn {turn}"))
            tape[explorer.ORDER + " | ".join(options)] = what
        return tape


CASES = {
    "messages": Case(
        "def on_message(self, m): self.write_message(m)", (ONE, TWO, "close:1001:going away")
    ),
    "text and bytes": Case(
        "def on_message(self, m): note(m); self.write_message(m, binary=True)",
        ("bytes:bytes", "text:", "leave"),
    ),
    "a client that leaves": Case("", (ONE, "leave")),
    "a close without a code": Case("", ("close",)),
    "several messages, a dict": Case(
        "def open(self):\n    self.write_message('a')\n    self.write_message({'a': 1})", (ONE,)
    ),
    "the server closes": Case(
        "def on_message(self, m):\n    self.close(4001, 'why')\n    note(self.close_code)\n"
        "    self.close(4002)",
        (ONE, "answers"),
    ),
    "a reason needs a code": Case("def open(self): self.close(reason='only')", ("answers",)),
    "a write after a close": Case(
        """
        def on_message(self, m):
            self.close()
            try: self.write_message('x')
            except WebSocketClosedError as e: note(type(e).__name__, str(e))
        """,
        (ONE, "answers"),
    ),
    "a write in on_close": Case(
        """
        def on_close(self):
            for function in (self.write_message, self.ping):
                try: function(b'x')
                except WebSocketClosedError as e: note(type(e).__name__)
        """,
        ("leave",),
    ),
    "open fails": Case("def open(self): raise ValueError('o')", ()),
    "a message fails": Case("def on_message(self, m): raise ValueError('m')", (ONE,)),
    "a message fails with an HTTP error": Case(
        "def on_message(self, m): raise web.HTTPError(400, 'bad')", (ONE,)
    ),
    "on_close fails": Case("def on_close(self): raise ValueError('c')", ("leave",)),
    "nobody takes messages": Case("on_message = WebSocketHandler.on_message", (ONE,)),
    "a timer's callback fails": Case(
        "def on_message(self, m): later(self.boom)\ndef boom(self): raise ValueError('late')",
        (ONE,),
        first=((2, TIMER),),
    ),
    "a timer of open fails": Case(
        "def open(self): later(self.boom)\ndef boom(self): raise ValueError('late')",
        (ONE,),
        first=((2, TIMER),),
    ),
    "messages that wait": Case(
        """
        @gen.coroutine
        def on_message(self, m):
            note('start', m)
            yield gen.sleep(1)
            note('end', m)
        """,
        (ONE, TWO, "close"),
    ),
    "a client that leaves while a message waits": Case(
        """
        @gen.coroutine
        def on_message(self, m):
            yield gen.sleep(1)
            try:
                yield self.write_message('x')
                note('written')
                yield self.write_message('y')
            except WebSocketClosedError: note('closed')
        """,
        (ONE, "leave"),
    ),
    "a waiting message fails": Case(
        "@gen.coroutine\ndef on_message(self, m):\n    yield gen.moment\n    raise ValueError(m)",
        (ONE, "leave"),
    ),
    "an open that waits": Case(
        """
        @gen.coroutine
        def open(self):
            note('opening')
            yield gen.sleep(1)
            note('opened')
        """,
        (ONE, "leave"),
    ),
    "an open that waits and fails": Case(
        "@gen.coroutine\ndef open(self):\n    yield gen.moment\n    raise ValueError('o')",
        ("leave",),
        generations=(4, 6),
    ),
    "async def": Case(
        "async def on_message(self, m):\n    note(m)\n    await gen.sleep(1)\n    note('end')",
        (ONE, "leave"),
    ),
    "methods of requests": Case(
        """
        def on_message(self, m):
            for name in ('write', 'finish', 'set_status', 'redirect', 'flush', 'set_header'):
                try: getattr(self, name)()
                except Exception as e: note(name, type(e).__name__, str(e))
        """,
        (ONE,),
    ),
    "an error page": Case("def on_message(self, m): self.send_error(500)", (ONE, "leave")),
    "prepare answers": Case("def prepare(self): self.set_status(401); self.finish('no')", ()),
    "prepare fails": Case("def prepare(self): raise web.HTTPError(403)", ()),
    "get answers": Case("def get(self): self.finish('x')", ()),
    "get goes on": Case(
        """
        @gen.coroutine
        def get(self):
            note('get')
            yield gen.moment
            waits = super(T, self).get()
            if waits is not None: yield waits
            note('got')
        """,
        (ONE, "leave"),
    ),
    "pings and pongs": Case(
        """
        def open(self): self.ping(b'x')
        def on_ping(self, d): note('ping', d)
        def on_pong(self, d): note('pong', d)
        """,
        ("ping:ping", "pong:pong", "close"),
    ),
}


@pytest.fixture(scope="module")
def children() -> Iterator[dict[int, Loopback]]:
    made = {generation: Loopback(tornado) for generation, tornado in GENERATIONS.items()}
    yield made
    for child in made.values():
        child.close()


@pytest.mark.parametrize(
    ("name", "generation"), [(n, g) for n, case in CASES.items() for g in case.generations]
)
def test_the_world_does_as_tornado_does(
    name: str, generation: int, children: dict[int, Loopback]
) -> None:
    case = CASES[name]
    assert ours(case, generation) == theirs(case, children[generation])


def theirs(case: Case, child: Loopback) -> list[str]:
    frames = tuple(frame for frame in case.frames if frame != "answers")
    request = Request(frames=frames or ("leave",))
    [seen] = child.observe(Version(case.text), [Scenario("one", "T", requests=(request,))])
    [response] = seen.responses
    sent = response.body.split("|") if response.status == 101 and response.body else []
    kept = [line for line in seen.effects if line.startswith(("call", "hook on_conn", "log "))]
    return [*filter(None, map(_effect, kept)), *filter(_is_of_handler, sent)]


def ours(case: Case, generation: int) -> list[str]:
    recorder = Recorder(case.tape())
    loaded = loader.load(explorer.Version("app.py", case.text.encode(), tornado=generation))
    run = world.execute(loaded, "T.on_message", recorder)
    assert not recorder.misaligned
    assert run.obstacle is None
    left = min((q.at for q in run.asked if q.label == "leaves"), default=len(run.events))
    effects, sent = [], []
    for position, (kind, subject, detail, _) in enumerate(run.events):
        if kind == "call":
            effects.append(f"call {subject}{detail.replace(',)', ')')}")
        elif (kind, subject) == ("hook", "on_connection_close"):
            effects.append("hook on_connection_close")
        elif kind == "log":
            effects.append(f"log {subject} {detail}")
        elif kind == "websocket" and position < left:
            sent.append(f"{subject} {detail}")
    return [*filter(None, map(_effect, effects)), *filter(None, map(_frame, sent))]


def _effect(line: str) -> str:
    """A log record by its logger, level, first word and error; others as they are."""
    if not line.startswith("log "):
        return line
    if "tornado.access" in line or "asyncio" in line:
        return ""  # 4 has none for a handshake; asyncio's come twice
    kind = re.search(r"\b(ValueError|HTTPError|NotImplementedError)\b", line)
    _, logger, level, word, *_ = line.split(" ")
    return f"log {logger} {level} {word} {kind and kind[0]}"


def _is_of_handler(frame: str) -> bool:
    """Whether a frame is no answer that Tornado gives by itself."""
    return frame not in ("pong:ping", "close", "close:1001")


def _frame(effect: str) -> str:
    subject, _, detail = effect.partition(" ")
    value = eval(detail)
    if subject == "close":
        shown = ":".join(str(part) for part in value if part is not None)
        return f"close:{shown}" if shown else ""
    if isinstance(value, bytes):
        kind = "bytes" if subject == "write" else subject
        return f"{kind}:{value.decode()}".removesuffix(":")
    return f"text:{value}"


CHAT = """
import json
from tornado.websocket import WebSocketHandler

members = []

class Chat(WebSocketHandler):
    def open(self):
        members.append(self)

    def on_message(self, message):
        data = json.loads(message)
        if data["type"] == "bye":
            self.close(4000, "bye")
        else:
            AsyncHTTPClient().fetch("http://example.com/", callback=self.on_answer)

    def on_answer(self, response):
        for member in members:
            member.write_message("%d" % response.code)

    def on_close(self):
        members.remove(self)
"""
ECHO = """
from tornado.websocket import WebSocketHandler

class Chat(WebSocketHandler):
    def on_message(self, message):
        if message == "ping":
            self.write_message("pong")
        elif message.startswith("say "):
            self.write_message(message[4:])

    def on_pong(self, data):
        note(data)

    def on_close(self):
        note(self.close_code)
"""
FUTURE = CHAT.replace(
    'AsyncHTTPClient().fetch("http://example.com/", callback=self.on_answer)',
    'waits = AsyncHTTPClient().fetch("http://example.com/", raise_error=False)\n'
    "            IOLoop.current().add_future(waits, lambda done: self.on_answer(done.result()))",
)
HELPER = """
    def answer(self):
        return "pong"
"""
SAME = {
    "a future's callback": (CHAT, FUTURE),
    "a helper": (ECHO, ECHO.replace('"pong"', "self.answer()") + HELPER),
}
COROUTINE = CHAT.replace("    def on_message", "    @gen.coroutine\n    def on_message").replace(
    'AsyncHTTPClient().fetch("http://example.com/", callback=self.on_answer)',
    'self.on_answer((yield AsyncHTTPClient().fetch("http://example.com/", raise_error=False)))',
)
DIFFERENT = {
    "a coroutine's error reaches nobody": (CHAT, COROUTINE, 4),
    "messages wait for a coroutine": (CHAT, COROUTINE, 5),
    "a coroutine that nobody awaits": (CHAT, COROUTINE.replace("yield ", "await ")
        .replace("@gen.coroutine\n    def", "async def"), 4),
    "another answer to one text": (ECHO, ECHO.replace('"pong"', '"Pong"'), 4),
    "another text": (ECHO, ECHO.replace("[4:]", "[3:]"), 4),
    "another code": (CHAT, CHAT.replace("4000", "4001"), 4),
    "a member that stays": (CHAT, CHAT.replace("members.remove(self)", "pass"), 4),
    "a lost branch": (CHAT, CHAT.replace('== "bye"', '== "by"'), 4),
    "pongs": (ECHO, ECHO.replace("note(data)", "pass"), 4),
    "the code of the client": (ECHO, ECHO.replace("self.close_code", "1000"), 4),
    "who may connect": (ECHO, ECHO + "\n    def check_origin(self, origin): return True\n", 4),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), SAME.values(), ids=SAME)
def test_the_same_websocket(before: str, after: str) -> None:
    for name in ("Chat.on_message", "Chat.on_close"):
        verdict = compare(before, after, name, runs=200)
        assert (verdict.result, verdict.reason) == ("equivalent", None)
        assert not verdict.complete  # a client may always send more
        assert verdict.coverage == 1.0


@pytest.mark.parametrize(("before", "after", "tornado"), DIFFERENT.values(), ids=DIFFERENT)
def test_another_websocket(before: str, after: str, tornado: int) -> None:
    verdict = compare(before, after, "Chat.on_message", tornado=tornado, runs=120)
    assert verdict.result == "different"
