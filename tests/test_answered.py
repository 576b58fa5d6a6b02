"""Errors that only reach the log before and are answered after: the one difference one can ask for.

Told by running both versions: SEMANTICS sections 2 and 3.
"""

from __future__ import annotations

import pytest
from exploring import compare, handler

DROPPED = handler(
    """
    @asynchronous
    def get(self):
        self.load()

    def on_finish(self):
        self.application.closed()

    @gen.coroutine
    def load(self):
        response = yield AsyncHTTPClient().fetch("http://a.example.com/")
        self.finish(response.body)
    """
)
WAITED = DROPPED.replace("@asynchronous", "@gen.coroutine").replace(
    "self.load()", "self._auto_finish = False\n        yield self.load()"
)
MIXIN = "import tornado.auth\nfrom tornado.log import gen_log\n"
CALLBACK = MIXIN + handler(
    """
    @asynchronous
    def get(self):
        self.get_authenticated_user(self.on_user)

    def on_user(self, user):
        if not user:
            raise KeyError("nobody")
        self.finish("welcome")
    """
).replace("RequestHandler", "RequestHandler, tornado.auth.OpenIdMixin")
INLINE = MIXIN + handler(
    """
    @gen.coroutine
    def get(self):
        try:
            user = yield self.get_authenticated_user()
        except tornado.auth.AuthError as error:
            gen_log.warning(str(error))
            user = None
        if not user:
            raise KeyError("nobody")
        self.finish("welcome")
    """
).replace("RequestHandler", "RequestHandler, tornado.auth.OpenIdMixin")


def test_futures_of_asyncio_only_reach_the_log_too() -> None:
    judgement = compare(DROPPED, WAITED, answers=True, tornado=5)
    assert judgement.result == "inconclusive", judgement.reason
    assert "HTTPClientError" in judgement.details["answered"]


ASKS_MORE = """try:
            yield self.load()
        except Exception:
            self.get_argument("more")
            raise"""
OTHERS = """
class Other(RequestHandler):
    def get(self):
        raise HTTPError(401)
"""


def shared(source: str) -> str:
    """The same, with a state that requests share, and another handler that fails."""
    noted = source.replace("        if not user:", "        SEEN.append(1)\n        if not user:")
    return "from tornado.web import HTTPError\nSEEN = []\n" + noted + OTHERS


def test_what_comes_because_of_the_answer_is_not_compared() -> None:
    """The request is over, so a further one comes elsewhere than it did before."""
    judgement = compare(shared(CALLBACK), shared(INLINE), answers=True)
    assert judgement.result == "inconclusive", judgement.reason
    assert list(judgement.details["answered"]) == ["KeyError"]


ENDLESS = """
class Events(RequestHandler):
    @gen.coroutine
    def get(self):
        while True:
            yield self.application.events.get()
            self.write("event")
"""


def test_an_error_that_no_log_came_to_tell_of_is_known_from_other_runs() -> None:
    """A further request, which comes as the first one is open, does not return."""
    before, after = (
        "SEEN = []\n" + text.replace("response = yield", "SEEN.append(1)\n        response = yield")
        for text in (DROPPED.replace("self.load()", "self.loading = self.load()"), WAITED)
    )
    judgement = compare(before + ENDLESS, after + ENDLESS, answers=True, runs=120)
    assert judgement.result == "inconclusive", judgement.reason
    other = after.replace("response.body", "b'no'")
    assert compare(before + ENDLESS, other + ENDLESS, answers=True, runs=120).result == "different"


TOGETHER = handler(
    """
    seen = []

    @asynchronous
    def get(self):
        self.load()

    @gen.coroutine
    def load(self):
        self.application.asked()
        self.finish("loaded")

    @asynchronous
    @gen.coroutine
    def post(self):
        self.seen.append(1)
        self.write("seen")

    def later(self):
        IOLoop.current().add_callback(self.finish)

    def on_connection_close(self):
        self.application.left()
    """
)
IN_ANY_ORDER = TOGETHER.replace("@asynchronous\n    @gen", "@gen").replace(
    "@asynchronous\n    def get(self):\n        ",
    "@gen.coroutine\n    def get(self):\n        self._auto_finish = False\n        yield ",
)


def test_requests_that_came_at_the_same_time_are_answered_in_any_order() -> None:
    judgement = compare(TOGETHER, IN_ANY_ORDER, "Main.post", answers=True, runs=300)
    assert judgement.result == "inconclusive", judgement.reason
    assert "OutsideError" in judgement.details["answered"]
    other = IN_ANY_ORDER.replace('"seen")', '"seen" * len(self.seen))')
    assert compare(TOGETHER, other, "Main.post", answers=True, runs=300).result == "different"


@pytest.mark.parametrize(
    ("before", "after", "error"), [(DROPPED, WAITED, "HTTPError"), (CALLBACK, INLINE, "KeyError")]
)
def test_who_asks_for_it_is_told_which_errors(before: str, after: str, error: str) -> None:
    judgement = compare(before, after, answers=True)
    assert judgement.result == "inconclusive"
    assert error in (judgement.reason or "")
    assert "the others agree" in (judgement.reason or "")
    assert error in judgement.details["answered"]
    assert not judgement.complete
    assert compare(before, after).result == "different"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(DROPPED, WAITED.replace("response.body", "b'no'"), id="another answer"),
        pytest.param(
            DROPPED, WAITED.replace("self._auto", "self.application.x()\n        self._auto"),
            id="another call",
        ),
        pytest.param(
            DROPPED, WAITED.replace("yield self.load()", "raise KeyError"), id="an error of its own"
        ),
        pytest.param(
            DROPPED, WAITED.replace("yield self.load()", ASKS_MORE), id="an error of more questions"
        ),
        pytest.param(
            DROPPED.replace("self.load()", "self.load()\n        self.finish('early')"),
            WAITED.replace("yield self.load()", "yield self.load()\n        self.finish('early')"),
            id="answered well before",
        ),
        pytest.param(CALLBACK, INLINE.replace("'welcome'", "'hello'").replace('"welcome"', '"x"'),
                     id="another text"),
        pytest.param(WAITED, DROPPED, id="the wrong way round"),
        pytest.param(INLINE, CALLBACK, id="the wrong way round, with a mixin"),
    ],
)  # fmt: skip
def test_every_other_difference_is_one(before: str, after: str) -> None:
    assert compare(before, after, answers=True).result == "different"
