"""The child process that runs code under check: JSON lines in, JSON lines out.

Started by the parent as ``python -m uncallback.runtime --folder F --memory MB``. Every line of
standard input is a request, every line of standard output its answer; what the checked code prints
goes nowhere near either. Requests (all texts unicode, sources as text):

``{"id", "command": "verify", "before": {"path", "source", "project"}, "after": {...}, "handlers":
[name, ...] | null, "options": {"seconds", "runs", "seed", "before_tornado", "after_tornado",
"root", "imports", "operations"}}`` is answered by ``{"id", "handlers": [{"name", "verdict",
"counterexample"}, ...]}``. ``"command": "replay"`` wants ``"tape"`` too and plays only that tape.
``"command": "handlers"`` only lists the names. A request that cannot be served is answered by
``{"id", "error": {"code", "message"}}``.
"""

from __future__ import annotations

import _thread
import argparse
import io
import json
import os
import sys
import tempfile
from typing import IO, Any


def main(arguments: list[str] | None = None) -> int:
    """Serve requests until standard input ends; always returns 0."""
    parser = argparse.ArgumentParser(prog="python -m uncallback.runtime")
    parser.add_argument("--folder", help="where the checked code may write files")
    parser.add_argument("--memory", type=int, default=0, help="limit in megabytes, 0 for none")
    options = parser.parse_args(arguments)
    _leave_with(os.getppid())
    requests, answers = _take_streams()
    if options.folder:
        _serve(options.folder, options.memory, requests, answers)
    else:
        with tempfile.TemporaryDirectory(prefix="uncallback-") as folder:
            _serve(folder, options.memory, requests, answers)
    return 0


def _leave_with(parent: int) -> None:
    """End this process once ``parent`` is gone; a killed parent ends nobody, and a check may last.

    The wait is on a lock: the code under check is given another clock and other threads.
    """
    parent_now, leave, never = os.getppid, os._exit, _thread.allocate_lock()
    never.acquire()

    def watch() -> None:
        while parent_now() == parent:
            never.acquire(timeout=1.0)
        leave(1)

    _thread.start_new_thread(watch, ())


def _take_streams() -> tuple[IO[str], IO[str]]:
    """Keep the real streams for the protocol; the code under check gets empty ones."""
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    sys.stdin = io.StringIO()
    sys.stdout = io.StringIO()
    return requests, answers


def _serve(folder: str, memory: int, requests: IO[str], answers: IO[str]) -> None:
    # All of the checker is imported here, while Python still keeps what it compiles: in a tree that
    # no installer has compiled, that is nearly half of what a start takes.
    from .explore import guard, loader, service, world  # noqa: F401

    sys.dont_write_bytecode = True
    os.chdir(folder)
    if memory:
        guard.limit_memory(memory)
    sentinel = guard.Guard(folder)
    sentinel.watch()
    server = service.Service(sentinel)
    for line in requests:
        answer = _answer(server, line)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _answer(service: Any, line: str) -> dict[str, Any]:
    """One answer for one line; nothing the line holds may end the process."""
    try:
        request = json.loads(line)
    except json.JSONDecodeError as error:
        return {"id": None, "error": {"code": "bad-request", "message": f"not JSON: {error}"}}
    answer: dict[str, Any] = service.answer(request)
    return answer


if __name__ == "__main__":
    sys.exit(main())
