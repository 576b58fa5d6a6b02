"""Programs of coroutines, locks and callbacks: what they say and what is logged, in this order.

The programs are in ``differential/loop_programs.py``.
"""

from __future__ import annotations

import pytest
from differential.seen import differences


@pytest.mark.parametrize(("generation", "least"), [(4, 80), (5, 90), (6, 50)])
def test_every_program_is_seen_alike(generation: int, least: int) -> None:
    assert differences("loop_driver.py", generation, least) == {}
