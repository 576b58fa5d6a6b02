"""The project around the files that are converted: who else mentions a name?

A callback may only be moved when nobody else uses it. The textual search here is a sound
over-approximation of that question: it sees every Python file below the project's root, whether or
not it was named on the command line, and templates, which can call a handler's methods too.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

from .config import is_root
from .source import Source, SourceError, decode
from .walk import walk

_PYTHON = frozenset({".py", ".pyw", ".pyi", ".pyx", ".ipynb"})
_TEMPLATES = frozenset(
    {".html", ".htm", ".xhtml", ".xml", ".tmpl", ".tpl", ".jinja", ".jinja2", ".j2", ".mako", ".tt"}
)
# An HTML report of this tool quotes the code; that is no use of a name.
_OWN_REPORT = b'<meta name="generator" content="uncallback">'
_MARKERS = (".git", ".hg", "pyproject.toml", "setup.py", "setup.cfg")


def find_root(path: Path) -> Path | None:
    """Return the project root of ``path`` (resolved): the closest folder with a project's mark.

    Version control wins over a nested ``pyproject.toml``, because one repository can hold several
    packages that use each other. ``root = true`` in ``[tool.uncallback]`` wins over both. ``None``
    where no parent has a mark.
    """
    folders = [path, *path.parents] if path.is_dir() else list(path.parents)
    own = next((folder for folder in folders if is_root(folder)), None)
    if own is not None:
        return own
    for marks in (_MARKERS[:2], _MARKERS[2:]):
        for folder in folders:
            if any((folder / mark).exists() for mark in marks):
                return folder
    return None


class Project:
    """The files of one project, read lazily and only once.

    ``root`` is a resolved folder; every path here is relative to it and posix. ``overlay`` gives
    the bytes of files that do not stand on disk, or not in that form (standard input).
    """

    def __init__(
        self,
        root: Path,
        overlay: Mapping[str, bytes] | None = None,
        *,
        extra: Iterable[str] = (),
    ) -> None:
        self.root = root
        self._bytes: dict[str, bytes] = dict(overlay or {})
        self._texts: dict[str, str] = {}
        self._mentions: dict[str, tuple[str, ...]] = {}
        self._extra = {*self._bytes, *extra}

    @cached_property
    def _files(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Python files and templates below the root, sorted."""
        python, templates = set(self._extra), set()
        for entry in walk(self.root, self.root):
            if entry.folder or (entry.skip and entry.skip != "gitignored"):
                continue
            if entry.path.is_symlink() and self.root in Path(os.path.realpath(entry.path)).parents:
                continue  # it is found under its own name
            suffix = entry.path.suffix.lower()
            if suffix in _PYTHON or (not suffix and _is_script(entry.path)):
                python.add(entry.path.relative_to(self.root).as_posix())
            elif suffix in _TEMPLATES:
                templates.add(entry.path.relative_to(self.root).as_posix())
        return tuple(sorted(python)), tuple(sorted(templates))

    @property
    def paths(self) -> tuple[str, ...]:
        """Every Python file of the project, files that no argument named included, sorted."""
        return self._files[0]

    def read(self, path: str) -> bytes:
        """Return the bytes of ``path``; raises `OSError` where it cannot be read."""
        if path not in self._bytes:
            self._bytes[path] = (self.root / path).read_bytes()
        return self._bytes[path]

    def source(self, path: str) -> Source:
        """Return ``path`` as text; raises `OSError` and `SourceError`."""
        return decode(path, self.read(path))

    def mentions(self, name: str) -> tuple[str, ...]:
        """Return the sorted paths of all files whose text contains the identifier ``name``.

        Comments and strings count, so a call by name is seen. In templates only ``.name`` counts.
        Files that cannot be read do not count: they cannot be imported either.
        """
        if name not in self._mentions:
            python, templates = self._files
            word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
            attribute = re.compile(rf"\.\s*{re.escape(name)}(?!\w)")
            self._mentions[name] = tuple(
                path
                for paths, pattern in ((python, word), (templates, attribute))
                for path in paths
                if name in (text := self._text(path)) and pattern.search(text)
            )
        return self._mentions[name]

    def _text(self, path: str) -> str:
        """The searchable text: NFKC, as the compiler compares identifiers (PEP 3131)."""
        if path not in self._texts:
            # Most files are only searched, so their bytes are not kept beside the text.
            data = self._bytes.get(path)
            if data is None:
                try:
                    data = (self.root / path).read_bytes()
                except OSError:
                    data = b""
            if _OWN_REPORT in data[:500]:
                data = b""
            try:
                text = decode(path, data).text
            except SourceError:
                text = data.decode("latin-1")
            self._texts[path] = text if text.isascii() else unicodedata.normalize("NFKC", text)
        return self._texts[path]


def _is_script(path: Path) -> bool:
    """Whether a file without a suffix starts with a ``#!`` line that names Python."""
    try:
        with path.open("rb") as file:
            head = file.read(128)
    except OSError:
        return False
    return head.startswith(b"#!") and b"python" in head.split(b"\n", 1)[0]
