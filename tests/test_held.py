"""Values of which only some can be tried: a verdict is not complete where others might matter."""

from __future__ import annotations

import pytest
from exploring import compare, handler

ARGUMENT = "def get(self):\n    n = self.get_argument('n')\n    self.finish({})"
HEADER = "def get(self):\n    n = self.request.headers.get('X-N', '')\n    self.finish({})"
FETCH = """
@gen.coroutine
def get(self):
    r = yield AsyncHTTPClient().fetch("http://a", raise_error=False)
    self.finish({})
"""
CUT = "\ndef show(self, text=b''):\n    self.finish(text[:9])"
FLOWS = {
    "the parameter of a method": f"self.show(r.body){CUT}",
    "a keyword": f"self.show(text=r.body){CUT}",
    "a partial": f"functools.partial(self.show, r.body)(){CUT}",
    "an attribute": "self.t = r.body\n    self.cut()\ndef cut(self):\n    self.finish(self.t[:9])",
    "a result": "self.finish(self.text(r)[:9])\ndef text(self, answer):\n    return answer.body",
    "a function inside": "def show(text):\n        self.finish(text[:9])\n    show(r.body)",
    "one of two": "code, text = r.code, r.body\n    self.finish(text[:9])",
    "another file": "self.finish(texts.short(r.body or b''))",
}
DIFFERENT = {
    "a number": (ARGUMENT, "str(int(n) * int(n))", "str(int(n))"),
    "the beginning of an argument": (ARGUMENT, "n[:10]", "n"),
    "the beginning of a header": (HEADER, "n[:30]", "n"),
    "the length of a body": (FETCH, "'a' if len(r.body or b'') > 99 else 'b'", "'b'"),
    "the beginning of a body": (FETCH, "(r.body or b'')[:50]", "r.body or b''"),
}
HELD = {
    "an argument": (ARGUMENT, "n", "the value of argument n, but for those tried"),
    "a header": (HEADER, "n", "the value of header X-N, but for those tried"),
    "a body that is cut": (FETCH, "r.body[3:]", "bodies, but for those tried"),
    "a body in a variable": (FETCH, "(lambda b: b)(r.body.decode().find('x'))", "bodies, but"),
    "a body that is searched": (FETCH, "str(r.body.count(b'x'))", "bodies, but for those tried"),
    "a status that is looked up": (FETCH, "{200: 'a'}.get(r.code, 'b')", "status codes, but"),
    "a status that is calculated with": (FETCH, "str(r.code // 100)", "status codes, but"),
    "a header of an answer": (FETCH, "r.headers.get('X', '')[:1]", "headers of answers, but"),
    "the length of what is outside": (FETCH, "str(len(db.find()))", "lengths of what is outside"),
    "a number from outside": (FETCH, "str(int(db.find()))", "numbers from outside, but"),
}
COMPLETE = {
    "a body that is passed on": "r.body or b''",
    "a body that is compared": "'a' if r.body == b'x' else 'b'",
    "a status that is shown": "'%d' % r.code",
    "a status that is compared": "'a' if r.code in (200, 503) else 'b'",
}


@pytest.mark.parametrize(("text", "before", "after"), DIFFERENT.values(), ids=DIFFERENT)
def test_values_that_tell_versions_apart_are_tried(text: str, before: str, after: str) -> None:
    versions = [handler(text.replace("{}", each)) for each in (before, after)]
    assert compare(*versions).result == "different"


@pytest.mark.parametrize(("text", "value", "words"), HELD.values(), ids=HELD)
def test_other_values_are_held_fixed_and_said_to_be(text: str, value: str, words: str) -> None:
    version = handler(text.replace("{}", value))
    verdict = compare(version, version)
    assert (verdict.result, verdict.complete) == ("equivalent", False)
    assert any(held.startswith(words) for held in verdict.details["held"])


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_a_value_is_followed_to_where_it_is_cut(flow: str) -> None:
    version = handler(FETCH.replace("self.finish({})", flow), "import functools\nimport texts")
    files = {"texts.py": b"def short(text):\n    return text[:9]\n"}
    verdict = compare(version, version, project=files)
    assert (verdict.result, verdict.complete) == ("equivalent", False)
    assert "bodies, but for those tried" in verdict.details["held"]


def test_warnings_of_the_code_are_effects_and_those_of_the_interpreter_are_not(
    capfd: pytest.CaptureFixture[str],
) -> None:
    own = "import warnings\ndef get(self):\n    warnings.warn({})\n    self.finish('a')"
    one, two = (handler(own.replace("{}", repr(each))) for each in ("one", "two"))
    assert compare(one, two).result == "different"
    dropped = "async def later(self): pass\ndef get(self):\n    {}\n    self.finish('a')"
    drops, calls_nothing = (handler(dropped.replace("{}", e)) for e in ("self.later()", "pass"))
    assert compare(drops, calls_nothing).result == "equivalent"
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("value", COMPLETE.values(), ids=COMPLETE)
def test_values_that_are_passed_on_stand_for_all(value: str) -> None:
    version = handler(FETCH.replace("{}", value))
    verdict = compare(version, version)
    assert (verdict.result, verdict.complete) == ("equivalent", True)
