"""Executors without threads, and the methods of a loop that use one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent import futures
from typing import Any

from . import _current, _futures, generation
from ._futures import BaseFuture

JOB = "job of a thread"
"""What is asked when one completes, whoever runs it."""


class _Job(futures.Future[Any]):
    """Something submitted to a VirtualExecutor; asking for its result runs it if need be."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__()
        self._call = call

    def perform(self) -> None:
        """Run the job unless it ran or was cancelled before."""
        if self.done():
            return
        try:
            result = self._call()
        except Exception as error:
            self.set_exception(error)
        else:
            self.set_result(result)

    def result(self, timeout: float | None = None) -> Any:
        self.perform()
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self.perform()
        return super().exception(timeout)


class VirtualExecutor(futures.Executor):
    """An executor without threads: each job is an external operation of the current loop.

    A job runs when the loop lets it complete, so the order of jobs is the chooser's.
    """

    def __init__(self, max_workers: int | None = None, *args: Any, **kwargs: Any) -> None:
        """Take the arguments of ``ThreadPoolExecutor``; they have no effect."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> futures.Future[Any]:
        """Return a future for ``fn(*args, **kwargs)``, which runs later on the loop."""
        from ._questions import numbered

        job = _Job(functools.partial(fn, *args, **kwargs))
        loop = _current.loop()
        loop.add_external(numbered(loop, JOB), job.perform)
        return job


class RunsInExecutor:
    """The part of IOLoop that runs functions elsewhere (Tornado 5 and 6)."""

    _default_executor: Any = None

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> BaseFuture:
        """Return a future for ``func(*args)``, run by ``executor`` (``None``: the default one)."""
        from .concurrent import chain_future

        if executor is None:
            if self._default_executor is None:
                self._default_executor = VirtualExecutor()
            executor = self._default_executor
        future = _futures.Future()
        chain_future(executor.submit(func, *args), future)
        return future

    def set_default_executor(self, executor: Any) -> None:
        """Let ``run_in_executor(None, ...)`` use ``executor``."""
        self._default_executor = executor


generation.limit_methods(RunsInExecutor, ["run_in_executor", "set_default_executor"], first=5)
