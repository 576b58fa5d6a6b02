"""The check from the outside: the parent survives whatever the child does."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def child(*lines: str) -> list[dict[str, object]]:
    """Start the child, give it lines, return its answers."""
    done = subprocess.run(
        [sys.executable, "-m", "uncallback.runtime"],
        input="".join(line + "\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("not json", "bad-request"),
        ("[]", "bad-request"),
        ("{}", "bad-request"),
        ('{"id": 1, "command": "dance"}', "bad-request"),
        ('{"id": 1, "command": "verify"}', "bad-request"),
        ('{"id": 1, "command": "verify", "before": {"path": "a.py"}}', "bad-request"),
    ],
)
def test_a_bad_request_gets_one_error_line(line: str, code: str) -> None:
    (answer,) = child(line)
    error = answer["error"]
    assert isinstance(error, dict)
    assert error["code"] == code


def test_the_child_serves_on_after_a_bad_request() -> None:
    answers = child("{", '{"id": 7}', '{"id": 8, "command": "verify"}')
    assert [answer["id"] for answer in answers] == [None, 7, 8]
