"""Walks a directory tree the way version control sees it.

Nested ``.gitignore`` files are honoured, directories that never hold a project's own source are not
entered, and links to directories are not followed, so a loop is visited once and nothing outside
the tree is reached by accident. Pipes, sockets and devices are left out: opening one can hang.
"""

from __future__ import annotations

import os
import re
import stat
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
    """One file below the root, or one folder that was not entered (``skip`` says why)."""

    path: Path
    skip: str | None = None
    folder: bool = False


@lru_cache(maxsize=4096)
def _gitignore(directory: Path) -> GitIgnoreSpec | None:
    try:
        text = (directory / ".gitignore").read_text("utf-8", errors="replace")
    except OSError:
        return None
    return GitIgnoreSpec.from_lines(filter(is_pattern, text.splitlines()))


def is_pattern(line: str) -> bool:
    """Whether ``line`` can be read as a pattern of gitignore(5); git passes over what cannot."""
    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True


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


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a walk leaves out; paths count from ``root``."""

    root: Path
    gitignore: bool
    names: frozenset[str]
    exclude: GitIgnoreSpec | None

    def reason(self, path: Path, folder: bool) -> str | None:
        if folder and path.name in self.names:
            return "excluded by default"
        if folder and (path / "pyvenv.cfg").exists():
            return "virtual environment"
        if self.exclude is not None:
            name = path.relative_to(self.root).as_posix() + ("/" if folder else "")
            if self.exclude.match_file(name):
                return "excluded"
        if self.gitignore and is_gitignored(path, self.root, directory=folder):
            return "gitignored"
        return None


def walk(
    top: Path,
    root: Path,
    *,
    gitignore: bool = True,
    default_excludes: bool = True,
    exclude: GitIgnoreSpec | None = None,
) -> Iterator[Entry]:
    """Yield the files below ``top`` in sorted order, and what was left out with the reason.

    ``root`` is the folder from which ``.gitignore`` files and ``exclude`` count; both are resolved
    paths. A folder that cannot be listed is yielded with the reason ``"unreadable: ..."``.
    """
    names = DEFAULT_EXCLUDES if default_excludes else frozenset({".git", ".hg"})
    return _walk(top, _Rules(root, gitignore, names, exclude))


def _walk(top: Path, rules: _Rules) -> Iterator[Entry]:
    try:
        children = sorted(os.scandir(top), key=lambda child: child.name)
    except OSError as error:
        yield Entry(top, f"unreadable: {error.strerror}", folder=True)
        return
    for child in children:
        path = Path(child.path)
        folder = child.is_dir(follow_symlinks=False)
        if child.is_symlink() and os.path.isdir(path):
            yield Entry(path, "link to a directory", folder=True)
            continue
        if not folder and _is_special(path):
            yield Entry(path, "not a regular file")
            continue
        reason = rules.reason(path, folder)
        if folder and reason is None:
            yield from _walk(path, rules)
        else:
            yield Entry(path, reason, folder)


def _is_special(path: Path) -> bool:
    """Whether ``path`` is (or links to) something that is neither a file nor a directory."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
