"""Runs texts of handlers in the explorer's world, for the tests."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from functools import partial
from typing import Any

from uncallback.runtime.explore import loader, world
from uncallback.runtime.explore.search import Budget
from uncallback.runtime.explore.tape import Recorder
from uncallback.runtime.explore.trace import DELIVER, Event, Run, Version
from uncallback.runtime.explore.verdict import Judgement, Side, judge

IMPORTS = """
from tornado import gen
from tornado.httpclient import AsyncHTTPClient
from tornado.ioloop import IOLoop
from tornado.web import RequestHandler, asynchronous, authenticated
"""


def program(text: str, other: str | None = None, **fields: Any) -> loader.LoadedVersion:
    """Load a module's text below the usual imports; ``other`` is what it is compared with."""
    given = dict(fields)
    path = given.pop("path", "app.py")
    if other is not None:
        given["other"] = source(other)
    return loader.load(Version(path, source(text), **given))


def source(text: str) -> bytes:
    return (IMPORTS + textwrap.dedent(text)).encode()


def handler(body: str, extra: str = "") -> str:
    """A module with ``class Main`` whose methods are ``body``."""
    methods = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    return f"{textwrap.dedent(extra)}\nclass Main(RequestHandler):\n{methods}\n"


def run(
    text: str, tape: Mapping[str, str] | None = None, name: str = "Main.get", **fields: Any
) -> Run:
    """Run one handler once."""
    return world.execute(program(text, **fields), name, Recorder(tape or {}))


def effects(run: Run, *kinds: str) -> list[str]:
    """The events of some kinds (all but deliveries), as short texts."""
    return [
        f"{event.subject} {event.detail}".rstrip()
        for event in run.events
        if (event.kind in kinds if kinds else event.kind != DELIVER)
    ]


def first(run: Run, kind: str) -> Event:
    return next(event for event in run.events if event.kind == kind)


def compare(
    before: str,
    after: str,
    name: str = "Main.get",
    *,
    answers: bool = False,
    runs: int = 2000,
    **fields: Any,
) -> Judgement:
    """The verdict about two texts."""
    versions = program(before, after, **fields), program(after, before, **fields)
    versions[0].meet(versions[1])
    sides = [
        Side(partial(world.execute, each, name), each.outline(name), each.locate)
        for each in versions
    ]
    return judge(*sides, Budget(runs=runs, seconds=10), answers)
