"""Two versions of a project's files, read from two paths and paired for the check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .files import collect, shown
from .model import Problem
from .project import find_root
from .settings import Settings
from .source import SourceError, check, decode, on_deep_stack
from .verify import Version


@dataclass(frozen=True, slots=True)
class Pair:
    """Two versions of one file; ``shown`` is what the report calls it."""

    shown: str
    before: Version
    after: Version


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be compared."""

    path: str
    problem: Problem

    @property
    def line(self) -> str:
        """The one line that tells it."""
        problem = self.problem
        return f"{self.path}:{problem.line}:{problem.column}: {problem.code} {problem.message}"


def root_of(before: Path) -> Path:
    """The folder that project-relative paths of both versions count from."""
    real = before.resolve()
    folder = real if real.is_dir() else real.parent
    return folder if real.is_dir() else find_root(real) or folder


def pairs(before: Path, after: Path, failures: list[Failure]) -> Iterator[Pair]:
    """Yield what is to be compared: one pair for two files, several for two directories.

    What cannot be read or parsed goes to ``failures``.
    """
    if before.is_dir() and after.is_dir():
        yield from _pairs_of_folders(before, after, failures)
        return
    old, new = _read(before, failures), _read(after, failures)
    if old is not None and new is not None:
        root = root_of(before)
        first = before.resolve().relative_to(root).as_posix()
        real = after.resolve()
        second = real.relative_to(root).as_posix() if root in real.parents else first
        yield Pair(shown(before), Version(first, old), Version(second, new))


def _pairs_of_folders(before: Path, after: Path, failures: list[Failure]) -> Iterator[Pair]:
    """Every file whose bytes differ; one that stands in one directory alone is empty in the other.

    So a handler that moved or went is asked for, and found in one version only.
    """
    old, new = _tree(before, failures), _tree(after, failures)
    for path in sorted({*old, *new}):
        first, second = old.get(path, b""), new.get(path, b"")
        if first != second:
            others = [other for other in new if other != path and old.get(other) != new[other]]
            yield Pair(
                path,
                Version(path, first),
                Version(path, second, {other: new[other] for other in others}),
            )


def _tree(folder: Path, failures: list[Failure]) -> dict[str, bytes]:
    collection = collect([str(folder)], Settings())
    failures += [Failure(fault.shown, fault.problem) for fault in collection.faults]
    top = folder.resolve()
    found: dict[str, bytes] = {}
    for _, targets in collection.projects:
        for target in targets:
            data = _read(target.file, failures)
            if data is not None:
                found[target.file.relative_to(top).as_posix()] = data
    return found


def _read(path: Path, failures: list[Failure]) -> bytes | None:
    """Return the bytes of a file that Python can parse, or note why there are none."""
    try:
        data = path.read_bytes()
        source = decode(str(path), data)
        on_deep_stack(lambda: check(source))
    except FileNotFoundError:
        failures.append(Failure(shown(path), Problem("UC001", "no such file or directory")))
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        failures.append(Failure(shown(path), Problem("UC002", message)))
    except SourceError as error:
        failures.append(Failure(shown(path), error.problem))
    else:
        return data
    return None
