"""What the start of a helper may raise, and how its caller still hears of it.

A helper raises at its call today, and what stands behind the call does not run. As a coroutine it
keeps the error in its future: a caller that goes on has to ask the future first. An error behind
the operation that a helper has started is answered where it stands, because the callback still
runs (SEMANTICS section 6, trap 4), so whoever called the helper cannot hear of it any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

import libcst as cst

from . import cst as tree
from .aftermath import leaves, may_raise
from .refusal import Refused
from .sites import SiteFinder

if TYPE_CHECKING:
    from .delegates import Delegates
    from .methods import Method

Start = Literal["quiet", "asked", "lost"]
"""``quiet``: nothing can be raised. ``asked``: what is raised is in the future when the call
returns. ``lost``: the caller would not hear of it."""


def start(delegates: Delegates, targets: Sequence[Method]) -> Start:
    """How a call that reaches any of ``targets`` begins once they are coroutines.

    A native coroutine does not begin before it is awaited, so its start is always ``lost``.
    """
    converted = [each for each in targets if delegates.waits(each) or not _raises(delegates, each)]
    answered = any(reports(delegates, each) for each in converted)
    if delegates.options.style == "native" or answered:
        return "lost"
    if all(_quiet(delegates, each) for each in converted):
        return "quiet"
    return "asked" if all(_raises(delegates, each) for each in converted) else "lost"


def reports(delegates: Delegates, method: Method) -> bool:
    """Whether ``method``, or a helper that it runs, may raise behind an operation it started."""
    seen: dict[Method, None] = {}
    queue = [method]
    while queue:
        at = queue.pop()
        if at in seen or delegates.kind(at) != "plain" or delegates.is_handler(at):
            continue
        seen[at] = None
        if id(at.node) in delegates.reporting or _raises_behind(delegates, at):
            return True
        finder = delegates.finder(at)
        for call in tree.find(at.node.body, cst.Call):
            queue += delegates.methods.on_self(call, at.file, at.first)
            if starts(finder, call, at.first) and not _returns_first(finder, call, at.first):
                queue += delegates.facts(at).named
    return False


def starts(finder: SiteFinder, call: cst.Call, first: str) -> bool:
    """Whether ``call`` starts an operation; what is not understood counts as one."""
    try:
        return finder.site(call, first) is not None
    except Refused:
        return True


def _raises(delegates: Delegates, method: Method) -> bool:
    """Whether the errors of ``method``'s start come out of its call today.

    Those of a handler, and of a generator under ``gen.engine``, are answered by the context that
    ``@asynchronous`` makes, and the caller goes on; an existing coroutine keeps them.
    """
    return delegates.kind(method) == "plain" and not delegates.is_handler(method)


def _quiet(delegates: Delegates, method: Method) -> bool:
    """Whether nothing can be raised between the call and the first operation."""
    first, finder = method.first, delegates.finder(method)
    defined = partial(_defined, delegates, method)
    for stmt in tree.block(method.node.body):
        if isinstance(stmt, cst.FunctionDef) and not stmt.decorators:
            continue
        call = tree.called(stmt)
        if call is not None and starts(finder, call, first):
            return _plainly(call) and _returns_first(finder, call, first)
        waited = _yielded(stmt)
        if waited is not None:
            return _plainly(waited) and _is_done_later(delegates, method, waited)
        if may_raise([stmt], first, False, defined):
            return False
    return True


def _defined(delegates: Delegates, method: Method, name: str) -> bool:
    """Whether ``self.name`` may be a method or property of the project."""
    return bool(delegates.methods.virtual(method.cls, name))


def _returns_first(finder: SiteFinder, call: cst.Call, first: str) -> bool:
    """Whether an operation certainly does not call back before its call returns."""
    try:
        site = finder.site(call, first)
    except Refused:
        return False
    return site is not None and not (site.operation.immediate or site.operation.keeps)


def _yielded(stmt: cst.CSTNode) -> cst.Call | None:
    """The call in ``yield call()`` and ``x = yield call()``."""
    small = tree.small(stmt)
    value = small.value if isinstance(small, cst.Expr | cst.Assign) else None
    waited = value.value if isinstance(value, cst.Yield) else None
    return waited if isinstance(waited, cst.Call) else None


def _is_done_later(delegates: Delegates, method: Method, call: cst.Call) -> bool:
    """Whether the future that ``call`` gives is not done yet when it returns.

    That of a thread may be, in a race that the coroutine decides one way.
    """
    if method.file.names.qualified(call.func, call) == "tornado.gen.sleep":
        return True
    operation = delegates.finder(method).operation(call)
    if operation is not None:
        return operation.form5 == "fetch" and not operation.immediate
    targets = delegates.methods.on_self(call, method.file, method.first)
    return bool(targets) and all(_runs_in_thread(each) for each in targets)


def _runs_in_thread(method: Method) -> bool:
    names, node = method.file.names, method.node
    marks = [names.qualified(each.decorator, node) for each in node.decorators]
    return marks == ["tornado.concurrent.run_on_executor"]


def _plainly(call: cst.Call) -> bool:
    return all(_plain(arg.value) for arg in call.args)


def _plain(value: cst.BaseExpression) -> bool:
    return tree.dotted(value) is not None or isinstance(value, cst.BaseNumber | cst.BaseString)


def _raises_behind(delegates: Delegates, method: Method) -> bool:
    first, finder = method.first, delegates.finder(method)
    defined = partial(_defined, delegates, method)

    def starting(node: cst.CSTNode) -> bool:
        calls = tree.find(node, cst.Call, into_functions=False)
        return any(
            starts(finder, call, first)
            or any(
                delegates.waits(each)
                for each in delegates.methods.on_self(call, method.file, method.first)
            )
            for call in calls
        )

    def behind(stmts: tree.Block) -> bool:
        """Whether something may be raised in ``stmts`` once one of them has started something."""
        for index, stmt in enumerate(stmts):
            if not starting(stmt):
                continue
            blocks = [tree.block(suite) for suite in tree.sub_blocks(stmt)]
            busy = [block for block in blocks if any(starting(each) for each in block)]
            if any(behind(block) for block in busy) or may_raise(
                _next(stmt, busy), first, False, defined
            ):
                return True
            if not busy or not all(leaves(block) for block in busy):
                return may_raise(stmts[index + 1 :], first, False, defined)
        return False

    return behind(tree.block(method.node.body))


def _next(stmt: cst.CSTNode, busy: Sequence[tree.Block]) -> tree.Block:
    """What may run inside a compound statement behind those of its blocks that are ``busy``."""
    if isinstance(stmt, cst.For | cst.While):
        return [each for block in busy if not leaves(block) for each in block]
    if not isinstance(stmt, cst.Try):
        return []
    parts = [part.body for part in (stmt.orelse, stmt.finalbody) if part is not None]
    return [each for part in parts for each in tree.block(part) if tree.block(part) not in busy]
