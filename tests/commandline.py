"""What the tests of the command line share: a handler, a tree, and the command as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

HANDLER = """\
import tornado.web
from tornado.httpclient import AsyncHTTPClient


class Feed(tornado.web.RequestHandler):
    @tornado.web.asynchronous
    def get(self):
        AsyncHTTPClient().fetch("http://feed.example.com/", callback=self.on_feed)

    def on_feed(self, response):
        self.write(str(response.code))
        self.finish()
"""

# What the check can never call equivalent: the operation is in a loop, so the handler is kept.
KEPT = """\
import tornado.web
from tornado.httpclient import AsyncHTTPClient


class Many(tornado.web.RequestHandler):
    @tornado.web.asynchronous
    def get(self):
        unknown_thing(self.request, callback=self.on_done)

    def on_done(self, response):
        self.finish()
"""

SYNTAX_ERROR = "import tornado\n\n\ndef f(:\n    pass\n"


def command(*arguments: str) -> list[str]:
    """The command line that runs ``uncallback`` with this interpreter."""
    return [sys.executable, "-m", "uncallback.refactor.cli", *arguments]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without what would colour or configure the command."""
    dropped = {"NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "UNCALLBACK_DEBUG"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, **(extra or {})}


def uncallback(
    *arguments: str,
    cwd: Path,
    input: bytes = b"",
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run the command and return what it wrote, as bytes."""
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        input=input,
        env=environment(env),
        capture_output=True,
        timeout=120,
        check=False,
    )


def tree(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write ``files`` below ``folder``, making the directories; returns ``folder``."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def snapshot(folder: Path) -> dict[str, bytes]:
    """The bytes of all regular files below ``folder``."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }
