"""The loop that a version runs on: bounded, fresh for every run, and watched while it waits."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from .. import _current, _questions, choices
from ..ioloop import EPOCH, External, IOLoop
from ..stack_context import EMPTY, _state
from . import clock
from .circumstances import now
from .standin import Standin
from .trace import DELIVER, EVERYTHING, TIMER, WRITE, Interrupted

DELIVERIES = 200
"""How many completions and timers one run may see."""


class TooManyTurns(Interrupted):
    """The run waits again and again, without an end in sight."""


class RunLoop(IOLoop):
    """One loop serves all runs of a version, since its modules may have kept it.

    ``on_wait`` is called before anything is delivered from outside; if it returns true, it has made
    something happen itself.
    """

    waits_for_threads = False

    on_wait: Callable[[], bool]
    deliveries: int
    crowded: bool

    @classmethod
    def fresh(cls) -> RunLoop:
        """A loop that is nobody's current loop yet."""
        return cls(make_current=False)

    def __init__(self, **kwargs: Any) -> None:
        """The arguments are those of ``IOLoop``."""
        self.on_wait = bool
        self.deliveries = 0
        self.crowded = False
        super().__init__(**kwargs)

    def reset(self) -> None:
        """Forget everything, set the clock back, and become the current loop."""
        self._ready.clear()
        self._timers.clear()
        self._externals.clear()
        self._now = EPOCH
        self._running = self._stopped = self._closed = False
        self.on_wait = bool
        self.deliveries = 0
        self.crowded = False
        _questions.forget(self)
        _current.current.loop = self
        _state.contexts = EMPTY
        self.install()

    def time(self) -> float:
        """As ``IOLoop.time``; to code that looks at other clocks too it shows what they show."""
        if sys._getframe(1).f_code.co_filename in now().files and clock.is_looked_at():
            return clock.read_again()
        return super().time()

    def elapsed(self) -> float:
        """Seconds since the run began, on the loop's clock."""
        return self._now - EPOCH

    def _complete(self, external: External) -> None:
        self._run(EMPTY, self._deliver, (external,), {})

    def _deliver(self, external: External) -> None:
        """Note the delivery; what comes back from it is the outside's, so nobody watches it."""
        self._note(external.key)
        external.deliver()

    def _note(self, key: str) -> None:
        """Tell the recorder what comes, and that code may run then, where orders are a choice."""
        choices.record(DELIVER, key)
        self.crowded = self.crowded or bool(self._externals)
        if self.crowded:
            choices.record(WRITE, EVERYTHING)

    def _pass_time(self, deadline: float | None) -> bool:
        if deadline is not None:
            self._note(f"{TIMER}{deadline - EPOCH:.6f}")
        return super()._pass_time(deadline)

    def add_timeout(
        self, deadline: Any, callback: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        """As ``IOLoop.add_timeout``; a time that the code read on its late clock counts from there.

        The loop's own clock is not late, so "now and five seconds" must not become an hour.
        """
        late = now().late
        if late and isinstance(deadline, (int, float)) and deadline >= self._now + late:
            deadline -= late
        return super().add_timeout(deadline, callback, *args, **kwargs)

    def _watch(self, result: Any) -> None:
        """Watch what a callback returned, unless nobody knows what it is.

        A stand-in could be a future, but code that does not wait for it does not say so.
        """
        if not isinstance(result, Standin):
            super()._watch(result)

    def pass_time(self, seconds: float) -> None:
        """Let ``seconds`` go by, but no timer become due."""
        deadline = self._timers.next_deadline() if self._timers.heap else None
        if deadline is None or self._now + seconds < deadline:
            self._now += seconds

    def put_last(self, external: External) -> None:
        """Let ``external`` be what completes last, in the plain case."""
        if self._externals[-1] is not external:
            self._externals.remove(external)
            self._externals.append(external)

    def waiting(self) -> list[str]:
        """What is pending, in the reader's words."""
        keys = [external.key for external in self._externals]
        deadline = self._timers.next_deadline() if self._timers.heap else None
        if deadline is not None:
            keys.append(f"{TIMER}{deadline - EPOCH:.6f}")
        return sorted(keys) if len(keys) > 1 else keys

    def _advance(self) -> bool:
        self.deliveries += 1
        if self.deliveries > DELIVERIES:
            raise TooManyTurns(f"more than {DELIVERIES} completions and timers")
        return self.on_wait() or super()._advance()
