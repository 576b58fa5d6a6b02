"""``tornado.process`` in memory: a child process is an operation whose outcome is its exit code."""

from __future__ import annotations

import errno
import itertools
import os
import subprocess
from collections.abc import Callable
from typing import Any, NoReturn

from . import _current, _futures, _peers, choices, stack_context
from ._questions import ask, numbered
from .iostream import IOStream

__all__ = ["CalledProcessError", "Subprocess", "cpu_count", "fork_processes", "task_id"]

CalledProcessError = subprocess.CalledProcessError
_EXIT_CODES = (0, 1, -9)
"""Ended well, badly, or by a signal, whose number is then negative (``subprocess``)."""

_pids = itertools.count(40000)


class Subprocess:
    """A child process. Nothing is started; ``STREAM`` makes its pipes streams of the outside."""

    STREAM = object()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.io_loop = kwargs.pop("io_loop", None) or _current.loop()
        self.pid = next(_pids)
        self.returncode: int | None = None
        self.proc = self
        self._command = args[0] if args else kwargs.get("args")
        choices.record("process", "start", self._command)
        key = numbered(self.io_loop, f"start of {self._command!r}")
        if choices.choose(key, ("started", "no such file")):
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        for name in ("stdin", "stdout", "stderr"):
            piped = kwargs.get(name) is Subprocess.STREAM
            setattr(self, name, IOStream(None, self.io_loop) if piped else None)

    def set_exit_callback(self, callback: Callable[[int], Any]) -> None:
        """Call ``callback`` with the exit code when the process has ended."""
        give = stack_context.wrap(callback)

        codes = _peers.values("set_exit_callback", *_EXIT_CODES)

        def deliver(index: int) -> None:
            if index < len(codes):
                self.returncode = codes[index]
                self.io_loop.add_callback(give, self.returncode)

        names = [*(f"exit code {code}" for code in codes), "runs on"]
        ask(self.io_loop, f"process {self._command!r}", names, deliver)

    def wait_for_exit(self, raise_error: bool = True) -> Any:
        """Return a Future of the exit code; CalledProcessError if it is not 0 and may be raised."""
        future = _futures.Future()

        def ended(code: int) -> None:
            if code and raise_error:
                future.set_exception(CalledProcessError(code, None))  # type: ignore[arg-type]
            else:
                future.set_result(code)

        self.set_exit_callback(ended)
        return future

    def poll(self) -> int | None:
        """Return the exit code if the process is known to have ended."""
        return self.returncode

    def kill(self) -> None:
        """Record that the process is killed."""
        choices.record("process", "kill", self._command)

    terminate = kill

    @classmethod
    def initialize(cls, io_loop: Any = None) -> None:
        """Accept what concerns signals."""

    @classmethod
    def uninitialize(cls) -> None:
        """Accept what concerns signals."""


def cpu_count() -> int:
    """Return the number of processors."""
    return os.cpu_count() or 1


def fork_processes(num_processes: int | None, max_restarts: int = 100) -> NoReturn:
    """Refuse: there is one process."""
    raise NotImplementedError("the bundled runtime has one process (fork_processes)")


def task_id() -> int | None:
    """Return None: this process was not forked."""
    return None
