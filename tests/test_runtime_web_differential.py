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
from pathlib import Path
from typing import Any

import pytest
from oracle.install import TORNADO_4, TORNADO_5, TORNADO_6, run_python

DRIVER = Path(__file__).parent / "differential" / "web_driver.py"
WORLDS = [(TORNADO_4, "runtime4"), (TORNADO_5, "runtime5"), (TORNADO_6, "runtime6")]


def seen_really(version: str) -> dict[str, list[Any]]:
    """What the cases do on a real Tornado."""
    done = run_python(version, DRIVER, "real", timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def seen_here(world: str) -> dict[str, list[Any]]:
    """What the cases do on the bundled runtime."""
    command = [sys.executable, "-W", "ignore", str(DRIVER), world]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.mark.parametrize(("version", "world"), WORLDS)
def test_every_case_is_seen_alike(version: str, world: str) -> None:
    really, here = seen_really(version), seen_here(world)
    assert list(really) == list(here)
    assert sum(map(len, really.values())) > 60
    different = {
        f"{name} {number}": {"real": one, "runtime": other}
        for name, observations in really.items()
        for number, (one, other) in enumerate(zip(observations, here[name], strict=True))
        if one != other
    }
    assert different == {}
