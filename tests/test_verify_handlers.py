"""The check end to end on real handlers: verdicts, replay, and handlers that misbehave."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator

import pytest
from uncallback.refactor.model import Verdict
from uncallback.refactor.verify import Verifier, VerifyOptions, Version

TUTORIAL = """
from tornado.httpclient import AsyncHTTPClient
from tornado.web import RequestHandler, asynchronous

class AsyncHandler(RequestHandler):
    @asynchronous
    def get(self):
        http_client = AsyncHTTPClient()
        http_client.fetch("http://example.com", callback=self.on_fetch)

    def on_fetch(self, response):
        do_something_with_response(response)
        self.render("template.html")
"""
CONVERTED = """
from tornado import gen
from tornado.httpclient import AsyncHTTPClient
from tornado.web import RequestHandler

class AsyncHandler(RequestHandler):
    @gen.coroutine
    def get(self):
        http_client = AsyncHTTPClient()
        response = yield http_client.fetch("http://example.com", raise_error=False)
        do_something_with_response(response)
        self.render("template.html")
"""
NAIVE = CONVERTED.replace(", raise_error=False", "")
NAME = "AsyncHandler.get"


@pytest.fixture(scope="module")
def verifier() -> Iterator[Verifier]:
    with Verifier() as made:
        yield made


def compare(verifier: Verifier, before: str, after: str, name: str = NAME) -> Verdict:
    versions = [Version("app.py", source.encode()) for source in (before, after)]
    return verifier.verify(*versions, [name])[name]


def test_the_tutorial_is_equivalent_and_complete(verifier: Verifier) -> None:
    verdict = compare(verifier, TUTORIAL, CONVERTED)
    assert (verdict.result, verdict.complete) == ("equivalent", True)
    assert verdict.coverage == 1.0
    assert verdict.details["generations"] == [[4, 4], [5, 5]]
    assert verdict.details["outcomes"]["fetch GET http://example.com"]["tried"] >= 6


ONLY_5 = "from tornado.httpclient import HTTPClientError\n"


def test_a_generation_without_what_the_first_version_imports_does_not_count(
    verifier: Verifier,
) -> None:
    verdict = compare(verifier, ONLY_5 + TUTORIAL, ONLY_5 + CONVERTED)
    assert (verdict.result, verdict.complete) == ("equivalent", False)
    assert verdict.details["generations"] == [[5, 5]]
    assert any("Tornado 4: app.py cannot be imported" in each for each in verdict.details["held"])
    assert compare(verifier, ONLY_5 + TUTORIAL, ONLY_5 + NAIVE).result == "different"


def test_what_only_the_second_version_imports_counts(verifier: Verifier) -> None:
    verdict = compare(verifier, TUTORIAL, ONLY_5 + CONVERTED)
    assert verdict.result == "inconclusive"
    assert "HTTPClientError" in str(verdict.reason)


def test_the_naive_tutorial_is_different_and_shows_the_answer(verifier: Verifier) -> None:
    verdict = compare(verifier, TUTORIAL, NAIVE)
    assert verdict.result == "different"
    assert verdict.details["confirmed"] is True
    example = verdict.counterexample
    assert example is not None
    assert json.loads(json.dumps(example)) == example
    assert json.loads(example["replay"]) == {"fetch GET http://example.com #1": "304"}
    parted = example["steps"][example["agreed"]]
    assert (parted["before"]["path"], parted["before"]["line"]) == ("app.py", 12)
    assert not parted["same"]


def test_a_replay_needs_only_the_tape() -> None:
    tape = '{"fetch GET http://example.com #1":"404"}'
    versions = [Version("app.py", source.encode()) for source in (TUTORIAL, NAIVE)]
    with Verifier() as fresh:
        assert fresh.replay(*versions, NAME, tape).result == "different"
        assert fresh.replay(*versions, NAME, "{}").details == {"agreed": True}
        misfit = fresh.replay(*versions, NAME, '{"fetch GET http://other.com #1":"404"}')
        assert (
            misfit.reason
            == "the tape does not fit: 'fetch GET http://other.com #1' was never asked"
        )


def test_versions_may_run_on_different_generations() -> None:
    native = """
    from tornado.httpclient import AsyncHTTPClient, HTTPClientError
    from tornado.web import RequestHandler

    class AsyncHandler(RequestHandler):
        async def get(self):
            http_client = AsyncHTTPClient()
            {}
            do_something_with_response(response)
            self.render("template.html")
    """
    careless = 'response = await http_client.fetch("http://example.com", raise_error=False)'
    with Verifier(VerifyOptions(before_tornado=4, after_tornado=6)) as verifier:
        verdict = compare(verifier, TUTORIAL, textwrap.dedent(native).format(careless))
    assert verdict.result == "different"
    assert verdict.counterexample is not None
    (answer,) = json.loads(verdict.counterexample["replay"]).values()
    assert answer in ("connection refused", "timeout", "connection closed")  # raised by 6 anyway


@pytest.mark.parametrize(("shown", "complete"), [("error", False), ("'failed'", True)])
def test_names_that_only_one_generation_has_are_held(shown: str, complete: bool) -> None:
    text = """
    from tornado import gen
    from tornado.httpclient import AsyncHTTPClient
    from tornado.web import RequestHandler

    class AsyncHandler(RequestHandler):
        @gen.coroutine
        def get(self):
            try:
                yield AsyncHTTPClient().fetch("http://example.com")
            except Exception as error:
                self.write("%s" % {})
    """
    version = textwrap.dedent(text).format(shown)
    with Verifier(VerifyOptions(before_tornado=4, after_tornado=6)) as verifier:
        verdict = compare(verifier, version, version)
    assert (verdict.result, verdict.complete) == ("equivalent", complete)
    assert any("errors of fetch" in held for held in verdict.details["held"]) is not complete


PLAIN = """
from tornado.web import RequestHandler

class Main(RequestHandler):
    def get(self):
        {}
        self.write("done")
"""

MISBEHAVING = {
    "leaves at once": "import os; os._exit(3)",
    "crashes": "import ctypes; ctypes.string_at(0)",
    "exits": "raise SystemExit(3)",
    "is interrupted": "raise KeyboardInterrupt",
    "recurses": "(lambda f: f(f))(lambda f: f(f))",
    "loops": "\n        while True: pass",
    "counts for ever": "import itertools; sum(itertools.count())",
    "eats memory": "x = [0] * (1 << 34)",
    "prints a lot": "print('x' * 1_000_000)",
    "writes to the protocol": "import os; os.write(1, b'{}\\n')",
    "reads the requests": "import sys; sys.stdin.read()",
    "closes everything": "import os; os.closerange(0, 200)",
}


@pytest.mark.parametrize("body", MISBEHAVING.values(), ids=MISBEHAVING)
def test_a_misbehaving_handler_gets_a_verdict_and_the_next_one_too(body: str) -> None:
    source = PLAIN.format(body)
    with Verifier(VerifyOptions(seconds=3, before_tornado=4)) as verifier:
        verdict = compare(verifier, source, source + "\n", "Main.get")
        assert verdict.result in ("equivalent", "inconclusive"), verdict.reason
        following = compare(verifier, PLAIN.format("pass"), PLAIN.format(""), "Main.get")
        assert (following.result, following.complete) == ("equivalent", True)


UNLOADABLE = {
    "does not parse": "class Main(:\n",
    "fails": "1 / 0\n",
    "exits": "raise SystemExit\n",
    "loops": "while True: pass\n",
}


@pytest.mark.parametrize("head", UNLOADABLE.values(), ids=UNLOADABLE)
def test_a_module_that_cannot_be_loaded_is_inconclusive(head: str) -> None:
    source = head + PLAIN.format("pass")
    with Verifier(VerifyOptions(seconds=2, before_tornado=4)) as verifier:
        verdict = compare(verifier, source, source, "Main.get")
    assert verdict.result == "inconclusive"
    assert verdict.reason


def test_sources_in_other_encodings(verifier: Verifier) -> None:
    latin = "# -*- coding: latin-1 -*-\n" + PLAIN.format('self.write("é")')
    versions = [Version("app.py", latin.encode("latin-1"))] * 2
    assert verifier.verify(*versions, ["Main.get"])["Main.get"].result == "equivalent"
    other = Version("app.py", latin.replace("é", "è").encode("latin-1"))
    assert verifier.verify(versions[0], other, ["Main.get"])["Main.get"].result == "different"


def test_other_files_of_the_project_are_versions_too(verifier: Verifier) -> None:
    source = b"from helpers import text\n" + PLAIN.format("self.write(text())").encode()
    first = Version("app.py", source, {"helpers.py": b"def text():\n    return 'a'\n"})
    second = Version("app.py", source, {"helpers.py": b"def text():\n    return 'b'\n"})
    assert verifier.verify(first, first, ["Main.get"])["Main.get"].result == "equivalent"
    assert verifier.verify(first, second, ["Main.get"])["Main.get"].result == "different"


def test_one_child_serves_many_and_forgets_between(verifier: Verifier) -> None:
    source = PLAIN.format("seen.append(1); self.write(str(len(seen)))") + "\nseen = []\n"
    for _ in range(3):
        assert compare(verifier, source, source, "Main.get").result == "equivalent"


def test_what_still_waits_at_the_end_is_shown(verifier: Verifier) -> None:
    source = """
from tornado import gen, locks
from tornado.web import RequestHandler

class Main(RequestHandler):
    @gen.coroutine
    def get(self):
        {}
        self.finish("x")
"""
    hangs = source.format("yield locks.Event().wait()")
    verdict = compare(verifier, source.format("pass"), hangs, "Main.get")
    assert verdict.counterexample is not None
    assert verdict.counterexample["ends"] == {"before": "finished", "after": "never finished"}
    assert verdict.counterexample["waiting"] == {"before": [], "after": ["app.py:8 in get"]}
