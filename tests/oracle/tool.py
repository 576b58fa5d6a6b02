"""The tool applied to a fixture, in a folder of its own (test side)."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from uncallback.refactor import codemod
from uncallback.refactor.model import Conversion, Options
from uncallback.refactor.project import Project

from .fixture import Fixture

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
    fixture: Fixture, files: dict[str, bytes], style: str, tornado: int
) -> dict[str, Conversion]:
    """Convert the files of a project (by path); the conversions by path come back."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        (root / ".git").mkdir()
        for path, data in files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        done = codemod.convert(Project(root), sorted(files), options_of(fixture, style, tornado))
    return {conversion.path: conversion for conversion in done}


@cache
def converted(fixture_folder: Path, style: str, tornado: int) -> dict[str, Conversion]:
    """What the tool makes of a fixture's project; computed once."""
    fixture = Fixture(fixture_folder)
    files = {**fixture.project(), fixture.path: fixture.before}
    return convert(fixture, files, style, tornado)
