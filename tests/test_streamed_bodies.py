"""Bodies that come in parts, in the explorer's world: held against real Tornado over loopback."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from exploring import compare, program
from oracle.install import TORNADO_4, TORNADO_5, TORNADO_6
from oracle.loopback import Loopback, Version
from oracle.scenario import Request, Scenario
from uncallback.runtime.explore import loader, world
from uncallback.runtime.explore import trace as explorer
from uncallback.runtime.explore.tape import Recorder

GENERATIONS = {4: TORNADO_4, 5: TORNADO_5, 6: TORNADO_6}
HEAD = """
from tornado import gen, web
from tornado.web import RequestHandler, stream_request_body

class Base(RequestHandler):
    def on_connection_close(self):
        note("gone")
    def data_received(self, chunk):
        note("part", chunk)
    def post(self):
        note("post")
        self.write("ok")

@stream_request_body
class T(Base):
"""
ONE, TWO = "part 1 ", "part 2 "


@dataclass(frozen=True)
class Case:
    """Methods of the handler, and the parts; ``leave`` where the client leaves instead."""

    body: str
    parts: tuple[str, ...] = (ONE, TWO)

    @property
    def text(self) -> str:
        return HEAD + textwrap.indent(textwrap.dedent(self.body) or "pass", "    ") + "\n"

    def tape(self) -> dict[str, str]:
        labels = {"leave": "the client leaves", "": "the body ends"}
        numbered = enumerate([*self.parts, ""], 1)
        return {f"what comes as part {n} of the body": labels.get(p, repr(p)) for n, p in numbered}


CASES = {
    "plain": Case(""),
    "a client that leaves": Case("", (ONE, "leave", TWO)),
    "prepare waits": Case(
        """
        @gen.coroutine
        def prepare(self):
            note('prepare')
            yield gen.sleep(1)
            note('prepared')
        """,
        (ONE,),
    ),
    "prepare waits, a client that leaves": Case(
        "@gen.coroutine\ndef prepare(self):\n    yield gen.sleep(1)\n    note('prepared')",
        (ONE, "leave", TWO),
    ),
    "a part waits": Case(
        """
        @gen.coroutine
        def data_received(self, chunk):
            note('part', chunk)
            yield gen.sleep(1)
            note('taken', chunk)
        """
    ),
    "a part waits, a client that leaves": Case(
        "@gen.coroutine\ndef data_received(self, chunk):\n    yield gen.sleep(1)\n    note(chunk)",
        (ONE, "leave", TWO),
    ),
    "a part fails": Case("def data_received(self, chunk): raise ValueError(chunk)"),
    "a part fails with an HTTP error": Case(
        "def data_received(self, chunk): raise web.HTTPError(413)"
    ),
    "a waiting part fails": Case(
        "@gen.coroutine\ndef data_received(self, c):\n    yield gen.moment\n    raise ValueError(c)"
    ),
    "an early answer": Case("def data_received(self, chunk): self.finish('early')"),
    "an answer in prepare": Case("def prepare(self): self.finish('early')"),
    "prepare fails": Case("def prepare(self): raise web.HTTPError(413)"),
    "an error page": Case("def data_received(self, chunk): self.send_error(413)"),
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
    request = Request(method="POST", parts=case.parts)
    scenario = Scenario("one", "T", requests=(request,))
    [seen] = children[generation].observe(Version(case.text), [scenario])
    kept = [line for line in seen.effects if line.startswith(("call", "hook", "log "))]
    answer = f"{seen.responses[0].status} {seen.responses[0].body}"
    assert ours(case, generation) == [*map(_effect, kept), answer]


def ours(case: Case, generation: int) -> list[str]:
    recorder = Recorder(case.tape())
    loaded = loader.load(explorer.Version("app.py", case.text.encode(), tornado=generation))
    run = world.execute(loaded, "T.post", recorder)
    assert run.obstacle is None
    assert not recorder.misaligned
    effects, status, body = [], "None", ""
    for kind, subject, detail, _ in run.events:
        if kind == "call":
            effects.append(f"call {subject}{detail.replace(',)', ')')}")
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
    kind = re.search(r"\b(ValueError|HTTPError)\b", line)
    return " ".join([*line.split(" ")[:4], kind[0] if kind else ""])


UPLOAD = """
from tornado.web import stream_request_body

@stream_request_body
class Upload(RequestHandler):
    def prepare(self):
        self.size = 0

    def data_received(self, chunk):
        if chunk == b"stop":
            note("stopped")
        self.size += len(chunk)
        disk.write(chunk)

    @asynchronous
    def post(self):
        AsyncHTTPClient().fetch("http://example.com/", callback=self.on_answer)

    def on_answer(self, response):
        self.finish("%d %d" % (self.size, response.code))

    def on_connection_close(self):
        note("gone", self.size)
"""
COROUTINE = UPLOAD.replace("@asynchronous", "@gen.coroutine").replace(
    'AsyncHTTPClient().fetch("http://example.com/", callback=self.on_answer)',
    'self.on_answer((yield AsyncHTTPClient().fetch("http://example.com/", raise_error=False)))',
)
DIFFERENT = {
    "another size": UPLOAD.replace("len(chunk)", "1"),
    "a text that is not seen": UPLOAD.replace('b"stop"', '"stop"'),
    "a client that leaves": UPLOAD.replace('"gone", self.size', '"gone"'),
    "waits before the first part": COROUTINE.replace(
        "    def prepare", "    @gen.coroutine\n    def prepare"
    ).replace("self.size = 0", "yield gen.sleep(1)\n        self.size = 0"),
    "an error in the middle": COROUTINE.replace("disk.write(chunk)", "disk.write(chunk[9])"),
}


def test_the_same_upload() -> None:
    for name in ("Upload.post", "Upload.prepare"):
        verdict = compare(UPLOAD, COROUTINE, name, runs=400)
        assert (verdict.result, verdict.reason) == ("equivalent", None)
        assert not verdict.complete  # a body may always have more parts
        assert verdict.coverage == 1.0


@pytest.mark.parametrize("after", DIFFERENT.values(), ids=DIFFERENT)
def test_another_upload(after: str) -> None:
    assert compare(UPLOAD, after, "Upload.post", runs=200).result == "different"


def test_two_uploads_at_the_same_time() -> None:
    """The parts of the one are not taken for those of the other."""
    text = UPLOAD.replace("self.size = 0", "self.size = 0\n        SEEN.append(1)")
    text = f"SEEN = []\nlater = lambda work: IOLoop.current().add_callback(work)\n{text}"
    tape = Recorder({"request 2 comes at the same time": "POST to Upload"})
    run = world.execute(program(text), "Upload.post", tape)
    orders = [set(each.options) for each in run.asked if each.key.startswith(explorer.ORDER)]
    assert {"part 1 of the body", "part 1 of the body of request 2"} in orders
