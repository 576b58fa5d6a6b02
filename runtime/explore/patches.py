"""What is put in place of parts of the standard library while a version runs.

Only what cannot be replaced by giving the version another module: the clock that the runtime itself
reads, log records, which are effects, and the JSON of a body that came from outside.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .. import choices
from . import clock, standin
from .circumstances import now
from .shown import FUNCTION, Text, is_function

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_real_loads = json.loads


@contextmanager
def patched() -> Iterator[None]:
    """Put everything in place for a ``with`` block."""
    handler = logging.Logger.callHandlers, logging.Logger.isEnabledFor, logging.basicConfig
    loads, clock_before = json.loads, time.time
    logging.Logger.callHandlers = _log  # type: ignore[method-assign,assignment]
    logging.Logger.isEnabledFor = _always  # type: ignore[method-assign,assignment]
    logging.basicConfig = _nothing
    json.loads = _loads
    time.time = clock.seconds
    try:
        yield
    finally:
        (
            logging.Logger.callHandlers,  # type: ignore[method-assign]
            logging.Logger.isEnabledFor,  # type: ignore[method-assign]
            logging.basicConfig,
        ) = handler
        json.loads, time.time = loads, clock_before


def _always(self: logging.Logger, level: int) -> bool:
    return True


def _nothing(*args: Any, **kwargs: Any) -> None:
    """Logging is set up already."""


def _log(self: logging.Logger, record: logging.LogRecord) -> None:
    """A log record is an effect: logger, level, message, and the exception without its frames."""
    here = now()
    if not here.live:
        return
    text = _message(record)
    if record.exc_info and record.exc_info[1] is not None:
        error = record.exc_info[1]
        text += f" ! {type(error).__name__}: {error}"
    choices.record("log", f"{record.name} {record.levelname}", Text(text))


def _message(record: logging.LogRecord) -> str:
    args = record.args
    if record.name == "tornado.access" and isinstance(args, tuple) and len(args) == 3:
        return f"{args[0]} {args[1]}"
    if isinstance(args, tuple):
        args = tuple(map(_plain, args))
    try:
        text = str(record.msg) % args if args else str(record.msg)
    except Exception as error:
        return f"{record.msg} (not formatted: {type(error).__name__})"
    return _ADDRESS.sub("", text)


def _plain(value: Any) -> Any:
    """An argument of a log record without what depends on the spelling of a version."""
    if is_function(value):
        return _Named(FUNCTION)
    if isinstance(value, str) and value.startswith("Traceback ("):
        return value.rstrip().rpartition("\n")[2]
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
