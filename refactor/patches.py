"""Methods that somebody replaces on the class, as tests do: ``Page.load = fake_load``.

The function is one more definition of the method, for the class and all below it. Also understood
are ``setattr(Page, "load", fake_load)`` and the method that is kept meanwhile in a variable which
does nothing but give it back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from . import cst as tree
from .functions import definition
from .workspace import Class, Parsed, Patched, Workspace, first_parameter


@dataclass(frozen=True, slots=True)
class _Store:
    """A place that sets the attribute ``name`` of ``holder``; ``node`` is what carries the name."""

    holder: cst.BaseExpression
    name: str
    value: cst.BaseExpression
    node: cst.CSTNode


def patched(workspace: Workspace, cls: Class) -> Iterator[Patched]:
    """The classes that ``cls`` is while a function of the project stands in for a method."""
    for at in workspace.ancestry(cls):
        if not isinstance(at, Class) or isinstance(at, Patched):
            continue
        for file in _storing(workspace, at.node.name.value):
            for store in _stores(file):
                found = _function(workspace, file, store)
                if found is not None and workspace.resolve(file, store.holder) is at:
                    yield Patched(found[0], cls.node, cls.name, cls, store.name, found[1])


def is_patch(workspace: Workspace, file: Parsed, node: cst.CSTNode) -> bool:
    """Whether ``node`` (of ``file``) names a method of a class only to replace it by a function
    of the project, to keep it meanwhile, or to give it back."""
    parent = file.names.parents.get(id(node))
    if isinstance(parent, cst.Assign) and parent.value is node:
        return _is_only_kept(workspace, file, parent)
    store = next((each for each in _stores(file) if each.node is node), None)
    cls = workspace.resolve(file, store.holder) if store is not None else None
    if store is None or not isinstance(cls, Class):
        return False
    found = _function(workspace, file, store)
    if found is not None:
        below = workspace.descendants(cls)
        return any(isinstance(each, Patched) and each.function is found[1] for each in below)
    kept = _name(store.value)
    return kept is not None and _only_moves(workspace, kept)


def _storing(workspace: Workspace, name: str) -> tuple[Parsed, ...]:
    """The files whose text may set an attribute of what is called ``name``."""
    if name not in workspace.storing:
        called = re.escape(name.encode())
        pattern = re.compile(rb"\b%s\s*\.\s*\w+\s*=(?!=)|\bsetattr\b" % called)
        paths = (p for p in workspace.files.mentions(name) if pattern.search(workspace.data(p)))
        files = [workspace.file(path) for path in paths]
        workspace.storing[name] = tuple(file for file in files if file is not None)
    return workspace.storing[name]


def _stores(file: Parsed) -> Iterator[_Store]:
    for target in tree.find(file.module, cst.AssignTarget):
        assign = file.names.parents.get(id(target))
        if isinstance(target.target, cst.Attribute) and isinstance(assign, cst.Assign):
            to = target.target
            yield _Store(to.value, to.attr.value, assign.value, to)
    for call in tree.find(file.module, cst.Call):
        if (tree.dotted(call.func) or "").rpartition(".")[2] == "setattr" and len(call.args) == 3:
            holder, name, value = (arg.value for arg in call.args)
            plain = not any(arg.keyword or arg.star for arg in call.args)
            if plain and isinstance(name, cst.SimpleString):
                yield _Store(holder, str(name.raw_value), value, name)


def _function(
    workspace: Workspace, file: Parsed, store: _Store
) -> tuple[Parsed, cst.FunctionDef] | None:
    """The plain function that a store puts in the place of a method, with its file."""
    found = definition(workspace, file, store.value) or _local(file, store.value)
    if found is None or found[1].decorators or found[1].asynchronous is not None:
        return None
    generator = tree.some(found[1].body, lambda n: isinstance(n, cst.Yield))
    return found if first_parameter(found[1]) is not None and not generator else None


def _local(file: Parsed, value: cst.BaseExpression) -> tuple[Parsed, cst.FunctionDef] | None:
    """The function that a local name certainly is."""
    if not isinstance(value, cst.Name):
        return None
    owner = file.names.owner(value, value.value)
    if not isinstance(owner, cst.FunctionDef):
        return None
    places = file.names.bindings(owner).assigned.get(value.value, [])
    only = places[0] if len(places) == 1 else None
    return (file, only) if isinstance(only, cst.FunctionDef) else None


def _name(node: cst.CSTNode) -> str | None:
    """The name by which a variable or attribute is searched."""
    return (tree.dotted(node) or "").rpartition(".")[2] or None


def _is_only_kept(workspace: Workspace, file: Parsed, assign: cst.Assign) -> bool:
    """Whether ``kept = Page.load`` is a variable that does nothing but give the method back."""
    target = _name(assign.targets[0].target) if len(assign.targets) == 1 else None
    return target is not None and _only_moves(workspace, target)


def _only_moves(workspace: Workspace, kept: str) -> bool:
    """Whether all variables called ``kept`` do nothing but keep one method each, and give it back.

    An attribute is one variable for each class whose methods name it.
    """
    moves: dict[cst.CSTNode | None, set[tuple[Class, str]]] = {}
    saved: set[cst.CSTNode | None] = set()
    for path in workspace.files.mentions(kept):
        file = workspace.file(path)
        texts = tree.find(file.module, cst.SimpleString) if file is not None else ()
        if file is None or any(kept in str(each.raw_value).split(".") for each in texts):
            return False
        for node in tree.find(file.module, cst.Name):
            if node.value != kept:
                continue
            move = _move(workspace, file, node)
            if move is None:
                return False
            variable = _variable(file, node)
            moves.setdefault(variable, set()).add((move.holder, move.method))
            saved |= {variable} if move.saves else set()
    return saved == set(moves) and all(len(each) == 1 for each in moves.values())


def _variable(file: Parsed, node: cst.Name) -> cst.CSTNode | None:
    """What a variable belongs to: a class for an attribute, else the function or module."""
    if isinstance(file.names.parents.get(id(node)), cst.Attribute):
        return file.names.enclosing(node, cst.ClassDef) or file.module
    return file.names.owner(node, node.value)


@dataclass(frozen=True, slots=True)
class _Move:
    """A method of a class that goes into a variable (``saves``) or comes back from it."""

    holder: Class
    method: str
    saves: bool


def _move(workspace: Workspace, file: Parsed, node: cst.Name) -> _Move | None:
    """The move that a mention of a variable is: ``kept = Page.load`` or ``Page.load = kept``."""
    parents = file.names.parents
    whole: cst.CSTNode = node
    parent = parents.get(id(node))
    if isinstance(parent, cst.Attribute) and parent.attr is node:
        whole, parent = parent, parents.get(id(parent))
    if isinstance(parent, cst.AssignTarget):
        assign = parents.get(id(parent))
        read = assign.value if isinstance(assign, cst.Assign) else None
        alone = isinstance(assign, cst.Assign) and len(assign.targets) == 1
        holder = read.value if alone and isinstance(read, cst.Attribute) else None
        name = read.attr.value if isinstance(read, cst.Attribute) else ""
    else:
        store = next((each for each in _stores(file) if each.value is whole), None)
        holder, name = (store.holder, store.name) if store is not None else (None, "")
    found = workspace.resolve(file, holder) if holder is not None else None
    saves = isinstance(parent, cst.AssignTarget)
    return _Move(found, name, saves) if isinstance(found, Class) else None
