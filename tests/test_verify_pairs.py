"""Pairs of handlers written by hand, in styles the codemod never writes: the check must cope."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import pytest
from uncallback.refactor.model import Verdict
from uncallback.refactor.verify import Verifier, VerifyOptions, Version

HEAD = """
import logging
from tornado import gen, ioloop, web
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
log = logging.getLogger(__name__)
db = connect()

class Main(web.RequestHandler):
"""
CALLBACK = """
@web.asynchronous
def get(self):
    AsyncHTTPClient().fetch("http://a", self.on_a)

def on_a(self, r):
    self.finish(str(r.code))
"""
COROUTINE = """
@gen.coroutine
def get(self):
    r = yield AsyncHTTPClient().fetch("http://a", raise_error=False)
    self.finish(str(r.code))
"""
CALLBACKS = """
@web.asynchronous
def get(self):
    self.codes = []
    for url in ("http://a", "http://b"):
        AsyncHTTPClient().fetch(url, self.on_reply)

def on_reply(self, r):
    self.codes.append(r.code)
    if len(self.codes) == 2:
        self.finish(str({}))
"""
TOGETHER = """
@gen.coroutine
def get(self):
    client = AsyncHTTPClient()
    a, b = yield [client.fetch(url, raise_error=False) for url in ("http://a", "http://b")]
    self.finish(str({}))
"""
IN_TURN = """
@gen.coroutine
def get(self):
    client = AsyncHTTPClient()
    a = yield client.fetch("http://a", raise_error=False)
    b = yield client.fetch("http://b", raise_error=False)
    self.finish(str({}))
"""

SAME = {
    "two writes or one": (
        "def get(self):\n    self.write('a')\n    self.write('b')",
        "def get(self):\n    self.write('ab')",
    ),
    "headers in another order": (
        "def get(self):\n    self.set_header('X-A', '1')\n    self.set_header('X-B', '2')",
        "def get(self):\n    self.set_header('X-B', '2')\n    self.set_header('X-A', '1')",
    ),
    "a result that nobody asked for": (COROUTINE, COROUTINE + "    raise gen.Return(1)\n"),
    "a status after the answer": (COROUTINE, COROUTINE + "    self.set_status(500)\n"),
    "finish said or not": (COROUTINE, COROUTINE.replace("finish", "write")),
    "another name": (CALLBACK, CALLBACK.replace("on_a", "_reply").replace("r.code", "r.code ")),
    "a callback or a coroutine": (CALLBACK, COROUTINE),
    "a coroutine or async def": (
        COROUTINE.replace(", raise_error=False", ""),
        COROUTINE.replace(", raise_error=False", "")
        .replace("@gen.coroutine\ndef", "async def")
        .replace("yield", "await"),
    ),
    "a request object": (COROUTINE, COROUTINE.replace('"http://a"', 'HTTPRequest("http://a")')),
    "a helper": (
        COROUTINE,
        """
@gen.coroutine
def get(self):
    r = yield self.load()
    self.finish(str(r.code))

@gen.coroutine
def load(self):
    r = yield AsyncHTTPClient().fetch("http://a", raise_error=False)
    raise gen.Return(r)
""",
    ),
    "an engine": (
        """
@web.asynchronous
@gen.engine
def get(self):
    r = yield gen.Task(AsyncHTTPClient().fetch, "http://a")
    self.finish(str(r.code))
""",
        COROUTINE,
    ),
    "formatted by the log or before": (
        "def get(self):\n    log.info('x %s', 1)",
        "def get(self):\n    log.info('x 1')",
    ),
    "keywords in another order": (
        "def get(self):\n    db.find(a=1, b=2)",
        "def get(self):\n    db.find(b=2, a=1)",
    ),
    "a sum does not depend on the order": (
        CALLBACKS.format("sum(self.codes)"),
        TOGETHER.format("a.code + b.code"),
    ),
    "two ways to wait": (
        "@gen.coroutine\ndef get(self):\n    yield gen.sleep(1)\n    self.write('x')",
        """
@gen.coroutine
def get(self):
    loop = ioloop.IOLoop.current()
    yield gen.Task(loop.call_later, 1)
    self.write('x')
""",
    ),
}

DIFFERENT = {
    "errors raised instead of handed over": (
        CALLBACK,
        COROUTINE.replace(", raise_error=False", ""),
    ),
    "one after the other": (
        TOGETHER.format("[a.code, b.code]"),
        IN_TURN.format("[a.code, b.code]"),
    ),
    "order of arrival": (
        CALLBACKS.format("self.codes"),
        TOGETHER.format("[a.code, b.code]"),
    ),
    "results swapped": (
        TOGETHER.format("[a.code, b.code]"),
        TOGETHER.format("[b.code, a.code]"),
    ),
    "nobody finishes": (CALLBACK, CALLBACK.replace("finish", "write")),
    "finished twice": (COROUTINE, COROUTINE + "    self.finish()\n"),
    "not waited for": (
        COROUTINE,
        COROUTINE.replace("str(r.code)", "'x'").replace("r = yield ", ""),
    ),
    "a later effect": (
        "@gen.coroutine\ndef get(self):\n    db.put(1)\n    yield db.get(cb=later)\n    db.end()",
        "@gen.coroutine\ndef get(self):\n    yield db.get(cb=later)\n    db.put(1)\n    db.end()",
    ),
    "an effect after the answer": (
        "def get(self):\n    db.put(1)\n    self.finish('x')",
        "def get(self):\n    self.finish('x')\n    db.put(1)",
    ),
    "a swallowed error": (
        "def get(self):\n    db.put(1)\n    self.write('x')",
        "def get(self):\n    try:\n        db.put(1)\n    except Exception:\n        pass\n"
        "    self.write('x')",
    ),
    "another level": (
        "def get(self):\n    log.info('x')",
        "def get(self):\n    log.warning('x')",
    ),
}


@pytest.fixture(scope="module")
def verifier() -> Iterator[Verifier]:
    with Verifier(VerifyOptions(seconds=8)) as made:
        yield made


def compare(verifier: Verifier, before: str, after: str) -> Verdict:
    versions = [
        Version("app.py", (HEAD + textwrap.indent(body.strip(), "    ") + "\n").encode())
        for body in (before, after)
    ]
    return verifier.verify(*versions, ["Main.get"])["Main.get"]


@pytest.mark.parametrize(("before", "after"), SAME.values(), ids=SAME)
def test_the_same_in_other_words(verifier: Verifier, before: str, after: str) -> None:
    for first, second in ((before, after), (after, before)):
        verdict = compare(verifier, first, second)
        assert (verdict.result, verdict.reason) == ("equivalent", None)
        assert verdict.complete


@pytest.mark.parametrize(("before", "after"), DIFFERENT.values(), ids=DIFFERENT)
def test_different_in_few_words(verifier: Verifier, before: str, after: str) -> None:
    for first, second in ((before, after), (after, before)):
        verdict = compare(verifier, first, second)
        assert verdict.result == "different", verdict.reason
        assert verdict.details["confirmed"]
        assert verdict.counterexample is not None
        deviating = [c for c in verdict.counterexample["choices"] if not c["plain"]]
        assert len(deviating) <= 2


def test_sets_of_behaviours_are_told_apart(verifier: Verifier) -> None:
    two = COROUTINE.replace("str(r.code)", "'ok' if r.code == 200 else 'bad'")
    one = COROUTINE.replace("str(r.code)", "'ok'")
    arrival, order = CALLBACKS.format("self.codes"), TOGETHER.format("[a.code, b.code]")
    for before, after, relation in (
        (two, one, "after narrower"),
        (one, two, "after wider"),
        (arrival, order, "equal"),
    ):
        verdict = compare(verifier, before, after)
        assert verdict.result == "different"
        assert verdict.details["traces"]["relation"] == relation
