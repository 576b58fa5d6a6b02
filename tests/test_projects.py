"""Conversions that need several files: all of them change, or none."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from uncallback.refactor.codemod import convert
from uncallback.refactor.model import Conversion, HandlerId, Options, Reason
from uncallback.refactor.project import Project

BASE = """\
from tornado.httpclient import AsyncHTTPClient
from tornado.web import RequestHandler, asynchronous


class Base(RequestHandler):
    @asynchronous
    def get(self):
        self.load("http://example.com/")

    def load(self, url):
        AsyncHTTPClient().fetch(url, self.on_load)

    def on_load(self, response):
        self.finish("code %d" % response.code)
"""

CHILD = """\
from app.base import Base


class Child(Base):
    def get(self):
        self.set_header("X-Child", "1")
        super(Child, self).get()


class Sibling(Base):
    def post(self):
        self.get()
"""

OTHER = """\
from tornado.web import asynchronous

from app import Base


class Other(Base):
    @asynchronous
    def get(self):
        self.load("http://other.example.com/")
"""

FILES = {
    "app/__init__.py": "from .base import *\n",
    "app/base.py": BASE,
    "app/child.py": CHILD,
    "app/other.py": OTHER,
}
EDITED = ("app/base.py", "app/child.py", "app/other.py")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / ".git").mkdir()
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return Project(tmp_path)


def outcomes(conversions: tuple[Conversion, ...]) -> dict[str, str]:
    return {
        handler.name: handler.reason.code if handler.reason else handler.status
        for conversion in conversions
        for handler in conversion.handlers
    }


def test_everybody_who_calls_a_new_coroutine_waits_for_it(project: Project) -> None:
    done = convert(project, EDITED, Options())
    assert outcomes(done) == {
        "Base.get": "rewritten",
        "Child.get": "rewritten",
        "Sibling.post": "rewritten",
        "Other.get": "rewritten",
    }
    text = {each.path: each.after.decode() for each in done}
    assert "yield self.load(url)" not in text["app/base.py"]
    assert "yield super(Child, self).get()" in text["app/child.py"]
    assert "yield self.get()" in text["app/child.py"]
    assert 'yield self.load("http://other.example.com/")' in text["app/other.py"]


@pytest.mark.parametrize("paths", list(itertools.permutations(EDITED)))
def test_the_order_of_the_files_does_not_matter(project: Project, paths: tuple[str, ...]) -> None:
    usual = {each.path: each for each in convert(project, EDITED, Options())}
    done = convert(project, paths, Options())
    assert [each.path for each in done] == list(paths)
    assert {each.path: each.after for each in done} == {p: c.after for p, c in usual.items()}


@pytest.mark.parametrize("left_out", EDITED)
def test_a_file_that_may_not_be_edited_keeps_all_of_them(project: Project, left_out: str) -> None:
    paths = [path for path in EDITED if path != left_out]
    done = convert(project, paths, Options())
    assert all(each.after == each.before for each in done)
    reasons = [h.reason for c in done for h in c.handlers]
    assert reasons
    assert all(reason is not None and left_out in reason.message for reason in reasons)


@pytest.mark.parametrize(
    ("path", "name"),
    [("app/base.py", "Base.get"), ("app/other.py", "Other.get"), ("app/child.py", "Child.get")],
)
def test_a_handler_that_is_kept_keeps_the_others(project: Project, path: str, name: str) -> None:
    keep = {HandlerId(path, name): Reason("UC901", "they differ", 1)}
    done = convert(project, EDITED, Options(), keep)
    assert all(each.after == each.before for each in done)
    found = outcomes(done)
    if name in found:
        assert found.pop(name) == "UC901"
    assert set(found.values()) <= {"UC408", "UC901"}


def test_a_second_run_changes_nothing(project: Project, tmp_path: Path) -> None:
    for each in convert(project, EDITED, Options()):
        (tmp_path / each.path).write_bytes(each.after)
    again = convert(Project(tmp_path), EDITED, Options())
    assert all(each.after == each.before for each in again)


def test_a_caller_in_a_file_that_is_no_handler_s_is_named(project: Project, tmp_path: Path) -> None:
    (tmp_path / "tool.py").write_text("def run(handler):\n    handler.load('x')\n")
    done = convert(Project(tmp_path), EDITED, Options())
    assert all(each.after == each.before for each in done)
    assert any(
        "line 2 of tool.py" in h.reason.message for c in done for h in c.handlers if h.reason
    )


PYTHON2 = """\
from tornado.httpclient import AsyncHTTPClient
from tornado.web import RequestHandler, asynchronous


class Page(RequestHandler):
    @asynchronous
    def get(self):
        self.lookup("key", self.on_text)

    def on_text(self, text):
        self.finish(text)

    def lookup(self, key, callback):
        AsyncHTTPClient().fetch(key, lambda response: callback(response.body))
"""


def test_for_python_2_a_value_leaves_a_generator_by_gen_return(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "page.py").write_text(PYTHON2)
    (done,) = convert(Project(tmp_path), ["page.py"], Options(python=(2, 7)))
    assert "raise gen.Return(response.body)" in done.after.decode()
    (modern,) = convert(Project(tmp_path), ["page.py"], Options())
    assert "return response.body" in modern.after.decode()
    assert any("by name" in note for note in modern.handlers[0].notes)


BY_STAR = """\
from common import *


class Page(RequestHandler):
    @asynchronous
    def get(self):
        AsyncHTTPClient().fetch("http://a.example.com/", lambda r: self.finish(r.body))
"""


def test_a_decorator_is_followed_through_star_imports(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "page.py").write_text(BY_STAR)
    common = "from tornado.web import *\nfrom tornado.httpclient import AsyncHTTPClient\n"
    (tmp_path / "common.py").write_text(common)
    (done,) = convert(Project(tmp_path), ["page.py"], Options())
    assert [each.status for each in done.handlers] == ["rewritten"]
    (tmp_path / "common.py").write_text(f"{common}\n\ndef asynchronous(method): return method\n")
    (other,) = convert(Project(tmp_path), ["page.py"], Options())
    assert not other.handlers
