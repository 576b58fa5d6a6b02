"""Which loop is meant: the one current in a thread, else the global one.

Kept apart from the loop itself so that futures can find it without a cycle of imports.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from .ioloop import IOLoop


class _Current(threading.local):
    loop: IOLoop | None = None


current = _Current()


class _Everywhere:
    """The global loop: not kept on a class, where each change would cost Python its caches."""

    loop: IOLoop | None = None


_everywhere = _Everywhere()


def loop() -> IOLoop:
    """Return the current loop of this thread, made on demand."""
    found = current.loop
    if found is None:
        from .ioloop import IOLoop

        found = IOLoop.current()
        assert found is not None
    return found


def defer(callback: Any, future: Any) -> None:
    """Call ``callback(future)`` in the next iteration, with no context (Tornado 5 and later)."""
    loop()._defer(callback, future)


class CurrentLoops:
    """The part of IOLoop that is about which loop is current; loops inherit it."""

    @staticmethod
    def current(instance: bool = True) -> IOLoop | None:
        """Return the thread's current loop, else the global one (``None`` if not ``instance``)."""
        if current.loop is None and instance:
            return CurrentLoops.instance()
        return current.loop

    @staticmethod
    def instance() -> IOLoop:
        """Return the global loop, made on demand."""
        if _everywhere.loop is None:
            from .ioloop import IOLoop

            _everywhere.loop = IOLoop()
        return _everywhere.loop

    @staticmethod
    def initialized() -> bool:
        """Whether the global loop was made."""
        return _everywhere.loop is not None

    def install(self) -> None:
        """Make this the global loop."""
        _everywhere.loop = cast("IOLoop", self)

    @staticmethod
    def clear_instance() -> None:
        """Forget the global loop."""
        _everywhere.loop = None

    def make_current(self) -> None:
        """Make this the current loop of the thread."""
        current.loop = cast("IOLoop", self)

    @staticmethod
    def clear_current() -> None:
        """Leave the thread without a current loop."""
        current.loop = None

    @classmethod
    def configure(cls, impl: Any, **kwargs: Any) -> None:
        """Accept the choice of an implementation; there is only this one."""

    @classmethod
    def configured_class(cls) -> type[CurrentLoops]:
        """Return the class of loops."""
        return cls
