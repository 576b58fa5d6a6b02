"""The parent's side of the check: starts the child, keeps it within bounds, reads its verdicts.

The child (``python -m uncallback.runtime``) runs the code under check. Whatever happens to it, the
parent survives: a child that dies, hangs or answers nonsense is replaced, and the handler it was
working on gets the verdict *inconclusive* with the reason.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from tokenize import detect_encoding
from types import TracebackType
from typing import Any

from .model import UNCHECKED, Verdict

COMMAND = (sys.executable, "-m", "uncallback.runtime")
"""How the child is started."""

GRACE = 10.0
"""Seconds the child gets beyond three times a handler's own limit before it is ended.

The child counts its computing time, this process the wall clock, and the machine may be busy.
"""

LONGEST_ANSWER = 32 * 1024 * 1024
"""Characters of one answer; a longer one is not read."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a file: its project-relative posix path, its bytes, and other files needed.

    ``answers`` is said of the second version: it answers errors that the first one only logs while
    the request stays open. Then that alone makes a verdict *inconclusive* and not *different*.
    """

    path: str
    source: bytes
    project: Mapping[str, bytes] = field(default_factory=dict)
    answers: bool = False


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """How to check.

    ``seconds`` (of computing) and ``runs`` bound the search for one handler; ``memory`` (megabytes,
    0 for no limit) the child. ``root`` is the project's folder, ``imports`` names modules loaded
    for real, ``operations`` holds the project's catalogue entries. ``confirm`` repeats a difference
    in a fresh process. ``assume_once``: what the catalogue does not know calls back once or
    never. ``before_tornado`` and ``after_tornado`` are the generations (4, 5 or 6); with neither
    given, both versions run on 4 and then both on 5.
    """

    seconds: float = 10.0
    runs: int = 6000
    seed: int = 0
    before_tornado: int | None = None
    after_tornado: int | None = None
    root: str | None = None
    imports: tuple[str, ...] = ()
    operations: tuple[Mapping[str, Any], ...] = ()
    assume_once: bool = False
    memory: int = 2048
    confirm: bool = True

    @property
    def generations(self) -> tuple[tuple[int, int], ...]:
        """The generations of before and after, for each time that they are compared."""
        if self.before_tornado is None and self.after_tornado is None:
            return ((4, 4), (5, 5))
        before = self.before_tornado or min(4, self.after_tornado or 4)
        return ((before, self.after_tornado or before),)


@dataclass(frozen=True, slots=True)
class _Case:
    """One handler in two versions, each on a generation of Tornado."""

    before: Version
    after: Version
    handler: str
    before_tornado: int
    after_tornado: int


class CheckError(ValueError):
    """The check could not be asked for: ``code`` is one word (``unknown-handler``), then a line."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Verifier:
    """Checks handlers in a child process; a context manager, as the child must be ended."""

    def __init__(self, options: VerifyOptions | None = None) -> None:
        self.options = options or VerifyOptions()
        self._child: _Child | None = None
        self._number = 0

    def __enter__(self) -> Verifier:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def verify(
        self, before: Version, after: Version, handlers: Sequence[str]
    ) -> dict[str, Verdict]:
        """Compare the named handlers; one verdict each, *inconclusive* for an unknown name."""
        return {name: self._one(before, after, name) for name in handlers}

    def require(self, before: Version, after: Version, handlers: Sequence[str]) -> None:
        """Raise ``CheckError`` unless both versions have all these handlers (or do not load)."""
        for name in handlers:
            with contextlib.suppress(_Lost):
                case = _Case(before, after, name, *self.options.generations[0])
                self._ask({**self._request("handlers", case), "handlers": [name]})

    def verify_all(self, before: Version, after: Version) -> dict[str, Verdict]:
        """Compare every handler found in either version."""
        try:
            return self.verify(before, after, self._handlers(before, after))
        except _Lost as lost:
            return {"*": Verdict("inconclusive", reason=str(lost))}

    def handlers(self, before: Version, after: Version) -> list[str]:
        """The names of the handlers found in either version, as ``verify`` takes them.

        Raises ``CheckError`` if they cannot be listed.
        """
        try:
            return self._handlers(before, after)
        except _Lost as lost:
            raise CheckError("lost", str(lost)) from None

    def _handlers(self, before: Version, after: Version) -> list[str]:
        case = _Case(before, after, "", *self.options.generations[0])
        return [found["name"] for found in self._ask(self._request("handlers", case))]

    def replay(self, before: Version, after: Version, handler: str, tape: str) -> Verdict:
        """Play one tape; *different*, or *inconclusive* as one tape proves nothing more."""
        verdict = UNCHECKED
        for generations in self.options.generations:
            verdict = self._replay(_Case(before, after, handler, *generations), tape)
            if verdict.result == "different":
                break
        return verdict

    def _one(self, before: Version, after: Version, handler: str) -> Verdict:
        verdicts: list[Verdict] = []
        for generations in self.options.generations:
            case = _Case(before, after, handler, *generations)
            verdict = self._verdict({**self._request("verify", case), "handlers": [handler]})
            if verdict.result == "different" and self.options.confirm:
                verdict = self._confirmed(verdict, case)
            verdicts.append(verdict)
            if verdict.result == "different":
                break
        return _joined(verdicts, self.options.generations)

    def _confirmed(self, verdict: Verdict, case: _Case) -> Verdict:
        """The same verdict, if the difference shows in a fresh process with another hash seed."""
        tape = (verdict.counterexample or {}).get("replay", "{}")
        with Verifier(self.options) as fresh:
            fresh._child = _Child(self.options, hash_seed="1")
            again = fresh._replay(case, tape)
        if again.result == "different":
            return replace(verdict, details={**verdict.details, "confirmed": True})
        reason = f"not deterministic: a fresh process did not show the difference ({again.reason})"
        return replace(verdict, result="inconclusive", reason=reason, counterexample=None)

    def _replay(self, case: _Case, tape: str) -> Verdict:
        request = self._request("replay", case)
        return self._verdict({**request, "handlers": [case.handler], "tape": tape})

    def _request(self, command: str, case: _Case) -> dict[str, Any]:
        options = self.options
        self._number += 1
        return {
            "id": self._number,
            "command": command,
            "before": _sent(case.before),
            "after": _sent(case.after),
            "handlers": None,
            "options": {
                "seconds": options.seconds / len(options.generations),
                "runs": options.runs,
                "seed": options.seed,
                "before_tornado": case.before_tornado,
                "after_tornado": case.after_tornado,
                "root": options.root,
                "imports": list(options.imports),
                "operations": [dict(entry) for entry in options.operations],
                "assume_once": options.assume_once,
                "answers": case.after.answers,
            },
        }

    def _verdict(self, request: Mapping[str, Any]) -> Verdict:
        try:
            found = self._ask(request)
        except (_Lost, CheckError) as reason:
            return Verdict("inconclusive", reason=str(reason))
        return _read(found[0])

    def _ask(self, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        if self._child is None:
            self._child = _Child(self.options)
        try:
            answer = self._child.ask(request, self.options.seconds * 3 + GRACE)
        except _Lost:
            self._end()
            raise
        if "error" in answer:
            raise CheckError(str(answer["error"]["code"]), str(answer["error"]["message"]))
        handlers: list[dict[str, Any]] = answer["handlers"]
        return handlers

    def _end(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


class _Lost(Exception):
    """The child is gone or must go; the text is the reason for the person."""


class _Child:
    """One running child, its folder, and a thread that reads its answers."""

    def __init__(self, options: VerifyOptions, hash_seed: str = "0") -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="uncallback-", ignore_cleanup_errors=True)
        self._answers: queue.Queue[str | None] = queue.Queue()
        arguments = ["--folder", self._folder.name, "--memory", str(options.memory)]
        self._process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._folder.name,
            env=_environment(self._folder.name, hash_seed),
            start_new_session=True,
            text=True,
            encoding="utf-8",
        )
        threading.Thread(target=self._read, daemon=True).start()

    def ask(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """Send one request and wait for its answer; ``_Lost`` when there will be none."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._answers.get(timeout=seconds)
        except queue.Empty:
            text = f"the check took longer than {seconds:g} s and was ended; raise --seconds"
            raise _Lost(text) from None
        except OSError:
            line = None
        if line is None:
            raise _Lost(f"the checking process died ({self._status()})")
        try:
            answer = json.loads(line)
        except json.JSONDecodeError:
            raise _Lost("the checking process gave an answer that cannot be read") from None
        if not isinstance(answer, dict) or answer.get("id") != request["id"]:
            raise _Lost("the checking process gave an answer to something else")
        return answer

    def _read(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            while line := self._process.stdout.readline(LONGEST_ANSWER):
                self._answers.put(line)
        self._answers.put(None)

    def _status(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(timeout=1)
            if code < 0:
                return f"signal {signal.Signals(-code).name}"
            return f"exit code {code}"
        return "no exit code"

    def end(self) -> None:
        """End the child and whatever it started, and remove its folder."""
        if self._process.poll() is None:
            with contextlib.suppress(OSError):
                if hasattr(os, "killpg"):
                    os.killpg(self._process.pid, signal.SIGKILL)
                else:
                    self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
        self._folder.cleanup()


def _environment(folder: str, hash_seed: str) -> dict[str, str]:
    """What the child sees: enough to start Python and find this package, nothing personal."""
    kept = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
    found = {name: os.environ[name] for name in kept if name in os.environ}
    fixed = {
        "HOME": folder,
        "TMPDIR": folder,
        "TEMP": folder,
        "TMP": folder,
        "TZ": "UTC",
        "PYTHONHASHSEED": hash_seed,
        "PYTHONIOENCODING": "utf-8",
    }
    return {**found, **fixed}


def _sent(version: Version) -> dict[str, Any]:
    project = {path: _decoded(source) for path, source in version.project.items()}
    return {"path": version.path, "source": _decoded(version.source), "project": project}


def _decoded(source: bytes) -> str:
    """The text of a source file, by the encoding it declares."""
    try:
        encoding, _ = detect_encoding(io.BytesIO(source).readline)
        return source.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        return source.decode("utf-8", errors="replace")


def _read(handler: Mapping[str, Any]) -> Verdict:
    verdict = handler["verdict"]
    return Verdict(
        result=verdict["result"],
        complete=verdict["complete"],
        runs=verdict["runs"],
        coverage=verdict["coverage"],
        reason=verdict["reason"],
        details=verdict.get("details") or {},
        counterexample=handler.get("counterexample"),
    )


def _joined(verdicts: Sequence[Verdict], generations: Sequence[tuple[int, int]]) -> Verdict:
    """One verdict of several, each on other generations: the worst one, with all the runs.

    A generation on which the first version cannot even be imported is none of its own: the others
    decide, and the verdict holds that against itself.
    """
    ran = [number for number, each in enumerate(verdicts) if not _is_foreign(each)]
    if ran and len(ran) < len(verdicts):
        joined = _joined([verdicts[n] for n in ran], [generations[n] for n in ran])
        held = [
            f"Tornado {generations[number][0]}: {verdict.reason}"
            for number, verdict in enumerate(verdicts)
            if number not in ran
        ]
        held = [*joined.details.get("held", ()), *held]
        return replace(joined, complete=False, details={**joined.details, "held": held})
    order = ("different", "inconclusive", "equivalent")
    worst = min(verdicts, key=lambda verdict: order.index(verdict.result))
    details: dict[str, Any] = {}
    for verdict in (*verdicts, worst):
        details |= verdict.details
    number = verdicts.index(worst)
    return replace(
        worst,
        complete=all(verdict.complete for verdict in verdicts),
        runs=sum(verdict.runs for verdict in verdicts),
        coverage=min(verdict.coverage for verdict in verdicts),
        details={**details, "generations": [list(pair) for pair in generations[number:]]},
    )


def _is_foreign(verdict: Verdict) -> bool:
    return verdict.details.get("unloadable") == "first"
