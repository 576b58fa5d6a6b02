"""The files that may be edited, each opened when somebody first asks for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from .delegates import Delegates
from .model import Conversion, Options, Problem
from .source import Source, SourceError, check, decode, may_hold_handlers, parse
from .unit import Unit


@dataclass(frozen=True)
class Opened:
    """A file that can be converted: its bytes, its text, and what the stages need."""

    before: bytes
    source: Source
    unit: Unit


class Editable(Mapping[str, Unit]):
    """The units of the files that may be edited, by path.

    Iterating gives only the files that were opened so far; ``in`` and ``[]`` open a file. What
    cannot be opened is not among them, and ``closed`` tells why.
    """

    def __init__(self, delegates: Delegates, paths: Iterable[str], options: Options) -> None:
        self.delegates = delegates
        self.options = options
        self.closed: dict[str, Conversion] = {}
        self.opened: dict[str, Opened] = {}
        self._paths = frozenset(paths)

    def __getitem__(self, path: str) -> Unit:
        if path not in self.opened:
            if path not in self._paths or path in self.closed:
                raise KeyError(path)
            self._open(path)
        return self.opened[path].unit

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self.opened))

    def __len__(self) -> int:
        return len(self.opened)

    def holding(self) -> list[Unit]:
        """The files that may hold handlers, by path."""
        found: list[Unit] = []
        for path in sorted(self._paths):
            if self._may_hold(path) and path in self:
                found.append(self[path])
        return found

    def naming(self, names: Collection[str]) -> list[Unit]:
        """The files not among `holding` whose text has one of ``names``, by path."""
        found: list[Unit] = []
        for path in sorted(self._paths) if names else ():
            data = self.delegates.methods.workspace.data(path)
            mentioned = any(name.encode() in data for name in names)
            if mentioned and not may_hold_handlers(data) and path in self:
                found.append(self[path])
        return found

    def _may_hold(self, path: str) -> bool:
        try:
            return may_hold_handlers(self.delegates.methods.workspace.files.read(path))
        except OSError:
            return True

    def _open(self, path: str) -> None:
        workspace = self.delegates.methods.workspace
        try:
            before = workspace.files.read(path)
            source = decode(path, before)
            file = workspace.parsed.get(path)
            if file is None:
                file = workspace.add(path, parse(source))
            elif file.module.code != source.text:
                raise SourceError(Problem("UC007", "this text is not given back unchanged"))
            else:
                check(source)
        except SourceError as error:
            self.closed[path] = Conversion(path, b"", b"", error=error.problem)
            raise KeyError(path) from None
        except OSError as error:
            problem = Problem("UC002", f"cannot be read: {error.strerror or error}")
            self.closed[path] = Conversion(path, b"", b"", error=problem)
            raise KeyError(path) from None
        unit = Unit(workspace, file, self.options, self.delegates.catalogue, self.delegates)
        self.opened[path] = Opened(before, source, unit)
