"""Escaping for XHTML, JSON and URLs, and conversions between text and bytes.

What each function accepts and returns is Tornado 4.4's documented interface on Python 3; the work
itself is the standard library's.
"""

from __future__ import annotations

import html
import json
import re
from html.entities import name2codepoint
from typing import Any, overload
from urllib.parse import parse_qs, quote, quote_plus, unquote, unquote_plus, unquote_to_bytes

from . import generation
from ._linkify import linkify

__all__ = [
    "json_decode",
    "json_encode",
    "linkify",
    "native_str",
    "parse_qs_bytes",
    "recursive_unicode",
    "squeeze",
    "to_basestring",
    "to_unicode",
    "url_escape",
    "url_unescape",
    "utf8",
    "xhtml_escape",
    "xhtml_unescape",
]

_XHTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
_SPECIAL = re.compile("[&<>\"']")
_ENTITY = re.compile(r"&(#?)(\w+?);")
_SPACES = re.compile(r"[\x00-\x20]+")


@overload
def utf8(value: None) -> None: ...
@overload
def utf8(value: str | bytes) -> bytes: ...
def utf8(value: str | bytes | None) -> bytes | None:
    """Return text as UTF-8 bytes; bytes and None come back as they are, the rest is a TypeError."""
    if isinstance(value, str):
        return value.encode("utf-8")
    if value is None or isinstance(value, bytes):
        return value
    raise TypeError(f"Expected bytes, unicode, or None; got {type(value)!r}")


@overload
def to_unicode(value: None) -> None: ...
@overload
def to_unicode(value: str | bytes) -> str: ...
def to_unicode(value: str | bytes | None) -> str | None:
    """Return UTF-8 bytes as text; text and None come back as they are, the rest is a TypeError."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8")
    raise TypeError(f"Expected bytes, unicode, or None; got {type(value)!r}")


native_str = to_unicode
to_basestring = to_unicode
_unicode = to_unicode


def recursive_unicode(obj: Any) -> Any:
    """Return ``obj`` with all bytes in its lists, tuples and dicts decoded as UTF-8."""
    if isinstance(obj, dict):
        return {recursive_unicode(key): recursive_unicode(value) for key, value in obj.items()}
    if isinstance(obj, list):
        return [recursive_unicode(item) for item in obj]
    if isinstance(obj, tuple):
        return tuple(recursive_unicode(item) for item in obj)
    if isinstance(obj, bytes):
        return to_unicode(obj)
    return obj


def xhtml_escape(value: str | bytes) -> str:
    """Escape ``& < > " '`` so that the text is valid in XHTML and in quoted attributes."""
    if generation.current == 6:
        return html.escape(to_unicode(value))
    return _SPECIAL.sub(lambda found: _XHTML[found[0]], to_unicode(value))


def xhtml_unescape(value: str | bytes) -> str:
    """Undo `xhtml_escape`; numeric and named entities are known, others stay as they are."""
    if generation.current == 6:
        return html.unescape(to_unicode(value))
    return _ENTITY.sub(_entity, to_unicode(value))


def _entity(match: re.Match[str]) -> str:
    number, name = match.groups()
    if not number:
        return chr(name2codepoint[name]) if name in name2codepoint else match.group()
    try:
        return chr(int(name[1:], 16) if name[0] in "xX" else int(name))
    except ValueError:
        return match.group()


def json_encode(value: Any) -> str:
    r"""Return ``value`` as JSON; ``</`` is written ``<\/`` so that it may stand in a script tag."""
    return json.dumps(value).replace("</", "<\\/")


def json_decode(value: str | bytes) -> Any:
    """Return the Python objects of a JSON text (bytes are UTF-8); ValueError if it is none."""
    return json.loads(to_unicode(value))


def squeeze(value: str) -> str:
    """Replace every run of white space by one blank and strip the ends."""
    return _SPACES.sub(" ", value).strip()


def url_escape(value: str | bytes, plus: bool = True) -> str:
    """Percent-encode ``value``; blanks become ``+``, or ``%20`` with ``plus=False``."""
    return (quote_plus if plus else quote)(utf8(value))


@overload
def url_unescape(value: str | bytes, encoding: None, plus: bool = True) -> bytes: ...
@overload
def url_unescape(value: str | bytes, encoding: str = "utf-8", plus: bool = True) -> str: ...
def url_unescape(
    value: str | bytes, encoding: str | None = "utf-8", plus: bool = True
) -> str | bytes:
    """Undo `url_escape`; the result is bytes if ``encoding`` is None."""
    text = to_unicode(value)
    if encoding is None:
        return unquote_to_bytes(text.replace("+", " ") if plus else text)
    return (unquote_plus if plus else unquote)(text, encoding=encoding)


def parse_qs_bytes(
    qs: str | bytes, keep_blank_values: bool = False, strict_parsing: bool = False
) -> dict[str, list[bytes]]:
    """Parse a query string; keys are latin-1 text, values bytes (not yet decoded)."""
    text = qs if isinstance(qs, str) else qs.decode("latin1")
    parsed = parse_qs(text, keep_blank_values, strict_parsing, encoding="latin1", errors="strict")
    return {key: [value.encode("latin1") for value in values] for key, values in parsed.items()}
