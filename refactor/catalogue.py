"""The catalogue of operations: which calls take a callback, and what is known of each.

The entries are data (``operations.toml`` beside this module, and ``[tool.uncallback.operations]``
of a project); the file's head says what each field means.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Form = Literal[
    "fetch",
    "future",
    "maybe",
    "auth",
    "task",
    "promise",
    "sleep",
    "moment",
    "step",
    "settled",
    "given",
    "exit",
    "none",
]
Errors = Literal["response", "none", "argument", "raised", "dropped", "value", "future"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One entry of the catalogue; the fields are those of ``operations.toml``.

    Four are for operations that no entry describes: ``assumed``, which the person vouched for,
    ``drops``, a function of the project that loses its callback's parameter, so that what follows
    it moves up, ``keeps``, a coroutine whose future keeps what its start raises, and ``lost``, one
    where the caller cannot hear of it before it waits, so that it counts as ``immediate``.
    """

    name: str
    owner: tuple[str, ...] = ()
    call: str | None = None
    method: str | None = None
    module: str | None = None
    callback: str = "callback"
    position: int | None = None
    passes: tuple[str, ...] = ("result",)
    errors: Errors = "value"
    immediate: bool = False
    repeats: bool = False
    forwards: bool = False
    assumed: bool = False
    drops: bool = False
    keeps: bool = False
    lost: bool = False
    returns: Literal["nothing", "future", "handle"] = "nothing"
    form5: Form = "task"
    form6: Form = "promise"

    def form(self, tornado: int) -> Form:
        """The awaitable form for a generation, 5 or 6."""
        return self.form6 if tornado >= 6 else self.form5


class CatalogueError(ValueError):
    """An entry that cannot be used; the text says which and why."""


def expanded(entry: Mapping[str, Any]) -> list[Operation]:
    """The operations of a table, one for each of its methods; raises :class:`CatalogueError`."""
    methods = entry.get("method")
    if not isinstance(methods, list):
        return [operation(entry)]
    holder = entry.get("name") or entry.get("module")
    return [operation({**entry, "name": f"{holder}.{each}", "method": each}) for each in methods]


def operation(entry: Mapping[str, Any]) -> Operation:
    """An :class:`Operation` from its table; raises :class:`CatalogueError`."""
    name = entry.get("name") or entry.get("call")
    if not isinstance(name, str):
        raise CatalogueError("an operation needs a 'name' or a 'call'")
    known = {field.name for field in fields(Operation)}
    unknown = sorted(set(entry) - known)
    if unknown:
        raise CatalogueError(f"operation {name!r}: unknown field {unknown[0]!r}")
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()}
    if isinstance(values.get("owner"), str):
        values["owner"] = (values["owner"],)
    found = Operation(**cast("dict[str, Any]", {**values, "name": name}))
    if not found.call and not ((found.owner or found.module) and found.method):
        raise CatalogueError(f"operation {name!r}: needs 'call', or 'owner' and 'method'")
    _one_of(found, "errors", get_args(Errors))
    for form in ("form5", "form6"):
        _one_of(found, form, get_args(Form))
    return found


def _one_of(found: Operation, field: str, allowed: Iterable[str]) -> None:
    if getattr(found, field) not in allowed:
        listed = ", ".join(allowed)
        raise CatalogueError(f"operation {found.name!r}: {field!r} must be one of {listed}")


@lru_cache(maxsize=1)
def bundled() -> tuple[Operation, ...]:
    """Tornado's own operations and those of the modules around it."""
    data = tomllib.loads(Path(__file__).with_name("operations.toml").read_text("utf-8"))
    return tuple(each for entry in data["operation"] for each in expanded(entry))


@dataclass(frozen=True)
class Catalogue:
    """The operations as one project sees them; its own entries come first."""

    operations: tuple[Operation, ...]

    @classmethod
    def of(cls, extra: Iterable[Mapping[str, Any]] = ()) -> Catalogue:
        """The bundled entries behind a project's; raises :class:`CatalogueError`."""
        own = (each for entry in extra for each in expanded(entry))
        return cls((*own, *bundled()))

    def by_text(self, call: str) -> Operation | None:
        """The entry whose ``call``, a text or a pattern, fits the call as it is written."""

        def fits(text: str) -> bool:
            return text == call or fnmatchcase(call, text)

        return next((each for each in self.operations if each.call and fits(each.call)), None)

    def by_owner(self, owners: Iterable[str], method: str) -> Operation | None:
        """The entry for ``method`` of an object with any of the qualified classes ``owners``."""
        mine = list(owners)
        for each in self.operations:
            if each.method == method and any(owner in each.owner for owner in mine):
                return each
        return None

    def by_module(self, modules: Iterable[str], method: str) -> Operation | None:
        """The entry for ``method`` of any object, in a file that imports one of ``modules``."""
        mine = set(modules)
        for each in self.operations:
            if each.method == method and each.module in mine:
                return each
        return None

    def tables(self) -> list[dict[str, Any]]:
        """The entries as plain tables, for reports and for the child process of the check."""
        return [asdict(each) for each in self.operations]
