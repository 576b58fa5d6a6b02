"""Unified diffs in the bytes of the source, in the form that ``git apply`` accepts.

No time stamps, no re-encoding, and a line ends where git thinks it ends (at ``\\n`` only), so the
same input always gives the same bytes and form feeds or U+2028 never break a hunk.
"""

from __future__ import annotations

import difflib
import os
import re

_NO_NEWLINE = b"\n\\ No newline at end of file\n"
_ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}


def unified(path: str, before: bytes, after: bytes) -> bytes:
    """Return the diff of ``before`` and ``after`` with three lines of context, or ``b""``.

    ``path`` is posix and relative to the folder where the diff is to be applied.
    """
    if before == after:
        return b""
    lines = difflib.diff_bytes(difflib.unified_diff, _lines(before), _lines(after), lineterm=b"\n")
    body = list(lines)[2:]
    return _header(path) + b"".join(
        line if line.endswith(b"\n") else line + _NO_NEWLINE for line in body
    )


def _lines(data: bytes) -> list[bytes]:
    return re.findall(rb"[^\n]*\n|[^\n]+", data)


def _header(path: str) -> bytes:
    names = [_quoted(os.fsencode(f"{side}/{path}")) for side in "ab"]
    return b"--- " + names[0] + b"\n+++ " + names[1] + b"\n"


def _quoted(name: bytes) -> bytes:
    """Write ``name`` as git does: quoted like in C where needed, a tab after one with blanks."""
    if not re.search(rb'[\x00-\x1f"\\\x7f]', name):
        return name + b"\t" if b" " in name else name
    text = "".join(
        "\\" + _ESCAPES[byte]
        if byte in _ESCAPES
        else f"\\{byte:03o}"
        if byte < 32 or byte > 126
        else chr(byte)
        for byte in name
    )
    return f'"{text}"'.encode("ascii")
