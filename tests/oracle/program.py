"""Loads one version of a handler module, fresh for every scenario (child side)."""

from __future__ import annotations

import builtins
import dis
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from recorder import StandIns


@dataclass(frozen=True, slots=True)
class Program:
    """One version: its source, the project path it stands at, folders to import from.

    ``world`` is the source of a module whose public names the handler module finds among its
    globals (what a fixture's ``world.py`` says), or "".
    """

    source: str
    path: str
    folders: tuple[str, ...]
    world: str


class Loaded:
    """A loaded module; ``unload`` forgets it and whatever it imported from its folders."""

    def __init__(
        self, program: Program, standins: StandIns, record: Callable[[str, str], None]
    ) -> None:
        self._program = program
        self._path_before = list(sys.path)
        sys.path[:0] = program.folders
        self._lend_recorder(record)
        self.module = self._new_module()
        code, undefined = compiled(program.source, program.path)
        for name in undefined:
            vars(self.module)[name] = standins.make(name)
        vars(self.module).update(self._world())
        self._known = set(vars(self.module))
        exec(code, vars(self.module))

    @property
    def own_names(self) -> dict[str, Any]:
        """The globals that the module made itself."""
        return {k: v for k, v in vars(self.module).items() if k not in self._known}

    @staticmethod
    def _lend_recorder(record: Callable[[str, str], None]) -> None:
        lent = types.ModuleType("oracle_world")
        vars(lent)["record"] = record
        sys.modules["oracle_world"] = lent

    def _new_module(self) -> types.ModuleType:
        name = self._program.path.removesuffix(".py").replace("/", ".")
        module = types.ModuleType(name)
        module.__file__ = self._program.path
        module.__package__ = name.rpartition(".")[0]
        if module.__package__:
            __import__(module.__package__)
        sys.modules[name] = module
        return module

    def _world(self) -> dict[str, Any]:
        if not self._program.world:
            return {}
        made: dict[str, Any] = {"__name__": "world"}
        exec(compile(self._program.world, "world.py", "exec", dont_inherit=True), made)
        hidden = types.ModuleType
        return {
            k: v
            for k, v in made.items()
            if not k.startswith("_") and not isinstance(v, hidden) and k != "annotations"
        }

    def unload(self) -> None:
        folders = tuple(str(Path(f)) for f in self._program.folders)
        for name, module in list(sys.modules.items()):
            origin = getattr(module, "__file__", None) or ""
            if module is self.module or (folders and origin.startswith(folders)):
                del sys.modules[name]
        sys.path[:] = self._path_before


@lru_cache(maxsize=16)
def compiled(source: str, path: str) -> tuple[types.CodeType, tuple[str, ...]]:
    """The code of a module and the global names that nobody in it defines."""
    code = compile(source, path, "exec", dont_inherit=True)
    return code, tuple(undefined_names(code))


def undefined_names(code: types.CodeType) -> list[str]:
    """Global names that the code reads and nobody in it defines."""
    read: set[str] = set()
    made: set[str] = set(vars(builtins)) | {"__file__", "__name__", "__annotations__"}
    for part in _parts(code):
        for step in dis.get_instructions(part):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                read.add(step.argval)
            elif step.opname in ("STORE_NAME", "STORE_GLOBAL"):
                made.add(step.argval)
    return sorted(n for n in read - made if not n.startswith("__"))


def _parts(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _parts(constant)


def classes_of(module: types.ModuleType) -> list[type]:
    """The classes that the module defines, in order."""
    return [v for v in vars(module).values() if isinstance(v, type) and _is_local(v, module)]


def _is_local(owner: type, module: types.ModuleType) -> bool:
    return owner.__module__ == module.__name__
