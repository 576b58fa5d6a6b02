"""Native coroutines from generation 5 on, where asyncio runs them."""

from __future__ import annotations

from asyncio import CancelledError
from typing import Any

from . import _current
from ._askers import asker
from ._futures import BaseFuture, DeferringFuture
from .concurrent import fail


class Task(DeferringFuture):
    """A native coroutine that the loop runs, and the future for what it returns.

    Its first step is taken in the next iteration; a future that it awaits resumes it in the
    iteration after it was resolved.
    """

    __slots__ = ("_asker", "_awaited", "_cancel_next", "_coroutine")

    def __init__(self, awaitable: Any) -> None:
        super().__init__()
        send = getattr(awaitable, "send", None)
        self._coroutine: Any = awaitable if send is not None else awaitable.__await__()
        self._awaited: BaseFuture | None = None
        self._cancel_next = False
        self._asker = asker()
        _current.defer(self._begin, self)

    def cancel(self, msg: Any = None) -> bool:
        """Throw ``CancelledError`` into the coroutine; ``False`` if it has ended."""
        if self.done():
            return False
        awaited = self._awaited
        if not (isinstance(awaited, DeferringFuture) and awaited.cancel()):
            self._cancel_next = True
        return True

    def _begin(self, task: Any) -> None:
        self._step(None)

    def _wake(self, future: Any) -> None:
        try:
            future.result()
        except BaseException as error:
            self._step(error)
        else:
            self._step(None)

    def _step(self, error: BaseException | None) -> None:
        """Resume the coroutine, with an exception if there is one."""
        self._awaited = None
        whose = self._asker
        if self._cancel_next:
            self._cancel_next = False
            error = CancelledError()
        try:
            resume = self._coroutine.send if error is None else self._coroutine.throw
            yielded = resume(error) if whose is None else whose.resume(resume, error)
        except StopIteration as stop:
            self.set_result(stop.value)
        except CancelledError:
            super().cancel()
        except (KeyboardInterrupt, SystemExit):
            fail(self)
            raise
        except BaseException:
            fail(self)
        else:
            self._wait_for(yielded)

    def _wait_for(self, yielded: Any) -> None:
        if isinstance(yielded, BaseFuture):
            self._awaited = yielded
            yielded.add_done_callback(self._wake)
        elif yielded is None:
            _current.defer(self._begin, self)
        else:
            error = RuntimeError(f"Task got bad yield: {yielded!r}")
            _current.defer(lambda task: self._step(error), self)
