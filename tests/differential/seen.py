"""Runs a driver on a real Tornado and on the runtime, and compares what is seen.

A driver is a script that takes a world ("real", "runtime4", "runtime5", "runtime6") and names of
cases (none: all), and prints one JSON object: case -> list of observations.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from oracle.install import TORNADO_4, TORNADO_5, TORNADO_6, run_python

HERE = Path(__file__).parent
VERSIONS = {4: TORNADO_4, 5: TORNADO_5, 6: TORNADO_6}
ATTEMPTS = 3
"""Real Tornado runs on a real clock: what a busy machine delays is looked at again."""

Seen = dict[str, list[Any]]


def seen_really(driver: str, generation: int, cases: Sequence[str] = ()) -> Seen:
    """What the cases do on a real Tornado."""
    done = run_python(VERSIONS[generation], HERE / driver, "real", *cases, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def seen_here(driver: str, generation: int) -> Seen:
    """What all cases do on the bundled runtime."""
    command = [sys.executable, "-W", "ignore", str(HERE / driver), f"runtime{generation}"]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def differences(driver: str, generation: int, least: int) -> dict[str, Any]:
    """The cases that are seen differently; there must be ``least`` observations at all."""
    here = seen_here(driver, generation)
    assert sum(map(len, here.values())) >= least
    different: dict[str, Any] = {}
    for _ in range(ATTEMPTS):
        really = seen_really(driver, generation, list(different))
        assert list(really) == (list(different) or list(here))
        different = {
            name: {"real": really[name], "runtime": here[name]}
            for name in really
            if really[name] != here[name]
        }
        if not different:
            break
    return different
