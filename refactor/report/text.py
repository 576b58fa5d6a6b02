"""The report for a terminal: one line a handler, ``path:line: ...``, then the totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..files import ROUTINE
from ..model import Verdict
from ..outcome import File, Handler, Outcome
from ..problems import title
from ..terminal import painter
from . import View, words

_COLORS = {"equivalent": "green", "different": "red", "inconclusive": "yellow"}


def render(outcome: Outcome, view: View) -> str:
    """Return the report without the diff, which is a product of its own."""
    lines: list[str] = []
    for file in outcome.files:
        lines += _file(file, view)
    if view.verbosity >= 0:
        lines += _skips(outcome, view)
        lines += words.summary(outcome, view)
        lines += _hints(outcome, view)
    if view.statistics:
        lines += _statistics(view.codes(outcome))
    return "".join(f"{line}\n" for line in lines)


def _file(file: File, view: View) -> Iterator[str]:
    paint = painter(view.color)
    if file.error:
        place = f"{file.shown}:{file.error.line}:{file.error.column}"
        message = words.one_line(file.error.message)
        yield f"{paint(place, bold=True)}: {paint(file.error.code, fg='red')} {message}"
    if view.verbosity < 0:
        return
    for handler in view.handlers(file):
        yield from _handler(file, handler, view)
    for finding in view.findings(file):
        place = paint(f"{file.shown}:{finding.line}", bold=True)
        yield f"{place}: {paint(finding.code, fg='yellow')} {words.one_line(finding.message)}"
    if view.verbosity > 0 and file.status == "unchanged" and not file.handlers:
        yield f"{file.shown}: unchanged"


def _handler(file: File, handler: Handler, view: View) -> Iterator[str]:
    paint = painter(view.color)
    if handler.reason is not None:
        place = paint(f"{file.shown}:{handler.reason.line}", bold=True)
        code = paint(handler.reason.code, fg="yellow")
        first, *more = handler.reason.message.splitlines()
        yield f"{place}: {code} {handler.name}: {words.one_line(first)}"
        yield from (f"    {line}" for line in more)
    elif handler.rewritten:
        place = paint(f"{file.shown}:{handler.line}", bold=True)
        verdict = _verdict(handler.verdict, view)
        yield f"{place}: rewritten {words.rewritten(handler)} {verdict}".rstrip()
    for note in handler.outcome.notes:
        yield f"    note: {words.one_line(note)}"
    full = words.counterexample(handler.verdict).splitlines() if view.verbosity > 0 else ()
    for line in full or words.difference(handler.verdict):
        yield f"    {line}".rstrip()


def _verdict(verdict: Verdict | None, view: View) -> str:
    text = words.verdict(verdict)
    color = _COLORS.get(verdict.result) if verdict else None
    return painter(view.color)(text, fg=color) if color else text


def _skips(outcome: Outcome, view: View) -> Iterator[str]:
    for skip in outcome.skips:
        if view.verbosity > 0 or skip.reason not in ROUTINE:
            yield f"{skip.shown}: skipped: {skip.reason}"


def _hints(outcome: Outcome, view: View) -> Iterator[str]:
    """What to type next."""
    if outcome.command == "diff" and outcome.count("changed"):
        yield "To write this: the same command with 'fix' instead of 'diff'."
    for code, _ in view.codes(outcome).most_common(1):
        yield f"What a code means and what to do: uncallback explain {code}"
    if outcome.different and view.verbosity < 1:
        yield "Every step of a difference: --verbose"


def _statistics(codes: Counter[str]) -> Iterator[str]:
    for code, number in sorted(codes.items(), key=lambda item: (-item[1], item[0])):
        yield f"{number:>5}  {code}  {title(code)}"
