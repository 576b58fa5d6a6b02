"""The codes that are about a file and not about a handler: UC000 to UC099.

Refusals and findings are in `reasons`; `title` and `entries` know all of them.
"""

from __future__ import annotations

from .reasons import REASONS, Entry

PROBLEMS: dict[str, Entry] = {
    "UC000": Entry("can be converted", "this handler can be written as a coroutine"),
    "UC001": Entry("not found", "there is no such file or directory"),
    "UC002": Entry("not readable", "the file or directory cannot be read"),
    "UC003": Entry("not decodable", "the bytes are no Python source text"),
    "UC004": Entry("syntax error", "Python cannot parse the file"),
    "UC005": Entry("another Python", "the file is written for Python 2, or for 3.6 and older"),
    "UC006": Entry("nested too deeply", "an expression is nested too deeply to be parsed safely"),
    "UC007": Entry("not kept by the parser", "the parser does not give the text back unchanged"),
    "UC008": Entry("not written", "the file is read-only, or writing failed; it is intact"),
    "UC009": Entry("changed meanwhile", "the file was changed while it was being converted"),
    "UC010": Entry("internal error", "the tool failed on this file and left it alone"),
}


def entries() -> dict[str, Entry]:
    """Every code of the tool with its entry, sorted."""
    return dict(sorted({**PROBLEMS, **REASONS}.items()))


def title(code: str) -> str:
    """The short title of ``code``; empty for a code that is not known."""
    entry = PROBLEMS.get(code) or REASONS.get(code)
    return entry.title if entry else ""
