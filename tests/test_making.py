"""Handlers whose constructor is their own: made as the project's router would make them."""

from __future__ import annotations

import pytest
from exploring import compare, effects, handler, run

OWN = """
def __init__(self, router, session):
    self.router = router
    super(Main, self).__init__(router.application, router.request)
"""
USUAL = """
def __init__(self, application, request, **kwargs):
    self.router = application
    super().__init__(application, request, **kwargs)
"""
BASE = """
class Base(RequestHandler):
    def __init__(self, router):
        self.router = router
        RequestHandler.__init__(self, router.application, router.request)
"""
BELOW = """
def __init__(self, router):
    Base.__init__(self, router)
"""
SHOWS = """
def get(self):
    self.write(repr([self.router, self.application is self.router, self.request.method]))
"""


@pytest.mark.parametrize(
    ("constructor", "extra", "shown"),
    [
        pytest.param(OWN, "", "[<router>, False, 'GET']", id="its own"),
        pytest.param(OWN.replace("session", "session=0"), "", "[<router>, False", id="a default"),
        pytest.param(BELOW, BASE, "[<router>, False, 'GET']", id="through a base class"),
        pytest.param(USUAL, "", "True, 'GET']", id="a handler's"),
        pytest.param(USUAL.replace("application", "app"), "", "True, 'GET']", id="other names"),
    ],
)
def test_constructors(constructor: str, extra: str, shown: str) -> None:
    text = handler(constructor + SHOWS, extra)
    if extra:
        text = text.replace("class Main(RequestHandler)", "class Main(Base)")
    (body,) = effects(run(text), "body")
    assert shown in body


def test_it_is_answered_and_compared() -> None:
    before = OWN + (
        "@asynchronous\n"
        "def get(self):\n"
        "    AsyncHTTPClient().fetch(self.router.address(), self.on_page)\n"
        "def on_page(self, page):\n"
        "    self.finish(page.body)\n"
    )
    after = OWN + (
        "@gen.coroutine\n"
        "def get(self):\n"
        "    page = yield AsyncHTTPClient().fetch(self.router.address(), raise_error=False)\n"
        "    self.finish(page.body)\n"
    )
    assert compare(handler(before), handler(after)).result == "equivalent"
    wrong = after.replace("page.body", "str(page.code)")
    assert compare(handler(before), handler(wrong)).result == "different"
