"""The report for a review comment: what changes, what stays and why, the diff folded away."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..outcome import File, Outcome
from . import View, words


def render(outcome: Outcome, view: View) -> str:
    """Return GitHub-flavoured Markdown."""
    lines = ["## uncallback", "", *(f"{line}  " for line in words.summary(outcome, view)), ""]
    lines += _table("Rewritten", ("where", "handler", "callbacks", "verdict"), _done(outcome, view))
    lines += _table("Kept", ("where", "handler", "code", "reason"), _kept(outcome, view))
    lines += _table("Findings", ("where", "code", "message"), _findings(outcome, view))
    lines += _table("Not processed", ("where", "code", "message"), _errors(outcome))
    lines += _differences(outcome, view)
    for file in outcome.files:
        if file.diff:
            lines += folded(f"<code>{_html(file.shown)}</code>", "diff", _diff(file))
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(title: str, heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    body = ["| " + " | ".join(row) + " |" for row in rows]
    if body:
        yield from (f"### {title}", "", "| " + " | ".join(heads) + " |")
        yield "|" + " --- |" * len(heads)
        yield from body
        yield ""


def _done(outcome: Outcome, view: View) -> Iterator[tuple[str, ...]]:
    for file in outcome.files:
        for each in view.handlers(file):
            if each.rewritten:
                place = code(f"{file.shown}:{each.line}")
                how = cell(words.placements(each))
                yield place, code(each.name), how, cell(words.verdict(each.verdict))


def _kept(outcome: Outcome, view: View) -> Iterator[tuple[str, ...]]:
    for file in outcome.files:
        for each in view.handlers(file):
            if each.reason is not None:
                place = code(f"{file.shown}:{each.reason.line}")
                yield place, code(each.name), each.reason.code, cell(each.reason.message)


def _findings(outcome: Outcome, view: View) -> Iterator[tuple[str, ...]]:
    for file in outcome.files:
        for each in view.findings(file):
            yield code(f"{file.shown}:{each.line}"), each.code, cell(each.message)


def _errors(outcome: Outcome) -> Iterator[tuple[str, ...]]:
    for file in outcome.files:
        if file.error:
            place = code(f"{file.shown}:{file.error.line}:{file.error.column}")
            yield place, file.error.code, cell(file.error.message)


def _differences(outcome: Outcome, view: View) -> Iterator[str]:
    for file in outcome.files:
        for each in view.handlers(file):
            text = words.counterexample(each.verdict)
            if text:
                title = f"How <code>{_html(each.name)}</code> would differ"
                yield from folded(title, "text", text.splitlines())


def _diff(file: File) -> list[str]:
    return file.diff.decode(file.encoding, "replace").replace("\r\n", "\n").split("\n")


def folded(title: str, language: str, lines: list[str]) -> list[str]:
    """Return a closed section; its fence is longer than any fence inside."""
    runs = [len(run) for line in lines for run in re.findall(r"`{3,}", line)]
    fence = "`" * max([3, *(length + 1 for length in runs)])
    while lines and not lines[-1]:
        lines = lines[:-1]
    opening = [f"<details><summary>{title}</summary>", "", f"{fence}{language}"]
    return [*opening, *lines, fence, "", "</details>", ""]


def cell(text: str) -> str:
    """Return ``text`` for a table cell, where neither a bar nor a line end may stand."""
    return re.sub(r"([\\|<>*_`\[\]])", r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """Return ``text`` as inline code that survives a table cell."""
    text = text.replace("|", "\\|")
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
