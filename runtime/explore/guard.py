"""The child's own guard: it refuses what would touch the world, and says what to do about it.

It prevents accidents, not attacks: the checked code runs in the same process and a determined
program can get around it. Limits that matter (wall clock, memory, size of the output) are enforced
by the parent process and the kernel.

Nothing the checked code can call switches it off: the audit hook cannot be removed (PEP 578) and
keeps what it needs in a closure.
"""

from __future__ import annotations

import _thread
import atexit
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import Any

from .search import Execute
from .tape import Recorder
from .trace import Interrupted, Run

MOCK = "give the call a stand-in by leaving its module out of --import"
LOADING = 40
"""Ticks, a quarter of a run's limit each, that loading a version may take."""

_THREAD = f"the code starts a thread; {MOCK}"
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC

_CLOCKS: dict[int, tuple[int, int]] = (
    {signal.SIGPROF: (signal.ITIMER_PROF, 1), signal.SIGALRM: (signal.ITIMER_REAL, 8)}
    if hasattr(signal, "setitimer")
    else {}
)
"""Signals, their timers, and how many limits long each waits: computing, and standing still."""

_NETWORK = (
    "socket.__new__",
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyaddr",
    "socket.gethostbyname",
    "socket.getnameinfo",
    "socket.sendmsg",
    "socket.sendto",
)
_PROCESSES = (
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.kill",
    "os.killpg",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.system",
    "pty.spawn",
    "signal.pthread_kill",
    "subprocess.Popen",
)
_THREADS = ("_thread.start_new_thread", "_thread.start_joinable_thread")
_CHANGES = (
    "os.chflags",
    "os.chmod",
    "os.chown",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.setxattr",
    "os.symlink",
    "os.truncate",
    "os.utime",
    "shutil.rmtree",
)


class Refused(Interrupted):
    """The code under check tried to touch the world."""


class OutOfTime(Interrupted):
    """One run took longer than a run may take."""


class Guard:
    """Refuses effects and bounds the time of one run; ``wrap`` makes both visible in a ``Run``."""

    def __init__(self, folder: str, seconds: float = 1.0) -> None:
        self._refused: list[str] = []
        self._seconds = seconds
        self._runs = 0
        self._patience = 0
        self._seen = dict.fromkeys(_CLOCKS, (-1, 0))
        sys.addaudithook(_hook(os.path.realpath(folder), self._refused))
        _no_threads(self._refused)

    def watch(self) -> None:
        """Start interrupting runs that compute too long, or that wait much longer than that."""
        for number, (timer, factor) in _CLOCKS.items():
            interval = self._seconds * factor / 4
            signal.signal(number, self._tick)
            signal.setitimer(timer, interval, interval)
            # While Python shuts down nobody handles the signal any more, and it would end us.
            atexit.register(signal.setitimer, timer, 0)

    def _tick(self, number: int, frame: FrameType | None) -> None:
        """A few ticks within the same run are its limit: no clock is read on the hot path."""
        run, ticks = self._seen[number]
        self._seen[number] = (self._runs, ticks + 1 if run == self._runs else 1)
        if self._seen[number][1] > self._patience > 0:
            raise OutOfTime(f"it took more than {self._seconds * self._patience / 4:g} s")

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Bound the time of what runs inside: importing may take longer than a run."""
        self._runs += 1
        self._patience = LOADING
        try:
            yield
        finally:
            self._patience = 0

    def wrap(self, execute: Execute) -> Execute:
        """The same, but a refused call becomes the run's obstacle, even when it was swallowed."""

        def guarded(recorder: Recorder) -> Run:
            self._runs += 1
            self._patience = 4
            try:
                run = execute(recorder)
            except Refused as refusal:
                run = recorder.run(end="refused", obstacle=str(refusal))
            finally:
                self._patience = 0
            if self._refused:
                run = replace(run, obstacle=run.obstacle or self._refused[0])
                self._refused.clear()
            return run

        return guarded

    def take(self) -> str | None:
        """What was refused outside of any run (while loading), if anything; forgets it."""
        first = self._refused[0] if self._refused else None
        self._refused.clear()
        return first


def limit_memory(megabytes: int) -> None:
    """Bound this process's address space and forbid core files (where the system can)."""
    try:
        import resource
    except ImportError:
        return
    size = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _no_threads(refused: list[str]) -> None:
    """Refuse threads where starting one is not audited (before Python 3.12)."""

    def start(*arguments: object, **named: object) -> None:
        refused.append(_THREAD)
        raise Refused(_THREAD)

    for module in (_thread, sys.modules.get("threading")):
        for name in ("start_new_thread", "start_new", "start_joinable_thread"):
            for spelling in (name, "_" + name):
                if hasattr(module, spelling):
                    setattr(module, spelling, start)


def _hook(folder: str, refused: list[str]) -> Callable[[str, tuple[Any, ...]], None]:
    texts = {name: f"the code opens a network connection ({name}); {MOCK}" for name in _NETWORK}
    texts.update(
        {name: f"the code starts or signals a process ({name}); {MOCK}" for name in _PROCESSES}
    )
    texts.update(dict.fromkeys(_THREADS, _THREAD))
    changes = frozenset(_CHANGES)

    def inside(path: object) -> bool:
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not isinstance(path, (str, os.PathLike)):
            return isinstance(path, int)
        full = os.path.realpath(path)
        return full == os.devnull or full == folder or full.startswith(folder + os.sep)

    def refuse(text: str) -> None:
        refused.append(text)
        raise Refused(text)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in texts:
            refuse(texts[event])
        if event == "open":
            path, mode, flags = arguments
            writing = flags & _WRITING if mode is None else set(mode) & set("wax+")
            if writing and not inside(path):
                refuse(f"the code writes the file {path!r}; {MOCK}")
        elif event in changes and not all(
            inside(path) for path in arguments[:2] if isinstance(path, (str, bytes, os.PathLike))
        ):
            refuse(f"the code changes the file system ({event} {arguments[0]!r}); {MOCK}")

    return hook
