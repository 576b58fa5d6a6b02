"""The sentences that several formats share, so that all of them say the same."""

from __future__ import annotations

from collections.abc import Mapping

from ..model import Reason, Verdict
from ..outcome import Handler, Outcome

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
        return f"unchecked: {found.reason}" if found.reason else "unchecked"
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
    return ", ".join(f"{each.placement} {each.name}" for each in handler.callbacks)


def rewritten(handler: Handler) -> str:
    """Return what became of a rewritten handler, without its verdict."""
    how = placements(handler)
    return f"{handler.name} ({how})" if how else handler.name


def kept(handler: Handler, reason: Reason) -> str:
    """Return why a handler stays, in one line."""
    message = f"{handler.name}: {reason.message}"
    if handler.verdict is not None and handler.verdict.reason and reason.code == "UC901":
        message += f" ({handler.verdict.reason})"
    return one_line(message)


def counterexample(found: Verdict | None) -> str:
    """Return the rendered counterexample of a verdict, or an empty text."""
    data: Mapping[str, object] = (found.counterexample if found else None) or {}
    text = data.get("text")
    return text if isinstance(text, str) else ""


def summary(outcome: Outcome) -> list[str]:
    """Return the closing lines: would or did, what was skipped, what was not checked."""
    handlers = outcome.handlers
    done = sum(each.rewritten for each in handlers)
    changed, errors = outcome.count("changed"), outcome.count("error")
    lines = []
    if changed:
        verb = "Would change" if outcome.command == "diff" else "Changed"
        lines.append(
            f"{verb} {count(changed, 'file')}: {count(done, 'handler')} rewritten,"
            f" {len(handlers) - done} kept."
        )
    elif handlers:
        verb = "would change" if outcome.command == "diff" else "changed"
        lines.append(f"No file {verb}: {count(len(handlers), 'handler')} kept.")
    elif len(outcome.files) > errors:
        lines.append(f"No callback handlers found in {count(len(outcome.files) - errors, 'file')}.")
    if outcome.different:
        lines.append(
            f"{count(outcome.different, 'handler')} kept because the versions behaved differently."
        )
    if errors:
        verb = "not processed" if outcome.command == "diff" else "not processed or not written"
        lines.append(f"{count(errors, 'file')} {verb}.")
    skipped = outcome.skipped()
    if skipped:
        reasons = ", ".join(f"{number} {reason}" for reason, number in sorted(skipped.items()))
        lines.append(f"Skipped: {reasons}.")
    if not outcome.verified and done:
        lines.append("Nothing was checked (--no-verify).")
    return lines
