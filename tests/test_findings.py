"""Findings of ``--tornado 6``: what that generation breaks in the code that stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from uncallback.refactor.codemod import convert
from uncallback.refactor.model import Options
from uncallback.refactor.project import Project

HEAD = """\
from tornado import gen, stack_context
from tornado.gen import Task
from tornado.httpclient import AsyncHTTPClient
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.web import RequestHandler, asynchronous

client = AsyncHTTPClient()
loop = IOLoop.current()


class Page(RequestHandler):
    def get(self, done):
"""

TAIL = """
    def make(self):
        return AsyncHTTPClient()

    @gen.coroutine
    def load(self):
        pass

    @gen.coroutine
    def save(self, callback):
        pass
"""

CASES = {
    "client.fetch('http://a/', done)": ["UC701"],
    "client.fetch('http://a/', None)": [],
    "client.fetch('http://a/', callback=done)": ["UC702"],
    "client.fetch('http://a/', callback=None)": [],
    "client.fetch('http://a/', raise_error=False)": ["UC705"],
    "client.fetch('http://a/', raise_error=True)": [],
    "client.fetch('http://a/')": [],
    "client.fetch('http://a/', callback=done, raise_error=False)": ["UC702"],
    "self.make().fetch('http://a/', done)": ["UC701"],
    "self.cache.fetch('http://a/', done)": [],
    "cache.fetch('http://a/', callback=done)": [],
    "self.flush(callback=done)": ["UC702"],
    "self.flush(True, done)": ["UC702"],
    "self.flush(True)": [],
    "self.load(callback=done)": ["UC702"],
    "self.save(callback=done)": [],
    "loop.add_callback(callback=done)": [],
    "loop.add_timeout(1, done)": [],
    "done(callback=done)": [],
    "gen.Task(done)": ["UC703"],
    "Task(done)": ["UC703"],
    "gen.sleep(1)": [],
    "stack_context.wrap(done)": ["UC703"],
    "PeriodicCallback(done, 1)": [],
    "PeriodicCallback(done, 1, loop)": ["UC704"],
    "PeriodicCallback(done, 1, io_loop=loop)": ["UC704"],
    "AsyncHTTPClient(loop)": ["UC704"],
    "AsyncHTTPClient(force_instance=True)": [],
    "done.gen.Task": [],
    "Task = done": [],
}
"""Statements of the method, and the codes they have to be given."""


def found(tmp_path: Path, source: str, tornado: int = 6) -> list[tuple[str, int]]:
    """The codes and lines of the findings in a file."""
    (tmp_path / "page.py").write_text(source, "utf-8")
    options = Options(tornado=6 if tornado == 6 else 5)
    (conversion,) = convert(Project(tmp_path), ["page.py"], options)
    assert conversion.error is None
    return [(each.code, each.line) for each in conversion.findings]


@pytest.mark.parametrize("statement", CASES)
def test_statements(statement: str, tmp_path: Path) -> None:
    line = HEAD.count("\n") + 1
    imports = [("UC703", 1), ("UC703", 2), ("UC703", 5)]
    source = f"{HEAD}        {statement}\n{TAIL}"
    codes = [each for each in found(tmp_path, source) if each not in imports]
    assert codes == [(code, line) for code in CASES[statement]]


TRIES = {
    "IOError:\n            pass": [("UC705", 7)],
    "Exception:\n            pass": [],
    "IOError:\n            pass\n        except gen.TimeoutError:\n            pass": [
        ("UC705", 7),
        ("UC706", 10),
    ],
    "gen.TimeoutError:\n            pass\n        except IOError:\n            pass": [
        ("UC705", 7)
    ],
}
"""Handlers of a try around a quiet fetch, and the findings."""


@pytest.mark.parametrize("handlers", TRIES)
def test_what_is_caught(handlers: str, tmp_path: Path) -> None:
    source = (
        "from tornado import gen\nfrom tornado.httpclient import AsyncHTTPClient\n\n\n"
        "@gen.coroutine\ndef load(url):\n"
        "    future = AsyncHTTPClient().fetch(url, raise_error=False)\n"
        f"    if url:\n        try:\n            yield future\n        except {handlers}\n"
    )
    expected = [(code, line + (code == "UC706")) for code, line in TRIES[handlers]]
    assert found(tmp_path, source) == expected


def test_only_for_tornado_6(tmp_path: Path) -> None:
    source = f"{HEAD}        client.fetch('http://a/', done)\n{TAIL}"
    assert found(tmp_path, source, 5) == []


def test_a_name_that_is_imported_and_not_used(tmp_path: Path) -> None:
    source = "import tornado.stack_context\nfrom tornado.gen import (\n    coroutine, engine)\n"
    assert found(tmp_path, source) == [("UC703", 1), ("UC703", 2)]


def test_every_use_of_a_name_and_its_import(tmp_path: Path) -> None:
    source = "from tornado.gen import engine\n\n\n@engine\ndef a():\n    yield\n\n\nb = engine(a)\n"
    assert found(tmp_path, source) == [("UC703", 1), ("UC703", 4), ("UC703", 9)]


def test_what_was_rewritten_is_left_out(tmp_path: Path) -> None:
    source = f"{HEAD}        pass\n" + "\n".join(
        [
            "    @asynchronous",
            "    @gen.engine",
            "    def post(self):",
            "        yield Task(client.fetch, 'http://a/')",
            "        self.finish()",
            "",
        ]
    )
    assert found(tmp_path, source) == [("UC703", 1)]  # stack_context, which nobody uses


def test_star_imports_and_other_names_are_told_of(tmp_path: Path) -> None:
    text = """from tornado import gen
from tornado.stack_context import *
Task = gen.Task


class Page:
    @gen.coroutine
    def get(self):
        with NullContext():
            yield Task(self.load)
"""
    (tmp_path / "app.py").write_text(text, "utf-8")
    (conversion,) = convert(Project(tmp_path), ["app.py"], Options(tornado=6))
    found = [(each.code, each.line, each.message.split("'")[1]) for each in conversion.findings]
    assert found == [
        ("UC703", 2, "tornado.stack_context"),
        ("UC703", 3, "gen.Task"),
        ("UC703", 9, "NullContext"),
        ("UC703", 10, "Task"),
    ]
