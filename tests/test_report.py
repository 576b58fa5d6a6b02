"""The formats: each tells the same outcome, and a program can rely on its shape."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from uncallback.refactor.diff import unified
from uncallback.refactor.files import Skip
from uncallback.refactor.model import (
    UNCHECKED,
    Callback,
    HandlerOutcome,
    Problem,
    Reason,
    Verdict,
)
from uncallback.refactor.outcome import File, Handler, Outcome
from uncallback.refactor.report import FORMATS, View, render

BEFORE = b"# coding: latin-1\n# caf\xe9 <b> & | ``` \nx = 1\n"
AFTER = BEFORE.replace(b"1", b"2")
STEP = {"kind": "write", "subject": "", "detail": "x", "path": None, "line": None}
EXAMPLE = {
    "choices": [{"asked": "fetch", "answer": "404", "plain": False, "matters": True}],
    "steps": [
        {"before": STEP, "after": STEP, "same": True},
        {"before": {**STEP, "detail": "1"}, "after": {**STEP, "detail": "<2>"}, "same": False},
        {"before": None, "after": STEP, "same": False},
    ],
    "ends": {"before": "never finished", "after": "finished"},
    "replay": "{}",
    "text": "before    after\n  write 1   write <2>",
}
REWRITTEN = HandlerOutcome(
    "Login.get",
    12,
    "rewritten",
    None,
    (
        Callback("on_auth", "AsyncHTTPClient.fetch", "inline"),
        Callback("on_log", "AsyncHTTPClient.fetch", "call"),
    ),
    ("declared once by --assume-once",),
)
DIFFERENT = HandlerOutcome(
    "Login.put", 40, "kept", Reason("UC901", "the check found a difference", 40)
)
REFUSED = HandlerOutcome(
    "Login.post", 30, "kept", Reason("UC204", "the value of 'x|y' is used", 31)
)

OUTCOME = Outcome(
    "diff",
    (
        File(
            "app/auth <1>.py",
            "changed",
            None,
            BEFORE,
            AFTER,
            unified("app/auth <1>.py", BEFORE, AFTER),
            "iso-8859-1",
            (
                Handler(REFUSED),
                Handler(REWRITTEN, Verdict("equivalent", True, 36, 1.0)),
                Handler(DIFFERENT, Verdict("different", False, 9, 0.5, "parted at 3", {}, EXAMPLE)),
            ),
            (Reason("UC702", "Tornado 6 removed the callback argument of 'flush'", 50),),
        ),
        File("broken.py", "error", Problem("UC004", "invalid syntax: 100%\nsecond", 3, 7)),
        File("clean.py", "unchanged"),
    ),
    (Skip(".venv", "excluded by default"), Skip("loop", "link to a directory")),
)


def test_json_is_the_promised_object() -> None:
    report = json.loads(render("json", OUTCOME, View()))
    assert report["version"] == 1
    wanted = {"files": 3, "changed": 1, "errors": 1, "handlers": 3, "rewritten": 1, "kept": 2}
    assert report["summary"].items() >= {**wanted, "different": 1}.items()
    changed, broken, clean = report["files"]
    assert [file["status"] for file in report["files"]] == ["changed", "error", "unchanged"]
    assert changed["error"] is None
    assert "caf\xe9" in changed["diff"]
    assert broken["error"] == {
        "code": "UC004",
        "message": "invalid syntax: 100%\nsecond",
        "line": 3,
        "column": 7,
    }
    assert clean == {
        "path": "clean.py",
        "status": "unchanged",
        "error": None,
        "diff": "",
        "handlers": [],
        "findings": [],
    }
    login = next(each for each in changed["handlers"] if each["name"] == "Login.get")
    details = login["verdict"].pop("details")
    assert details == {}
    assert login == {
        "name": "Login.get",
        "line": 12,
        "status": "rewritten",
        "reason": None,
        "callbacks": [
            {"name": "on_auth", "operation": "AsyncHTTPClient.fetch", "placement": "inline"},
            {"name": "on_log", "operation": "AsyncHTTPClient.fetch", "placement": "call"},
        ],
        "notes": ["declared once by --assume-once"],
        "verdict": {
            "result": "equivalent",
            "complete": True,
            "runs": 36,
            "coverage": 1.0,
            "reason": None,
        },
    }
    post = next(each for each in changed["handlers"] if each["name"] == "Login.post")
    assert post["reason"] == {"code": "UC204", "message": "the value of 'x|y' is used", "line": 31}
    assert post["verdict"] is None
    put = next(each for each in changed["handlers"] if each["name"] == "Login.put")
    assert put["verdict"]["counterexample"] == EXAMPLE
    assert report["skipped"][0] == {"path": ".venv", "reason": "excluded by default"}
    assert report["summary"]["skipped"] == {"excluded by default": 1, "link to a directory": 1}


def test_json_is_what_the_readme_says() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")

    def keys(data: object) -> set[str]:
        if isinstance(data, list):
            return set().union(*map(keys, data))
        if isinstance(data, dict):
            free = {"details", "counterexample", "skipped"}  # what stands in these is data
            below = (keys(each) for name, each in data.items() if name not in free)
            return set(data).union(*below)
        return set()

    written = keys(json.loads(render("json", OUTCOME, View()))) - {"counterexample"}
    assert {name for name in written if f'"{name}"' not in readme} == set()


def test_json_keeps_handlers_whatever_is_ignored() -> None:
    report = json.loads(render("json", OUTCOME, View(ignore=frozenset({"UC2", "UC7"}))))
    assert len(report["files"][0]["handlers"]) == 3
    assert report["files"][0]["findings"] == []


def test_text_line_by_line() -> None:
    lines = render("text", OUTCOME, View()).splitlines()
    assert lines == [
        "app/auth <1>.py:12: rewritten Login.get (inline on_auth, call on_log)"
        " equivalent, complete, 36 runs",
        "    note: declared once by --assume-once",
        "app/auth <1>.py:31: UC204 Login.post: the value of 'x|y' is used",
        "app/auth <1>.py:40: UC901 Login.put: the check found a difference",
        "    with fetch: 404",
        "    before: write 1; never finished",
        "    after:  write <2>; finished",
        "app/auth <1>.py:50: UC702 Tornado 6 removed the callback argument of 'flush'",
        "broken.py:3:7: UC004 invalid syntax: 100% second",
        "loop: skipped: link to a directory",
        "Would change 1 file: 1 handler rewritten (1 equivalent), 2 kept.",
        "Kept: 1 value used (UC204), 1 versions differ (UC901).",
        "1 file not processed: 1 syntax error (UC004).",
        "Skipped: 1 excluded by default, 1 link to a directory.",
        "To write this: the same command with 'fix' instead of 'diff'.",
        "What a code means and what to do: uncallback explain UC204",
        "Every step of a difference: --verbose",
    ]
    all_steps = render("text", OUTCOME, View(verbosity=1)).splitlines()
    assert "    before    after" in all_steps
    assert "    with fetch: 404" not in all_steps


def test_lines_to_copy_stay_lines_in_the_text_alone() -> None:
    reason = Reason("UC201", "declare it:\n[[operations]]\ncall = 'x'", 3)
    handler = Handler(HandlerOutcome("Login.get", 2, "kept", reason))
    outcome = Outcome("fix", (File("a.py", "unchanged", handlers=(handler,)),))
    lines = render("text", outcome, View()).splitlines()
    assert lines[:3] == [
        "a.py:3: UC201 Login.get: declare it:",
        "    [[operations]]",
        "    call = 'x'",
    ]
    assert len(render("github", outcome, View()).splitlines()) == 1


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Verdict("equivalent", True, 36, 1.0), "equivalent, complete, 36 runs"),
        (Verdict("equivalent", False, 1, 0.75), "equivalent, sampled, 1 run, 75% of the lines"),
        (Verdict("different", False, 9, 1.0, "parted"), "different, 9 runs: parted"),
        (Verdict("inconclusive", reason="no end"), "inconclusive: no end"),
        (UNCHECKED, "unchecked"),
        (Verdict("unchecked", reason="lost"), "unchecked: lost"),
        (None, ""),
    ],
)
def test_a_verdict_in_words(verdict: Verdict | None, expected: str) -> None:
    from uncallback.refactor.report.words import verdict as words

    assert words(verdict) == expected


def test_statistics_and_quiet() -> None:
    lines = render("text", OUTCOME, View(statistics=True)).splitlines()
    assert lines[-4:] == [
        "    1  UC004  syntax error",
        "    1  UC204  value used",
        "    1  UC702  callback argument left",
        "    1  UC901  versions differ",
    ]
    quiet = render("text", OUTCOME, View(verbosity=-1)).splitlines()
    assert quiet == ["broken.py:3:7: UC004 invalid syntax: 100% second"]


def test_markdown_survives_odd_names_and_fences() -> None:
    text = render("markdown", OUTCOME, View())
    assert "| `app/auth <1>.py:12` | `Login.get` |" in text
    assert "the value of 'x\\|y' is used" in text
    assert "````diff\n--- a/app/auth <1>.py" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    heads = [line for line in rows if set(line) <= set("| -")]
    assert len(heads) == 4
    for head in heads:
        row = rows[rows.index(head) + 1]
        assert len(re.findall(r"(?<!\\)\|", row)) == head.count("|"), row
    assert text.count("<details>") == text.count("</details>") == 2


def test_github_is_one_command_a_line() -> None:
    lines = render("github", OUTCOME, View()).splitlines()
    assert lines == [
        "::warning title=uncallback (UC000),file=app/auth <1>.py,line=12::app/auth <1>.py:12: UC000"
        " would rewrite Login.get (inline on_auth, call on_log); equivalent, complete, 36 runs",
        "::notice title=uncallback (UC204),file=app/auth <1>.py,line=31::app/auth <1>.py:31: UC204"
        " Login.post: the value of 'x|y' is used",
        "::notice title=uncallback (UC901),file=app/auth <1>.py,line=40::app/auth <1>.py:40: UC901"
        " Login.put: the check found a difference (parted at 3)",
        "::warning title=uncallback (UC702),file=app/auth <1>.py,line=50::app/auth <1>.py:50: UC702"
        " Tornado 6 removed the callback argument of 'flush'",
        "::error title=uncallback (UC004),file=broken.py,line=3,col=7::broken.py:3:7: UC004"
        " invalid syntax: 100%25%0Asecond",
    ]


def test_sarif_has_relative_uris_rules_and_fingerprints() -> None:
    log = json.loads(render("sarif", OUTCOME, View()))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    results: list[dict[str, Any]] = run["results"]
    assert [result["ruleId"] for result in results] == [
        "UC000",
        "UC204",
        "UC901",
        "UC702",
        "UC004",
    ]
    for result in results:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
        assert not PurePosixPath(place["artifactLocation"]["uri"]).is_absolute()
        assert place["region"]["startLine"] >= 1
    assert results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == (
        "app/auth%20%3C1%3E.py"
    )
    prints = {result["partialFingerprints"]["uncallback/v1"] for result in results}
    assert len(prints) == len(results)
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["descriptor"] == {"id": "UC004"}
    for rule in rules:
        assert rule["help"]["markdown"].startswith(f"# {rule['id']}: ")


def test_the_same_words_twice_are_two_results() -> None:
    findings = tuple(Reason("UC702", "the same", line) for line in (3, 9, 12))
    outcome = Outcome("diff", (File("a.py", "unchanged", findings=findings),))
    (run,) = json.loads(render("sarif", outcome, View()))["runs"]
    assert len({each["partialFingerprints"]["uncallback/v1"] for each in run["results"]}) == 3


def test_a_fingerprint_does_not_know_the_line() -> None:
    from dataclasses import replace

    (file, *others) = OUTCOME.files
    moved = replace(
        file,
        handlers=tuple(
            replace(each, outcome=replace(each.outcome, line=each.outcome.line + 7))
            for each in file.handlers
        ),
    )

    def prints(outcome: Outcome) -> list[str]:
        (run,) = json.loads(render("sarif", outcome, View()))["runs"]
        return [each["partialFingerprints"]["uncallback/v1"] for each in run["results"]]

    assert prints(replace(OUTCOME, files=(moved, *others))) == prints(OUTCOME)


class _Balance(HTMLParser):
    """Checks that elements are closed in order, and that nothing outside the page is needed."""

    VOID = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.ids: set[str | None] = set()
        self.links: set[str | None] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert "src" not in given
        self.ids.add(given.get("id"))
        if "href" in given:
            self.links.add((given["href"] or "").removeprefix("#"))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_is_one_balanced_page() -> None:
    page = _Balance()
    page.feed(render("html", OUTCOME, View()))
    assert page.open == []
    assert {"file-0", "file-1", "UC204", "UC004"} <= page.links <= page.ids
    for text in ("app/auth <1>.py", "equivalent, complete, 36 runs", "caf\xe9 <b> & |", "UC004"):
        assert text in page.text


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_always_the_same_and_tells_everything(name: str) -> None:
    text = render(name, OUTCOME, View())
    assert text == render(name, OUTCOME, View())
    assert text.endswith("\n")
    for word in ("Login.get", "Login.post", "UC204", "UC004", "UC702"):
        assert word in text, word


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_of_nothing(name: str) -> None:
    text = render(name, Outcome("fix", ()), View())
    assert "UC" not in text
    assert name != "json" or json.loads(text)["files"] == []
