"""The check from the outside: the parent survives whatever the child does."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from uncallback.refactor import verify
from uncallback.refactor.verify import Verifier, VerifyOptions, Version


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


SOURCE = b"class Main:\n    def get(self):\n        pass\n"
FILE = Version("main.py", SOURCE)


def impostor(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """Let another program play the child."""
    monkeypatch.setattr(verify, "COMMAND", (sys.executable, "-c", source))
    monkeypatch.setattr(verify, "GRACE", 0.5)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import time; time.sleep(60)", "took longer than"),
        ("import sys; sys.exit(3)", "died (exit code 3)"),
        ("import os, sys; sys.stdin.readline(); os.abort()", "died (signal SIGABRT"),
        ("import sys; sys.stdin.readline(); print('hello', flush=True)", "cannot be read"),
        ("import sys; sys.stdin.readline(); print('[]', flush=True)", "something else"),
        ("import sys; sys.stdin.readline(); print('{\"id\": 99}', flush=True)", "something else"),
    ],
)
def test_whatever_the_child_does_the_verdict_is_inconclusive(
    monkeypatch: pytest.MonkeyPatch, source: str, reason: str
) -> None:
    impostor(monkeypatch, source)
    with Verifier(VerifyOptions(seconds=0.5)) as verifier:
        verdict = verifier.verify(FILE, FILE, ["Main.get"])["Main.get"]
    assert verdict.result == "inconclusive"
    assert verdict.reason is not None
    assert reason in verdict.reason


def test_an_endless_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    impostor(monkeypatch, "while True: print('x' * 4096, end='', flush=True)")
    monkeypatch.setattr(verify, "LONGEST_ANSWER", 1 << 16)
    with Verifier(VerifyOptions(seconds=0.5)) as verifier:
        verdict = verifier.verify(FILE, FILE, ["Main.get"])["Main.get"]
    assert verdict.result == "inconclusive"


def test_a_lost_child_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {
        "handlers": [
            {
                "name": "Main.get",
                "verdict": {
                    "result": "equivalent",
                    "complete": True,
                    "runs": 1,
                    "coverage": 1.0,
                    "reason": None,
                },
            }
        ]
    }
    impostor(
        monkeypatch,
        "import json, sys\n"
        "request = json.loads(sys.stdin.readline())\n"
        "if request['id'] == 1: sys.exit(1)\n"
        f"answer = json.loads({json.dumps(answer)!r})\n"
        "print(json.dumps({'id': request['id'], **answer}), flush=True)",
    )
    with Verifier(VerifyOptions(before_tornado=4)) as verifier:
        results = [verifier.verify(FILE, FILE, ["Main.get"])["Main.get"].result for _ in "12"]
    assert results == ["inconclusive", "equivalent"]


def test_the_child_inherits_nothing_personal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    impostor(
        monkeypatch, "import os, sys; sys.stdin.readline(); sys.exit('SECRET_TOKEN' in os.environ)"
    )
    with Verifier() as verifier:
        verdict = verifier.verify(FILE, FILE, ["Main.get"])["Main.get"]
    assert verdict.reason == "the checking process died (exit code 0)"
