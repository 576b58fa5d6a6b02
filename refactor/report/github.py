"""The report as workflow commands, which GitHub Actions shows beside the lines they name.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Iterator

from ..outcome import File, Outcome
from . import View, words


def render(outcome: Outcome, view: View) -> str:
    """Return one command a line: errors, then kept handlers and findings, then what changes."""
    lines = [line for file in outcome.files for line in _file(file, outcome, view)]
    return "".join(f"{line}\n" for line in lines)


def _file(file: File, outcome: Outcome, view: View) -> Iterator[str]:
    if file.error:
        error = file.error
        yield _command("error", file.shown, error.line, error.code, error.message, error.column)
    for handler in view.handlers(file):
        if handler.reason is not None:
            message = words.kept(handler, handler.reason)
            yield _command("notice", file.shown, handler.reason.line, handler.reason.code, message)
        elif handler.rewritten:
            verb = "would rewrite" if outcome.command == "diff" else "rewrote"
            message = f"{verb} {words.rewritten(handler)}; {words.verdict(handler.verdict)}"
            yield _command("warning", file.shown, handler.line, "UC000", message)
    for finding in view.findings(file):
        yield _command("warning", file.shown, finding.line, finding.code, finding.message)


def _command(
    kind: str, path: str, line: int, code: str, message: str, column: int | None = None
) -> str:
    place = f"{path}:{line}" + (f":{column}" if column else "")
    fields = {"title": f"uncallback ({code})", "file": path, "line": str(line)}
    if column:
        fields["col"] = str(column)
    listed = ",".join(f"{name}={_escaped(value, ',:')}" for name, value in fields.items())
    return f"::{kind} {listed}::{_escaped(f'{place}: {code} {message}', '')}"


def _escaped(text: str, also: str) -> str:
    for char in "%\r\n" + also:
        text = text.replace(char, f"%{ord(char):02X}")
    return text
