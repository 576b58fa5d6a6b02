"""The pages of ``uncallback explain``: Markdown beside this module, one section for each code.

A section starts with ``## UC204``; what follows, up to the next one, is an explanation, an example
and what to do. The heading of a printed page takes its title from the table of codes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from ..problems import title


@lru_cache(maxsize=1)
def sections() -> dict[str, str]:
    """Return the text of every section by its code."""
    found: dict[str, str] = {}
    for file in sorted(Path(__file__).parent.glob("*.md")):
        parts = re.split(r"^## (UC\d{3})$", file.read_text("utf-8"), flags=re.MULTILINE)
        found.update(
            (code, body.strip()) for code, body in zip(parts[1::2], parts[2::2], strict=True)
        )
    return found


def page(code: str) -> str:
    """Return the page of ``code`` as Markdown; only its heading where nothing was written yet."""
    return f"# {code}: {title(code)}\n\n{sections().get(code, '')}\n"
