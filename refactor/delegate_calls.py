"""Calls of methods that are or become coroutines: what they give, and where they may stand.

A *delegate call* is ``self.load()`` where ``load``, or what it calls, starts an operation with a
callback. The method becomes a coroutine and the call is awaited (SEMANTICS section 2, traps 34 to
36). A call of a method that is a coroutine already and whose future is dropped is one too, where it
is the last thing on its path.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import libcst as cst

from . import cst as tree
from .aftermath import nothing
from .callbacks import CallbackRef
from .catalogue import Operation
from .find import ASYNCHRONOUS, COROUTINE, ENGINE
from .methods import Method
from .names import Names
from .refusal import Refused
from .sites import Site
from .startup import Start, start
from .workspace import Parsed

if TYPE_CHECKING:
    from .delegates import Delegates


def site(delegates: Delegates, call: cst.Call, file: Parsed, first: str) -> Site | None:
    """The delegate call that ``call`` is, or None."""
    reached = delegates.methods.on_self(call, file, first)
    if any(delegates.waits(each) for each in reached):
        begins = start(delegates, reached)
        if begins == "lost":
            _check_place(delegates, call, file.names)
        found = _site(call, _maybe(delegates, reached), begins)
        named = tree.dotted(call.func) is not None  # not of super()
        return _to_itself(delegates, found, reached) if named else found
    if not dropped(delegates, call, file, first):
        return None
    return _site(call, _maybe(delegates, reached), "lost")


def _to_itself(delegates: Delegates, site: Site, targets: tuple[Method, ...]) -> Site:
    """``site`` with the one method that it certainly calls."""
    if len(targets) != 1:
        return site
    return replace(site, callback=replace(site.callback, function=targets[0].node))


def dropped(delegates: Delegates, call: cst.Call, file: Parsed, first: str) -> bool:
    """Whether ``call`` may be a coroutine's, its future is dropped, and nothing comes after it.

    A native coroutine that nobody awaits never runs, so it is not one of them; nor is one
    under ``@asynchronous``, which gives None, or one that ``gen.coroutine`` takes a callback for.
    """
    named = {arg.keyword.value for arg in call.args if arg.keyword is not None}
    if "callback" in named or any(arg.star == "**" for arg in call.args):
        return False
    reached = delegates.methods.on_self(call, file, first)
    coroutines = [each for each in reached if delegates.kind(each) == "coroutine"]
    unclear = any(
        each.node.asynchronous is not None or delegates.is_handler(each) for each in coroutines
    )
    others = {delegates.kind(each) for each in reached if each not in coroutines}
    fits = bool(coroutines) and not unclear and others <= {"plain"}
    return fits and is_last(call, file.names)


def _check_place(delegates: Delegates, call: cst.Call, names: Names) -> None:
    """Refuse a call whose errors a statement around it would catch only at the call."""
    for each in names.ancestors(call):
        if isinstance(each, cst.FunctionDef | cst.Lambda):
            return
        if isinstance(each, cst.Try | cst.TryStar | cst.With):
            raise Refused("UC406", call, what=tree.code(call.func))


def _maybe(delegates: Delegates, targets: tuple[Method, ...]) -> bool:
    """Whether the call may give None: from a decorator, or from a method that stays plain."""
    for each in targets:
        if delegates.kind(each) == "plain" and not delegates.waits(each):
            _check_result(delegates, each)
    return any(_guarded(delegates, each) or not _awaitable(delegates, each) for each in targets)


def _guarded(delegates: Delegates, method: Method) -> bool:
    """Whether a decorator stands around what becomes the coroutine."""
    names, node = method.file.names, method.node
    marks = [names.qualified(each.decorator, node) for each in node.decorators]
    return any(mark not in {ASYNCHRONOUS, COROUTINE, ENGINE} for mark in marks)


def _check_result(delegates: Delegates, method: Method) -> None:
    """Refuse a method whose value, ignored today, could be something to wait for."""
    for each in tree.find(method.node.body, cst.Return, into_functions=False):
        if each.value is not None and tree.dotted(each.value) != "None":
            raise Refused("UC204", each, what=method.title)


def _awaitable(delegates: Delegates, method: Method) -> bool:
    """Whether ``method`` gives a future after the conversion, or nothing but an error."""
    if delegates.kind(method) == "coroutine" or delegates.waits(method):
        return True
    body = tree.block(method.node.body)
    docstring = method.node.get_docstring() is not None
    return isinstance(tree.small(body[int(docstring and len(body) > 1)]), cst.Raise)


def _site(call: cst.Call, maybe: bool, begins: Start) -> Site:
    name = tree.code(call.func)
    form: Literal["maybe", "future"] = "maybe" if maybe else "future"
    operation = Operation(
        name, call=name, passes=(), errors="raised", immediate=begins == "lost",
        keeps=begins == "asked", lost=begins == "lost", returns="future", form5=form, form6=form,
    )  # fmt: skip
    title = call.func.attr.value if isinstance(call.func, cst.Attribute) else name
    return Site(call, operation, None, CallbackRef("nothing", title, call.func))


def is_last(call: cst.Call, names: Names) -> bool:
    """Whether ``call`` is a statement after which its function ends."""
    at: cst.CSTNode = call
    for each in names.ancestors(call):
        if isinstance(each, cst.FunctionDef):
            return True
        if isinstance(each, cst.IndentedBlock | cst.SimpleStatementSuite):
            index = next(i for i, stmt in enumerate(each.body) if stmt is at)
            if not nothing(each.body[index + 1 :]):
                return False
        elif not _passes_on(each, at):
            return False
        at = each
    return False


def _passes_on(node: cst.CSTNode, below: cst.CSTNode) -> bool:
    """Whether a statement ends where its part ``below`` ends."""
    if isinstance(node, cst.SimpleStatementLine):
        return len(node.body) == 1
    if isinstance(node, cst.If):
        return below is not node.test
    return isinstance(node, cst.Expr | cst.Else)
