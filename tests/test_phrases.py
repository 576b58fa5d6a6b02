"""Effects and questions as a person reads them."""

from __future__ import annotations

import pytest
from exploring import compare, handler
from uncallback.runtime.explore.phrases import apart, effect, question

HEADERS = "(('Content-Length', '1'), ('Content-Type', 'text/html; charset=UTF-8'), ('X-A', '1'))"


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (("headers", "200 OK", HEADERS), "headers 200 OK X-A: 1"),
        (("headers", "200 OK", "cut off"), "headers 200 OK cut off"),
        (("body", "response", "b'x'"), "body b'x'"),
        (("body", "request 2: response", "b'x'"), "body request 2: response b'x'"),
        (("log", "tornado.access INFO", "200 GET /"), "log access INFO 200 GET /"),
        (("call", "db.put", "('a\nb')"), "call db.put ('a\\nb')"),
    ],
)
def test_an_effect(event: tuple[str, str, str], shown: str) -> None:
    assert effect(*event) == shown


def test_a_question_says_how_many_th_time_from_the_second_on() -> None:
    assert question("fetch GET http://a #1") == "fetch GET http://a"
    assert question("fetch GET http://a #2") == "fetch GET http://a (time 2)"


def test_long_texts_are_cut_around_what_differs() -> None:
    ours, theirs = apart("x" * 80 + "one", "x" * 80 + "two", 40)
    assert max(len(ours), len(theirs)) <= 40
    assert (ours[-3:], theirs[-3:]) == ("one", "two")


def test_the_reason_names_the_body_and_not_the_headers_that_follow_from_it() -> None:
    before, after = (handler(f"def get(self):\n    self.write('{x}')") for x in "ab")
    judgement = compare(before, after)
    assert judgement.reason == "agreed for 0 steps, then before: body b'a'; after: body b'b'"
