"""Who outside of the project may call a function of it."""

from __future__ import annotations

from pathlib import PurePosixPath

import libcst as cst

from . import cst as tree
from .methods import Method
from .workspace import Class, Workspace


def expected(workspace: Workspace, method: Method) -> bool:
    """Whether callers outside of the project are likely: a public name of a module for others.

    A module that defines request handlers is the application itself, unless ``__all__`` says more.
    """
    names = [method.name, *method.cls.name.split("."), PurePosixPath(method.file.path).stem]
    if any(each.startswith("_") and each != "__init__" for each in names) or method.on_class:
        return False
    exported = method.file.names.bindings(method.file.module).assigned.get("__all__")
    outermost = names[1] or names[0]
    if exported and _exports(method.file.module, outermost):
        return True
    return not any(_serves(workspace, each) for each in method.file.classes.values())


def _exports(module: cst.Module, name: str) -> bool:
    return any(
        isinstance(stmt, cst.Assign)
        and any(tree.dotted(target.target) == "__all__" for target in stmt.targets)
        and any(text.raw_value == name for text in tree.find(stmt.value, cst.SimpleString))
        for stmt in tree.find(module, cst.Assign, into_functions=False)
    )


def _serves(workspace: Workspace, cls: Class) -> bool:
    """Whether ``cls`` is a request handler, or may be."""
    bases = (at for at in workspace.ancestry(cls) if not isinstance(at, Class))
    return any(at is None or at.startswith("tornado.web") for at in bases)
