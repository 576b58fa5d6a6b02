"""Handlers and fetches on the bundled runtime and on real Tornado over loopback: the same is seen.

The cases are in ``differential/web_cases.py`` (SEMANTICS sections 1 and 2, row by row) and
``differential/web_traps.py`` (its traps): status, headers, body, the order of hooks, log records,
and the fields of every response of ``fetch``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from oracle.install import TORNADO_4, TORNADO_5, TORNADO_6, run_python

DRIVER = Path(__file__).parent / "differential" / "web_driver.py"
WORLDS = [(TORNADO_4, "runtime4", 140), (TORNADO_5, "runtime5", 140), (TORNADO_6, "runtime6", 80)]
ATTEMPTS = 3
"""Real Tornado runs on a real clock: what a busy machine delays is looked at again."""

Seen = dict[str, list[Any]]


def seen_really(version: str, cases: Sequence[str]) -> Seen:
    """What the cases (none: all) do on a real Tornado."""
    done = run_python(version, DRIVER, "real", *cases, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def seen_here(world: str) -> Seen:
    """What all cases do on the bundled runtime."""
    command = [sys.executable, "-W", "ignore", str(DRIVER), world]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.mark.parametrize(("version", "world", "least"), WORLDS)
def test_every_case_is_seen_alike(version: str, world: str, least: int) -> None:
    here = seen_here(world)
    assert sum(map(len, here.values())) >= least
    different: dict[str, Any] = {}
    for _ in range(ATTEMPTS):
        really = seen_really(version, list(different))
        assert list(really) == (list(different) or list(here))
        different = {
            name: {"real": really[name], "runtime": here[name]}
            for name in really
            if really[name] != here[name]
        }
        if not different:
            break
    assert different == {}
