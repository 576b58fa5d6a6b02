"""Handlers that name what only Tornados before 4.4 had."""

from __future__ import annotations

import pytest
from exploring import compare, handler

WRAPPED = handler(
    """
    @asynchronous
    def get(self):
        AsyncHTTPClient().fetch("http://a.example.com/", self.async_callback(self.on_page, 1, b=2))

    def on_page(self, a, page, b):
        self.finish("%s %s %s" % (a, page.code, b))
    """
)
INLINE = handler(
    """
    @gen.coroutine
    def get(self):
        page = yield AsyncHTTPClient().fetch("http://a.example.com/", raise_error=False)
        self.finish("%s %s %s" % (1, page.code, 2))
    """
)
OWN = "    def async_callback(self, callback, *args, **kwargs):\n        return lambda *_: None\n"
ON_USER = """
    def on_user(self, user):
        self.finish(user["email"] if user else "nobody")
"""
GOOGLE = "import tornado.auth\nfrom tornado.log import gen_log\n" + handler(
    """
    @asynchronous
    def get(self):
        if self.get_argument("openid.mode", None):
            self.get_authenticated_user(self.on_user)
            return
        self.authorize_redirect("http://scope.example.com/", "http://back.example.com/")
    """
    + ON_USER
).replace("RequestHandler", "RequestHandler, tornado.auth.GoogleMixin")
AWAITED = GOOGLE.replace("@asynchronous", "@gen.coroutine").replace(
    "            self.get_authenticated_user(self.on_user)\n",
    """            try:
                user = yield self.get_authenticated_user()
            except tornado.auth.AuthError as error:
                gen_log.warning(str(error))
                user = None
            self.on_user(user)
""",
)


@pytest.mark.parametrize("tornado", [4, 5])
@pytest.mark.parametrize(("before", "after"), [(WRAPPED, INLINE), (GOOGLE, AWAITED)])
def test_it_is_as_it_was(before: str, after: str, tornado: int) -> None:
    judgement = compare(before, after, tornado=tornado)
    assert judgement.result == "equivalent", judgement.reason
    held = " ".join(judgement.details["held"])
    assert ("async_callback" in held) == (before is WRAPPED)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(INLINE, WRAPPED, id="only the second version names it"),
        pytest.param(WRAPPED + OWN, INLINE, id="the handler has its own"),
        pytest.param(WRAPPED, INLINE.replace("page.code, 2", "page.code, 1"), id="an argument"),
        pytest.param(GOOGLE, AWAITED.replace("user = None", "raise"), id="a denial"),
        pytest.param(GOOGLE, AWAITED.replace("http://sc", "http://x"), id="the scope"),
        pytest.param(GOOGLE, GOOGLE.replace("GoogleMixin", "OpenIdMixin"), id="no longer named"),
    ],
)
def test_a_difference_is_one(before: str, after: str) -> None:
    assert compare(before, after).result == "different"
