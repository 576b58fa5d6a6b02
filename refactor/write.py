"""Writes a file so that it is never lost: the old bytes or the new ones, nothing between.

The new bytes go to a temporary file in the same folder, are flushed to the disk, get the mode and
the owner of the original and then take its name. Two cases are written in place instead, because
replacing the name would do harm or cannot be done: a file with several hard links (the other names
would keep the old text) and a folder in which no file may be created. In place, a failed write puts
the old bytes back.
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from .model import Problem


class WriteError(Exception):
    """A file that was left as it is; ``problem`` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(code, message)


def replace(path: Path, before: bytes, after: bytes) -> None:
    """Put ``after`` in the place of ``before`` in the file that ``path`` names or links to.

    Raises `WriteError`: UC008 where the file is read-only or the write fails (the original is
    intact), UC009 where the file no longer holds ``before``.
    """
    if before == after:
        return
    try:
        _replace(Path(os.path.realpath(path)), before, after)
    except OSError as error:
        raise WriteError("UC008", f"not written: {error.strerror or error}") from None


def obstacle(path: Path) -> Problem | None:
    """Say why the file that ``path`` names or links to may not be written; ``None``: it may."""
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode
    except OSError as error:
        return Problem("UC008", f"not written: {error.strerror or error}")
    if not stat.S_ISREG(mode):
        return Problem("UC008", "not written: not a regular file")
    # The superuser may write everything; the mode still says what the owner wants.
    if not mode & stat.S_IWUSR or not os.access(target, os.W_OK):
        return Problem("UC008", "not written: the file is read-only")
    return None


def _replace(target: Path, before: bytes, after: bytes) -> None:
    problem = obstacle(target)
    if problem is not None:
        raise WriteError(problem.code, problem.message)
    found = target.read_bytes()
    if found == after:  # by another of its names
        return
    if found != before:
        raise WriteError("UC009", "not written: the file was changed meanwhile")
    status = target.stat()
    if status.st_nlink > 1 or not os.access(target.parent, os.W_OK):
        _in_place(target, before, after)
    else:
        _by_rename(target, after, status)


def _by_rename(target: Path, after: bytes, status: os.stat_result) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
            if hasattr(os, "fchown"):
                with suppress(OSError):
                    os.fchown(file.fileno(), status.st_uid, status.st_gid)
        os.chmod(name, stat.S_IMODE(status.st_mode))
        os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _in_place(target: Path, before: bytes, after: bytes) -> None:
    with target.open("r+b") as file:
        try:
            _overwrite(file.fileno(), after)
        except BaseException:
            _overwrite(file.fileno(), before)
            raise


def _overwrite(descriptor: int, data: bytes) -> None:
    """Write all of ``data`` from the start and cut off what is left behind it."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.ftruncate(descriptor, len(data))
    os.fsync(descriptor)
