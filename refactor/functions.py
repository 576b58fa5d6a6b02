"""Functions outside of classes: what a name stands for, and which places of the project name one.

A function that the module binds in any second way is not resolved, because nobody can tell which
binding wins. Places are over-approximated, so whoever needs *all* callers may rely on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import libcst as cst

from . import cst as tree
from .names import TARGETED
from .workspace import Parsed, Workspace

Definition = tuple[Parsed, cst.FunctionDef]

LOOKUPS = frozenset(
    {"getattr", "setattr", "hasattr", "delattr", "methodcaller", "attrgetter", "patch", "object"}
)
"""Functions that find something by its name, ``mock.patch`` and ``patch.object`` included."""


@dataclass(frozen=True, eq=False)
class Place:
    """A place that names a function; ``file`` and ``node`` are None where it cannot be parsed."""

    path: str
    file: Parsed | None
    node: cst.CSTNode | None


def definition(workspace: Workspace, file: Parsed, name: cst.BaseExpression) -> Definition | None:
    """The function of the project that ``name`` is, through imports and re-exports."""
    if isinstance(name, cst.Name) and isinstance(file.names.owner(name, name.value), cst.Module):
        here = _module_function(file, name.value)
        if here is not None:
            return file, here
    qualified = file.names.qualified(name)
    return _imported(workspace, qualified, 0) if qualified is not None else None


def _imported(workspace: Workspace, qualified: str, depth: int) -> Definition | None:
    module, _, name = qualified.rpartition(".")
    path = workspace.module_path(module) if module else None
    parsed = workspace.file(path) if path is not None else None
    if parsed is None or depth > 8 or not parsed.module.body:
        return None
    here = _module_function(parsed, name)
    if here is not None:
        return parsed, here
    onward = parsed.names.qualified(cst.Name(name), at=parsed.module.body[0])
    same = onward is None or onward == qualified
    return None if same or onward is None else _imported(workspace, onward, depth + 1)


def _module_function(file: Parsed, name: str) -> cst.FunctionDef | None:
    bindings = file.names.bindings(file.module)
    places = bindings.assigned.get(name, [])
    single = len(places) == 1 and name not in bindings.imported
    return places[0] if single and isinstance(places[0], cst.FunctionDef) else None


def variable(workspace: Workspace, qualified: str) -> tuple[Parsed, cst.CSTNode] | None:
    """The one assignment of the variable of a module that ``qualified`` names, with its file.

    None where its module binds it again; for others that may, see :func:`set_elsewhere`.
    """
    if qualified.startswith("tornado."):
        return None
    module, _, name = qualified.rpartition(".")
    path = workspace.module_path(module) if module else None
    file = workspace.file(path) if path is not None else None
    if file is None or not file.module.body:
        return None
    bindings = file.names.bindings(file.module)
    found = bindings.assigned.get(name, [])
    if not found and name in bindings.imported:
        onward = file.names.qualified(cst.Name(name), at=file.module.body[0])
        return variable(workspace, onward) if onward and onward != qualified else None
    if len(found) != 1 or rebinds(file, name):
        return None
    return file, found[0]


def rebinds(file: Parsed, name: str) -> bool:
    """Whether a function of ``file`` may bind a variable of the module again."""
    return name in file.names.declared_global


def set_elsewhere(workspace: Workspace, qualified: str) -> bool:
    """Whether somebody stores something under the name of a module's variable."""
    if qualified not in workspace.stored:
        workspace.stored[qualified] = _stored(workspace, qualified)
    return workspace.stored[qualified]


def _stored(workspace: Workspace, qualified: str) -> bool:
    name = qualified.rpartition(".")[2]
    for path in workspace.files.mentions(name):
        file = workspace.file(path)
        for node in file.index.named(name) if file is not None else ():
            assert file is not None
            if isinstance(node, cst.SimpleString) and _looked_up(file, node, name):
                return True
            parent = file.names.parents.get(id(node)) if isinstance(node, cst.Attribute) else None
            stored = isinstance(parent, TARGETED) and parent.target is node
            if stored and file.names.qualified(node) == qualified:
                return True
    return False


def places(workspace: Workspace, file: Parsed, function: cst.FunctionDef) -> Iterator[Place]:
    """Every place of the project that may name ``function`` (of ``file``), imports left out."""
    waiting, known = [function.name.value], {function.name.value}
    while waiting:
        name = waiting.pop()
        for path in workspace.files.mentions(name):
            parsed = workspace.file(path)
            if parsed is None:
                if PurePosixPath(path).suffix in {".py", ".pyw"}:
                    yield Place(path, None, None)
                continue
            yield from _in_file(workspace, parsed, name, (file, function))
            other = _other_names(parsed, name) - known
            known |= other
            waiting += other
    yield from _module_as_value(workspace, file)


def _in_file(workspace: Workspace, file: Parsed, name: str, wanted: Definition) -> Iterator[Place]:
    for node in file.index.named(name):
        if isinstance(node, cst.Name | cst.Attribute):
            named = _named(workspace, file, node, name, wanted)
        else:
            named = isinstance(node, cst.SimpleString) and _looked_up(file, node, name)
        if named:
            yield Place(file.path, file, node)


def _named(
    workspace: Workspace,
    file: Parsed,
    node: cst.Name | cst.Attribute,
    name: str,
    wanted: Definition,
) -> bool:
    if (node.value if isinstance(node, cst.Name) else node.attr.value) != name:
        return False
    if isinstance(node, cst.Name) and not _is_read(file, node):
        return False
    found = definition(workspace, file, node)
    if found is not None:
        return found[1] is wanted[1]
    several = len(set(file.names.bindings(file.module).stars)) > 1
    return isinstance(node, cst.Name) and several and file.names.owner(node, name) is None


def _is_read(file: Parsed, node: cst.Name) -> bool:
    """Whether a name stands for its value, and is no definition, keyword or attribute."""
    parent = file.names.parents.get(id(node))
    if isinstance(parent, cst.Attribute):
        return parent.value is node
    if isinstance(parent, cst.Arg):
        return parent.value is node
    naming = (
        cst.FunctionDef | cst.ClassDef | cst.Param | cst.ImportAlias | cst.ImportFrom | cst.AsName
    )
    return not isinstance(parent, naming) or (
        isinstance(parent, cst.Param) and parent.name is not node
    )


def _looked_up(file: Parsed, node: cst.SimpleString, name: str) -> bool:
    """Whether a text may be used to find the function: in ``getattr``, or among the globals."""
    if str(node.raw_value).rpartition(".")[2] != name:
        return False
    parent = file.names.parents.get(id(node))
    call = file.names.parents.get(id(parent)) if isinstance(parent, cst.Arg) else None
    if isinstance(call, cst.Call) and (tree.dotted(call.func) or "").rpartition(".")[2] in LOOKUPS:
        return True
    return "globals" in file.index.names


def _other_names(file: Parsed, name: str) -> set[str]:
    """The names under which ``file`` imports ``name``."""
    return {
        alias.asname.name.value
        for alias in tree.find(file.module, cst.ImportAlias)
        if alias.asname is not None
        and isinstance(alias.asname.name, cst.Name)
        and alias.evaluated_name.rpartition(".")[2] == name
    }


def _module_as_value(workspace: Workspace, file: Parsed) -> Iterator[Place]:
    """Places where the module itself is handed on, so that anybody may call what it defines."""
    path = PurePosixPath(file.path)
    stem = path.parent.name if path.stem == "__init__" else path.stem
    for other in workspace.files.mentions(stem) if stem else ():
        parsed = workspace.file(other)
        for node in tree.find(parsed.module, cst.Name) if parsed is not None else ():
            assert parsed is not None
            whole = _whole(parsed, node)
            qualified = parsed.names.qualified(whole) if _is_read(parsed, node) else None
            if qualified is None or qualified.rpartition(".")[2] != stem:
                continue
            if workspace.module_path(qualified) == file.path:
                yield Place(other, parsed, whole)


def _whole(file: Parsed, node: cst.Name) -> cst.BaseExpression:
    """The longest dotted name that begins with ``node``."""
    at: cst.BaseExpression = node
    parent = file.names.parents.get(id(at))
    while isinstance(parent, cst.Attribute) and parent.value is at:
        at, parent = parent, file.names.parents.get(id(parent))
    return at
