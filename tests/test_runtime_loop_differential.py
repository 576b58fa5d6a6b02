"""Programs of coroutines, locks and callbacks, and test cases: what happens, in this order.

The programs are in ``differential/loop_programs.py``, the test cases in
``differential/testing_driver.py``.
"""

from __future__ import annotations

import pytest
from differential.seen import differences


@pytest.mark.parametrize(("generation", "least"), [(4, 80), (5, 90), (6, 50)])
def test_every_program_is_seen_alike(generation: int, least: int) -> None:
    assert differences("loop_driver.py", generation, least) == {}


@pytest.mark.parametrize("generation", [4, 5, 6])
def test_every_test_case_ends_alike(generation: int) -> None:
    assert differences("testing_driver.py", generation, 20) == {}
