"""The tool applied to a fixture, in a folder of its own (test side)."""

from __future__ import annotations

import atexit
import json
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from uncallback.refactor import codemod
from uncallback.refactor.model import Conversion, HandlerId, Options, Reason, Verdict
from uncallback.refactor.project import Project
from uncallback.refactor.verify import Verifier, VerifyOptions
from uncallback.refactor.verify import Version as Checked

from .fixture import Fixture

#: For the check of one handler. Enough to find what differs here; the explorer has its own tests.
SECONDS = 4.0
RUNS = 300

#: The outputs that are asked for: style and target generation.
TARGETS = (("coroutine", 5), ("native", 5), ("coroutine", 6), ("native", 6))


def options_of(fixture: Fixture, style: str, tornado: int) -> Options:
    """The options a fixture wants, for one style and one target."""
    given: dict[str, Any] = dict(fixture.options)
    if "python" in given:
        given["python"] = tuple(int(part) for part in str(given["python"]).split("."))
    given["operations"] = tuple(given.get("operations", ()))
    return Options(**{**given, "style": style, "tornado": tornado})


def convert(
    fixture: Fixture,
    files: Mapping[str, bytes],
    style: str,
    tornado: int,
    keep: Mapping[HandlerId, Reason] | None = None,
) -> dict[str, Conversion]:
    """Convert the files of a project (by path); the conversions by path come back."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        (root / ".git").mkdir()
        for path, data in files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        options = options_of(fixture, style, tornado)
        done = codemod.convert(Project(root), sorted(files), options, keep or {})
    return {conversion.path: conversion for conversion in done}


@cache
def converted(fixture_folder: Path, style: str, tornado: int) -> dict[str, Conversion]:
    """What the codemod makes of a fixture's project; computed once."""
    fixture = Fixture(fixture_folder)
    return convert(fixture, _files(fixture), style, tornado)


@cache
def written(fixture_folder: Path, style: str, tornado: int = 5) -> dict[str, Conversion]:
    """What the tool would write: handlers that the check calls *different* stay as they are."""
    fixture = Fixture(fixture_folder)
    keep = objections(fixture_folder, tornado)
    return convert(fixture, _files(fixture), style, tornado, keep)


@cache
def objections(fixture_folder: Path, tornado: int) -> dict[HandlerId, Reason]:
    """The handlers that the check calls *different*, in the coroutine style."""
    fixture = Fixture(fixture_folder)
    reason = Reason("UC901", "the check found a difference", 1)
    keep: dict[HandlerId, Reason] = {}
    while True:
        done = convert(fixture, _files(fixture), "coroutine", tornado, keep)
        bad = {
            HandlerId(path, name): reason
            for path, conversion in done.items()
            for name, verdict in check(fixture, conversion, done, tornado).items()
            if verdict.result == "different"
        }
        if bad.keys() <= keep.keys():
            return keep
        keep |= bad


def check(
    fixture: Fixture, conversion: Conversion, project: Mapping[str, Conversion], tornado: int
) -> dict[str, Verdict]:
    """The verdicts of the explorer on the rewritten handlers of one file."""
    names = [outcome.name for outcome in conversion.handlers if outcome.status == "rewritten"]
    if conversion.before == conversion.after:
        return {}
    others = {path: other for path, other in project.items() if path != conversion.path}
    before = {path: other.before for path, other in others.items()}
    after = {path: other.after for path, other in others.items()}
    return _verifier(fixture, tornado).verify(
        Checked(conversion.path, conversion.before, before),
        Checked(conversion.path, conversion.after, after),
        names,
    )


def _verifier(fixture: Fixture, tornado: int) -> Verifier:
    """One child for all fixtures that declare the same operations and have the same target."""
    return _shared_verifier(json.dumps(fixture.options.get("operations", ())), tornado)


@cache
def _shared_verifier(operations: str, tornado: int) -> Verifier:
    options = VerifyOptions(
        seconds=SECONDS,
        runs=RUNS,
        operations=tuple(json.loads(operations)),
        confirm=False,
        after_tornado=6 if tornado == 6 else None,
    )
    verifier = Verifier(options)
    atexit.register(verifier.__exit__, None, None, None)
    return verifier


def _files(fixture: Fixture) -> dict[str, bytes]:
    return {**fixture.project(), fixture.path: fixture.before}
