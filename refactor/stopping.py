"""Python 2: a StopIteration that leaves a generator ends it without an error (SEMANTICS trap 31).

In a callback it was answered with 500. A generator that may raise one, itself or in what it calls
in the project, gets a guard around its statements. Python 3 turns it into a RuntimeError by itself.
"""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from . import cst as tree
from .unit import Unit
from .workspace import Class, Parsed

STOPPING = frozenset({"next", "StopIteration"})
"""Names in code that may raise StopIteration."""


def guarded(unit: Unit, cls: Class, block: tree.Block, first: str) -> tree.Block:
    """``block``, with a guard around it where Python 2 needs one; ``first`` is the name of self."""
    if unit.options.python >= (3,) or not _may_stop(unit, cls, unit.file, block, set()):
        return block
    error = tree.fresh("error", {name for stmt in block for name in tree.names(stmt)})
    report = tree.line(f"{first}._handle_request_exception({error})")
    handler = cst.ExceptHandler(
        body=tree.suite([report]), type=cst.Name("StopIteration"), name=cst.AsName(cst.Name(error))
    )
    return [cst.Try(body=tree.suite(block), handlers=[handler])]


def _may_stop(
    unit: Unit, cls: Class, file: Parsed, nodes: Iterable[cst.CSTNode], seen: set[str]
) -> bool:
    """Whether running ``nodes`` may raise StopIteration, as far as the project's code tells."""
    for node in nodes:
        for each in tree.walk(node):
            if isinstance(each, cst.Name) and each.value in STOPPING:
                return True
            if isinstance(each, cst.Call) and _leads_to_stop(unit, cls, file, each, seen):
                return True
    return False


def _leads_to_stop(unit: Unit, cls: Class, file: Parsed, call: cst.Call, seen: set[str]) -> bool:
    func = call.func
    name = func.attr.value if isinstance(func, cst.Attribute) else tree.dotted(func)
    if name is None or name in seen:
        return False
    seen.add(name)
    bodies: list[tuple[Parsed, cst.CSTNode]] = []
    if isinstance(func, cst.Attribute):
        line = (*unit.workspace.ancestry(cls), *unit.workspace.descendants(cls))
        owners = [at for at in line if isinstance(at, Class) and name in at.methods]
        bodies += [(at.file, at.methods[name].body) for at in owners]
    else:
        places = file.names.bindings(file.module).assigned.get(name, [])
        bodies += [(file, at.body) for at in places if isinstance(at, cst.FunctionDef)]
    return any(_may_stop(unit, cls, where, [body], seen) for where, body in bodies)
