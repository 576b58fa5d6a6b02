"""Decorators that the project defines itself: do they hand on what the method returns?

A decorator that drops the value drops the coroutine's future, and the request is answered with
nothing (SEMANTICS section 6, traps 32 and 33). Only plain shapes are understood: a function that
returns its argument, or one that returns an inner function which calls the method and returns what
that gave; with arguments, one more function around it.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from . import cst as tree
from .functions import definition
from .names import Names, parameters
from .workspace import Parsed, Workspace


def hands_on(
    workspace: Workspace, file: Parsed, decorator: cst.Decorator, outside: bool, eager: bool
) -> bool:
    """Whether ``decorator`` (of ``file``) certainly returns what the method it wraps returns.

    ``outside``: it stands around ``@asynchronous``, so no error comes through it today and what it
    does instead of calling the method was never kept open. ``eager``: the new method starts when
    it is called (``@gen.coroutine``), not when it is awaited.
    """
    expression = decorator.decorator
    name = expression.func if isinstance(expression, cst.Call) else expression
    found = definition(workspace, file, name)
    if found is not None and name is not expression:
        inner = _returned_function(found[1])
        found = (found[0], inner) if inner is not None else None
    if found is None or any(found[1].decorators):
        return False
    return _hands_on(*found, strict=not (outside and eager), guarding=outside)


def _returned_function(function: cst.FunctionDef) -> cst.FunctionDef | None:
    """The inner function that ``function`` returns, when it does nothing else."""
    returned = [_name(each.value) for each in _returns(function)]
    inner = [stmt for stmt in tree.block(function.body) if isinstance(stmt, cst.FunctionDef)]
    matching = [each for each in inner if returned == [each.name.value]]
    return matching[0] if len(matching) == 1 else None


def _hands_on(file: Parsed, function: cst.FunctionDef, strict: bool, guarding: bool) -> bool:
    given = parameters(function.params)
    if not given or any(p.default is None for p in given[1:]):
        return False
    method = given[0].name.value
    if all(_name(each.value) == method for each in _returns(function)):
        return isinstance(tree.small(tree.block(function.body)[-1]), cst.Return)
    wrapper = _returned_function(function)
    if wrapper is None or not _only_wraps(file.names, wrapper):
        return False
    odd = cst.Yield | cst.Await | cst.FunctionDef | cst.Lambda
    if wrapper.asynchronous or tree.some(wrapper.body, lambda n: isinstance(n, odd)):
        return False
    return _calls_are_returned(file.names, wrapper, method, strict) and (
        guarding or _always_calls(wrapper, method)
    )


def _only_wraps(names: Names, wrapper: cst.FunctionDef) -> bool:
    return all(
        isinstance(each.decorator, cst.Call)
        and names.qualified(each.decorator.func, wrapper) == "functools.wraps"
        for each in wrapper.decorators
    )


def _calls_are_returned(names: Names, wrapper: cst.FunctionDef, method: str, strict: bool) -> bool:
    """Whether the method is only ever called, and its value is what the wrapper returns."""
    body = wrapper.body
    mentions = [n for n in tree.find(body, cst.Name) if n.value == method]
    if not mentions:
        return False
    for mention in mentions:
        call = names.parents.get(id(mention))
        holder = names.parents.get(id(call))
        if not isinstance(call, cst.Call) or call.func is not mention:
            return False
        if not isinstance(holder, cst.Return) and (strict or not _kept(names, wrapper, holder)):
            return False
        around = names.enclosing(call, cst.Try, cst.TryStar, cst.With, cst.FunctionDef)
        if strict and around is not wrapper:
            return False
        if isinstance(
            names.enclosing(call, cst.For, cst.While, cst.FunctionDef), cst.For | cst.While
        ):
            return False
    return True


def _kept(names: Names, wrapper: cst.FunctionDef, holder: cst.CSTNode | None) -> bool:
    """``result = method(...)``, and every return gives ``result`` or stands before it."""
    if not isinstance(holder, cst.Assign) or len(holder.targets) != 1:
        return False
    name = _name(holder.targets[0].target)
    last = tree.small(tree.block(wrapper.body)[-1])
    stored = names.bindings(wrapper).assigned.get(name or "", [])
    return (
        isinstance(last, cst.Return)
        and _name(last.value) == name
        and len(stored) == 1
        and all(_name(each.value) == name for each in _returns(wrapper))
    )


def _always_calls(wrapper: cst.FunctionDef, method: str) -> bool:
    """Whether the wrapper cannot end in another way than by the method's value or an error."""
    last = tree.small(tree.block(wrapper.body)[-1])
    return isinstance(last, cst.Return) and all(
        isinstance(each.value, cst.Call) and _name(each.value.func) == method
        for each in _returns(wrapper)
    )


def _returns(function: cst.FunctionDef) -> Iterator[cst.Return]:
    return tree.find(function.body, cst.Return, into_functions=False)


def _name(node: cst.CSTNode | None) -> str | None:
    return node.value if isinstance(node, cst.Name) else None
