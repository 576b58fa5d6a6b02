"""A StopIteration does not leave a generator as what it is (SEMANTICS trap 31).

In a callback it was answered with 500 as any error. Python 2 ends the generator without an error;
since Python 3.7 (PEP 479) a RuntimeError comes out, which ``write_error``, ``log_exception`` and
the log see. A generator that may raise one, itself or in what it calls in the project, gets a guard
around its statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from . import cst as tree
from .unit import Unit
from .workspace import Class, Parsed

STOPPING = frozenset({"next", "StopIteration"})
"""Names in code that may raise StopIteration, in Python 2, where iterators have ``next()``."""

CATCHING = frozenset({"StopIteration", "Exception", "BaseException"})


def guarded(unit: Unit, cls: Class, block: tree.Block, first: str) -> tree.Block:
    """``block``, with a guard around it where it needs one; ``first`` is the name of self."""
    if not _may_stop(unit, cls, unit.file, block, set()):
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
    old = unit.options.python < (3,)
    for node in nodes:
        for each in tree.walk(node) if old else _unprotected(node):
            if _stops_in_2(each) if old else _stops(each):
                return True
            if isinstance(each, cst.Call) and _leads_to_stop(unit, cls, file, each, seen):
                return True
    return False


def _stops_in_2(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Name) and node.value in STOPPING


def _stops(node: cst.CSTNode) -> bool:
    """``next(it)``, ``it.__next__()``, or ``raise StopIteration``."""
    if isinstance(node, cst.Raise):
        return node.exc is not None and "StopIteration" in tree.names(node.exc)
    if not isinstance(node, cst.Call):
        return False
    plain = len(node.args) == 1 and not node.args[0].star and tree.dotted(node.func) == "next"
    return plain or (isinstance(node.func, cst.Attribute) and node.func.attr.value == "__next__")


def _unprotected(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes below ``node`` that no ``except`` keeps a StopIteration from leaving.

    A generator expression makes a RuntimeError of it by itself, wherever it stands.
    """
    yield node
    caught = isinstance(node, cst.Try) and any(
        each.type is None or tree.names(each.type) & CATCHING for each in node.handlers
    )
    for child in tree.children(node):
        inside = caught and isinstance(node, cst.Try) and child is node.body
        if not inside and not isinstance(child, cst.GeneratorExp):
            yield from _unprotected(child)


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
