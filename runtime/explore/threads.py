"""``threading`` without threads: what a thread does, it does in one piece while the loop waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any

from .. import _current, _questions
from .._executor import JOB
from ..stack_context import NullContext
from .circumstances import now
from .describe import STATES
from .machine import Guarded
from .pending import expect
from .shown import Text


class VirtualThread:
    """As ``threading.Thread``: once started, an operation of the outside that may complete."""

    def __init__(
        self,
        group: None = None,
        target: Callable[..., Any] | None = None,
        name: str | None = None,
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        daemon: bool | None = None,
    ) -> None:
        """Take the arguments of ``threading.Thread``."""
        self.name = name or "Thread"
        self.daemon = bool(daemon)
        self._call = (target, tuple(args), dict(kwargs or {}))
        self._is_started = False
        self._has_ended = False

    def start(self) -> None:
        """Let the thread run some time from now on. RuntimeError for the second time."""
        if self._is_started:
            raise RuntimeError("threads can only be started once")
        self._is_started = True
        now().hold("what other code does while a thread runs: each runs in one piece")
        self._launch()

    def _launch(self) -> None:
        expect(_questions.numbered(_current.loop(), JOB), self._perform)

    def run(self) -> None:
        """What the thread does: call its target."""
        target, args, kwargs = self._call
        if target is not None:
            target(*args, **kwargs)

    def _perform(self) -> None:
        """Run, if that has not happened yet. An error is printed, as threads do."""
        if self._has_ended:
            return
        self._has_ended = True
        try:
            self.run()
        except SystemExit:
            pass
        except Exception as error:
            now().record("print", "sys.stderr", Text(f"{type(error).__name__} in a thread"))

    def join(self, timeout: float | None = None) -> None:
        """Return when it has ended: it runs now, unless it has run before."""
        if not self._is_started:
            raise RuntimeError("cannot join thread before it is started")
        self._perform()

    def is_alive(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._is_started and not self._has_ended

    isAlive = is_alive

    def setDaemon(self, daemon: bool) -> None:
        """Set ``daemon``."""
        self.daemon = daemon

    def setName(self, name: str) -> None:
        """Set ``name``."""
        self.name = name

    def getName(self) -> str:
        """Return ``name``."""
        return self.name


class VirtualTimer(VirtualThread):
    """As ``threading.Timer``: a thread that starts ``interval`` seconds later."""

    def __init__(
        self,
        interval: float,
        function: Callable[..., Any],
        args: Iterable[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        """Take the arguments of ``threading.Timer``."""
        super().__init__(target=function, args=args or (), kwargs=kwargs)
        self._interval = interval

    def _launch(self) -> None:
        loop = _current.loop()
        with NullContext():
            loop.add_timeout(loop.time() + self._interval, self._perform)

    def cancel(self) -> None:
        """Let it do nothing, if it has not begun."""
        self._has_ended = True


class _Local:
    """As ``threading.local``: there is one thread."""


def _state(thread: VirtualThread) -> Mapping[str, object]:
    return {"alive": thread.is_alive(), "daemon": thread.daemon}


STATES.update({VirtualThread: ("thread", _state), VirtualTimer: ("thread", _state)})


def threading_module() -> ModuleType:
    """``threading`` with threads on virtual time; locks and the rest are stand-ins."""
    return Guarded("threading", {"Thread": VirtualThread, "Timer": VirtualTimer, "local": _Local})
