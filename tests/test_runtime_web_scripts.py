"""Random handlers do the same on the runtime and on real Tornado: response, hooks, log records.

What a handler does, step by step, is thought up by ``differential/web_scripts.py``.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from differential.web_scripts import Script, make
from oracle.install import TORNADO_4, TORNADO_5, TORNADO_6, run_python

DRIVER = Path(__file__).parent / "differential" / "web_scripts.py"
SCRIPTS = int(os.environ.get("UNCALLBACK_WEB_SCRIPTS", "150"))
ATTEMPTS = 3
"""Real Tornado runs on a real clock: what a busy machine delays is looked at again."""
WORLDS = [(TORNADO_4, 4), (TORNADO_5, 5), (TORNADO_6, 6)]


def answers(printed: str) -> list[Any]:
    return [json.loads(line) for line in printed.splitlines()]


def seen_really(version: str, lines: str) -> list[Any]:
    """What the scripts do on a real Tornado."""
    done = run_python(version, DRIVER, "real", stdin=lines, timeout=60 + SCRIPTS)
    assert done.returncode == 0, done.stderr[-2000:]
    return answers(done.stdout)


def seen_here(generation: int, lines: str) -> list[Any]:
    """What the scripts do on the bundled runtime."""
    command = [sys.executable, "-W", "ignore", str(DRIVER), f"runtime{generation}"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    return answers(done.stdout)


def refused_by_the_client(observation: dict[str, Any]) -> bool:
    """Whether the real client saw a 204 with a Content-Length, which the in-memory one accepts."""
    return any("Malformed HTTP message" in log[2] for log in observation["logs"])


@pytest.mark.parametrize(("version", "generation"), WORLDS)
def test_random_handlers_are_seen_alike(version: str, generation: int) -> None:
    pick = random.Random(generation).randrange
    left: list[Script] = [make(pick, generation) for _ in range(SCRIPTS)]
    for _ in range(ATTEMPTS):
        lines = "".join(json.dumps(script) + "\n" for script in left)
        really, here = seen_really(version, lines), seen_here(generation, lines)
        seen = list(zip(left, really, here, strict=True))
        if len(left) == SCRIPTS:
            assert len({json.dumps(one["response"]) for one in really}) > 20
        different = [
            {"script": script, "real": one, "runtime": other}
            for script, one, other in seen
            if one != other and not refused_by_the_client(one)
        ]
        left = [each["script"] for each in different]
        if not left:
            break
    assert different == []
