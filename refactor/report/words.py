"""The sentences that several formats share, so that all of them say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ..model import UNCHECKED, Reason, Verdict
from ..outcome import Handler, Outcome
from ..problems import title
from . import View

HELD = 2
"""What was held fixed is told up to so many."""


def count(number: int, noun: str) -> str:
    """Return ``1 file``, ``2 files``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def one_line(text: str) -> str:
    """Return ``text`` with every run of white space as one blank."""
    return " ".join(text.split())


def verdict(found: Verdict | None) -> str:
    """Return a verdict in one line, with its bounds: ``equivalent, complete, 36 runs``."""
    if found is None:
        return ""
    if found.result == "unchecked":
        return "unchecked" if found == UNCHECKED else f"unchecked: {found.reason}"
    parts: list[str] = [found.result]
    if found.result == "equivalent":
        parts.append(_extent(found))
    if found.runs:
        parts.append(count(found.runs, "run"))
    if found.result == "equivalent" and found.coverage < 1:
        parts.append(f"{found.coverage:.0%} of the lines")
    text = ", ".join(parts)
    if found.reason and found.result != "equivalent":
        text = f"{text}: {one_line(found.reason)}"
    held = found.details.get("held") or () if found.result == "equivalent" else ()
    if held:
        more = f" (and {len(held) - HELD} more)" if len(held) > HELD else ""
        text = f"{text}; held fixed: {'; '.join(held[:HELD])}{more}"
    return text


def _extent(found: Verdict) -> str:
    """How far the runs went: some choices may be out of reach even if all others were tried."""
    if found.complete:
        return "complete"
    relation = found.details.get("traces", {}).get("relation", "not established")
    return "sampled" if relation == "not established" else "not complete"


def placements(handler: Handler) -> str:
    """Return how each callback was placed: ``inline on_auth, call on_log``."""
    placed = (f"{each.placement} {each.name}" for each in handler.callbacks)
    return ", ".join(dict.fromkeys(placed))


def rewritten(handler: Handler) -> str:
    """Return what became of a rewritten handler, without its verdict."""
    how = placements(handler)
    return f"{handler.name} ({how})" if how else handler.name


def kept(handler: Handler, reason: Reason) -> str:
    """Return why a handler stays, in one line; `difference` tells more of what the check found."""
    message = f"{handler.name}: {reason.message}"
    if handler.verdict is not None and handler.verdict.reason and reason.code == "UC901":
        message += f" ({shortened(handler.verdict.reason, 300)})"
    return one_line(message)


def shortened(text: str, width: int) -> str:
    """Return ``text`` in one line of at most ``width`` characters."""
    line = one_line(text)
    return line if len(line) <= width else line[: width - 1] + "…"


def difference(found: Verdict | None) -> Iterator[str]:
    """Yield in three lines what the counterexample of a verdict shows; nothing without one.

    The answers from the outside that led there, then what each version did where they part.
    """
    data: Mapping[str, Any] = (found.counterexample if found else None) or {}
    if not data:
        return
    steps = [step for step in data.get("steps", ()) if not step["same"]]
    ends = data.get("ends", {})
    telling = [each for each in data.get("choices", ()) if not each["plain"]]
    answers = [f"{each['asked']}: {each['answer']}" for each in telling]
    yield shortened(f"with {'; '.join(answers) or 'the plain answer to every question'}", 150)
    for side in ("before", "after"):
        line = _step(steps[0][side]) if steps else "the same"
        yield f"{side + ':':8}{shortened(line, 110)}; {ends.get(side, 'unknown end')}"


def _step(step: Mapping[str, Any] | None) -> str:
    if step is None:
        return "nothing more"
    parts = (step["kind"], step["subject"], step["detail"])
    return " ".join(str(part) for part in parts if part)


def counterexample(found: Verdict | None) -> str:
    """Return the rendered counterexample of a verdict, or an empty text."""
    data: Mapping[str, object] = (found.counterexample if found else None) or {}
    text = data.get("text")
    return text if isinstance(text, str) else ""


def summary(outcome: Outcome, view: View) -> list[str]:
    """Return the closing lines: would or did, why not, what was skipped, what was not checked."""
    lines = [*_handled(outcome), *_kept(outcome, view), *_not_processed(outcome)]
    skipped = outcome.skipped()
    if skipped:
        reasons = ", ".join(f"{number} {reason}" for reason, number in sorted(skipped.items()))
        lines.append(f"Skipped: {reasons}.")
    if not outcome.verified and any(each.rewritten for each in outcome.handlers):
        lines.append("Nothing was checked (--no-verify).")
    return lines


def _handled(outcome: Outcome) -> Iterator[str]:
    handlers = outcome.handlers
    done = [each for each in handlers if each.rewritten]
    changed, read = outcome.count("changed"), len(outcome.files) - outcome.count("error")
    would = outcome.command == "diff"
    if changed:
        yield (
            f"{'Would change' if would else 'Changed'} {count(changed, 'file')}:"
            f" {count(len(done), 'handler')} rewritten{_results(done, outcome.verified)},"
            f" {len(handlers) - len(done)} kept."
        )
    elif handlers:
        verb = "would change" if would else "changed"
        yield f"No file {verb}: {count(len(handlers), 'handler')} kept."
    elif read:
        yield f"No callback handlers found in {count(read, 'file')}."


def _kept(outcome: Outcome, view: View) -> Iterator[str]:
    reasons = view.refusals(outcome)
    if reasons:
        yield f"Kept: {_codes(reasons)}."


def _results(done: list[Handler], verified: bool) -> str:
    """How many of the rewritten handlers have which verdict, in brackets."""
    results = Counter(each.verdict.result for each in done if each.verdict)
    listed = ", ".join(f"{number} {result}" for result, number in sorted(results.items()))
    return f" ({listed})" if verified and listed else ""


def _not_processed(outcome: Outcome) -> Iterator[str]:
    errors = Counter(file.error.code for file in outcome.files if file.error)
    if errors:
        verb = "not processed" if outcome.command == "diff" else "not processed or not written"
        yield f"{count(errors.total(), 'file')} {verb}: {_codes(errors)}."


def _codes(found: Counter[str]) -> str:
    """Codes with their titles, the most frequent first: ``2 unknown operation (UC201)``."""
    listed = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number} {title(code)} ({code})" for code, number in listed)
