"""``re`` for the code under check: whether text from outside matches is a choice."""

from __future__ import annotations

import re as real_re
from types import ModuleType
from typing import Any

from .circumstances import now
from .describe import TEXTS
from .machine import Guarded
from .shown import arguments
from .standin import Standin

_FINDING = ("match", "fullmatch", "search")


class CompiledPattern:
    """A compiled pattern, for which a match in text from outside is a choice."""

    __slots__ = ("_real",)

    def __init__(self, real: real_re.Pattern[Any]) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if name not in _FINDING:
            return found

        def find(string: Any, *args: Any, **kwargs: Any) -> Any:
            if type(string) is Standin:
                return _found(name, self._real.pattern, string)
            return found(string, *args, **kwargs)

        return find

    __class__ = real_re.Pattern  # type: ignore[assignment]  # for isinstance, and for ``re`` itself

    def __eq__(self, other: object) -> bool:
        return self._real == (other._real if type(other) is CompiledPattern else other)

    def __hash__(self) -> int:
        return hash(self._real)

    def __repr__(self) -> str:
        return repr(self._real)

    def __copy__(self) -> CompiledPattern:
        return self

    def __deepcopy__(self, memo: object) -> CompiledPattern:
        return self


def _found(name: str, pattern: Any, string: Any) -> Any:
    key = f"re.{name}{arguments((pattern, string), {})}"
    return None if now().settle(key, ("match", "None")) else Standin.named(key)


def _matching(name: str) -> Any:
    """A function of ``re`` for which a match in text from outside is a choice."""
    real = getattr(real_re, name)

    def find(pattern: Any, string: Any, *args: Any, **kwargs: Any) -> Any:
        if type(pattern) is not Standin and type(string) is not Standin:
            return real(pattern, string, *args, **kwargs)
        return _found(name, getattr(pattern, "pattern", pattern), string)

    return find


def _compile(pattern: Any, *args: Any, **kwargs: Any) -> Any:
    """``re.compile``."""
    if type(pattern) is CompiledPattern and not args and not kwargs:
        return pattern
    real = real_re.compile(pattern, *args, **kwargs)
    return CompiledPattern(real)


def re_module() -> ModuleType:
    """``re`` that asks whether a pattern or a text from outside matches."""
    return Guarded(
        "re",
        {
            **vars(real_re),
            **{name: _matching(name) for name in _FINDING},
            "compile": _compile,
        },
    )


TEXTS[CompiledPattern] = repr
