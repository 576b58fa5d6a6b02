"""The files of a project, as modules: which file a dotted name means, and its compiled code."""

from __future__ import annotations

import ast
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType

from .elapsed import measured_by_loop
from .harvest import Harvest, harvest
from .instrument import instrument
from .started import Function


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its project-relative posix path and its bytes."""

    path: str
    text: bytes

    @property
    def package(self) -> str:
        """The dotted name of the package it belongs to, as the project's folder has it."""
        parts = self.path.split("/")[:-1]
        return ".".join(parts)

    @property
    def is_package(self) -> bool:
        """Whether this is the ``__init__.py`` of a package."""
        return self.path.endswith("__init__.py")

    @property
    def name(self) -> str:
        """Its dotted name, seen from the project's folder."""
        parts = self.path.removesuffix(".py").split("/")
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@dataclass(frozen=True, slots=True)
class Sources:
    """The files that can be imported: an overlay of texts over a folder.

    ``overlay``: path to text, project-relative and posix; it wins over the folder. ``root``: the
    folder, or ``None`` if there is only the overlay. ``beside``: the path of the file under check;
    modules are also looked for in the folders above it, as scripts and ``src`` layouts need it.
    """

    overlay: Mapping[str, bytes]
    root: Path | None
    beside: str

    def find(self, name: str) -> Source | None:
        """The file of the module or package ``name``."""
        inner = name.replace(".", "/")
        for folder in self._folders():
            for path in (f"{folder}{inner}/__init__.py", f"{folder}{inner}.py"):
                text = self.read(path)
                if text is not None:
                    return Source(path, text)
        return None

    def is_folder(self, name: str) -> bool:
        """Whether ``name`` is a package without ``__init__.py`` that holds Python files."""
        inner = name.replace(".", "/") + "/"
        for folder in self._folders():
            prefix = folder + inner
            if any(path.startswith(prefix) for path in self.overlay):
                return True
            if self.root is not None and _has_python(self.root / prefix):
                return True
        return False

    def _folders(self) -> Iterator[str]:
        yield ""
        yield "src/"
        parts = self.beside.split("/")[:-1]
        for length in range(len(parts), 0, -1):
            yield "/".join(parts[:length]) + "/"

    def functions(self, name: str, paths: Iterable[str]) -> Iterator[Function]:
        """The functions and methods called ``name`` in the files at ``paths``."""
        defined = re.compile(rb"\bdef\s+%s\b" % re.escape(name.encode()))
        for path in paths:
            text = self.read(path)
            if text is not None and defined.search(text):
                for node in ast.walk(ast.parse(text)):
                    if isinstance(node, Function) and node.name == name:
                        yield node

    def read(self, path: str) -> bytes | None:
        """The text of a file of the project, ``None`` if there is none."""
        if path in self.overlay:
            return self.overlay[path]
        if self.root is None:
            return None
        try:
            return (self.root / path).read_bytes()
        except OSError:
            return None


def _has_python(folder: Path) -> bool:
    return folder.is_dir() and any(name.endswith(".py") for name in os.listdir(folder))


@lru_cache(maxsize=256)
def compiled(source: Source) -> tuple[CodeType, Harvest]:
    """The code of a file with its lines noted, and what it reveals.

    Raises ``SyntaxError`` and ``ValueError`` as ``compile`` does.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source.text, filename=source.path)
        found = harvest(tree, source.text, source.path)
        code = compile(instrument(measured_by_loop(tree)), source.path, "exec", dont_inherit=True)
    return code, found
