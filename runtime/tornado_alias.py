"""``import tornado.gen`` as another name for ``uncallback.runtime.gen``, for as long as wanted.

While the alias is installed, ``tornado`` and every ``tornado.X`` mean the runtime, whether or not a
real Tornado can be imported; afterwards ``sys.modules`` and ``sys.meta_path`` are as before::

    with tornado_alias.installed():
        import tornado.gen                  # the very module object uncallback.runtime.gen

A module that the runtime does not have, or that the current generation does not have, is an
``ImportError`` that names it.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

from . import generation

_RUNTIME = __package__ or "uncallback.runtime"
_OWN = frozenset({"choices", "explore", "generation", "tornado_alias"})
_GONE_IN_6 = ("stack_context",)

_VERSIONS = {4: (4, 4, 2, 0), 5: (5, 1, 1, 0), 6: (6, 5, 2, 0)}

_package = ModuleType("tornado", "The bundled runtime under Tornado's name.")
_package.__path__ = []
generation.vary(_package.__dict__, "version_info", _VERSIONS)
generation.vary(
    _package.__dict__,
    "version",
    {number: ".".join(map(str, info[:3])) for number, info in _VERSIONS.items()},
)


class _AliasLoader(Loader):
    """Gives a module that is loaded under its own name, unchanged."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # the import system has put the alias's spec there


class _Finder(MetaPathFinder):
    """Finds ``tornado`` and what is in it in the runtime, or in the folders of ``also``."""

    def __init__(self, also: Mapping[str, str]) -> None:
        self._also = also

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "tornado" and not fullname.startswith("tornado."):
            return None
        if fullname in self._also:
            return _spec_of_folder(fullname, self._also[fullname])
        parent = fullname.rpartition(".")[0]
        if any(parent == name or parent.startswith(name + ".") for name in self._also):
            return PathFinder.find_spec(fullname, path)
        return ModuleSpec(fullname, _AliasLoader(_find(fullname)), is_package=False)


def _spec_of_folder(fullname: str, folder: str) -> ModuleSpec | None:
    return importlib.util.spec_from_file_location(
        fullname, f"{folder}/__init__.py", submodule_search_locations=[folder]
    )


def _find(fullname: str) -> ModuleType:
    """Return the module that ``fullname`` stands for, or raise ``ModuleNotFoundError``."""
    if fullname == "tornado":
        return _package
    name = fullname.removeprefix("tornado.")
    if name in _GONE_IN_6 and generation.current >= 6:
        raise ModuleNotFoundError(f"No module named {fullname!r}: gone in Tornado 6", name=fullname)
    own = f"{_RUNTIME}.{name}"
    if name not in _OWN and not any(part.startswith("_") for part in name.split(".")):
        try:
            return importlib.import_module(own)
        except ModuleNotFoundError as error:
            if error.name is None or not (own + ".").startswith(error.name + "."):
                raise
    raise ModuleNotFoundError(
        f"No module named {fullname!r}: the bundled runtime has nothing in its place", name=fullname
    )


_installed: list[tuple[_Finder, dict[str, ModuleType]]] = []


def install(also: Mapping[str, str] | None = None) -> None:
    """Make ``tornado`` mean the runtime. ``also`` maps further packages to their folders.

    Installing again nests: each :func:`uninstall` undoes one.
    """
    finder = _Finder(also or {})
    _installed.append((finder, _take_out()))
    sys.meta_path.insert(0, finder)
    generation.listen(_forget_gone)


def uninstall() -> None:
    """Undo the last :func:`install`; ``RuntimeError`` without one."""
    if not _installed:
        raise RuntimeError("the alias is not installed")
    finder, before = _installed.pop()
    sys.meta_path.remove(finder)
    _take_out()
    sys.modules.update(before)


@contextmanager
def installed(also: Mapping[str, str] | None = None) -> Iterator[None]:
    """Install for the length of a ``with`` block."""
    install(also)
    try:
        yield
    finally:
        uninstall()


def _take_out() -> dict[str, ModuleType]:
    """Remove every ``tornado`` module from ``sys.modules``, and return them."""
    names = [name for name in sys.modules if name == "tornado" or name.startswith("tornado.")]
    for name, value in list(vars(_package).items()):
        if isinstance(value, ModuleType):
            delattr(_package, name)
    return {name: sys.modules.pop(name) for name in names}


def _forget_gone(current: int) -> None:
    """Let a module that the new generation does not have be looked for again."""
    if _installed and current >= 6:
        for name in _GONE_IN_6:
            sys.modules.pop(f"tornado.{name}", None)
            vars(_package).pop(name, None)
