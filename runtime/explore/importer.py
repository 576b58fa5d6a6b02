"""``import`` as it works for the code under check.

``tornado`` means the runtime. The standard library is real where it has no side effects and guarded
where it has some (``environment``). Modules of the project are executed for real, and afresh when
their state may have changed. Everything else is a stand-in.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

from .. import generation
from .circumstances import now
from .earlier import part_of_tornado
from .environment import guarded_builtins, guarded_module
from .harvest import Harvest, names_only
from .options import fresh_options
from .sources import Source, Sources, compiled
from .standin import Standin, part
from .started import Function

_RUNTIME = __package__.rpartition(".")[0]
_VERSIONS = {4: (4, 4, 2, 0), 5: (5, 1, 1, 0), 6: (6, 5, 2, 0)}


class _Own(ModuleType):
    """A module that an importer made, and may put submodules into."""


class _Tornado(_Own):
    """``tornado``: its modules are the runtime's, and are there without being imported."""

    def __init__(self, importer: Importer) -> None:
        super().__init__("tornado")
        info = _VERSIONS[generation.current]
        self.__dict__.update(version_info=info, version=".".join(map(str, info[:3])), __path__=[])
        self._importer = importer

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._importer.module(f"tornado.{name}")


class _Borrowed(ModuleType):
    """A module of the runtime as one version sees it.

    Names that it lacks are stand-ins if the version may name what is not there; names that this
    generation of Tornado does not have are missing here too.
    """

    def __init__(
        self, name: str, module: ModuleType, tolerates: Callable[[str, str], bool]
    ) -> None:
        super().__init__(name)
        self.__dict__.update(module.__dict__)
        self.__dict__.pop("__all__", None)
        self.__name__ = name
        self._module = module
        self._tolerates = tolerates

    def __getattr__(self, name: str) -> Any:
        caller = sys._getframe(1).f_code.co_filename
        gone = name.startswith("__") or generation.varies(self._module.__dict__, name)
        if gone or not self._tolerates(caller, f"{self.__name__}.{name}"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        full = f"{self.__name__}.{name}"
        return part_of_tornado(full) or part(full)


class Importer:
    """The modules of one version. ``modules`` are those of the project, by path, as executed.

    ``late`` says that one of them was executed during a run, because a function imports it.
    """

    def __init__(
        self, sources: Sources, *, real: frozenset[str], shared: Harvest, entry: str
    ) -> None:
        """``real``: modules to import for real. ``shared``: what *both* versions do not define and
        import alike, which is then a part of the outside; one that only one of them has is an error
        of that version. ``entry``: the path of the file under check."""
        self.sources = sources
        self.modules: dict[str, ModuleType] = {}
        self.late = False
        self.failed: dict[str, str] = {}
        self.lines: dict[str, dict[int, None]] = {}
        self.inner_classes: dict[str, type] = {}
        self._real = real
        self._shared = shared
        self._entry = entry
        self._known: dict[str, Any] = {}
        self._found: dict[str, Source | None] = {}

    def forget(self) -> None:
        """Drop all executed modules of the project; the next import executes them again."""
        self.modules.clear()
        self.late = False
        self._known.clear()
        self.inner_classes.clear()

    @property
    def options(self) -> object:
        """``tornado.options.options`` as this version has it, ``None`` if it never looked."""
        return getattr(self._known.get("tornado.options"), "options", None)

    def _note_class(self, kind: type) -> None:
        self.inner_classes[kind.__qualname__.replace(".<locals>", "")] = kind

    def execute(self, source: Source) -> ModuleType:
        """Execute one file of the project as a module; its own errors are passed on."""
        module = _Own(source.name)
        module.__file__ = source.path
        module.__package__ = source.name if source.is_package else source.name.rpartition(".")[0]
        if source.is_package:
            module.__path__ = []
        self.modules[source.path] = module
        lines = self.lines.setdefault(source.path, {})
        unknown = self._shared.undefined if source.path == self._entry else frozenset()
        module.__dict__["__builtins__"] = guarded_builtins(
            self.import_, lines, self._note_class, unknown
        )
        here = now()
        live, here.live = here.live, False
        self.late = self.late or live
        try:
            code, found = compiled(source)
            if source.path != self._entry:
                here.harvest = here.harvest.merge(names_only(found))
            exec(code, module.__dict__)
        except BaseException:
            self.modules.pop(source.path, None)
            raise
        finally:
            here.live = live
        return module

    def execute_dependents(self, classes: Iterable[str]) -> None:
        """Execute files of the overlay that mention one of ``classes``: they may derive from it."""
        names = [name.rpartition(".")[2].encode() for name in classes]
        for path, text in self.sources.overlay.items():
            if path.endswith(".py") and path not in self.modules and any(n in text for n in names):
                self.module(Source(path, text).name)

    def functions(self, name: str) -> Iterator[Function]:
        """The functions called ``name`` in executed files of the project, but for the entry."""
        return self.sources.functions(name, [path for path in self.modules if path != self._entry])

    def import_(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: object = None,
        fromlist: Any = (),
        level: int = 0,
    ) -> Any:
        """What the ``import`` statement calls (``builtins.__import__``)."""
        if level:
            name = _absolute(name, globals or {}, level)
        module = self.module(name)
        if not fromlist:
            return module if level else self.module(name.partition(".")[0])
        if isinstance(module, Standin):
            return module
        if isinstance(module, _Own):
            self._submodules(name, module, fromlist)
        if isinstance(module, _Borrowed):
            return module
        caller = (globals or {}).get("__file__", "")
        missing = [
            each
            for each in fromlist
            if not hasattr(module, each) and self._tolerates(caller, f"{name}.{each}")
        ]
        if missing and isinstance(module, _Own) and hasattr(module, "__path__"):
            vars(module).update({each: part(f"{name}.{each}") for each in missing})
            return module  # submodules that are not there hang on their package all the same
        return _completed(name, module, missing) if missing else module

    def module(self, name: str) -> Any:
        """The module ``name``, executed or imported if need be."""
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = self._load(name)
            parent, _, last = name.rpartition(".")
            if parent:
                above = self.module(parent)
                if isinstance(above, _Own):
                    setattr(above, last, found)
        return found

    def _load(self, name: str) -> Any:
        top = name.partition(".")[0]
        if name == "tornado":
            return _Tornado(self)
        if name == "tornado.options":
            return fresh_options()
        if top == "tornado":
            return self._runtime_module(name)
        guarded = guarded_module(name)
        if guarded is not None:
            return guarded
        source = self._source(name)
        if source is not None:
            return self._project_module(name, source)
        if top in self._real:
            return importlib.import_module(name)
        if self.sources.is_folder(name):
            return _Own(name)
        return Standin.named(name)

    def _tolerates(self, path: str, name: str) -> bool:
        """Whether ``name``, which does not exist, may be a stand-in in the file ``path``.

        In the file under check only if both versions name it: a name that one of them has made up
        is an error of that version. What an earlier Tornado had is not made up.
        """
        if path != self._entry or part_of_tornado(name) is not None:
            return True
        return name in self._shared.imported or name.rpartition(".")[2] in self._shared.attributes

    def _runtime_module(self, name: str) -> Any:
        """The runtime's module for a name below ``tornado``; a stand-in if it has none."""
        inner = name.removeprefix("tornado.")
        if inner == "stack_context" and generation.current >= 6:
            raise ModuleNotFoundError("No module named 'tornado.stack_context'", name=name)
        if inner.startswith(("_", "explore", "choices", "generation")):
            return Standin.named(name)
        try:
            module = importlib.import_module(f"{_RUNTIME}.{inner}")
        except ModuleNotFoundError:
            return Standin.named(name)
        return _Borrowed(name, module, self._tolerates)

    def _source(self, name: str) -> Source | None:
        if name not in self._found:
            self._found[name] = self.sources.find(name)
        return self._found[name]

    def _project_module(self, name: str, source: Source) -> Any:
        if source.path in self.modules:
            return self.modules[source.path]
        if source.path in self.failed:
            return Standin.named(name)
        try:
            return self.execute(source)
        except Exception as error:
            if source.path == self._entry:
                raise
            self.failed[source.path] = f"{type(error).__name__}: {error}"
            return Standin.named(name)

    def _submodules(self, name: str, module: ModuleType, fromlist: Any) -> None:
        """``from package import module`` imports the module."""
        for each in fromlist:
            if each != "*" and not hasattr(module, each):
                inner = f"{name}.{each}"
                if self._source(inner) is not None or self.sources.is_folder(inner):
                    self.module(inner)


def _absolute(name: str, globals: Mapping[str, Any], level: int) -> str:
    package = globals.get("__package__") or ""
    parts = package.split(".") if package else []
    if level > len(parts) + 1:
        raise ImportError("attempted relative import beyond top-level package")
    base = ".".join(parts[: len(parts) - level + 1])
    return f"{base}.{name}" if base and name else base or name


def _completed(name: str, module: ModuleType, missing: list[str]) -> ModuleType:
    """``module`` with stand-ins for names that it does not have (here, or on this Python)."""
    completed = _Own(name)
    completed.__dict__.update(module.__dict__)
    completed.__dict__.update({each: part(f"{name}.{each}") for each in missing})
    return completed
