"""Writes down what a handler does to the world, in order (child side)."""

from __future__ import annotations

import logging
import re
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any

from tornado.concurrent import Future
from tornado.httpclient import HTTPResponse
from tornado.httputil import HTTPHeaders
from tornado.web import RequestHandler

_ADDRESS = re.compile(r" at 0x[0-9a-f]+|0x[0-9a-f]{6,}")
_NOISE = ((re.compile(r"\bfd \d+"), "fd N"), (re.compile(r"\d+\.\d+ms"), "0ms"))
_SECONDS = re.compile(r"\d+\.\d{3,}")
DEPTH = 40


class Recorder(logging.Handler):
    """The list of effects of one scenario; also the handler of every logger."""

    def __init__(self) -> None:
        super().__init__(level=logging.INFO)
        self.effects: list[str] = []

    def note(self, kind: str, text: str = "") -> None:
        self.effects.append(f"{kind} {text}".rstrip())

    def emit(self, record: logging.LogRecord) -> None:
        """One line a record: logger, level, first line of the message, exception if any."""
        try:
            message = record.getMessage()
        except Exception as error:  # the handler's own bad format string is an effect too
            message = f"{record.msg} ({error})"
        lines = message.strip().splitlines() or [""]
        text = lines[0]
        if "Traceback" in message and len(lines) > 1:
            text = f"{text} ... {lines[-1]}"
        if record.exc_info and record.exc_info[1] is not None:
            text += f" [{describe(record.exc_info[1])}]"
        self.note("log", f"{record.name} {record.levelname} {clean(text)}")


class Output:
    """Stands in for ``sys.stdout`` while user code runs."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def write(self, text: str) -> int:
        if text.strip():
            self._recorder.note("print", clean(text.strip()))
        return len(text)

    def flush(self) -> None:
        return None


class StandIn(str):
    """A name nobody defined: calls are effects, attributes and items are stand-ins again.

    It is a ``str`` so that a handler may write what it returns.
    """

    _call: Callable[[str, tuple[Any, ...], dict[str, Any]], Any]

    @classmethod
    def make(cls, name: str, call: Callable[..., Any]) -> StandIn:
        made = cls(f"<{name}>")
        made._call = call
        return made

    def _child(self, suffix: str) -> StandIn:
        return StandIn.make(f"{self[1:-1]}{suffix}", self._call)

    def __getattr__(self, name: str) -> StandIn:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._child(f".{name}")

    def __getitem__(self, key: Any) -> Any:
        return self._child(f"[{key!r}]") if isinstance(key, str) else str.__getitem__(self, key)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(self[1:-1], args, kwargs)


class StandIns:
    """Makes stand-ins whose calls are recorded and whose answers the scenario may change."""

    def __init__(self, recorder: Recorder, outcomes: Mapping[str, str]) -> None:
        self._recorder = recorder
        self._outcomes = outcomes
        self._calls: Counter[str] = Counter()
        self.asked: list[str] = []

    def make(self, name: str) -> StandIn:
        return StandIn.make(name, self._called)

    def _called(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        shown = [describe(a) for a in args] + [f"{k}={describe(v)}" for k, v in kwargs.items()]
        self._recorder.note("call", f"{name}({', '.join(shown)})")
        self._calls[name] += 1
        key = f"call {name} #{self._calls[name]}"
        self.asked.append(key)
        outcome = self._outcomes.get(key)
        if outcome == "raise":
            raise RuntimeError(f"{name} failed")
        return None if outcome == "none" else self.make(f"{name}()")


def clean(text: str) -> str:
    """Take out what no two runs share: addresses, descriptors, measured times."""
    text = _ADDRESS.sub("", text)
    for pattern, put in _NOISE:
        text = pattern.sub(put, text)
    return _SECONDS.sub("N.N", text)


def describe(value: Any, above: tuple[int, ...] = ()) -> str:
    """A short, repeatable text for a value that user code passed to the outside."""
    if isinstance(value, StandIn):
        return str(value)
    if value is None or isinstance(value, (bool, int, str, bytes)):
        return repr(value)
    if isinstance(value, float):
        return f"{value:.3f}"
    if id(value) in above or len(above) == DEPTH:
        return f"<{type(value).__name__}>"
    above = (*above, id(value))
    if isinstance(value, BaseException):
        return clean(f"{type(value).__name__}: {value}")
    if isinstance(value, HTTPHeaders):
        return f"<HTTPHeaders {len(list(value.get_all()))}>"
    if isinstance(value, HTTPResponse):
        error = describe(value.error, above)
        return (
            f"<HTTPResponse {value.code} {value.reason} {value.body!r} {error}"
            f" {value.effective_url}>"
        )
    if isinstance(value, Mapping):
        items = (f"{describe(k, above)}: {describe(v, above)}" for k, v in value.items())
        return "{" + ", ".join(items) + "}"
    if isinstance(value, (list, tuple, deque)):
        return f"{type(value).__name__}({', '.join(describe(v, above) for v in value)})"
    if isinstance(value, (set, frozenset)):
        return f"{type(value).__name__}({', '.join(sorted(describe(v, above) for v in value))})"
    if isinstance(value, RequestHandler):
        return f"<handler {type(value).__name__}>"
    if isinstance(value, Future):
        return "<Future>"
    if callable(value):
        return "<callable>"
    return clean(f"<{type(value).__name__}>")


def state_of(namespace: Mapping[str, Any], classes: list[type]) -> list[str]:
    """What the module's own variables and its classes' own plain attributes hold."""
    found = [f"{n} = {describe(v)}" for n, v in sorted(namespace.items()) if _is_plain(n, v)]
    for owner in classes:
        attributes = sorted(vars(owner).items())
        found += [f"{owner.__name__}.{n} = {describe(v)}" for n, v in attributes if _is_plain(n, v)]
    return found


def _is_plain(name: str, value: Any) -> bool:
    plain = (bool, int, float, str, bytes, list, tuple, dict, set, deque)
    return not name.startswith("__") and isinstance(value, plain) and not isinstance(value, StandIn)
