"""The Runner, which carries a generator from one ``yield`` to the next.

The life of a coroutine has five steps. Take the one everybody starts with::

    @gen.coroutine
    def fetch_coroutine(url):
        response = yield AsyncHTTPClient().fetch(url)
        return response.body

1. *The call.* ``fetch_coroutine(url)`` makes a future for the result and calls the function, which
   gives a generator: none of its lines has run (``_coroutine.coroutine``).
2. *The first next.* The generator runs, in the caller's stack, up to its first ``yield``
   (:func:`begin`). If it ends before, the future is done when the caller gets it.
3. *The wait.* A :class:`Runner` takes what was yielded, a future here, and asks the loop to wake it
   when that is done (:meth:`Runner._wait_for`). The caller goes on with the future for the result.
4. *The loop resumes the Runner.* The fetch is done; in its next iteration the loop calls
   :meth:`Runner.run`. A future that was done when it was yielded needs no loop: ``run`` goes on.
5. *Send or throw.* ``run`` hands the result to the generator with ``send``, or the exception with
   ``throw`` (:meth:`Runner._step`). The generator yields again (back to 3) or it ends, and then
   what it returned, or its exception, resolves the future of step 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import _current, _futures, generation
from ._errors import BadYieldError, LeakedCallbackError
from ._futures import BaseFuture, DeferringFuture, ImmediateFuture
from ._joins import see
from .concurrent import fail, failed_future
from .stack_context import ExceptionStackContext, StackContextInconsistentError, _state

if TYPE_CHECKING:
    from ._yieldpoints import Keys, YieldPoint

_ENDED: Any = object()


class Return(Exception):
    """``raise Return(value)`` ends a coroutine with ``value``, where ``return value`` cannot."""

    def __init__(self, value: Any = None) -> None:
        super().__init__()
        self.value = value
        self.args = (value,)


class _NullFuture:
    """What ``gen.moment`` is from Tornado 5 on: no future, but it has a result."""

    __slots__ = ()

    def done(self) -> bool:
        """Say yes."""
        return True

    def cancelled(self) -> bool:
        """Say no."""
        return False

    def result(self) -> None:
        """Return ``None``."""


# To wait for one of these is to wait for the next iteration.
moment_future = ImmediateFuture()
moment_future.set_result(None)
null_future = _NullFuture()


def begin(generator: Any, future: BaseFuture) -> None:
    """Run ``generator`` up to its first ``yield``; its end, now or later, resolves ``future``."""
    contexts = _state.contexts
    try:
        yielded = next(generator)
    except (StopIteration, Return) as stop:
        future.set_result(stop.value)
    except Exception:
        fail(future)
    else:
        if _state.contexts is not contexts:
            yielded = _futures.Future()
            yielded.set_exception(_inconsistent())
        runner = Runner(generator, future, yielded)
        if isinstance(future, DeferringFuture):
            future.runner = runner


class Runner:
    """Drives one generator to its end: steps 3 to 5 of a coroutine's life.

    The methods without an underscore are what a :class:`YieldPoint` may call.
    """

    __slots__ = (
        "__weakref__",
        "_awaited",
        "_busy",
        "_generator",
        "_keys",
        "_loop",
        "_outcome",
        "_point",
        "_stop_catching",
        "_was_thrown_at",
    )

    def __init__(self, generator: Any, outcome: BaseFuture, yielded: Any) -> None:
        """Go on with ``generator``, which has yielded ``yielded``; its end resolves ``outcome``."""
        self._generator = generator
        self._outcome: Any = outcome  # the future of step 1
        self._loop = _current.loop()
        self._awaited: Any = None  # the future of step 3; None while the generator runs
        self._busy = False  # the generator runs: nothing can be thrown into it
        self._was_thrown_at = False  # it knows of an error: leaked callbacks are no news
        # Of use to YieldPoints only: the one awaited, the results of Callbacks by their keys, and
        # what ends the context in which errors of callbacks belong to the generator.
        self._point: YieldPoint | None = None
        self._keys: Keys | None = None
        self._stop_catching: Callable[[], None] | None = None
        if self._wait_for(yielded) is not None:
            self.run()

    def run(self, woken_by: Any = None) -> None:
        """Resume the generator, again and again while what it waits for is done.

        ``woken_by`` does not matter: it may be a future from before an exception was thrown in.
        """
        awaited = self._awaited
        if self._busy or awaited is None or not awaited.done():
            return
        self._busy = True
        try:
            while awaited is not None:
                self._awaited = None
                yielded = self._step(awaited)
                awaited = None if yielded is _ENDED else self._wait_for(yielded)
        finally:
            self._busy = False

    def _step(self, awaited: Any) -> Any:
        """Send the outcome of ``awaited`` in; return what is yielded next, or ``_ENDED``."""
        generator, contexts = self._generator, _state.contexts
        value: Any = None
        error: Exception | None = None
        try:
            value = awaited.result()
        except Exception as raised:
            error = raised
            self._was_thrown_at = True
        try:
            yielded = generator.send(value) if error is None else generator.throw(error)
            if _state.contexts is not contexts:
                generator.throw(_inconsistent())
        except (StopIteration, Return) as stop:
            self._end(stop.value)
            return _ENDED
        except Exception:
            self._fail()
            return _ENDED
        finally:
            del error, awaited
        return yielded

    def _wait_for(self, yielded: Any) -> Any:
        """Return a future for ``yielded`` if it is done, else ``None``: the loop will call run."""
        if isinstance(yielded, BaseFuture):
            future: Any = yielded
        else:
            from ._yieldables import as_yieldpoint, convert_yielded

            point = as_yieldpoint(yielded) if generation.current < 6 else None
            if point is not None:
                return self._wait_for_point(point)
            try:
                future = convert_yielded(yielded)
            except BadYieldError:
                future = failed_future()
        self._awaited = future
        if future is moment_future or future is null_future:
            self._loop.add_callback(self.run)
        elif future.done():
            see(future)
            return future
        else:
            self._loop.add_future(future, self.run)
        return None

    def _end(self, value: Any) -> None:
        if self._keys and not self._was_thrown_at:
            self._generator = None
            raise LeakedCallbackError(
                f"finished without waiting for callbacks {self._keys.pending!r}"
            )
        outcome = self._finish()
        if not outcome.cancelled():
            outcome.set_result(value)
        self._let_go()

    def _fail(self) -> None:
        outcome = self._finish()
        if not outcome.cancelled():
            fail(outcome)
        self._let_go()

    def _finish(self) -> Any:
        outcome, self._outcome, self._generator = self._outcome, None, None
        return outcome

    def _let_go(self) -> None:
        if self._stop_catching is not None:
            self._stop_catching()
            self._stop_catching = None

    # YieldPoints (Tornado 4 and 5)

    def _wait_for_point(self, point: YieldPoint) -> Any:
        if self._stop_catching is not None:
            self._awaited = self._start_point(point)
            if self._awaited.done():
                return self._awaited
            self._loop.add_future(self._awaited, self.run)
            return None
        # The first one: from here on errors in callbacks belong to the generator.
        self._awaited = _futures.Future()
        with ExceptionStackContext(self.handle_exception) as self._stop_catching:
            self._loop.add_callback(self._start_first_point, point)
        return None

    def _start_first_point(self, point: YieldPoint) -> None:
        self._awaited = self._start_point(point)
        self.run()

    def _start_point(self, point: YieldPoint) -> BaseFuture:
        future = _futures.Future()
        try:
            point.start(self)
            if point.is_ready():
                future.set_result(point.get_result())
            else:
                self._point = point
        except Exception:
            return failed_future()
        return future

    def register_callback(self, key: Any) -> None:
        """Expect a result under ``key``; ``KeyReuseError`` if one is expected already."""
        if self._keys is None:
            from ._yieldpoints import Keys

            self._keys = Keys()
        self._keys.register(key)

    def is_ready(self, key: Any) -> bool:
        """Whether the result for ``key`` is there; ``UnknownKeyError`` if it is not expected."""
        from ._yieldpoints import Keys

        return (self._keys or Keys()).is_ready(key)

    def set_result(self, key: Any, result: Any) -> None:
        """Store the result for ``key``, and resume the generator if it waits for just that."""
        assert self._keys is not None
        self._keys.results[key] = result
        point = self._point
        if point is not None and point.is_ready():
            ended = self._awaited is None  # by an exception, while the point was pending
            future = _futures.Future() if ended else self._awaited
            try:
                future.set_result(point.get_result())
            except Exception:
                fail(future)
            if ended:
                future._retrieve()
                raise future.resolved_twice()
            self._point = None
            self.run()

    def pop_result(self, key: Any) -> Any:
        """Take the result for ``key`` out; the key may be used again."""
        assert self._keys is not None
        return self._keys.pop(key)

    def result_callback(self, key: Any) -> Callable[..., None]:
        """Return a function that stores its arguments as the result for ``key``."""
        from ._yieldpoints import result_callback

        return result_callback(self, key)

    def handle_exception(self, typ: Any, value: Any, tb: Any) -> bool:
        """Throw an exception from a callback into the generator; ``False`` if it is running."""
        if self._busy or self._generator is None:
            return False
        self._awaited = _futures.Future()
        self._awaited.resolve_with_exc_info((typ, value, tb))
        self.run()
        return True


def _inconsistent() -> StackContextInconsistentError:
    return StackContextInconsistentError(
        'stack_context inconsistency (probably caused by yield within a "with StackContext" block)'
    )
