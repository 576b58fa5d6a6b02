"""How arguments are written in the names of stand-ins, in keys and in effects.

Functions are written ``<function>`` whatever they are called: that one version passes a method and
the other a nested function is a matter of spelling. What they do shows when they are called back.
"""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from ..httputil import HTTPServerConnectionDelegate
from .circumstances import now
from .describe import TEXTS, describe

FUNCTION = "<function>"
_PLAIN = frozenset({str, bytes, int, float, bool, type(None)})
LONGEST = 160


class Text(str):
    """A text that is recorded as it stands, without quotes."""

    __slots__ = ()


TEXTS[Text] = str.__str__


def shown(value: object) -> str:
    """``value`` as it is written in a name."""
    kind = type(value)
    if kind in _PLAIN:
        return repr(value)
    if kind in (FunctionType, MethodType, BuiltinFunctionType) or is_function(value):
        return FUNCTION
    if kind is tuple or kind is list:
        inner = ", ".join(map(shown, value))  # type: ignore[call-overload]
        return f"({inner})" if kind is tuple else f"[{inner}]"
    if kind is dict:
        pairs = sorted(f"{shown(k)}: {shown(v)}" for k, v in value.items())  # type: ignore[attr-defined]
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, slice):
        ends = ("" if end is None else shown(end) for end in (value.start, value.stop))
        return ":".join(ends)
    return describe(value, now().opaque)


def is_function(value: object) -> bool:
    """Whether ``value`` is something that could be called back: a function, method or partial.

    An application can be called, but with nothing that is a result.
    """
    kind = type(value)
    return (
        kind in (FunctionType, MethodType, BuiltinFunctionType)
        or kind.__name__ == "partial"
        or (
            callable(value)
            and not isinstance(value, (str, type, HTTPServerConnectionDelegate))
            and kind.__module__ != "builtins"
        )
    )


def arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """``(1, key='x')``: the arguments of a call, keywords in alphabetical order."""
    texts = [shown(value) for value in args]
    texts.extend(f"{name}={shown(kwargs[name])}" for name in sorted(kwargs))
    return f"({', '.join(texts)})"
