"""Contexts that follow callbacks (``tornado.stack_context``; Tornado 4 and 5 only).

The active contexts of a thread are a pair kept in ``_state.contexts``: a tuple of the
:class:`StackContext` objects to enter again around a callback, outermost first, and the head of a
chain through *all* contexts, innermost first, linked by ``old_contexts[1]``. An exception walks
that chain until some context swallows it.

:func:`capture` and :func:`run` do what :func:`wrap` does without making a wrapper: the loop stores
the captured pair next to each callback.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

_T = TypeVar("_T")
_ErrorHandler = Callable[[type[BaseException], BaseException, "TracebackType | None"], Any]
_ExcType = type[BaseException] | None

EMPTY: Contexts = ((), None)


class _State(threading.local):
    contexts: Contexts = EMPTY


_state = _State()


class StackContextInconsistentError(Exception):
    """The contexts at the end of a ``with`` block are not those at its beginning."""


class _Context:
    """What both kinds of context share: their place in the chain, and being switched off."""

    __slots__ = ("active", "new_contexts", "old_contexts")

    def __init__(self) -> None:
        self.active = True
        self.old_contexts: Contexts = EMPTY
        self.new_contexts: Contexts | None = None

    def enter(self) -> None:
        """Begin the context around a callback."""

    def exit(self, typ: _ExcType, value: BaseException | None, tb: TracebackType | None) -> Any:
        """End it; a true result swallows the exception."""

    def _deactivate(self) -> None:
        self.active = False

    def _push(self, entered: tuple[_Context, ...]) -> None:
        self.old_contexts = _state.contexts
        self.new_contexts = (entered, self)
        _state.contexts = self.new_contexts

    def _pop(self) -> None:
        found, expected = _state.contexts, self.new_contexts
        _state.contexts = self.old_contexts
        if found is not expected:
            raise StackContextInconsistentError(
                "stack_context inconsistency (may be caused by yield "
                'within a "with StackContext" block)'
            )
        self.new_contexts = None


Contexts = tuple[tuple[_Context, ...], "_Context | None"]


class StackContext(_Context):
    """Enters ``context_factory()`` now, and again around every callback scheduled inside.

    ``with StackContext(factory) as deactivate:`` gives a function that keeps the context from being
    entered for callbacks that run from then on.
    """

    __slots__ = ("_entered", "context_factory")

    def __init__(self, context_factory: Callable[[], Any]) -> None:
        super().__init__()
        self.context_factory = context_factory
        self._entered: list[Any] = []

    def enter(self) -> None:
        """Make a context manager with the factory and enter it."""
        manager = self.context_factory()
        self._entered.append(manager)
        manager.__enter__()

    def exit(self, typ: _ExcType, value: BaseException | None, tb: TracebackType | None) -> Any:
        """Exit the context manager entered last; its result is not looked at here."""
        self._entered.pop().__exit__(typ, value, tb)

    def __enter__(self) -> Callable[[], None]:
        self._push((*_state.contexts[0], self))
        try:
            self.enter()
        except BaseException:
            _state.contexts = self.old_contexts
            raise
        return self._deactivate

    def __exit__(
        self, typ: _ExcType, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        try:
            self.exit(typ, value, tb)
        finally:
            self._pop()


class ExceptionStackContext(_Context):
    """Calls ``exception_handler(type, value, traceback)`` for errors inside and in callbacks.

    A true result of the handler swallows the exception, any other lets it go on outwards.
    """

    __slots__ = ("exception_handler",)

    def __init__(self, exception_handler: _ErrorHandler) -> None:
        super().__init__()
        self.exception_handler = exception_handler

    def exit(self, typ: _ExcType, value: BaseException | None, tb: TracebackType | None) -> Any:
        """Show the exception, if there is one, to the handler."""
        if typ is not None and value is not None:
            return self.exception_handler(typ, value, tb)
        return None

    def __enter__(self) -> Callable[[], None]:
        self._push(_state.contexts[0])
        return self._deactivate

    def __exit__(self, typ: _ExcType, value: BaseException | None, tb: TracebackType | None) -> Any:
        try:
            return self.exit(typ, value, tb)
        finally:
            self._pop()


class NullContext:
    """Takes all contexts away for the length of a ``with`` block."""

    __slots__ = ("old_contexts",)

    def __enter__(self) -> None:
        self.old_contexts = _state.contexts
        none_entered: tuple[_Context, ...] = ()
        _state.contexts = (none_entered, None)  # not EMPTY: a yield in here must be noticed

    def __exit__(self, *exc_info: object) -> None:
        _state.contexts = self.old_contexts


class _Wrapped:
    """A callable that runs ``function`` in the contexts in which it was wrapped."""

    __slots__ = ("__weakref__", "contexts", "function")

    def __init__(self, function: Callable[..., Any], contexts: Contexts) -> None:
        self.function = function
        self.contexts = contexts

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return run(self.contexts, self.function, args, kwargs)

    def __repr__(self) -> str:
        return f"<wrapped {self.function!r}>"


def wrap(fn: Any) -> Any:
    """Return a callable that runs ``fn`` in the contexts of this moment; ``None`` stays ``None``.

    ``wrap(wrap(f))`` is ``wrap(f)``.
    """
    if fn is None or type(fn) is _Wrapped:
        return fn
    return _Wrapped(fn, _state.contexts)


def unwrap(fn: Callable[..., Any]) -> tuple[Contexts, Callable[..., Any]]:
    """Return the contexts to run ``fn`` in, and the function: captured now unless done before."""
    if type(fn) is _Wrapped:
        return fn.contexts, fn.function
    return _state.contexts, fn


def run(
    contexts: Contexts, fn: Callable[..., _T], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> _T | None:
    """Call ``fn`` in ``contexts`` and return its result, ``None`` if a context swallowed an error.

    Contexts are entered from the outside in and left from the inside out. An exception visits the
    whole chain; one that is raised on the way takes its place.
    """
    before = _state.contexts
    if contexts is EMPTY:
        _state.contexts = EMPTY
        try:
            return fn(*args, **kwargs)
        finally:
            _state.contexts = before
    try:
        contexts = without_deactivated(contexts)
        _state.contexts = contexts
        return _run_entered(contexts, fn, args, kwargs)
    finally:
        _state.contexts = before


def _run_entered(
    contexts: Contexts, fn: Callable[..., _T], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> _T | None:
    to_enter, head = contexts
    if not to_enter:  # nothing but exception handlers, as around every asynchronous handler
        try:
            return fn(*args, **kwargs)
        except BaseException as error:
            failed = _offer(error, head)
        if failed is not None:
            raise failed
        return None
    result: _T | None = None
    failed, outer, entered = _enter(to_enter)
    if outer is None:  # an error on entering the outermost context does not keep fn from running
        try:
            result = fn(*args, **kwargs)
        except BaseException as error:
            failed, outer = error, head
        else:
            failed, outer = _exit(to_enter[:entered], failed)
    if failed is not None:
        failed = _offer(failed, outer)
        if failed is not None:
            raise failed
    return result


def _enter(
    contexts: tuple[_Context, ...],
) -> tuple[BaseException | None, _Context | None, int]:
    """Enter ``contexts``; an error, the context outside of where it was, and how many worked."""
    failed, outer, entered = None, None, 0
    for context in contexts:
        try:
            context.enter()
            entered += 1
        except BaseException as error:
            failed, outer = error, context.old_contexts[1]
    return failed, outer, entered


def _exit(
    contexts: tuple[_Context, ...], failed: BaseException | None
) -> tuple[BaseException | None, _Context | None]:
    """Leave ``contexts``, the last first; an error and the context outside of where it was."""
    for context in reversed(contexts):
        try:
            if failed is None:
                context.exit(None, None, None)
            else:
                context.exit(type(failed), failed, failed.__traceback__)
        except BaseException as error:
            return error, context.old_contexts[1]
    return failed, None


def _offer(error: BaseException, context: _Context | None) -> BaseException | None:
    """Pass ``error`` outwards from ``context``; what is left of it at the end comes back."""
    left: BaseException | None = error
    while context is not None:
        try:
            if left is None:
                context.exit(None, None, None)
            elif context.exit(type(left), left, left.__traceback__):
                left = None
        except BaseException as replacement:
            left = replacement
        context = context.old_contexts[1]
    return left


def without_deactivated(contexts: Contexts) -> Contexts:
    """Return ``contexts``, a new pair, without those that were switched off.

    Links between the contexts that stay are closed over the gaps. The pair is new so that leaving a
    ``with`` block in a callback that did not enter it is noticed.
    """
    entered, head = contexts
    if entered:
        entered = tuple(context for context in entered if context.active)
    context = head
    while context is not None and context.active:
        context = context.old_contexts[1]
    if context is None:
        return (entered, head)
    alive = []
    context = head
    while context is not None:
        if context.active:
            alive.append(context)
        context = context.old_contexts[1]
    for inner, outer in zip(alive, [*alive[1:], None], strict=False):
        inner.old_contexts = (tuple(c for c in inner.old_contexts[0] if c.active), outer)
    return (entered, alive[0]) if alive else EMPTY


def run_with_stack_context(context: Any, func: Callable[[], _T]) -> _T:
    """Run the coroutine function ``func`` inside ``context`` and return what it returns.

    The way to give a coroutine a StackContext: it may not yield inside the ``with`` block itself.
    """
    with context:
        return func()
