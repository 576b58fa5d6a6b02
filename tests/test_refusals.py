"""Each refusal is told where its cause stands, and doing what its page advises has the handler
converted.

``refusals.txt`` holds them: the lines that all modules begin with, then for each case the code, the
handler and the text of the line that the report names, and the module. Behind ``--- advice``
follows the module with the page's advice taken, behind ``--- operations`` what is declared.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from uncallback.refactor.codemod import convert
from uncallback.refactor.model import HandlerOutcome, Options
from uncallback.refactor.project import Project

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HEAD, *PARTS = Path(__file__).with_name("refusals.txt").read_text("utf-8").split("\n=== ")
CASES = [part.split("\n", 1) for part in PARTS]


def _outcomes(folder: Path, text: str, target: str) -> tuple[str, tuple[HandlerOutcome, ...]]:
    body, _, declared = text.partition("\n--- operations\n")
    operations = tuple(tomllib.loads(declared).get("operations", ()))
    source = f"{HEAD}\n{body}\n"
    (folder / "app.py").write_text(source, "utf-8")
    options = Options(tornado=6 if target.endswith("6") else 5, operations=operations)
    (conversion,) = convert(Project(folder), ["app.py"], options)
    assert conversion.error is None
    return source, conversion.handlers


@pytest.mark.parametrize(("title", "text"), CASES, ids=[title[:40] for title, _ in CASES])
def test_the_cause_is_shown_and_the_advice_works(tmp_path: Path, title: str, text: str) -> None:
    what, _, line = title.partition(": ")
    code, name = what.split()[:2]
    case, *advices = text.split("\n--- advice\n")
    source, outcomes = _outcomes(tmp_path, case, what)
    (refused,) = [each for each in outcomes if each.name == name]
    assert refused.reason is not None, "converted"
    assert (refused.reason.code, source.splitlines()[refused.reason.line - 1].strip()) == (
        code,
        line.strip(),
    )
    for advice in advices:
        _, outcomes = _outcomes(tmp_path, advice, what)
        assert [each.reason for each in outcomes] == [None] * len(outcomes)
