"""The two streams: the product goes to standard output as bytes, all talk to standard error."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from typing import IO, Literal

import click

ColorMode = Literal["auto", "always", "never"]


class OneLine(click.ClickException):
    """A mistake of configuration: exit code 2, and the one line that names its place."""

    exit_code = 2

    def show(self, file: IO[str] | None = None) -> None:
        say(self.message)


def use_color(mode: ColorMode, stream: IO[str]) -> bool:
    """Whether ``stream`` gets colours: the flag, then the variables, then what the stream is.

    ``NO_COLOR`` (https://no-color.org) switches off, ``FORCE_COLOR`` and ``CLICOLOR_FORCE`` on;
    a dumb terminal gets none.
    """
    if mode != "auto":
        return mode == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if any(
        os.environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")
    ):
        return True
    return os.environ.get("TERM") != "dumb" and stream.isatty()


def product(data: bytes) -> None:
    """Write ``data`` to standard output as it is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def say(text: str) -> None:
    """Write one message to standard error; a name that is no text is shown escaped."""
    encoding = sys.stderr.encoding or "utf-8"
    sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    sys.stderr.flush()


class Progress:
    """One line on standard error that says what is being done; only where that is a terminal."""

    def __init__(self, wanted: bool) -> None:
        self.shown = False
        self.wanted = wanted and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def show(self, text: str) -> None:
        """Replace the line."""
        if self.wanted:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"\r\x1b[2K{text[:width]}")
            sys.stderr.flush()
            self.shown = True

    def clear(self) -> None:
        """Take the line away."""
        if self.shown:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
            self.shown = False


def painter(color: bool) -> Callable[..., str]:
    """Return ``click.style``, or what leaves text as it is."""
    return click.style if color else _plain


def _plain(text: str, **_: object) -> str:
    return text


_DIFF_STYLES: tuple[tuple[bytes, bytes], ...] = (
    (b"--- ", b"\x1b[1m"),
    (b"+++ ", b"\x1b[1m"),
    (b"@@ ", b"\x1b[36m"),
    (b"+", b"\x1b[32m"),
    (b"-", b"\x1b[31m"),
)


def painted_diff(diff: bytes) -> bytes:
    """Return ``diff`` with bold headers, cyan hunk lines, green additions and red removals."""
    lines = []
    for line in diff.splitlines(keepends=True):  # of bytes: only at CR and LF
        style = next((code for mark, code in _DIFF_STYLES if line.startswith(mark)), None)
        body = line.rstrip(b"\r\n")
        lines.append(style + body + b"\x1b[0m" + line[len(body) :] if style else line)
    return b"".join(lines)


def open_missing_streams() -> None:
    """Give a stream that the caller has closed a place where what is written is lost."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115


def ignore_broken_pipe() -> None:
    """Let the interpreter's last flush of a closed pipe go nowhere, without a word."""
    with open(os.devnull, "wb") as sink:
        for stream in (sys.stdout, sys.stderr):
            try:
                os.dup2(sink.fileno(), stream.fileno())
            except (OSError, ValueError):
                continue
