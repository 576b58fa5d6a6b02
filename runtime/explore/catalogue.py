"""The catalogue of operations, as far as running them goes.

The entries come from the parent process (``operations.toml`` of the codemod, and what the project
adds to it); the head of that file says what each field means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One entry of the catalogue, as far as running it goes (fields as in ``operations.toml``)."""

    name: str
    owner: tuple[str, ...] = ()
    call: str | None = None
    method: str | None = None
    module: str | None = None
    callback: str = "callback"
    position: int | None = None
    passes: tuple[str, ...] = ("result",)
    errors: str = "value"
    immediate: bool = False
    repeats: bool = False
    returns: str = "nothing"
    form5: str = ""

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Operation:
        """The entry from its table; fields that only the codemod needs are left out."""
        known = cls.__slots__
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in table.items()
            if key in known and value is not None
        }
        if isinstance(values.get("owner"), str):
            values["owner"] = (values["owner"],)
        values.setdefault("name", values.get("call") or "an operation")
        return cls(**values)

    @property
    def last(self) -> str:
        """The name that is called: the method, or the last part of ``call``."""
        return self.method or (self.call or "").rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The operations that stand-ins may be asked for.

    ``written``: every dotted name in the sources; a ``call`` pattern is about the call as written.
    ``assume_once``: whatever is not among them calls back once or never. ``of_tornado``: the last
    names of Tornado's own ones, which the runtime performs.
    """

    operations: tuple[Operation, ...] = ()
    written: frozenset[str] = frozenset()
    assume_once: bool = False
    of_tornado: frozenset[str] = frozenset({"fetch"})
    _found: dict[str, Operation | None] = field(default_factory=dict, compare=False)

    @classmethod
    def of(
        cls,
        tables: Iterable[Mapping[str, Any]],
        written: frozenset[str],
        assume_once: bool = False,
    ) -> Catalogue:
        """The catalogue without Tornado's own operations, which the runtime performs."""
        entries = [Operation.of(table) for table in tables]
        own = [o for o in entries if all(owner.startswith("tornado.") for owner in o.owner or "?")]
        outside = [o for o in entries if o not in own]
        names = frozenset(o.last for o in own) | {"fetch"}
        return cls(tuple(outside), written, assume_once, names)

    def find(self, name: str) -> Operation | None:
        """The operation that the stand-in ``name`` is, if it is one."""
        if not self.operations:
            return None
        if name not in self._found:
            self._found[name] = next((o for o in self.operations if self._fits(o, name)), None)
        return self._found[name]

    def starts(self, name: str, text: str | None) -> bool:
        """Whether a call of ``name``, written ``text`` if that is plain, may start an operation.

        A module or an owner that the code never names is none of its own.
        """
        return any(self._may_be(o, name, text) for o in self.operations)

    def _may_be(self, operation: Operation, name: str, text: str | None) -> bool:
        if name != operation.last:
            return False
        if operation.call is not None:
            return text is None or fnmatchcase(text, operation.call)
        if operation.module is not None:
            return any(_below(operation.module, each) for each in self.written)
        owners = {owner.rpartition(".")[2] for owner in operation.owner}
        return any(each.rpartition(".")[2] in owners for each in self.written)

    def _fits(self, operation: Operation, name: str) -> bool:
        last = name.rpartition(".")[2]
        if operation.call is None:
            mine = last == operation.method
            if operation.module is not None:
                return mine and any(_below(operation.module, text) for text in self.written)
            return mine and any(f"{owner}(" in name for owner in _spellings(operation.owner))
        if fnmatchcase(name, operation.call):
            return True
        texts = [text for text in self.written if text.rpartition(".")[2] == last]
        return bool(texts) and all(fnmatchcase(text, operation.call) for text in texts)


def _below(module: str, written: str) -> bool:
    return written == module or written.startswith(f"{module}.")


def _spellings(owners: Iterable[str]) -> Iterable[str]:
    """An owner with its module and without it, as ``from module import Owner`` has it."""
    for owner in owners:
        yield owner
        yield owner.rpartition(".")[2]


NO_OPERATIONS = Catalogue()
