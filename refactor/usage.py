"""Who else uses a method: the question that decides whether its body may move.

Every occurrence of the name in the project counts, except those that provably belong to a class
that shares no instances with ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import libcst as cst

from . import cst as tree
from .workspace import Class, Parsed, Workspace, first_parameter


@dataclass(frozen=True, eq=False)
class Use:
    """One occurrence of a method's name: where, and the node that carries it (None: not Python)."""

    path: str
    node: cst.CSTNode | None


def uses(workspace: Workspace, cls: Class, name: str) -> list[Use]:
    """Every use of ``cls``'s method ``name`` in the project, its own definition left out."""
    family = workspace.family(cls)
    found: list[Use] = []
    for path in workspace.files.mentions(name):
        parsed = workspace.file(path)
        if parsed is None:
            found.append(Use(path, None))
        else:
            own = cls.methods.get(name)
            found += [
                Use(path, n) for n in _occurrences(workspace, parsed, name, family) if n is not own
            ]
    return found


def _occurrences(
    workspace: Workspace, file: Parsed, name: str, family: set[Class]
) -> Iterator[cst.CSTNode]:
    for node in file.index.named(name):
        if isinstance(node, cst.Attribute) and node.attr.value == name:
            counts = not _foreign_attribute(workspace, file, node, family)
        elif isinstance(node, cst.FunctionDef) and node.name.value == name:
            counts = not _foreign_definition(workspace, file, node, family)
        elif isinstance(node, cst.SimpleString):
            named = node.raw_value == name and not _is_shown(file, node)
            counts = named or is_path(node, name, family)
        elif isinstance(node, cst.Name) and node.value == name:
            counts = _in_class_body(file, node, family) or _is_keyword(file, node)
        else:
            counts = False
        if counts:
            yield node


def is_path(node: cst.SimpleString, name: str, family: Iterable[Class]) -> bool:
    """Whether a text ends in ``Class.name``, as ``mock.patch("app.Class.name")`` takes it.

    ``"Class.name"`` alone names nothing that could be imported; people log it.
    """
    *around, owner, last = ("", *str(node.raw_value).split("."))
    return last == name and any(around) and any(owner == cls.node.name.value for cls in family)


def _is_shown(file: Parsed, node: cst.SimpleString) -> bool:
    """Whether a text is an argument of ``print`` or of a function of ``logging``."""
    parent = file.names.parents.get(id(node))
    call = file.names.parents.get(id(parent)) if isinstance(parent, cst.Arg) else None
    if not isinstance(call, cst.Call):
        return False
    qualified = file.names.qualified(call.func, call) or ""
    printed = tree.dotted(call.func) == "print" and file.names.owner(call, "print") is None
    return printed or qualified.startswith("logging.")


def _in_class_body(file: Parsed, node: cst.Name, family: set[Class]) -> bool:
    """Whether a bare name is the method, read in the body of its own class."""
    parent = file.names.parents.get(id(node))
    if isinstance(parent, cst.Attribute | cst.FunctionDef | cst.Param):
        return False
    owner = file.names.owner(node, node.value)
    return any(owner is each.node for each in family)


def _is_keyword(file: Parsed, node: cst.Name) -> bool:
    """Whether a name is that of an argument: ``type("B", (A,), dict(on_x=...))`` replaces a method.

    ``callback=`` is what every operation has; ``on_x=self.on_x`` names the method by itself.
    """
    parent = file.names.parents.get(id(node))
    if not isinstance(parent, cst.Arg) or parent.keyword is not node or node.value == "callback":
        return False
    return not isinstance(parent.value, cst.Attribute) or parent.value.attr.value != node.value


def _unrelated(workspace: Workspace, cls: Class, family: set[Class]) -> bool:
    """Whether ``cls`` certainly shares no instances with the family: all its bases are known."""
    return cls not in family and None not in workspace.ancestry(cls)


def _class_around(file: Parsed, node: cst.CSTNode) -> Class | None:
    around = file.names.enclosing(node, cst.ClassDef)
    return next((c for c in file.classes.values() if c.node is around), None)


def _foreign_definition(
    workspace: Workspace, file: Parsed, node: cst.FunctionDef, family: set[Class]
) -> bool:
    """A function, or a method of a class that has nothing to do with ours."""
    if not isinstance(file.names.enclosing(node, cst.ClassDef, cst.FunctionDef), cst.ClassDef):
        return True
    cls = _class_around(file, node)
    return cls is None or _unrelated(workspace, cls, family)


def _foreign_attribute(
    workspace: Workspace, file: Parsed, node: cst.Attribute, family: set[Class]
) -> bool:
    """``self.name`` inside a class that has nothing to do with ours."""
    holder = tree.dotted(node.value)
    cls = _class_around(file, node)
    if cls is None or holder is None or not _unrelated(workspace, cls, family):
        return False
    owner = file.names.owner(node, holder)
    return isinstance(owner, cst.FunctionDef) and first_parameter(owner) == holder
