"""The report of ``verify``: verdicts and counterexamples as text, JSON or Markdown."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..model import Verdict
from ..terminal import painter
from ..versions import Failure
from . import words
from .json_ import problem_data, verdict_data
from .markdown import cell, code, folded

_COLORS = {"equivalent": "green", "different": "red", "inconclusive": "yellow"}


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict on one handler of one pair."""

    path: str
    name: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that one ``verify`` of two ``paths`` found."""

    paths: tuple[Path, Path]
    answers: tuple[Answer, ...]
    failures: tuple[Failure, ...]

    def exit_code(self) -> int:
        """A file that was not read wins; then a difference; then anything not answered."""
        results = {answer.verdict.result for answer in self.answers}
        if self.failures:
            return 3
        if "different" in results:
            return 1
        return 3 if results - {"equivalent"} else 0


def as_json(found: Comparison) -> str:
    """Return one JSON object; ``errors`` are files that could not be compared."""
    data: dict[str, Any] = {
        "version": 1,
        "handlers": [
            {
                "name": answer.name,
                "path": answer.path,
                "verdict": {"counterexample": None, **verdict_data(answer.verdict)},
            }
            for answer in found.answers
        ],
        "errors": [
            {"path": failure.path, "error": problem_data(failure.problem)}
            for failure in found.failures
        ],
    }
    return json.dumps(data, indent=2) + "\n"


def as_text(found: Comparison, color: bool) -> str:
    """Return the verdicts, each difference with its two columns and the command to replay it."""
    return "".join(f"{line}\n" for line in _lines(found, color))


def _lines(found: Comparison, color: bool) -> Iterator[str]:
    paint = painter(color)
    for answer in found.answers:
        verdict = paint(words.verdict(answer.verdict), fg=_COLORS.get(answer.verdict.result))
        yield f"{paint(f'{answer.path}: {answer.name}', bold=True)}: {verdict}"
        example = words.counterexample(answer.verdict)
        if example:
            yield ""
            yield from (f"    {line}".rstrip() for line in example.splitlines())
            yield ""
            yield f"    replay: {_replay(answer, found.paths)}"
    if len(found.answers) > 1:
        results = Counter(answer.verdict.result for answer in found.answers)
        listed = ", ".join(f"{number} {result}" for result, number in sorted(results.items()))
        yield f"{len(found.answers)} handlers: {listed}."
    if not found.answers and not found.failures:
        yield "No handlers found to compare."


def _replay(answer: Answer, paths: tuple[Path, Path]) -> str:
    tape = str((answer.verdict.counterexample or {}).get("replay", ""))
    files = [path / answer.path if path.is_dir() else path for path in paths]
    command = ["uncallback", "verify", *map(str, files), "--handler", answer.name, "--replay", tape]
    return shlex.join(command)


def as_markdown(found: Comparison) -> str:
    """Return a table of verdicts, and each counterexample folded away."""
    lines = ["## uncallback verify", "", "| handler | verdict |", "| --- | --- |"]
    lines += [
        f"| {code(f'{each.path}: {each.name}')} | {cell(words.verdict(each.verdict))} |"
        for each in found.answers
    ]
    lines += [f"| {code(each.path)} | {cell(each.line)} |" for each in found.failures] + [""]
    for answer in found.answers:
        text = words.counterexample(answer.verdict)
        if text:
            title = f"How <code>{answer.name}</code> differs"
            lines += folded(title, "text", text.splitlines())
    return "\n".join(lines).rstrip("\n") + "\n"
