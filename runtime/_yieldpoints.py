"""YieldPoints: what generators waited for before there were futures (Tornado 4 and 5)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _current, _futures
from ._errors import KeyReuseError, UnknownKeyError
from ._futures import BaseFuture
from .stack_context import ExceptionStackContext, wrap

if TYPE_CHECKING:
    from ._runner import Runner


class Arguments(NamedTuple):
    """What a callback was called with, when that is not just one positional argument or none."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Keys:
    """The keys for which a Runner expects results, and the results that are there."""

    __slots__ = ("pending", "results")

    def __init__(self) -> None:
        self.pending: set[Any] = set()
        self.results: dict[Any, Any] = {}

    def __bool__(self) -> bool:
        return bool(self.pending)

    def register(self, key: Any) -> None:
        """Expect a result under ``key``; ``KeyReuseError`` if one is expected already."""
        if key in self.pending:
            raise KeyReuseError(f"key {key!r} is already pending")
        self.pending.add(key)

    def is_ready(self, key: Any) -> bool:
        """Whether the result is there; ``UnknownKeyError`` if it is not expected."""
        if key not in self.pending:
            raise UnknownKeyError(f"key {key!r} is not pending")
        return key in self.results

    def pop(self, key: Any) -> Any:
        """Take the result out and expect none any more."""
        self.pending.remove(key)
        return self.results.pop(key)


class YieldPoint:
    """Something a generator can wait for; subclasses implement the three methods."""

    def start(self, runner: Runner) -> None:
        """Begin, with the Runner of the generator that yielded this."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        """Whether the generator can go on."""
        raise NotImplementedError

    def get_result(self) -> Any:
        """Return what the ``yield`` gives, or raise what it raises."""
        raise NotImplementedError


class Callback(YieldPoint):
    """``cb = yield Callback(key)`` gives a function; ``yield Wait(key)`` its arguments later."""

    def __init__(self, key: Any) -> None:
        self.key = key

    def start(self, runner: Runner) -> None:
        """Register the key."""
        self.runner = runner
        runner.register_callback(self.key)

    def is_ready(self) -> bool:
        """Say yes: the function is there at once."""
        return True

    def get_result(self) -> Callable[..., None]:
        """Return the function."""
        return self.runner.result_callback(self.key)


class Wait(YieldPoint):
    """``yield Wait(key)`` gives what the Callback of that key was called with."""

    def __init__(self, key: Any) -> None:
        self.key = key

    def start(self, runner: Runner) -> None:
        """Remember the Runner."""
        self.runner = runner

    def is_ready(self) -> bool:
        """Whether the Callback was called."""
        return self.runner.is_ready(self.key)

    def get_result(self) -> Any:
        """Return what it was called with."""
        return self.runner.pop_result(self.key)


class WaitAll(YieldPoint):
    """``yield WaitAll(keys)`` gives the list of what the Callbacks were called with."""

    def __init__(self, keys: Sequence[Any]) -> None:
        self.keys = keys

    def start(self, runner: Runner) -> None:
        """Remember the Runner."""
        self.runner = runner

    def is_ready(self) -> bool:
        """Whether all Callbacks were called."""
        return all(self.runner.is_ready(key) for key in self.keys)

    def get_result(self) -> list[Any]:
        """Return what they were called with, in the order of the keys."""
        return [self.runner.pop_result(key) for key in self.keys]


class YieldFuture(YieldPoint):
    """A future as a YieldPoint, so that both may stand in one list."""

    def __init__(self, future: Any, io_loop: Any = None) -> None:
        self.future = future
        self.io_loop = io_loop or _current.loop()

    def start(self, runner: Runner) -> None:
        """Ask to be woken when the future is done, unless it is."""
        self.runner: Runner | None = None
        if not self.future.done():
            self.runner = runner
            self.key = object()
            runner.register_callback(self.key)
            self.io_loop.add_future(self.future, runner.result_callback(self.key))

    def is_ready(self) -> bool:
        """Whether the future is done and the loop has noticed."""
        return self.runner is None or self.runner.is_ready(self.key)

    def get_result(self) -> Any:
        """Return or raise the outcome of the future."""
        if self.runner is not None:
            self.runner.pop_result(self.key)
        return self.future.result()


def Task(func: Callable[..., Any], *args: Any, **kwargs: Any) -> BaseFuture:
    """Call ``func(*args, callback=..., **kwargs)``; return a future for what the callback gets.

    One positional argument is the result, none is ``None``, anything else an :class:`Arguments`.
    The first call counts. An error in ``func``, or in a callback it has scheduled, resolves the
    future; once that is done it goes on to the surrounding contexts.
    """
    future = _futures.Future()

    def handle(typ: Any, value: Any, tb: Any) -> bool:
        if future.done():
            return False
        future.resolve_with_exc_info((typ, value, tb))
        return True

    def resolve(result: Any) -> None:
        if not future.done():
            future.set_result(result)

    with ExceptionStackContext(handle):
        func(*args, callback=_argument_adapter(resolve), **kwargs)
    return future


def result_callback(runner: Runner, key: Any) -> Callable[..., None]:
    """Return a function that stores its arguments as ``runner``'s result for ``key``."""
    wrapped: Callable[..., None] = wrap(
        _argument_adapter(functools.partial(runner.set_result, key))
    )
    return wrapped


def _argument_adapter(callback: Callable[[Any], Any]) -> Callable[..., None]:
    def adapted(*args: Any, **kwargs: Any) -> None:
        if kwargs or len(args) > 1:
            callback(Arguments(args, kwargs))
        else:
            callback(args[0] if args else None)

    return adapted
