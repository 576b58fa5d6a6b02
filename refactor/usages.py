"""Where a module uses ``asynchronous`` otherwise than as the decorator of a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from . import cst as tree
from .find import ASYNCHRONOUS, title
from .names import Names
from .workspace import Parsed

WORD = ASYNCHRONOUS.rpartition(".")[2]

_LOOKS = (
    cst.ComparisonTarget,
    cst.Comparison,
    cst.UnaryOperation,
    cst.Assert,
    cst.Expr,
    cst.Del,
    cst.If,
    cst.While,
)
"""What only looks at a value, or drops it."""


def paths(root: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The names and attributes below ``root``, the longest each, and calls of ``getattr`` for one.

    Imports and the names of keywords are left out.
    """
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, cst.Import | cst.ImportFrom | cst.Global | cst.Nonlocal):
            continue
        if tree.dotted(node) is not None or _is_lookup(node):
            yield node
            continue
        inner = tree.children(node)
        if isinstance(node, cst.Arg | cst.Attribute):
            inner = [node.value]
        elif isinstance(node, cst.FunctionDef | cst.ClassDef | cst.Param):
            inner = [each for each in inner if each is not node.name]
        waiting += reversed(inner)


def _is_lookup(node: cst.CSTNode) -> bool:
    if not isinstance(node, cst.Call) or tree.dotted(node.func) != "getattr":
        return False
    texts = (arg.value for arg in node.args[1:2])
    return any(isinstance(each, cst.SimpleString) and each.raw_value == WORD for each in texts)


def spellings(file: Parsed, is_it: Callable[[Parsed, cst.CSTNode], bool]) -> set[str]:
    """The words by which a file may name ``asynchronous``: its own, and what is bound to it."""
    found = {WORD}
    for node in tree.find(file.module, cst.ImportAlias):
        local = node.asname.name if node.asname is not None else node.name
        if isinstance(local, cst.Name) and is_it(file, local):
            found.add(local.value)
    given = [
        (target.value, {name for path in paths(value) for name in tree.names(path)} | _asked(value))
        for node in tree.find(file.module, cst.Assign)
        for value in [node.value]
        if _gives_a_name(value)
        for target in [each.target for each in node.targets]
        if isinstance(target, cst.Name)
    ]
    for _ in given:
        more = {name for name, words in given if words & found} - found
        if not more:
            break
        found |= more
    return found


def _asked(value: cst.BaseExpression) -> set[str]:
    return {WORD} if any(_is_lookup(each) for each in tree.find(value, cst.Call)) else set()


def _gives_a_name(value: cst.BaseExpression) -> bool:
    """Whether an assignment of ``value`` only gives another name to something."""
    choice = isinstance(value, cst.IfExp | cst.BooleanOperation)
    return choice or tree.dotted(value) is not None or _is_lookup(value)


def whole(file: Parsed, node: cst.CSTNode) -> cst.CSTNode | None:
    """The expression by which ``asynchronous``, which is ``node``, is used; None for no use.

    No use is a decorator of a function, another name for it, and a look at it.
    """
    parents = file.names.parents
    at, around = node, parents.get(id(node))
    while isinstance(around, cst.IfExp | cst.BooleanOperation):
        if isinstance(around, cst.IfExp) and at is around.test:
            return None
        at, around = around, parents.get(id(around))
    if isinstance(around, _LOOKS) or decorated_by(file.names, node) is not None:
        return None
    if isinstance(around, cst.Assign | cst.AnnAssign | cst.AssignTarget):
        targets = around.targets if isinstance(around, cst.Assign) else (around,)
        named = all(isinstance(each.target, cst.Name) for each in targets)
        return None if named else node
    calls = [each for each in file.names.ancestors(node) if isinstance(each, cst.Call)]
    return calls[0] if calls and isinstance(around, cst.Arg | cst.Call) else node


def decorated_by(names: Names, node: cst.CSTNode) -> cst.FunctionDef | None:
    """The function in one of whose decorators ``node`` stands."""
    inner = node
    for each in names.ancestors(node):
        if isinstance(each, cst.FunctionDef):
            return each if isinstance(inner, cst.Decorator) else None
        inner = each
    return None


def carrier(file: Parsed, node: cst.CSTNode) -> str:
    """The name under which a report tells of a use: of the method it makes, or what holds it."""
    holder = file.names.enclosing(node, cst.FunctionDef, cst.ClassDef)
    around = title(file.names, holder) if isinstance(holder, cst.FunctionDef | cst.ClassDef) else ""
    assigned = file.names.enclosing(node, cst.Assign, cst.FunctionDef, cst.ClassDef)
    target = tree.dotted(assigned.targets[0].target) if isinstance(assigned, cst.Assign) else None
    if isinstance(holder, cst.FunctionDef):
        return around
    call = file.names.parents.get(id(node))
    if target is None and isinstance(call, cst.Call) and call.args and call.func is node:
        target = tree.dotted(call.args[0].value)
    return ".".join(each for each in (around, target) if each) or "<module>"
