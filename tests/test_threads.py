"""Threads of the code under check: what they do happens while the loop waits."""

from __future__ import annotations

import pytest
from exploring import compare

PAGE = """
import threading
from tornado.ioloop import IOLoop
from tornado.web import RequestHandler, asynchronous

class Main(RequestHandler):
    @asynchronous
    def get(self):
        answer = threading.Timer(2, IOLoop.current().add_callback, [self.finish, "late"])
        answer.start()
"""


def _with(line: str) -> str:
    return f"{PAGE}        {line}\n"


@pytest.mark.parametrize(
    ("before", "after", "result"),
    [
        pytest.param(PAGE, PAGE.replace("late", "soon"), "different", id="what it is given"),
        pytest.param(PAGE, PAGE.replace("Timer(2", "Timer(3"), "different", id="when"),
        pytest.param(PAGE, _with("answer.cancel()"), "different", id="cancelled"),
        pytest.param(PAGE, _with("answer.start()"), "different", id="started twice"),
        pytest.param(PAGE, _with("answer.daemon = True"), "equivalent", id="a demon"),
        pytest.param(PAGE, _with("assert answer.is_alive()"), "equivalent", id="alive"),
        pytest.param(PAGE, _with("answer.join()"), "different", id="joined"),
    ],
)
def test_a_thread_does_what_it_was_told(before: str, after: str, result: str) -> None:
    judgement = compare(before, after)
    assert judgement.result == result, judgement.reason
