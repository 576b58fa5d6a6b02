"""Finds the files that the arguments name, and says of every other one why it was left out."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pathspec import GitIgnoreSpec

from .config import common_folder
from .model import Problem
from .project import Project, find_root
from .settings import Settings
from .walk import DEFAULT_EXCLUDES, Entry, is_gitignored, walk

_SUFFIXES = (".py", ".pyw")

# Left out as everybody expects: counted, but not worth a line each.
ROUTINE = frozenset({"gitignored", "excluded", "excluded by default", "virtual environment"})


@dataclass(frozen=True, slots=True)
class Target:
    """One file to convert.

    ``path`` is relative to its project's root, ``shown`` is what the person sees (relative to the
    working directory where it lies below it), ``file`` the resolved path.
    """

    path: str
    shown: str
    file: Path


@dataclass(frozen=True, slots=True)
class Skip:
    """A path that was left out on purpose."""

    shown: str
    reason: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A path that could not be processed."""

    shown: str
    problem: Problem


@dataclass(slots=True)
class Collection:
    """What the arguments came to: targets by project, and everything that is no target."""

    projects: list[tuple[Project, list[Target]]] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def shown(path: Path) -> str:
    """Return ``path`` as the person would write it: below the working directory, or absolute."""
    absolute = os.path.normpath(os.path.abspath(path))
    relative = os.path.relpath(absolute)
    outside = relative == ".." or relative.startswith(".." + os.sep)
    return Path(absolute if outside else relative).as_posix()


class _Collector:
    """Goes through the arguments once and files every path."""

    def __init__(self, settings: Settings, loose_root: Path | None) -> None:
        self.settings = settings
        self.loose_root = loose_root
        self.found: dict[Path, dict[Path, Target]] = {}
        self.skips: dict[str, Skip] = {}
        self.faults: list[Fault] = []
        self.exclude = GitIgnoreSpec.from_lines(
            [*(settings.exclude or ()), *settings.extend_exclude]
        )

    def root_of(self, path: Path) -> Path:
        folder = path if path.is_dir() else path.parent
        return find_root(path) or self.loose_root or folder

    def argument(self, name: str) -> None:
        """File one argument; whatever is wrong with it is a `Fault`."""
        path = Path(name)
        try:
            real = Path(os.path.realpath(path, strict=True))
            mode = real.stat().st_mode
        except FileNotFoundError:
            what = "dangling symbolic link" if path.is_symlink() else "no such file or directory"
            self.fault(path, "UC001", what)
        except (OSError, ValueError) as error:
            self.fault(path, "UC002", getattr(error, "strerror", None) or str(error))
        else:
            if stat.S_ISDIR(mode):
                self.folder(path, real)
            elif stat.S_ISREG(mode):
                self.file(path, real)
            else:
                self.fault(path, "UC002", "not a regular file")

    def fault(self, path: Path, code: str, message: str) -> None:
        self.faults.append(Fault(shown(path), Problem(code, message)))

    def skip(self, path: Path, reason: str) -> None:
        name = shown(path)
        self.skips[name] = Skip(name, reason)

    def file(self, path: Path, real: Path) -> None:
        """An explicit file is converted whatever its name, unless excludes are to be enforced."""
        root = self.root_of(real)
        if self.settings.force_exclude:
            reason = self.excluded(real, root)
            if reason:
                self.skip(path, reason)
                return
        self.add(path, real, root)

    def excluded(self, real: Path, root: Path) -> str | None:
        """Why the walk from ``root`` would not have come to ``real``."""
        relative = real.relative_to(root)
        if self.exclude.match_file(relative.as_posix()):
            return "excluded"
        if self.settings.exclude is None and DEFAULT_EXCLUDES & set(relative.parts[:-1]):
            return "excluded by default"
        if self.settings.respect_gitignore:
            parents = [parent for parent in real.parents if root in parent.parents]
            if is_gitignored(real, root) or any(
                is_gitignored(parent, root, directory=True) for parent in parents
            ):
                return "gitignored"
        return None

    def folder(self, path: Path, real: Path) -> None:
        root = self.root_of(real)
        before = len(self.skips) + sum(map(len, self.found.values()))
        for entry in self.entries(real, root):
            self.entry(path / entry.path.relative_to(real), entry, root)
        if before == len(self.skips) + sum(map(len, self.found.values())):
            self.skip(path, "no Python files in this directory")

    def entries(self, real: Path, root: Path) -> Iterator[Entry]:
        default = self.settings.exclude is None
        for entry in walk(
            real,
            root,
            gitignore=self.settings.respect_gitignore,
            default_excludes=default,
            exclude=self.exclude,
        ):
            if entry.folder or entry.path.suffix in _SUFFIXES:
                yield entry

    def entry(self, path: Path, entry: Entry, root: Path) -> None:
        if entry.skip is not None:
            if entry.skip.startswith("unreadable"):
                self.fault(path, "UC002", entry.skip)
            else:
                self.skip(path, entry.skip)
            return
        real = entry.path
        if real.is_symlink():
            real = Path(os.path.realpath(real))
            if not real.exists():
                self.skip(path, "dangling link")
                return
            if root not in real.parents:
                self.skip(path, "link outside the project")
                return
        if real.is_file():
            self.add(path, real, root)

    def add(self, path: Path, real: Path, root: Path) -> None:
        targets = self.found.setdefault(root, {})
        targets.setdefault(real, Target(real.relative_to(root).as_posix(), shown(path), real))


def collect(arguments: Sequence[str], settings: Settings) -> Collection:
    """Return the Python files that ``arguments`` name, project by project, sorted.

    Directories are walked (nested ``.gitignore``, excludes, no links to directories, no links out
    of the project); files are taken as they are. A missing or unreadable path is a fault and does
    not stop the others.
    """
    collector = _Collector(settings, _loose_root(arguments))
    for argument in arguments:
        collector.argument(argument)
    projects = [
        (Project(root), sorted(targets.values(), key=lambda target: target.shown))
        for root, targets in sorted(collector.found.items())
    ]
    skips = sorted(collector.skips.values(), key=lambda skip: skip.shown)
    return Collection(projects, skips, sorted(collector.faults, key=lambda fault: fault.shown))


def from_text(data: bytes, name: str | None) -> Collection:
    """Return the collection of one file whose bytes are ``data``; ``name`` is where it belongs.

    Without a name it stands in the working directory as ``<stdin>``.
    """
    file = Path(os.path.realpath(name or "<stdin>"))
    root = find_root(file.parent) if file.parent.is_dir() else None
    root = root or file.parent
    path = file.relative_to(root).as_posix()
    target = Target(path, shown(Path(name)) if name else "<stdin>", file)
    return Collection([(Project(root, {path: data}), [target])])


def _loose_root(arguments: Sequence[str]) -> Path | None:
    """The root of all arguments that stand in no marked project: the folder that holds them all.

    ``None`` where that would be the whole disk or somebody's home; each stands alone then.
    """
    resolved = [Path(os.path.realpath(argument)) for argument in arguments]
    loose = [path for path in resolved if path.exists() and find_root(path) is None]
    if not loose:
        return None
    common = common_folder(loose)
    return None if common == Path(common.anchor) or common == Path.home() else common
