"""Classes of the outside: exceptions that are raised or caught, bases that are derived from.

These cannot be stand-ins themselves, since Python wants real classes in these places.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from .circumstances import now
from .describe import TEXTS, describe

Part = Callable[[str], Any]


class OutsideError(Exception):
    """What a stand-in raises: an error of some code that is not there."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        make: Part = type(self)._make  # type: ignore[attr-defined]
        return make(f"{describe(self)}.{name}")


class _ExceptionKind(type):
    """Lets an outside exception class have any class attribute (``Error.code``)."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls._make(f"{cls._name}.{name}")

    _make: Part
    _name: str


@lru_cache(maxsize=1024)
def exception_class(name: str, make: Part) -> type[OutsideError]:
    """The exception class that the code reaches as ``name``; always the same one."""
    last = name.rpartition(".")[2]
    made = _ExceptionKind(last, (OutsideError,), {"_name": name, "_make": staticmethod(make)})
    TEXTS[made] = lambda error: last + describe(error.args)  # type: ignore[attr-defined]
    return made  # type: ignore[return-value]


class _Base(type):
    """The class of a base that is not there: what it lacks is a part of the outside."""

    _part: Part

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_") or name not in now().harvest.attributes:
            raise AttributeError(name)
        return cls._part(f"{cls.__name__}.{name}")


def _inherited(self: Any, name: str) -> Any:
    """An attribute that neither the class nor its known bases have, if the code names it."""
    if name.startswith("__") or name not in now().harvest.attributes:
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
    return type(self)._part(f"self.{name}")


class _Anything:
    """Takes whatever arguments an unknown base takes, and passes them on to a known one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        following = super().__init__
        if getattr(following, "__objclass__", None) is object:
            return
        following(*args, **kwargs)


def base_class(name: str, part: Part, bases: tuple[object, ...]) -> type:
    """A class to derive from in place of ``name``, among ``bases``.

    It is a request handler if it is used as one and no other base is.
    """
    return _base_class(name, part, _role(name, bases))


def _role(name: str, bases: tuple[object, ...]) -> type | None:
    from ..web import Application, RequestHandler

    if any(
        isinstance(base, type) and issubclass(base, (RequestHandler, Application)) for base in bases
    ):
        return None
    last = name.rpartition(".")[2]
    if last.endswith("Application"):
        return Application
    unknown = [str(base)[1:-1] for base in bases if not isinstance(base, type)]
    if _serving(unknown) != name:
        return None
    if last.endswith("WebSocketHandler"):
        from ..websocket import WebSocketHandler

        return WebSocketHandler
    return RequestHandler


def _serving(unknown: list[str]) -> str | None:
    """Which of a class's unknown bases is the request handler: one called so, or the last one."""
    kinds = [(name, name.rpartition(".")[2]) for name in unknown]
    plain = [(name, last) for name, last in kinds if "Mixin" not in last]
    named = [name for name, last in plain if last.endswith("Handler")]
    bases = [name for name, last in plain if last in now().harvest.handler_bases]
    found = named or bases
    return found[-1] if found else None


def _current_user(self: Any) -> Any:
    """Who asks: the application's own base tells it, and here the outside does."""
    return type(self)._part("self.get_current_user")()


@lru_cache(maxsize=256)
def _base_class(name: str, part: Part, role: type | None) -> type:
    last = name.rpartition(".")[2]
    body = {"__getattr__": _inherited, "_part": staticmethod(part)}
    if role is None:
        return _Base(last, (_Anything,), body)
    if hasattr(role, "get_current_user"):
        body["get_current_user"] = _current_user
    return _Base(last, (role,), body)
