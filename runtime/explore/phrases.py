"""Effects and questions in the reader's words, short: what everybody knows is left out."""

from __future__ import annotations

import ast
import re

LONGEST = 160
"""Characters of one effect in a sentence."""

_OF_EVERY_ANSWER = frozenset({"Content-Length", "Date", "Etag", "Server"})
_USUAL = ("Content-Type", "text/html; charset=UTF-8")
_NUMBER = re.compile(r" #(\d+)$")


def effect(kind: str, subject: str, detail: str) -> str:
    """One effect: ``body b'x'``, ``headers 200 OK X-A: 1``.

    Headers that every answer has, and those that follow from its body, are left out.
    """
    if kind == "headers":
        detail = _headers(detail)
    if subject == "response" and kind in ("body", "finish"):
        subject = ""
    if kind == "log":
        subject = subject.removeprefix("tornado.")
    return " ".join(part for part in (kind, subject, detail) if part).replace("\n", "\\n")


def _headers(detail: str) -> str:
    try:
        pairs = ast.literal_eval(detail)
        told = [p for p in pairs if p[0] not in _OF_EVERY_ANSWER and tuple(p) != _USUAL]
        return ", ".join(f"{name}: {value}" for name, value in told)
    except (ValueError, SyntaxError, TypeError, IndexError):
        return detail


def question(key: str) -> str:
    """A question without the number of its first time: ``fetch GET http://a``, ``... (time 2)``."""
    found = _NUMBER.search(key)
    if found is None:
        return key
    number = found.group(1)
    return key[: found.start()] + ("" if number == "1" else f" (time {number})")


def apart(ours: str, theirs: str, *widths: int) -> tuple[str, str]:
    """Two texts cut to their ``widths``; what makes them different is kept in sight."""
    pairs = zip(ours, theirs, strict=False)
    start = next((n for n, (one, other) in enumerate(pairs) if one != other), 0)
    return _cut(ours, start, widths[0]), _cut(theirs, start, widths[-1])


def _cut(text: str, start: int, width: int) -> str:
    if start > 26 and len(text) > width:
        text = f"{text[:16]}… …{text[start - 6 :]}"
    return text if len(text) <= width else text[: width - 1] + "…"
