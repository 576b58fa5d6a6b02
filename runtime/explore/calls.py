"""What happens when a stand-in is called or awaited.

A call is an effect. What comes of it is a choice: a value (another stand-in), ``None``, or one of
the exceptions that the code shows it expects. If a function is among the arguments it may be called
back: later (the plain case), at once, twice, or never. A call that the catalogue of operations
knows is answered as the catalogue says (``operations.perform``).
"""

from __future__ import annotations

from types import CoroutineType, FrameType, FunctionType, GeneratorType, MethodType
from typing import Any

from .. import _futures, _joins
from ..stack_context import wrap
from . import operations, pending, standin
from .bytecode import AWAITED, DROPPED, use_of_call
from .circumstances import Circumstances, now
from .decorators import seen_through
from .shown import Text, arguments, is_function

VALUE = "value"
NONE = "None"
RAISES = "raises "

_WORDS = """
capitalize casefold decode encode endswith format isalpha isdigit isoformat items join keys ljust
lower lstrip partition replace rfind rjust rpartition rsplit rstrip split splitlines startswith
strftime strip title total_seconds translate upper values zfill
"""
_OF_VALUES = frozenset(_WORDS.split())
"""Methods of text, dictionaries and dates: they do not fail, and never give ``None``."""

_WORK = (CoroutineType, GeneratorType, _futures.BaseFuture)
_REPLIES = ("later", "at once", "twice", "never")
_ONCE = ("later", "at once", "never")


def call(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], caller: FrameType) -> Any:
    """Call the stand-in ``name``; ``caller`` is the frame in which that happens."""
    here = now()
    if not here.live:
        return _while_loading(name, args, kwargs)
    operation = here.catalogue.find(name)
    if operation is not None:
        return operations.perform(operation, name, args, kwargs)
    shown = arguments(args, kwargs)
    asked = here.nth(name + shown)
    here.record("call", name, Text(shown))
    use = use_of_call(caller)
    last = name.rpartition(".")[2]
    if use != AWAITED and last not in _OF_VALUES:
        failure = _outcome(here, asked, with_none=use != DROPPED)
        if failure is None:
            return None
        if isinstance(failure, BaseException):
            raise failure
    if any(isinstance(value, _WORK) for value in (*args, *kwargs.values())):
        here.hold(f"what {name} does with the work that it is given")
    functions = [value for value in (*args, *kwargs.values()) if is_function(value)]
    if functions:
        _call_back(here, asked, last, functions)
    return standin.Standin.named(asked)


def _outcome(here: Circumstances, asked: str, with_none: bool) -> Any:
    """``True`` for a value, ``None``, or the exception to raise."""
    failures = here.failures
    options = [VALUE, NONE] if with_none else [VALUE]
    options.extend(RAISES + kind for kind in failures)
    taken = options[here.ask(asked, options)]
    if taken == VALUE:
        return True
    return None if taken == NONE else failures[taken[len(RAISES) :]](f"{asked} failed")


def awaited(name: str) -> Any:
    """A future for the stand-in ``name`` that was awaited or yielded."""
    here = now()
    future = _futures.Future()
    asked = here.nth(f"await {name}")

    def deliver() -> None:
        outcome = _outcome(here, asked, with_none=True)
        _joins.note(future)
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome and standin.Standin.named(f"{name}.result"))

    pending.expect(asked, deliver)
    return future


def _call_back(here: Circumstances, asked: str, last: str, functions: list[Any]) -> None:
    """Let the outside call one of ``functions`` back, as it chooses."""
    which = 0
    if len(functions) > 1:
        labels = [f"function {index + 1}" for index in range(len(functions))]
        which = here.ask(f"which {asked} calls", labels)
    function = functions[which]
    replies = _ONCE if here.catalogue.assume_once else _REPLIES
    reply = replies[here.ask(f"{asked} calls back", replies)]
    count = here.harvest.arities.get(last)
    if count is None:
        count = positional(function)
    names = [f"{asked} -> {index}" if count > 1 else f"{asked} ->" for index in range(count)]
    values: list[Any] = [standin.Standin.named(each) for each in names]
    if count == 2:
        convention = here.ask(
            f"what {asked} calls back with", ("value, None", "None, value", "both")
        )
        if convention < 2:
            values[1 - convention] = None
    if reply == "at once":
        function(*values)
    elif reply != "never":
        function = wrap(function)
        pending.expect(asked, lambda: function(*values))
        if reply == "twice":
            pending.expect(f"{asked} again", lambda: function(*values))


def positional(function: Any) -> int:
    """How many positional values ``function`` needs; one when that cannot be told."""
    given = 0
    while type(function).__name__ == "partial":
        given += len(function.args)
        function = function.func
    if isinstance(function, MethodType):
        given += 1
        function = function.__func__
    if not isinstance(function, FunctionType):
        return 1
    code = function.__code__
    needed = code.co_argcount - len(function.__defaults__ or ()) - given
    if needed <= 0 and code.co_flags & 0x04:
        return 1
    return max(0, needed)


def _while_loading(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A call outside a run: decorators are seen through, everything else gives a stand-in."""
    if len(args) == 1 and not kwargs and isinstance(args[0], (FunctionType, type)):
        return seen_through(name, args[0])
    return standin.Standin.named(name + arguments(args, kwargs))
