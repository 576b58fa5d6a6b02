"""Operations whose outcome is a value or an exception: a Future, and maybe a callback.

What a callback gets differs from API to API (SEMANTICS section 4, the table at its end); the usual
ways are here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from . import _current, _futures, generation, stack_context
from ._questions import ask

__all__ = ["Answer", "call_with_result", "operate", "refuse_callback"]


class Answer(NamedTuple):
    """One way in which an operation may end: with ``value``, or raising what ``error()`` makes."""

    name: str
    value: Any = None
    error: Callable[[], BaseException] | None = None


def operate(what: str, answers: Sequence[Answer]) -> Any:
    """Start an operation of the outside world; the Future of its outcome comes back.

    It is resolved in the stack contexts of now, where what Tornado itself does meanwhile would run.
    """
    future = _futures.Future()

    def deliver(index: int) -> None:
        if future.done():
            return
        answer = answers[index]
        if answer.error is None:
            future.set_result(answer.value)
        else:
            future.set_exception(answer.error())

    ask(_current.loop(), what, [answer.name for answer in answers], stack_context.wrap(deliver))
    return future


def refuse_callback(method: str) -> None:
    """Raise what Tornado 6 raises where it took the ``callback`` parameter away."""
    if generation.current >= 6:
        raise TypeError(f"{method}() got an unexpected keyword argument 'callback'")


def call_with_result(future: Any, callback: Callable[[Any], Any] | None) -> Any:
    """Call ``callback`` with the value; an exception goes to the stack context of now instead."""
    if callback is not None:
        refuse_callback("resolve")
        given = callback
        _current.loop().add_future(future, lambda done: given(done.result()))
    return future
