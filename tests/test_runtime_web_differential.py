"""Handlers and fetches on the bundled runtime and on real Tornado over loopback: the same is seen.

The cases are in ``differential/web_cases.py`` (SEMANTICS sections 1 and 2, row by row),
``differential/web_traps.py`` (its traps) and ``differential/web_edges.py``: status, headers, body,
the order of hooks, log records, and the fields of every response of ``fetch``.
"""

from __future__ import annotations

import pytest
from differential.seen import differences


@pytest.mark.parametrize(("generation", "least"), [(4, 190), (5, 190), (6, 130)])
def test_every_case_is_seen_alike(generation: int, least: int) -> None:
    assert differences("web_driver.py", generation, least) == {}
