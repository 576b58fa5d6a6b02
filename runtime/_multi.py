"""Waiting for several things at once: lists and dicts of futures and YieldPoints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from . import _futures, generation
from ._futures import BaseFuture
from ._joins import Arrivals, see
from ._runner import null_future
from ._yieldpoints import YieldFuture, YieldPoint
from .concurrent import fail, is_future, when_done
from .log import app_log

if TYPE_CHECKING:
    from ._runner import Runner

_Quiet = type[BaseException] | tuple[type[BaseException], ...]


def multi(children: Any, quiet_exceptions: _Quiet = ()) -> Any:
    """Return one thing to wait for instead of a list or dict of them.

    A future, or a :class:`MultiYieldPoint` if a YieldPoint is among the children. The result is a
    list or dict of the same form. All children are waited for; the first exception in their order
    is raised, others are logged unless they are instances of ``quiet_exceptions``.
    """
    if generation.current < 6 and contains_yieldpoint(children):
        return MultiYieldPoint(children, quiet_exceptions)
    return multi_future(children, quiet_exceptions)


Multi = multi


def contains_yieldpoint(children: Any) -> bool:
    """Whether ``children`` is a list or dict with a YieldPoint in it, at the first level."""
    if isinstance(children, dict):
        return any(isinstance(child, YieldPoint) for child in children.values())
    if isinstance(children, list):
        return any(isinstance(child, YieldPoint) for child in children)
    return False


def multi_future(children: Any, quiet_exceptions: _Quiet = ()) -> BaseFuture:
    """Return a future for a list or dict of things that can be yielded, YieldPoints excepted."""
    from ._yieldables import convert_yielded

    keys, values = _split(children)
    futures = [convert_yielded(child) for child in values]
    assert all(is_future(future) or future is null_future for future in futures)
    gathered = _futures.Future()
    arrived = Arrivals(futures, lambda: _gather(keys, futures, quiet_exceptions, gathered))
    if not futures:
        gathered.set_result(_join(keys, []))
    for future in dict.fromkeys(futures):
        see(future)
        when_done(future, arrived)
    return gathered


def _gather(
    keys: list[Any] | None, futures: list[Any], quiet: _Quiet, gathered: BaseFuture
) -> None:
    results = []
    for future in futures:
        try:
            results.append(future.result())
        except Exception as error:
            if not gathered.done():
                fail(gathered)
            elif not isinstance(error, quiet):
                _log_another()
    if not gathered.done():
        gathered.set_result(_join(keys, results))


class MultiYieldPoint(YieldPoint):
    """Waits for YieldPoints and futures in one list or dict."""

    def __init__(self, children: Any, quiet_exceptions: _Quiet = ()) -> None:
        from ._yieldables import convert_yielded

        self.keys, values = _split(children)
        self.children: list[YieldPoint] = []
        for child in values:
            point = child if isinstance(child, YieldPoint) else convert_yielded(child)
            self.children.append(YieldFuture(point) if is_future(point) else point)
        assert all(isinstance(point, YieldPoint) for point in self.children)
        self.unfinished_children = dict.fromkeys(self.children)
        self.quiet_exceptions = quiet_exceptions

    def start(self, runner: Runner) -> None:
        """Start all children."""
        for child in self.children:
            child.start(runner)

    def is_ready(self) -> bool:
        """Whether all children are ready."""
        for child in list(self.unfinished_children):
            if not child.is_ready():
                return False
            del self.unfinished_children[child]
        return True

    def get_result(self) -> Any:
        """Return the list or dict of the results, or raise the first exception."""
        results = []
        first: Exception | None = None
        for child in self.children:
            try:
                results.append(child.get_result())
            except Exception as error:
                if first is None:
                    first = error
                elif not isinstance(error, self.quiet_exceptions):
                    _log_another()
        if first is not None:
            raise first
        return _join(self.keys, results)


def _split(children: Any) -> tuple[list[Any] | None, Iterable[Any]]:
    if isinstance(children, dict):
        return list(children), children.values()
    return None, children


def _join(keys: list[Any] | None, results: list[Any]) -> Any:
    return results if keys is None else dict(zip(keys, results, strict=True))


def _log_another() -> None:
    app_log.error("Multiple exceptions in yield list", exc_info=True)
