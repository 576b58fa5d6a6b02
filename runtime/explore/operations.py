"""Operations of the outside that the catalogue knows, performed by stand-ins.

The catalogue (``operations.toml`` of the codemod, and what a project adds to it) says where the
callback stands, what it receives and how errors come. So the two spellings of one operation, with a
callback and awaited, are the same effect here and have the same outcomes; only how the outcome is
handed over differs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import _futures, _joins, stack_context
from ..httpclient import AsyncHTTPClient
from . import circumstances, pending, standin
from .catalogue import Operation
from .shown import Text, arguments
from .trace import ENTER

VALUE = "value"
ERROR = "error"
NEVER = "never answers"
TWICE = "answers twice"


def perform(operation: Operation, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Start ``operation``, return what the call returns; the outcome comes through the loop.

    One that is declared to be a ``fetch`` is performed by the runtime's own client.
    """
    here = circumstances.now()
    if operation.form5 == "fetch":
        here.record(ENTER, operation.name)
        return AsyncHTTPClient().fetch(*args, **kwargs)
    callback, args, kwargs = _take_callback(operation, args, kwargs)
    shown = arguments(args, kwargs)
    key = here.nth(name + shown)
    here.record(ENTER, operation.name)
    here.record("call", name, Text(shown))
    future = None
    if callback is None:
        future = _futures.Future()
        hand_over = _into_future(operation, future)
    else:
        hand_over = _into_callback(operation, callback)
    _schedule(operation, key, hand_over)
    if future is not None and operation.returns != "handle":
        return future
    if operation.returns == "future":
        return _futures.Future()
    return standin.Standin.named(key) if operation.returns == "handle" else None


def _take_callback(
    operation: Operation, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """The callback, and the arguments without it."""
    if operation.callback in kwargs:
        kwargs = dict(kwargs)
        return kwargs.pop(operation.callback), args, kwargs
    position = operation.position
    if position is None:
        return None, args, kwargs
    if position < 0:
        position += len(args)
    if 0 <= position < len(args) and callable(args[position]):
        return args[position], args[:position] + args[position + 1 :], kwargs
    return None, args, kwargs


HandOver = Callable[[str, str], None]


def _schedule(operation: Operation, key: str, hand_over: HandOver) -> None:
    """Let the outcome come: later, or at once where the catalogue allows that."""
    here = circumstances.now()
    if operation.immediate and here.ask(f"when {key} answers", ("later", "at once")):
        hand_over(VALUE, key)
        return
    outcomes = [VALUE]
    if operation.errors != "raised" or operation.passes:
        outcomes.append(ERROR)
    outcomes.append(NEVER)
    if operation.repeats:
        outcomes.append(TWICE)

    def deliver() -> None:
        outcome = outcomes[here.ask(key, outcomes)]
        if outcome == TWICE:
            pending.expect(f"{key} again", lambda: hand_over(VALUE, key))
        if outcome != NEVER:
            hand_over(ERROR if outcome == ERROR else VALUE, key)

    pending.expect(key, deliver)


def _error(key: str) -> BaseException:
    """What went wrong outside: the first exception that the code shows it expects."""
    failures = circumstances.now().failures
    make = next(iter(failures.values()), RuntimeError)
    return make(f"{key} failed")


def _values(operation: Operation, outcome: str, key: str) -> tuple[Any, ...]:
    """What the callback gets, in the order of ``passes``."""
    failed = outcome == ERROR
    if operation.errors == "argument":
        return tuple(
            (_error(key) if failed else None)
            if _is_error(each)
            else (None if failed else standin.Standin.named(f"{key}.{each}"))
            for each in operation.passes
        )
    if failed and operation.errors in ("none", "value"):
        return tuple(None for _ in operation.passes)
    return tuple(standin.Standin.named(f"{key}.{each}") for each in operation.passes)


def _is_error(name: str) -> bool:
    return name.lower() in ("e", "ex", "exc") or "err" in name.lower()


def _into_callback(operation: Operation, callback: Callable[..., Any]) -> HandOver:
    give, fail = stack_context.wrap(callback), stack_context.wrap(_raiser)

    def hand_over(outcome: str, key: str) -> None:
        if outcome == ERROR and operation.errors == "dropped":
            return
        if outcome == ERROR and operation.errors == "raised":
            fail(_error(key))
            return
        give(*_values(operation, outcome, key))

    return hand_over


def _raiser(error: BaseException) -> None:
    raise error


def _into_future(operation: Operation, future: Any) -> HandOver:
    def hand_over(outcome: str, key: str) -> None:
        if future.done():
            return
        _joins.note(future)
        if outcome == ERROR and operation.errors in ("argument", "raised", "dropped"):
            future.set_exception(_error(key))
            return
        values = [
            value
            for name, value in zip(operation.passes, _values(operation, outcome, key), strict=True)
            if operation.errors != "argument" or not _is_error(name)
        ]
        future.set_result(values[0] if len(values) == 1 else tuple(values) or None)

    return hand_over
