"""Methods that somebody only looks at: their names, their docstrings, the classes that define them.

Whoever computes an ``Allow`` header asks ``getattr(self, verb)`` for each verb and calls none.
"""

from __future__ import annotations

import libcst as cst

from . import cst as tree
from .functions import definition
from .names import parameters
from .workspace import Parsed, Workspace

_CALLING = frozenset({"__call__", "__func__", "__wrapped__", "__get__", "__code__"})
"""Attributes of a method by which it could be called, or by which a wrapper is told."""

_CHANGING = frozenset({"upper", "title", "capitalize", "swapcase"})
"""Methods of a text that give another one for a method's name."""

_ASKING = frozenset({"hasattr", "callable", "isinstance", "bool", "id", "repr", "str", "type"})
"""Builtin functions that call none of their arguments."""


def is_looked_at(workspace: Workspace, file: Parsed, node: cst.CSTNode) -> bool:
    """Whether nothing but looking happens to a method at a place that names it.

    ``node`` is the expression that gives the method, or its name as a text.
    """
    if isinstance(node, cst.SimpleString):
        return _text(workspace, file, node)
    return _looked_at(workspace, file, node, 0)


def _text(workspace: Workspace, file: Parsed, node: cst.SimpleString) -> bool:
    """Whether a text is only asked for with ``getattr``, itself or as one of a loop's list."""
    parents = file.names.parents
    parent = parents.get(id(node))
    if isinstance(parent, cst.Arg):
        return _asked_for(workspace, file, parent)
    listed = parents.get(id(parent)) if isinstance(parent, cst.Element) else None
    loop = parents.get(id(listed))
    if not isinstance(loop, cst.For) or loop.iter is not listed:
        return False
    loads = _loads(file, loop.target) if isinstance(loop.target, cst.Name) else None
    return loads is not None and all(_text_use(workspace, file, each) for each in loads)


def _text_use(workspace: Workspace, file: Parsed, name: cst.Name) -> bool:
    """Whether a variable that holds the text is tested, changed, or asked for."""
    parent = file.names.parents.get(id(name))
    if isinstance(parent, cst.Arg):
        return _asked_for(workspace, file, parent)
    if isinstance(parent, cst.Attribute):
        return parent.attr.value in _CHANGING
    return isinstance(parent, cst.UnaryOperation | cst.If | cst.Comparison)


def _asked_for(workspace: Workspace, file: Parsed, argument: cst.Arg) -> bool:
    """``hasattr(x, name)``, and ``getattr(x, name)`` where the result is only looked at."""
    call = file.names.parents.get(id(argument))
    if not isinstance(call, cst.Call) or len(call.args) < 2 or call.args[1] is not argument:
        return False
    func = tree.dotted(call.func)
    if func not in ("getattr", "hasattr") or file.names.owner(call, func) is not None:
        return False
    return func == "hasattr" or _looked_at(workspace, file, call, 0)


def _looked_at(workspace: Workspace, file: Parsed, node: cst.CSTNode, depth: int) -> bool:
    parent = file.names.parents.get(id(node))
    if isinstance(parent, cst.Attribute):
        return _is_harmless(file, parent)
    if isinstance(parent, cst.Expr | cst.Comparison | cst.ComparisonTarget | cst.UnaryOperation):
        return True
    if isinstance(parent, cst.If):
        return parent.test is node
    if isinstance(parent, cst.Assign) and len(parent.targets) == 1:
        target = parent.targets[0].target
        loads = _loads(file, target) if isinstance(target, cst.Name) else None
        return loads is not None and all(_looked_at(workspace, file, n, depth) for n in loads)
    return isinstance(parent, cst.Arg) and _given(workspace, file, parent, depth)


def _is_harmless(file: Parsed, attribute: cst.Attribute) -> bool:
    """Whether an attribute of a method is read, and is nothing by which it could be called."""
    parent = file.names.parents.get(id(attribute))
    if attribute.attr.value == "__self__":
        return isinstance(parent, cst.Attribute) and parent.attr.value == "__class__"
    called = isinstance(parent, cst.Call) and parent.func is attribute
    stored = isinstance(parent, cst.AssignTarget | cst.AugAssign | cst.Del)
    return attribute.attr.value not in _CALLING and not called and not stored


def _given(workspace: Workspace, file: Parsed, argument: cst.Arg, depth: int) -> bool:
    """Whether the function that gets the method only looks at it, too."""
    call = file.names.parents.get(id(argument))
    if not isinstance(call, cst.Call) or argument.keyword is not None or depth > 2:
        return False
    if any(each.star for each in call.args):
        return False
    name = tree.dotted(call.func)
    if name in _ASKING and file.names.owner(call, name) is None:
        return True
    found = definition(workspace, file, call.func)
    if found is None or found[1].decorators or found[1].asynchronous is not None:
        return False
    at = next(i for i, each in enumerate(call.args) if each is argument)
    taking = parameters(found[1].params)
    if at >= len(found[1].params.params) or found[1].params.posonly_params:
        return False
    loads = _loads(found[0], taking[at].name)
    return loads is not None and all(
        _looked_at(workspace, found[0], each, depth + 1) for each in loads
    )


def _loads(file: Parsed, name: cst.Name) -> list[cst.Name] | None:
    """The places that read a local variable bound by ``name`` alone; None for any other."""
    owner = file.names.owner(name, name.value)
    if not isinstance(owner, cst.FunctionDef):
        return None
    if len(file.names.bindings(owner).assigned.get(name.value, [])) != 1:
        return None
    return [
        each
        for each in tree.find(owner, cst.Name)
        if each.value == name.value and each is not name and _is_variable(file, each)
    ]


def _is_variable(file: Parsed, name: cst.Name) -> bool:
    """Whether a name is no attribute's and no keyword's."""
    parent = file.names.parents.get(id(name))
    if isinstance(parent, cst.Attribute):
        return parent.value is name
    return not isinstance(parent, cst.Arg) or parent.value is name
