"""Methods that may stand under ``@asynchronous`` although `find` does not know them as handlers.

They are never converted, but the report names each of them: who is told nothing of a handler would
take it to be in order. A decorator may be Tornado's or something else (UC109), or be one of the
project that applies Tornado's (UC110); what else uses Tornado's is told where it stands (UC110).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import libcst as cst

from . import cst as tree
from .find import ASYNCHRONOUS, decorated, title
from .origins import UNKNOWN, Code, Origins
from .refusal import Refused
from .unit import Unit
from .usages import WORD, carrier, decorated_by, paths, spellings, whole
from .workspace import Parsed, Workspace

_SCOPES = (cst.FunctionDef, cst.ClassDef)
_LONGEST = 60


@dataclass(frozen=True, eq=False)
class Suspect:
    """What carries ``@asynchronous`` or may do so: its dotted name, its place, and the refusal."""

    name: str
    node: cst.CSTNode
    refused: Refused


@dataclass(eq=False)
class Suspects:
    """The suspects of one run; the decorators of all files are looked at before anything else."""

    workspace: Workspace
    origins: Origins = field(init=False)
    _uses: dict[int, bool] = field(default_factory=dict)
    _decorating: set[int] = field(default_factory=set)
    _found: dict[str, list[cst.CSTNode]] = field(default_factory=dict)
    _methods: dict[str, list[Suspect]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.origins = Origins(self.workspace, WORD.encode())

    def look(self, units: Iterable[Unit]) -> None:
        """Find the methods of some files whose decorators may be, or apply, ``@asynchronous``."""
        for unit in units:
            self._methods[unit.file.path] = list(self._under_decorators(unit.file))

    def of(self, unit: Unit) -> list[Suspect]:
        """The suspects of a file that was looked at, by line."""
        found = [*self._methods.get(unit.file.path, ()), *self._elsewhere(unit.file)]
        return sorted(found, key=lambda each: unit.line(each.refused.node))

    def appliers(self, units: Iterable[Unit]) -> set[str]:
        """The names of the functions of some files that apply ``@asynchronous`` to others."""
        return {
            around.name.value
            for unit in units
            for node in self._places(unit.file)
            if not _is_under(unit.file, node)
            for around in unit.file.names.ancestors(node)
            if isinstance(around, cst.FunctionDef)
        }

    def _says_it(self, file: Parsed) -> bool:
        return WORD.encode() in self.workspace.data(file.path)

    def _under_decorators(self, file: Parsed) -> Iterator[Suspect]:
        for node in tree.find(file.module, cst.FunctionDef):
            if decorated(file.names, node, ASYNCHRONOUS) is not None:
                continue
            for each in node.decorators:
                code = self._code(file, node, each.decorator)
                if code is not None:
                    refused = Refused(code, each, what=_shown(each.decorator))
                    yield Suspect(title(file.names, node), node.name, refused)
                    break

    def _code(self, file: Parsed, node: cst.FunctionDef, decorator: cst.CSTNode) -> str | None:
        """The refusal for what is under ``decorator``; None if that is certainly something else."""
        found = self.origins.of(file, decorator)
        if ASYNCHRONOUS in found:
            return "UC109" if len(found) > 1 else "UC110"
        applying = [each for each in found if isinstance(each, Code) and self._applies(each)]
        if applying:
            self._decorating |= {id(top) for each in applying for top in self._tops(each)}
            return "UC110"
        around = file.names.enclosing(node, cst.ClassDef, cst.FunctionDef)
        spelled = (tree.dotted(decorator) or "").rpartition(".")[2] == WORD
        may_be = UNKNOWN in found and spelled and isinstance(around, cst.ClassDef)
        return "UC109" if may_be else None

    def _tops(self, code: Code) -> Iterator[cst.CSTNode]:
        """The outermost functions that make the decorator ``code``."""
        if isinstance(code.node, cst.Call):
            for each in self.origins.of(code.file, code.node.func):
                if isinstance(each, Code):
                    yield from self._tops(each)
        around = code.file.names.ancestors(code.node)
        yield [code.node, *(each for each in around if isinstance(each, cst.FunctionDef))][-1]

    def _applies(self, code: Code) -> bool:
        """Whether a piece of the project uses ``@asynchronous``, itself or through a function."""
        key = id(code.node)
        if key not in self._uses:
            self._uses[key] = False  # while it is being asked
            self._uses[key] = self._says_it(code.file) and any(
                self._applies(origin) if isinstance(origin, Code) else origin == ASYNCHRONOUS
                for node in _inside(code)
                for origin in self.origins.of(code.file, node)
            )
        return self._uses[key]

    def _elsewhere(self, file: Parsed) -> Iterator[Suspect]:
        """What uses ``@asynchronous`` otherwise than as a decorator, or to give it a name."""
        told: set[str] = set()
        for node in self._places(file):
            used, name = whole(file, node), carrier(file, node)
            if used is not None and name not in told and not self._decorates(file, node):
                told.add(name)
                yield Suspect(name, node, Refused("UC110", used, what=_shown(used)))

    def _places(self, file: Parsed) -> list[cst.CSTNode]:
        """The names and attributes in ``file`` that may be ``@asynchronous``."""
        if file.path not in self._found:
            spelled = spellings(file, self._is_it) if self._says_it(file) else set()
            self._found[file.path] = [
                node
                for node in (paths(file.module) if spelled else ())
                if spelled & set((tree.dotted(node) or WORD).split(".")) and self._is_it(file, node)
            ]
        return self._found[file.path]

    def _is_it(self, file: Parsed, node: cst.CSTNode) -> bool:
        return ASYNCHRONOUS in self.origins.of(file, node)

    def _decorates(self, file: Parsed, node: cst.CSTNode) -> bool:
        """Whether ``node`` stands in a decorator of the project whose methods were found."""
        return any(id(each) in self._decorating for each in file.names.ancestors(node))


def _inside(code: Code) -> Iterator[cst.CSTNode]:
    """The names and attributes in a function's body or an expression; no handlers' decorators."""
    if not isinstance(code.node, cst.FunctionDef):
        yield from paths(code.node)
        return
    for node in paths(code.node.body):
        if not _is_under(code.file, node):
            yield node


def _is_under(file: Parsed, node: cst.CSTNode) -> bool:
    """Whether ``node`` stands in a decorator of a method, which is told of by itself."""
    function = decorated_by(file.names, node)
    around = file.names.enclosing(function, *_SCOPES) if function is not None else None
    return isinstance(around, cst.ClassDef)


def _shown(node: cst.CSTNode) -> str:
    text = tree.code(node)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
