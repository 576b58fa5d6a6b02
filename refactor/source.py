"""Bytes to text and back, and the guards that stand before the parser.

A `Source` remembers how its file was written (encoding cookie, byte order mark, newline style) so
that text which was not touched becomes the very bytes it came from. Everything that could make the
codemod read a file wrongly is turned into a `SourceError` here: Python 2 forms that LibCST accepts
with another meaning, text that LibCST would not give back unchanged, nesting that overflows it.
"""

from __future__ import annotations

import ast
import codecs
import io
import re
import sys
import threading
import tokenize
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from . import python2
from .model import Problem

if TYPE_CHECKING:
    import libcst

T = TypeVar("T")

# A chain of 2,900 additions is about what LibCST reads and annotates within a few seconds.
MAX_DEPTH = 3000
_STACK_BYTES = 256 << 20
_RECURSION_LIMIT = 40_000

_UTF16 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LINE_END = re.compile(r"\r\n|\r|\n")


class SourceError(Exception):
    """A file that must not be edited; ``problem`` says why and where."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Source:
    """One file as text: ``text`` has no byte order mark and the file's own line ends.

    ``encoding`` is the codec that Python itself would use (PEP 263).
    """

    path: str
    data: bytes
    text: str
    encoding: str = "utf-8"
    bom: bool = False

    def encode(self, text: str) -> bytes:
        """Return ``text`` in the file's own encoding, byte order mark included.

        Raises `SourceError` (UC003) for a character that the encoding does not have.
        """
        try:
            body = text.encode(self.encoding)
        except UnicodeEncodeError as error:
            line, column = position(text, error.start)
            message = f"{text[error.start]!r} cannot be written in {self.encoding}"
            raise SourceError(Problem("UC003", message, line, column)) from None
        return codecs.BOM_UTF8 + body if self.bom else body


def may_hold_handlers(data: bytes) -> bool:
    """Whether a file could name Tornado's ``@asynchronous``; one that could not needs no parser."""
    return b"tornado" in data or b"asynchronous" in data


def position(text: str, offset: int) -> tuple[int, int]:
    """Return the 1-based line and column of ``offset``; CR, LF and CRLF each end a line."""
    line, start = 1, 0
    for match in _LINE_END.finditer(text, 0, offset):
        line, start = line + 1, match.end()
    return line, offset - start + 1


def decode(path: str, data: bytes) -> Source:
    """Read ``data`` as Python source text.

    Raises `SourceError` (UC003) for UTF-16, NUL bytes, an unknown or contradicted encoding cookie,
    bytes that the encoding does not have, and encodings that do not give the same bytes back.
    """
    if data.startswith(_UTF16):
        raise _unreadable("this is UTF-16 or UTF-32; Python source is UTF-8 or declares its coding")
    nul = data.find(b"\0")
    if nul >= 0:
        raise _unreadable("NUL byte", *position(data[:nul].decode("latin-1") + "\0", nul))
    bom = data.startswith(codecs.BOM_UTF8)
    body = data[len(codecs.BOM_UTF8) :] if bom else data
    encoding = _encoding(data)
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        line, column = position(body.decode("latin-1"), error.start)
        byte = body[error.start]
        message = f"byte 0x{byte:02x} is not {encoding}; declare the file's coding (PEP 263)"
        raise _unreadable(message, line, column) from None
    except (LookupError, UnicodeError) as error:
        raise _unreadable(str(error)) from None
    if text.encode(encoding) != body:
        raise _unreadable(f"{encoding} does not give the same bytes back")
    return Source(path, data, text, encoding, bom)


def _unreadable(message: str, line: int = 1, column: int = 1) -> SourceError:
    return SourceError(Problem("UC003", message, line, column))


def _encoding(data: bytes) -> str:
    """Name the codec as CPython does; the cookie counts on the first two lines only."""
    head = b"\n".join(re.split(rb"\r\n?|\n", data[:4096], maxsplit=2)[:2])
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(head).readline)
    except SyntaxError as error:
        if _cut_character(data):
            return "utf-8"
        raise _unreadable(error.msg or "unknown encoding") from None
    # The mark itself is kept apart, so it must not be decoded a second time.
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _cut_character(data: bytes) -> bool:
    """Whether only the end of the inspected head is no UTF-8: the whole file decides then."""
    return len(data) > 4096 and b"\n" not in data[:4096] and b"\r" not in data[:4096]


def check(source: Source) -> ast.Module:
    """Return CPython's tree of ``source``, or say exactly where and why there is none.

    Raises `SourceError`: UC004 for a syntax error, UC005 for Python 2 (and for forms that ended
    with Python 3.6), UC006 for nesting that no parser here survives. The guard is needed because
    LibCST reads ``except E, e:`` as a tuple of exception types (PEP 758).
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source.text, source.path, "exec", dont_inherit=True)
            tree = ast.parse(source.text, source.path)
    except SyntaxError as error:
        raise SourceError(_syntax_problem(source, error)) from None
    except (RecursionError, MemoryError):
        raise SourceError(_too_deep()) from None
    except ValueError as error:
        raise SourceError(Problem("UC004", str(error))) from None
    if _depth(tree) > MAX_DEPTH:
        raise SourceError(_too_deep())
    legacy = python2.in_tree(tree)
    if legacy is not None:
        raise SourceError(Problem("UC005", legacy.message, legacy.line, legacy.column))
    return tree


def _syntax_problem(source: Source, error: SyntaxError) -> Problem:
    line, column = max(error.lineno or 1, 1), max(error.offset or 1, 1)
    message = error.msg or "invalid syntax"
    lines = _LINE_END.split(source.text)
    text = lines[line - 1] if line <= len(lines) else ""
    legacy = python2.in_message(message, text, column)
    if legacy is not None:
        return Problem("UC005", legacy, line, column)
    return Problem("UC004", message, line, column)


def _too_deep() -> Problem:
    return Problem("UC006", "an expression is nested too deeply to be parsed safely")


def _depth(tree: ast.AST) -> int:
    """Return the nesting depth of ``tree`` without recursion."""
    depth, level = 0, [tree]
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return depth


def parse(source: Source) -> libcst.Module:
    """Parse ``source`` with LibCST after `check`.

    Raises `SourceError`: what `check` raises, UC004 for text that only LibCST rejects, and UC007
    where the parsed module would not be written back unchanged (a file with lone carriage returns
    loses its last one).
    """
    import libcst

    check(source)
    try:
        module = libcst.parse_module(source.text)
    except libcst.ParserSyntaxError as error:
        raise SourceError(
            Problem("UC004", error.message, error.raw_line, error.raw_column + 1)
        ) from None
    code = module.code
    if code != source.text:
        pairs = enumerate(zip(code, source.text, strict=False))
        same = next((at for at, (one, other) in pairs if one != other), len(code))
        line, column = position(source.text, same)
        message = "LibCST does not give this text back unchanged"
        raise SourceError(Problem("UC007", message, line, column))
    return module


def on_deep_stack(work: Callable[[], T]) -> T:
    """Call ``work`` on a thread whose stack holds every tree that `check` lets through.

    LibCST's visitors need several Python frames for each level, far beyond the default limit.
    Whatever ``work`` raises is raised here.
    """
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            failures.append(error)

    limit = sys.getrecursionlimit()
    size = threading.stack_size(_STACK_BYTES)
    sys.setrecursionlimit(max(limit, _RECURSION_LIMIT))
    try:
        thread = threading.Thread(target=run, name="uncallback", daemon=True)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(limit)
    if failures:
        raise failures[0]
    return results[0]
