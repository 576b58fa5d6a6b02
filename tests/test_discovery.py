"""No handler is passed over in silence: it is converted, refused with a reason, or not Tornado's.

``discovery.txt`` holds the ways to come by ``@asynchronous``. Each has a title that says what the
report tells, a main module (the lines at the top of the file stand in front of it), and behind
``---`` further modules of the project. ``GET`` stands for a ``get`` with a callback.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from uncallback.refactor.codemod import convert
from uncallback.refactor.model import Conversion, Options
from uncallback.refactor.project import Project

HEAD, *PARTS = Path(__file__).with_name("discovery.txt").read_text("utf-8").split("\n=== ")
CASES = [part.split("\n", 1) for part in PARTS]
GET = """def get(self):
    AsyncHTTPClient().fetch("http://a/", callback=self.on_page)

def on_page(self, response):
    self.finish(response.body)
"""


def _conversion(folder: Path, text: str, options: Options, *paths: str) -> list[Conversion]:
    main, *others = text.split("\n--- ")
    body = re.sub(r"^( +)GET$", lambda m: textwrap.indent(GET, m[1]).rstrip(), main, flags=re.M)
    (folder / "app.py").write_text(f"{HEAD}\n{body}\n", "utf-8")
    for other in others:
        name, source = other.split("\n", 1)
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"{source}\n", "utf-8")
    return list(convert(Project(folder), ["app.py", *paths], options))


def _told(conversion: Conversion) -> str:
    told = [
        f"{each.name} {each.reason.code if each.reason else 'converted'}"
        for each in conversion.handlers
    ]
    return ", ".join(told) or "nothing"


@pytest.mark.parametrize(("title", "text"), CASES, ids=[title for title, _ in CASES])
def test_every_handler_is_told_of(tmp_path: Path, title: str, text: str) -> None:
    (conversion,) = _conversion(tmp_path, text, Options())
    assert _told(conversion) == title.partition(":")[0]
    assert (conversion.after != conversion.before) == ("converted" in title)
    lines = conversion.before.decode().splitlines()
    for each in conversion.handlers:
        if each.reason is not None and each.reason.code in ("UC109", "UC110"):
            what = each.reason.message.split("'")[1]
            assert what[:20] in lines[each.reason.line - 1]


def test_a_file_that_does_not_say_the_word_is_looked_at_for_a_decorator_that_does(
    tmp_path: Path,
) -> None:
    project = """X = 1
--- decorators.py
from tornado.web import asynchronous
def checked(method):
    return asynchronous(method)
--- pages.py
from decorators import checked
class Page:
    @checked
    def get(self):
        pass
"""
    found = _conversion(tmp_path, project, Options(), "decorators.py", "pages.py")
    assert [_told(each) for each in found] == ["nothing", "nothing", "Page.get UC110"]
