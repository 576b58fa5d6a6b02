"""Classes that are no handlers themselves are compared by the handlers that they are mixed into."""

from __future__ import annotations

import pytest
from exploring import compare

MIXIN = """
class Main(object):
    limit = 0

    @asynchronous
    def get(self):
        type(self).limit += 1
        AsyncHTTPClient().fetch("http://a/%d" % self.limit, self.on_answer)

    def on_answer(self, response):
        self.show(response.code)

    def show(self, code):
        self.finish(str(code))
"""
CONVERTED = MIXIN.replace("@asynchronous", "@gen.coroutine").replace(
    'AsyncHTTPClient().fetch("http://a/%d" % self.limit, self.on_answer)',
    "fetched = AsyncHTTPClient().fetch('http://a/%d' % self.limit, raise_error=False)\n"
    "        self.on_answer((yield fetched))",
)
PAGE = """
class Page(Main, RequestHandler):
    def show(self, code):
        self.write(str(self.limit))
        self.finish()
"""
WRONG = {
    "another text": CONVERTED.replace("str(code)", "str(code + 1)"),
    "errors are raised": CONVERTED.replace(", raise_error=False", ""),
    "state of the class": CONVERTED.replace("type(self).limit += 1", "type(self).limit += 2"),
}


@pytest.mark.parametrize("more", ["", PAGE], ids=["alone", "with a handler"])
def test_the_same_mixin(more: str) -> None:
    judgement = compare(MIXIN + more, CONVERTED + more, runs=100)
    assert (judgement.result, judgement.reason) == ("equivalent", None)
    assert not judgement.complete
    assert "what Main is mixed into" in judgement.details["held"]


@pytest.mark.parametrize("after", WRONG.values(), ids=WRONG)
def test_another_mixin(after: str) -> None:
    assert compare(MIXIN, after, runs=100).result == "different"


def test_a_handler_of_the_project_shows_what_the_plainest_one_does_not() -> None:
    after = CONVERTED.replace("self.show(", "self.finish(str(response.code)) or self.show(")
    after = after.replace("self.finish(str(code))", "pass")
    assert compare(MIXIN, after, runs=100).result == "equivalent"
    assert compare(MIXIN + PAGE, after + PAGE, runs=100).result == "different"
