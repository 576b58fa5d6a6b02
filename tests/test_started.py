"""What has to be started in some run, or the verdict says what never was."""

from __future__ import annotations

from typing import Any

import pytest
from exploring import compare, handler, program
from uncallback.refactor.catalogue import Catalogue

ENTRIES = tuple(Catalogue.of(()).tables())
CALLS = handler(
    """
    @asynchronous
    def get(self):
        AsyncHTTPClient().fetch(self.address(), callback=self.on_page)

    def address(self):
        ADDRESS

    def on_page(self, page):
        self.finish("first")
    """
)
AWAITS = handler(
    """
    @gen.coroutine
    def get(self):
        page = yield AsyncHTTPClient().fetch(self.address(), raise_error=False)
        self.finish("second")

    def address(self):
        ADDRESS
    """
)


def test_a_callback_that_never_came_is_said() -> None:
    """The line with the call runs, but never the call: nobody knows what the callback does."""
    never = [text.replace("ADDRESS", "raise KeyError('x')") for text in (CALLS, AWAITS)]
    judgement = compare(*never)
    assert judgement.result == "inconclusive"
    assert "never started in any run: the body of on_page" in str(judgement.reason)
    assert "; KeyError ended" in str(judgement.reason)
    came = [text.replace("ADDRESS", "return 'http://a.example.com/'") for text in (CALLS, AWAITS)]
    assert compare(*came).result == "different"


@pytest.mark.parametrize(
    "given",
    [
        "self.on_page",
        "callback=self.on_page",
        "functools.partial(self.on_page)",
        "callback=stack_context.wrap(functools.partial(self.on_page, *[]))",
    ],
)
def test_callbacks_are_found(given: str) -> None:
    text = CALLS.replace("callback=self.on_page", given)
    assert "the body of on_page" in names(text)


def names(text: str, **fields: Any) -> set[str]:
    return set(program(text, operations=ENTRIES, **fields).outline("Main.get").operations.values())


LOOKS_UP = """
    @gen.coroutine
    def get(self):
        self.clear()
        value = self.settings.get("x")
        self.application.cache.exists("y")
        self.finish(value)
    """


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("", set()),
        ("import tornadoredis", {"get", "exists"}),
        ("from brukva.client import Client", {"get", "exists"}),
        ("import nottornadoredis", set()),
    ],
)
def test_methods_of_a_module_count_where_it_is_named(extra: str, expected: set[str]) -> None:
    assert names(handler(LOOKS_UP, extra)) == {"the body of Main.get", *expected}


def test_a_declared_call_counts_as_it_is_written() -> None:
    entry = {"call": "self.application.cache.exists", "callback": "callback"}
    declared = program(handler(LOOKS_UP), operations=(entry,)).outline("Main.get").operations
    assert set(declared.values()) == {"the body of Main.get", "exists"}


@pytest.mark.parametrize(
    ("call", "reaches"),
    [
        ("self.get()", True),
        ("super().get()", True),
        ("super(Main, self).get()", True),
        ("(lambda: self.get())()", True),
        ("Main.get(self)", True),
        ("self.settings.get('x')", False),
        ("self.settings['x'].get('x')", False),
    ],
)
def test_a_verb_is_reached_through_the_handler(call: str, reaches: bool) -> None:
    """What something else is asked to get is not what the handler's own ``get`` does."""
    text = CALLS + f"    def post(self):\n        self.finish({call})\n"
    found = program(text, operations=ENTRIES).outline("Main.post").operations.values()
    assert ("the body of on_page" in found) == reaches
