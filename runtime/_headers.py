"""`HTTPHeaders`: HTTP headers as a mapping that keeps several values a name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any

from . import generation

__all__ = ["HTTPHeaders", "HTTPInputError"]

_LINE_END = re.compile(r"\r?\n")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, section 5.6.2
_names: dict[str, str] = {}


class HTTPInputError(Exception):
    """A request or response from elsewhere is not HTTP."""


def normalized(name: str) -> str:
    """Return a header's name as ``Http-Header-Case``."""
    known = _names.get(name)
    if known is None:
        known = "-".join([part.capitalize() for part in name.split("-")])
        if len(_names) < 2000:
            _names[name] = known
    return known


class HTTPHeaders(MutableMapping[str, str]):
    """A mapping whose keys are case-insensitive and shown as ``Http-Header-Case``.

    As a mapping it has one value a name: several are joined by commas. `add`, `get_list` and
    `get_all` know them one by one.
    """

    __slots__ = ("_last", "_values")

    def __init__(self, *args: Any, **kwargs: str) -> None:
        self._values: dict[str, list[str]] = {}
        self._last: str | None = None  # the name a continuation line belongs to
        if not args and not kwargs:
            return
        given = args[0] if len(args) == 1 and not kwargs else None
        if isinstance(given, dict):
            self._values = {normalized(name): [value] for name, value in given.items()}
        elif isinstance(given, HTTPHeaders):
            self._values = {name: list(values) for name, values in given._values.items()}
        else:
            self.update(*args, **kwargs)

    def add(self, name: str, value: str) -> None:
        """Add one more value for ``name``."""
        self._last = name = normalized(name)
        self._values.setdefault(name, []).append(value)

    def get_list(self, name: str) -> list[str]:
        """Return all values of ``name``, in the order in which they came; maybe none."""
        return self._values.get(normalized(name), [])

    def get_all(self) -> Iterable[tuple[str, str]]:
        """Yield every (name, value) pair, a name with several values several times."""
        for name, values in self._values.items():
            for value in values:
                yield name, value

    def parse_line(self, line: str) -> None:
        """Take one header line; a line that starts with white space continues the one before.

        Raises ValueError for a line without a colon, from generation 5 on HTTPInputError for that
        and for a first line with white space, in 6 for a name that is no token, too.
        """
        if generation.current == 6 and not line:
            return
        if generation.current > 4:
            self._check_line(line)
        if line[0].isspace():
            self._values[self._last][-1] += " " + line.lstrip()  # type: ignore[index]
        else:
            name, value = line.split(":", 1)
            self.add(name, value.strip())

    def _check_line(self, line: str) -> None:
        if line[0].isspace():
            if self._last is None:
                raise HTTPInputError("first header line cannot start with whitespace")
            return
        name, colon, _ = line.partition(":")
        if not colon:
            raise HTTPInputError("no colon in header line")
        if generation.current == 6 and not _TOKEN.fullmatch(name):
            raise HTTPInputError(f"Invalid header name {name!r}")

    @classmethod
    def parse(cls, headers: str) -> HTTPHeaders:
        """Return the headers of a header block; lines end with CRLF or LF."""
        parsed = cls()
        for line in _LINE_END.split(headers):
            if line:
                parsed.parse_line(line)
        return parsed

    def copy(self) -> HTTPHeaders:
        """Return headers of their own with the same values."""
        return HTTPHeaders(self)

    __copy__ = copy

    def __setitem__(self, name: str, value: str) -> None:
        self._values[normalized(name)] = [value]

    def __getitem__(self, name: str) -> str:
        values = self._values[normalized(name)]
        return values[0] if len(values) == 1 else ",".join(values)

    def __delitem__(self, name: str) -> None:
        del self._values[normalized(name)]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and normalized(name) in self._values

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of ``name``, several joined by commas, or ``default``."""
        values = self._values.get(normalized(name))
        if values is None:
            return default
        return values[0] if len(values) == 1 else ",".join(values)

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and dict(self.items()) == dict(other.items())

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return "".join([f"{name}: {value}\n" for name, value in self.get_all()])

    __unicode__ = __str__
