"""Routes: a pattern for paths and the handler class that answers them."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from .escape import url_escape, url_unescape, utf8
from .util import import_object

__all__ = ["Route", "URLSpec"]


class Route(NamedTuple):
    """What was found for a request: handler class, its arguments, and those of the verb."""

    handler_class: Any
    handler_kwargs: dict[str, Any]
    path_args: tuple[bytes | None, ...] = ()
    path_kwargs: dict[str, bytes | None] = {}  # noqa: RUF012 (never written to)


class URLSpec:
    """A route: ``pattern`` (a regular expression for the whole path), ``handler`` (a class or its
    dotted name), ``kwargs`` for the handler's ``initialize`` and a ``name`` for `reverse_url`.
    """

    def __init__(
        self,
        pattern: str,
        handler: Any,
        kwargs: dict[str, Any] | None = None,
        name: str | None = None,
    ) -> None:
        self.regex = re.compile(pattern if pattern.endswith("$") else pattern + "$")
        groups, named = self.regex.groups, len(self.regex.groupindex)
        assert named in (0, groups), (
            "groups in url regexes must either be all named or all "
            f"positional: {self.regex.pattern!r}"
        )
        self.handler_class = import_object(handler) if isinstance(handler, str) else handler
        self.kwargs = kwargs or {}
        self.name = name
        self._template, self._group_count = _template(self.regex.pattern, groups)
        self.match = self._exactly(pattern) or self.regex.match

    def _exactly(self, pattern: str) -> Any:
        """A cheap match for a pattern that is plain text."""
        if re.escape(pattern) != pattern:
            return None
        regex = self.regex
        return lambda path: regex.match(path) if path == pattern else None

    def route(self, match: re.Match[str]) -> Route:
        """Return where a matching path leads: its groups are unescaped, not yet decoded."""
        if not self.regex.groups:
            return Route(self.handler_class, self.kwargs)
        if self.regex.groupindex:
            named = {name: _unescaped(value) for name, value in match.groupdict().items()}
            return Route(self.handler_class, self.kwargs, (), named)
        positional = tuple([_unescaped(value) for value in match.groups()])
        return Route(self.handler_class, self.kwargs, positional)

    def reverse(self, *args: Any) -> str:
        """Return the path with ``args`` for its groups; ValueError for too clever a pattern."""
        if self._template is None:
            raise ValueError("Cannot reverse url regex " + self.regex.pattern)
        assert len(args) == self._group_count, "required number of arguments not found"
        if not args:
            return self._template
        texts = [arg if isinstance(arg, (str, bytes)) else str(arg) for arg in args]
        return self._template % tuple([url_escape(utf8(text), plus=False) for text in texts])

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.regex.pattern!r}, {self.handler_class}, "
            f"kwargs={self.kwargs!r}, name={self.name!r})"
        )


def _unescaped(value: str | None) -> bytes | None:
    return url_unescape(value, encoding=None, plus=False) if value is not None else None


def _template(pattern: str, groups: int) -> tuple[str | None, int]:
    """The pattern with ``%s`` for its groups; None if it is too complicated to reverse."""
    text = pattern.removeprefix("^").removesuffix("$")
    if text.count("(") != groups:
        return None, 0
    pieces: list[str] = []
    for fragment in text.split("("):
        if ")" in fragment:
            pieces.append("%s" + fragment[fragment.index(")") + 1 :])
            continue
        try:
            pieces.append(re.sub(r"\\(.)", _plain, fragment))
        except ValueError:
            return None, 0
    return "".join(pieces), groups


def _plain(match: re.Match[str]) -> str:
    if match.group(1).isalnum():
        raise ValueError("not a literal")
    return match.group(1)
