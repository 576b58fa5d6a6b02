"""What is put in place of parts of the standard library while a version runs.

Only what cannot be replaced by giving the version another module: the clock that the runtime itself
reads, log records, which are effects, the JSON of a body that came from outside, and cookies.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import warnings
from collections.abc import Mapping
from typing import Any

from .. import choices
from .._futures import BaseFuture
from .._response import ResponseWriter
from .._serverrequest import HTTPServerRequest
from . import clock, cookies, standin
from .circumstances import now
from .shown import FUNCTION, Text, is_function

_FRAMES = re.compile(r"(Traceback \(most recent call last\):\n)(?:[ ]+.*\n)+")
_real_loads = json.loads


class patched:
    """Puts everything in place for a ``with`` block; one may stand in another."""

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before = [(owner, name, getattr(owner, name)) for owner, name, _ in _PATCHES]
        for owner, name, patch in _PATCHES:
            setattr(owner, name, patch)

    def __exit__(self, *_: object) -> None:
        for owner, name, value in self._before:
            setattr(owner, name, value)


def _unraisable(error: Any) -> None:
    """An exception in a generator that was thrown away, or in ``__del__``."""
    choices.record(
        "error", "ignored exception", f"{type(error.exc_value).__name__}: {error.exc_value}"
    )


def _warn(*_: Any, **__: Any) -> None:
    """A warning of the interpreter or of Tornado is no effect, and nobody prints it here.

    It is for developers, Python shows each once a process, and they come and go with releases. What
    the code under check itself gives to ``warnings.warn`` is a call to the outside like any other.
    """


def _always(self: logging.Logger, level: int) -> bool:
    return True


def _nothing(*args: Any, **kwargs: Any) -> None:
    """Logging is set up already."""


def _log(
    self: logging.Logger, level: int, msg: object, args: Any, exc_info: Any = None, **_: Any
) -> None:
    """A log record is an effect: logger, level, message, and the exception without its frames."""
    if not now().live:
        return
    text = _message(self.name, msg, args)
    if exc_info:
        error = exc_info if isinstance(exc_info, BaseException) else sys.exc_info()[1]
        if isinstance(exc_info, tuple):
            error = exc_info[1]
        if error is not None:
            text += f" ! {type(error).__name__}: {error}"
    choices.record("log", f"{self.name} {logging.getLevelName(level)}", Text(text))


def _message(logger: str, msg: object, args: Any) -> str:
    if logger == "tornado.access" and len(args) == 3:
        return f"{args[0]} {args[1]}"  # the third is the time it took
    if len(args) == 1 and isinstance(args[0], Mapping) and args[0]:
        args = args[0]
    else:
        args = tuple(map(_plain, args))
    try:
        text = str(msg) % args if args else str(msg)
    except Exception as error:
        return f"{msg} (not formatted: {type(error).__name__})"
    return _FRAMES.sub(r"\1", text)


def _plain(value: Any) -> Any:
    """An argument of a log record without what depends on the spelling of a version."""
    if is_function(value):
        return _Named(FUNCTION)
    if isinstance(value, BaseFuture):
        return _Named("<Future>")  # what it shows of itself is a matter of the generation
    if isinstance(value, HTTPServerRequest):
        return _Named("<the request>")  # likewise
    return value


class _Named(str):
    """Text whose ``%r`` is the text itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str.__str__(self)


def _loads(text: Any, *args: Any, **kwargs: Any) -> Any:
    """``json.loads``: a body from outside has the shape that the code looks for."""
    if type(text) is standin.Standin:
        return standin.Standin.named(f"json({standin.name_of(text)})")
    here = now()
    if here.bodies and isinstance(text, (str, bytes, bytearray)):
        key = text if isinstance(text, str) else bytes(text).decode("utf-8", "replace")
        name = here.bodies.get(key.strip())
        if name is not None:
            if here.settle(f"JSON of {name}", ("object", "not JSON")):
                raise json.JSONDecodeError("Expecting value", key, 0)
            return standin.Standin.named(f"json({name})")
    return _real_loads(text, *args, **kwargs)


_PATCHES: tuple[tuple[Any, str, Any], ...] = (
    (logging.Logger, "_log", _log),
    (logging.Logger, "isEnabledFor", _always),
    (logging, "basicConfig", _nothing),
    (json, "loads", _loads),
    (sys, "unraisablehook", _unraisable),
    (warnings, "showwarning", _warn),
    (time, "time", clock.seconds),
    (ResponseWriter, "set_cookie", cookies.set_cookie),
)
