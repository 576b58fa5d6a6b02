"""The nodes of one module by the name that they carry, found once instead of at every question."""

from __future__ import annotations

from functools import cached_property

import libcst as cst

from . import cst as tree

_GETATTR = "getattr"


class Index:
    """The nodes of ``module`` by name; everything is given in source order."""

    def __init__(self, module: cst.Module) -> None:
        self._module = module

    def named(self, name: str) -> list[cst.CSTNode]:
        """The identifiers, attributes, functions and texts that are ``name``.

        A text counts by its last dotted part too: ``"jobs.lookup"`` is also a ``lookup``.
        """
        return [node for _, node in self._places.get(name, ())]

    def named_or_looked_up(self, name: str) -> list[cst.CSTNode]:
        """`named`, and every call of ``getattr``, which may compute the name."""
        both = [*self._places.get(name, ()), *self._lookups]
        return [node for _, node in sorted(both, key=lambda place: place[0])]

    @cached_property
    def names(self) -> frozenset[str]:
        """Every identifier of the module, attributes and keywords included."""
        return frozenset(tree.names(self._module))

    @cached_property
    def _all(self) -> tuple[dict[str, list[tuple[int, cst.CSTNode]]], list[tuple[int, cst.Call]]]:
        places: dict[str, list[tuple[int, cst.CSTNode]]] = {}
        lookups: list[tuple[int, cst.Call]] = []
        for at, node in enumerate(tree.walk(self._module)):
            if type(node) is cst.Call:
                call = cst.ensure_type(node, cst.Call)
                if tree.dotted(call.func) == _GETATTR:
                    lookups.append((at, call))
            for name in _carried(node):
                places.setdefault(name, []).append((at, node))
        return places, lookups

    @property
    def _places(self) -> dict[str, list[tuple[int, cst.CSTNode]]]:
        return self._all[0]

    @property
    def _lookups(self) -> list[tuple[int, cst.Call]]:
        return self._all[1]


def _carried(node: cst.CSTNode) -> set[str]:
    """The names under which a node is found; exact types, since LibCST's are slow to ask for."""
    kind = type(node)
    if kind is cst.Name:
        return {cst.ensure_type(node, cst.Name).value}
    if kind is cst.Attribute:
        return {cst.ensure_type(node, cst.Attribute).attr.value}
    if kind is cst.FunctionDef:
        return {cst.ensure_type(node, cst.FunctionDef).name.value}
    if kind is cst.SimpleString:
        text = str(cst.ensure_type(node, cst.SimpleString).raw_value)
        return {text, text.rpartition(".")[2]}
    return set()
