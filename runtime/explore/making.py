"""Makes the handler of a request: as an application does it, or as a project's own router would."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FunctionType
from typing import Any

from ..web import RequestHandler
from .standin import Standin

_GIVEN = frozenset({"application", "request"})
_plain_init: Any = RequestHandler.__init__


def make(kind: Any, application: Any, request: Any) -> Any:
    """A handler of class ``kind``; a stand-in for whatever else its making needs.

    A constructor that takes neither an application nor a request, and finds both in something else
    (``router.application``), gets stand-ins; the handler gets the real ones all the same.
    """
    names = _own_parameters(kind)
    if names is None:
        return kind(application, request, **_initial(kind))
    with _completed(application, request):
        return kind(*map(Standin.named, names))


def _own_parameters(kind: Any) -> list[str] | None:
    """The required parameters of such a constructor; ``None`` for one as handlers have it."""
    if kind.__init__ is _plain_init:
        return None
    constructors = [
        each.__init__
        for each in kind.__mro__[: kind.__mro__.index(RequestHandler)]
        if isinstance(vars(each).get("__init__"), FunctionType)
    ]
    codes = [each.__code__ for each in constructors]
    if not any(_GIVEN.issubset(code.co_names) for code in codes):
        return None
    if any(code.co_flags & inspect.CO_VARARGS or _GIVEN & {*code.co_varnames} for code in codes):
        return None
    return [name for name, required in parameters(kind.__init__) if required]


@contextmanager
def _completed(application: Any, request: Any) -> Iterator[None]:
    """Let handlers be made of these where they are made of stand-ins."""

    def initialize(self: Any, first: Any, second: Any, **kwargs: Any) -> None:
        first = application if type(first) is Standin else first
        _plain_init(self, first, request if type(second) is Standin else second, **kwargs)

    handlers: Any = RequestHandler
    handlers.__init__ = initialize
    try:
        yield
    finally:
        handlers.__init__ = _plain_init


def _initial(kind: type) -> Mapping[str, Any]:
    """Arguments for ``initialize``: a stand-in for each that has no default."""
    names = [name for name, required in parameters(kind.initialize) if required]  # type: ignore[attr-defined]
    return {name: Standin.named(name) for name in names}


_signatures: dict[int, tuple[Any, list[tuple[str, bool]]]] = {}
"""By the identity of a code object, which is kept beside it: its hash would take long."""


def parameters(function: Any) -> list[tuple[str, bool]]:
    """Positional parameters after ``self``: name, and whether it has no default."""
    inner = getattr(function, "__wrapped__", function)  # one decorator is the usual case
    if hasattr(inner, "__wrapped__"):
        inner = inspect.unwrap(inner)
    code = getattr(inner, "__code__", None)
    _, known = _signatures.get(id(code), (None, None))
    if known is None:
        try:
            parameters = list(inspect.signature(function).parameters.values())[1:]
        except (TypeError, ValueError):
            parameters = []
        known = [
            (each.name, each.default is each.empty)
            for each in parameters
            if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
        ]
        _signatures[id(code)] = code, known
    return known
