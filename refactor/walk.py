"""Walks a directory tree the way version control sees it.

Nested ``.gitignore`` files are honoured, directories that never hold a project's own source are not
entered, and links to directories are not followed, so a loop is visited once and nothing outside
the tree is reached by accident.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pathspec import GitIgnoreSpec

# Version control, tool caches, environments and build output (the list ruff and black agree on).
# fmt: off
DEFAULT_EXCLUDES = frozenset({
    ".bzr", ".direnv", ".eggs", ".git", ".git-rewrite", ".hg", ".ipynb_checkpoints",
    ".mypy_cache", ".nox", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox",
    ".venv", ".vscode", "__pycache__", "__pypackages__", "_build", "build", "dist",
    "node_modules", "site-packages", "venv",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class Entry:
    """One file below the root, or one directory that was not entered (``skip`` says why)."""

    path: Path
    skip: str | None = None


@lru_cache(maxsize=4096)
def _gitignore(directory: Path) -> GitIgnoreSpec | None:
    try:
        text = (directory / ".gitignore").read_text("utf-8", errors="replace")
    except OSError:
        return None
    return GitIgnoreSpec.from_lines(text.splitlines())


def is_gitignored(path: Path, root: Path, *, directory: bool = False) -> bool:
    """Whether the ``.gitignore`` files between ``root`` and ``path`` ignore ``path`` itself.

    The innermost file that has an opinion decides, as gitignore(5) says; a parent directory that is
    ignored is the caller's affair (the walk does not enter it).
    """
    ignored = False
    for folder in [root, *_between(root, path.parent)]:
        spec = _gitignore(folder)
        if spec is None:
            continue
        name = path.relative_to(folder).as_posix() + ("/" if directory else "")
        answer = spec.check_file(name).include
        if answer is not None:
            ignored = answer
    return ignored


def _between(root: Path, folder: Path) -> list[Path]:
    """The folders below ``root`` down to ``folder``, outermost first."""
    steps: list[Path] = []
    while folder != root and root in folder.parents:
        steps.append(folder)
        folder = folder.parent
    return steps[::-1]


def walk(top: Path, root: Path, *, gitignore: bool = True) -> Iterator[Entry]:
    """Yield the files below ``top`` in sorted order, and what was left out with the reason.

    ``root`` is the folder from which ``.gitignore`` files count; both are resolved paths. A
    directory that cannot be listed is yielded with its reason too.
    """
    try:
        children = sorted(os.scandir(top), key=lambda child: child.name)
    except OSError as error:
        yield Entry(top, f"unreadable directory: {error.strerror}")
        return
    for child in children:
        path = Path(child.path)
        if child.is_dir(follow_symlinks=False):
            reason = _why_not_enter(path, root, gitignore)
            if reason is None:
                yield from walk(path, root, gitignore=gitignore)
            else:
                yield Entry(path, reason)
        elif child.is_symlink() and child.is_dir():
            yield Entry(path, "link to a directory")
        elif gitignore and is_gitignored(path, root):
            yield Entry(path, "gitignored")
        else:
            yield Entry(path)


def _why_not_enter(path: Path, root: Path, gitignore: bool) -> str | None:
    if path.name in DEFAULT_EXCLUDES:
        return "excluded by default"
    if (path / "pyvenv.cfg").exists():
        return "virtual environment"
    if gitignore and is_gitignored(path, root, directory=True):
        return "gitignored"
    return None
