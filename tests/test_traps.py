"""Every trap of the semantics reference that has a before and an after is a fixture.

A fixture names the rows it is about (``traps`` in its ``case.toml``). What the other tests do with
fixtures then holds for the trap: the naive form differs on real Tornado (``test_fixtures``), the
explorer calls it different (``test_explorer_fixtures``), and what the tool makes of the original
behaves as it does on real 4.4.2, 5.1.1 and 6.
"""

from __future__ import annotations

import pytest
from oracle.fixture import Fixture, fixtures

ROWS = range(1, 72)

WITHOUT = {
    60: "messages of a socket belong to no request; the handler is refused in every style",
}
"""Rows without a naive form that can be run, and why."""

CASES = {row: [each for each in fixtures() if row in each.traps] for row in ROWS}


def _naive(fixture: Fixture) -> bool:
    return any(fixture.naive(tornado) is not None for tornado in (5, 6))


@pytest.mark.parametrize("row", ROWS)
def test_a_trap_is_a_fixture_with_a_naive_form(row: int) -> None:
    assert CASES[row], "no fixture names this row"
    if row in WITHOUT:
        assert all(each.refusals for each in CASES[row])
    else:
        assert any(_naive(each) for each in CASES[row])


@pytest.mark.parametrize("row", ROWS)
def test_a_trap_has_a_case_of_its_own(row: int) -> None:
    assert any(each.name.startswith(f"trap-{row:02}-") for each in CASES[row])


def test_fixtures_name_only_rows_that_exist() -> None:
    named = {row for each in fixtures() for row in each.traps}
    assert named <= set(ROWS)
