"""`escape.linkify`: plain text in, XHTML with links out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

# Where an address starts, and what may follow in text that is already escaped: no blanks, no
# entities but these two, and parentheses only in pairs.
_START = re.compile(r"\b(?:([\w-]+):/{1,3}|www\.)")
_TAIL = re.compile(r"(?:[^\s&()]|&(?:amp|quot);|\([^\s()]*\))*")
_PUNCTUATION = "!\"#$%&'*+,.:;<=>?@[]^`{|}~"
_LONGEST = 30


def linkify(
    text: str | bytes,
    shorten: bool = False,
    extra_params: str | Callable[[str], str] = "",
    require_protocol: bool = False,
    permitted_protocols: Iterable[str] = ("http", "https"),
) -> str:
    """Return ``text`` escaped for XHTML with its web addresses made links.

    ``shorten`` cuts the shown text of long addresses; ``extra_params`` (or what it returns when
    called with the address) is put into the tag; with ``require_protocol`` a bare ``www.`` is no
    address; only ``permitted_protocols`` become links.
    """
    from .escape import to_unicode, xhtml_escape

    extra = extra_params.strip() if isinstance(extra_params, str) else extra_params
    permitted = frozenset(permitted_protocols)

    escaped = xhtml_escape(to_unicode(text))
    parts: list[str] = []
    done = 0
    while start := _START.search(escaped, done):
        tail = _without_punctuation(_TAIL.match(escaped, start.end()).group())  # type: ignore[union-attr]
        end = start.end() + len(tail)
        shown, protocol = escaped[start.start() : end], start.group(1)
        parts.append(escaped[done : start.start()])
        done = end
        linked = tail and (protocol in permitted if protocol else not require_protocol)
        parts.append(_link(shown, start, extra, shorten) if linked else shown)
    return "".join(parts) + escaped[done:]


def _without_punctuation(tail: str) -> str:
    """Cut what ends the sentence rather than the address."""
    while True:
        cut = tail.removesuffix("&amp;").removesuffix("&quot;").rstrip(_PUNCTUATION)
        if cut == tail:
            return cut
        tail = cut


def _link(
    shown: str, start: re.Match[str], extra: str | Callable[[str], str], shorten: bool
) -> str:
    href = shown if start.group(1) else "http://" + shown
    params = extra if isinstance(extra, str) else extra(href).strip()
    attributes = f' href="{href}"' + (" " + params if params else "")
    if shorten and len(shown) > _LONGEST:
        short = _shortened(shown, len(start.group()) if start.group(1) else 0)
        if short is not None:
            attributes += f' title="{href}"'
            shown = short
    return f"<a{attributes}>{shown}</a>"


def _shortened(url: str, head: int) -> str | None:
    """Cut an address for display, None if that would not make it shorter.

    ``head`` is the length of its scheme with the slashes.
    """
    host, *rest = url[head:].split("/")
    short = url[:head] + host
    if rest:  # the first part of the path, itself cut where a query or a file suffix begins
        short += "/" + re.split(r"[?.]", rest[0])[0][:8]
    if len(short) > _LONGEST * 1.5:
        short = short[:_LONGEST]
    if short == url:
        return None
    amp = short.rfind("&")  # never cut an entity in two
    if amp > _LONGEST - 5:
        short = short[:amp]
    short += "..."
    return short if len(short) < len(url) else None
