"""What one line of the child protocol asks for, read and checked (``runtime/__main__.py``)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from tokenize import detect_encoding
from typing import Any

from .search import Budget
from .tape import decode
from .trace import Version

COMMANDS = ("handlers", "replay", "verify")


class BadRequest(Exception):
    """The request cannot be served; ``code`` says why in one word."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Job:
    """One request. ``handlers`` is ``None`` for all; ``tape`` is given with ``replay`` only.

    ``answers`` is said in `verdict.judge`.
    """

    command: str
    before: Version
    after: Version
    handlers: tuple[str, ...] | None
    budget: Budget
    tape: Mapping[str, str]
    answers: bool

    @property
    def across(self) -> bool:
        """Whether the two versions run on different generations."""
        return self.before.tornado != self.after.tornado


def read(request: object) -> Job:
    """Check one request; raises ``BadRequest``."""
    if not isinstance(request, Mapping):
        raise BadRequest("bad-request", "a request is an object")
    command = _text(request, "command")
    if command not in COMMANDS:
        raise BadRequest("bad-request", f"unknown command {command!r}")
    names = request.get("handlers")
    before, after = _versions(request)
    return Job(
        command=command,
        before=before,
        after=after,
        handlers=None if names is None else tuple(map(str, names)),
        budget=_budget(request.get("options") or {}),
        tape=_tape(request) if command == "replay" else {},
        answers=bool((request.get("options") or {}).get("answers")),
    )


def _versions(request: Mapping[str, Any]) -> tuple[Version, Version]:
    sources = {}
    for name in ("before", "after"):
        given = request.get(name)
        if not isinstance(given, Mapping):
            raise BadRequest("bad-request", f"{name!r} is missing")
        sources[name] = _bytes(_text(given, "source"))
    before = _version(request, "before", sources["before"], sources["after"])
    return before, _version(request, "after", sources["after"], sources["before"])


def _version(request: Mapping[str, Any], name: str, source: bytes, other: bytes) -> Version:
    given, options = request[name], request.get("options") or {}
    project = given.get("project") or {}
    return Version(
        path=_text(given, "path"),
        source=source,
        project={path: _bytes(str(text)) for path, text in project.items()},
        tornado=int(options.get(f"{name}_tornado", 4)),
        root=options.get("root"),
        imports=tuple(options.get("imports", ())),
        operations=tuple(options.get("operations", ())),
        assume_once=bool(options.get("assume_once")),
        other=other,
    )


def _bytes(source: str) -> bytes:
    """The source as it stands in a file: in the encoding it declares, UTF-8 without one."""
    try:
        encoding, _ = detect_encoding(io.BytesIO(source.encode()).readline)
        return source.encode(encoding)
    except (SyntaxError, UnicodeEncodeError):
        return source.encode(errors="surrogatepass")


def _text(mapping: Mapping[str, Any], key: str) -> str:
    value = mapping.get(key)
    if not isinstance(value, str):
        raise BadRequest("bad-request", f"{key!r} is missing or no string")
    return value


def _tape(request: Mapping[str, Any]) -> dict[str, str]:
    try:
        return decode(_text(request, "tape"))
    except ValueError as error:
        raise BadRequest("bad-tape", str(error)) from None


def _budget(options: Mapping[str, Any]) -> Budget:
    plain = Budget()
    return Budget(
        runs=int(options.get("runs", plain.runs)),
        seconds=float(options.get("seconds", plain.seconds)),
        seed=int(options.get("seed", plain.seed)),
    )
