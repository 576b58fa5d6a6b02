"""Which values a request may carry: for an argument, a header or a cookie that code reads.

Two are always tried, a number and a text. The others are there for what the code does: it compares
with them, counts, cuts, converts or escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from .harvest import Harvest

_ADDRESSES = ("url", "uri", "link", "href")
"""Parts of names whose value may be an address that is then fetched."""

_MEDIA_TYPE = re.compile(r"(application|audio|image|multipart|text|video)/[a-z0-9.+-]+\Z")
_MOST_MEDIA_TYPES = 4
"""How the values of ``Accept`` and ``Content-Type`` look (RFC 6838), and how many are tried."""

_SHAPED = {"Accept": "{}, */*;q=0.5", "Content-Type": "{}; charset=UTF-8"}
"""What may stand around a media type (RFC 9110, sections 8.3 and 12.5.1)."""

_NUMBERS = ("0", "-1", "1.5")
"""Numbers that are at an end, or that not every conversion takes."""

NOT_TEXT = "\udcff"
"""Bytes that are not UTF-8, written as PEP 383 has it: reading them as text fails."""

_OF_ARGUMENTS = frozenset({"HTTPError", "MissingArgumentError"})
"""What reading an argument may raise, for code that catches it."""

_MARKED = "<\u00fcber> & b+c"
"""A text that looks otherwise once it is escaped, quoted, encoded or measured in bytes."""

_MARKING = frozenset(
    """
    encode escape html_escape json_encode linkify quote quote_plus replace squeeze unquote
    unquote_plus url_concat url_escape url_unescape urlencode utf8 xhtml_escape xhtml_unescape
    """.split()  # noqa: SIM905
)
"""What code calls to which such a text is not like another."""

ETAGS = "If-None-Match"
_OF_ETAGS = frozenset({"check_etag_header", "compute_etag", "set_etag_header"})


def texts(kind: str, name: str, harvest: Harvest) -> list[str]:
    """The values to try for ``kind`` (``argument``, ``header``, ``cookie``) ``name``, each once.

    The plain one is the first.
    """
    values = ["1", "text", *harvest.texts(name)]
    if kind == "argument":
        values += _of_arguments(harvest)
    elif kind == "header":
        types = _media_types(harvest.strings) if name in _SHAPED else []
        values = [*types, *values, *(_SHAPED[name].format(each) for each in types[:1])]
        values += ["*"] if name == ETAGS else []
    if any(word in name.lower() for word in _ADDRESSES):
        values.append("http://there.example.com/")
    return list(dict.fromkeys(values))


def _of_arguments(harvest: Harvest) -> Iterator[str]:
    yield from ("", " text ") if harvest.blanks else ("",)
    if harvest.reads_numbers:
        yield from _NUMBERS
    if any(name.rpartition(".")[2] in _OF_ARGUMENTS for name in harvest.caught):
        yield NOT_TEXT
    if harvest.measures or _MARKING & (harvest.attributes | harvest.dotted):
        yield _MARKED


@lru_cache(maxsize=64)
def _media_types(strings: frozenset[str]) -> list[str]:
    """The media types that the code names, but for a few at most."""
    return sorted(filter(_MEDIA_TYPE.match, strings))[:_MOST_MEDIA_TYPES]


def looks_at_etags(harvest: Harvest) -> bool:
    """Whether the code has a say in what Etag an answer has, or in what it is compared with."""
    named = {each.lower() for each in harvest.strings if len(each) == len("etag")}
    return "etag" in named or not _OF_ETAGS.isdisjoint(harvest.attributes | harvest.listeners)
