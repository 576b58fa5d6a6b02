"""What the best callback-to-async refactorers can do, row by row, and where it is shown here.

The numbers are those of the comparison of such tools. A row names fixtures; every fixture is run
on real Tornado (``test_fixtures``), so here it is only checked that the case is what the row says:
converted, or left as it is with a reason. ``WRONG`` are the rows that one of the tools converts
and gets wrong: there the fixture has that wrong form, and the result here is another one.
"""

from __future__ import annotations

import ast

import pytest
from oracle.fixture import FOLDER, Fixture
from oracle.tool import written
from uncallback.refactor.model import HandlerOutcome

CONVERTED: dict[str, tuple[str, ...]] = {
    "1 callback argument becomes an awaited value": ("tutorial", "callback-positional"),
    "3 inline closure or lambda": ("lambda-callback", "function-inside-handler"),
    "4 named method, called after the wait": ("trap-25-overridden-callback", "callback-shared"),
    "5 the named method's body moves": ("tutorial", "chain-three"),
    "7 partial": ("partial-callback",),
    "9 own callback handed on": ("project-takes-callback-in-turn",),
    "10 own callback becomes a returned value": ("function-takes-callback", "return-future"),
    "11 callback in any position": ("attack-callback-in-middle", "callback-keyword-request"),
    "13 the old callback API stays for others": ("attack-function-with-two-callers",),
    "14 no awaitable variant": ("declared-operation", "gen-task-unknown"),
    "15 which callee is asynchronous": ("alias-module", "alias-name"),
    "17 several values": ("trap-42-two-arguments", "gen-task-several-values"),
    "18 result and error": ("trap-42-two-arguments", "response-error-raised"),
    "22 the error stays a value": ("trap-02-refused-connection", "response-rethrow"),
    "36 nested callbacks become flat": ("nested-functions-in-a-row", "chain-three"),
    "39 early return as a guard": ("early-return-in-callback",),
    "40 early return in the last step": ("trap-28-return-in-loop",),
    "41 early return in a middle step": ("branch-with-code-after", "branch-returns"),
    "43 both branches start something": ("calls-in-two-branches",),
    "45 polling": ("project-polling-helper", "trap-43-paging"),
    "46 parallel start and a counter that joins": ("trap-16-join-with-counter", "gen-waitall"),
    "47 one handler for several calls": (
        "callback-shared",
        "attack-two-classes-same-callback-name",
    ),
    "49 not called on some path": ("never-finishes-one-path", "trap-06-long-poll"),
    "65 comments": ("comments-and-docstrings", "attack-comment-heavy-rest"),
    "66 only touched lines change": ("tabs", "crlf"),
    "71 callers in other files": ("project-helper-in-another-file", "head-calls-get"),
    "72 overrides": ("project-subclass-in-another-file", "project-super"),
    "73 decorators": ("authenticated-beside", "project-decorators"),
    "74 imports added and removed": ("gen-imported-otherwise",),
    "75 import aliases": ("alias-module", "alias-name"),
}

KEPT: dict[str, tuple[str, ...]] = {
    "6 a method that others use is not moved": ("registered-by-identity",),
    "16 the call's own value is used": ("trap-38-timer-removed",),
    "54 fire and forget": ("project-background-helper",),
    "68 a refusal has a reason": ("trap-51-stack-context", "trap-60-websocket"),
    "69 one refusal leaves the other handlers": ("trap-37-callback-is-a-coroutine",),
}

WRONG: dict[str, tuple[str, ...]] = {
    "25 an error that the callback ignores": ("trap-01-not-found",),
    "26 statements before the error check": ("response-rethrow",),
    "28 an error in the success step": ("trap-10-try-around-call",),
    "30 an outer try around the call": (
        "trap-11-try-around-call-refused",
        "trap-55-helper-fails-later",
    ),
    "32 what raises before the first wait": ("trap-55-helper-fails-later",),
    "34 raise gen.Return inside try": ("trap-29-return-in-try",),
    "37 statements after the call": ("trap-03-rest-before-callback", "trap-14-counter-around-call"),
    "38 statements after the callback's call": ("trap-45-finish-then-cleanup",),
    "44 a call in a loop": ("trap-15-loop-of-calls",),
    "48 called more than once": ("trap-07-callback-runs-often",),
    "57 yield of a variable that holds a list": ("trap-65-native-forms",),
    "59 yield None": ("trap-65-native-forms",),
    "60 names that collide": ("name-collision", "name-collision-closure"),
    "64 the handler's binding": ("trap-23-callback-replaced",),
    "70 one refusal in a batch": ("import-asynchronous-still-used",),
}


def _outcomes(name: str) -> list[HandlerOutcome]:
    done = written(FOLDER / name, "coroutine")
    return [outcome for conversion in done.values() for outcome in conversion.handlers]


def _rows(table: dict[str, tuple[str, ...]]) -> pytest.MarkDecorator:
    cases = [(row, name) for row, names in table.items() for name in names]
    return pytest.mark.parametrize(("row", "name"), cases)


@_rows(CONVERTED)
def test_it_is_converted(row: str, name: str) -> None:
    assert "rewritten" in {outcome.status for outcome in _outcomes(name)}


@_rows(KEPT)
def test_it_is_kept_with_a_reason(row: str, name: str) -> None:
    kept = [each for each in _outcomes(name) if each.status == "kept"]
    assert kept
    assert all(each.reason is not None and each.reason.code for each in kept)


@_rows(WRONG)
def test_what_others_get_wrong_has_its_wrong_form_and_another_result(row: str, name: str) -> None:
    """That the wrong form differs from the original is shown with the other naive forms."""
    fixture = Fixture(FOLDER / name)
    naive = fixture.naive(5)
    assert naive is not None
    mine = written(fixture.folder, "coroutine")[fixture.path].after
    assert ast.dump(ast.parse(mine)) != ast.dump(ast.parse(naive))
