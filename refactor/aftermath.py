"""The code after a started operation: may it raise, and can its early returns be folded away?

In callback style the callback still runs when the code after the call returns early or raises
(SEMANTICS section 6, traps 4 and 5), so both have to be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import libcst as cst

from . import cst as tree
from .refusal import Refused

QUIET_METHODS = frozenset({"set_status", "set_header", "add_header", "clear_header", "write"})
"""``RequestHandler`` methods that do not raise for literal arguments (before the request ends)."""

STATUSES = frozenset({100, 101, *range(200, 207), *range(300, 306), 307})
STATUSES |= {*range(400, 418), *range(500, 506)}
"""The codes that every Python knows; for another one, ``set_status`` of Tornado 4 raises."""

HARMLESS = QUIET_METHODS | {
    "get_argument",
    "get_arguments",
    "get_body_argument",
    "get_body_arguments",
    "get_query_argument",
    "get_query_arguments",
    "get_cookie",
    "get_secure_cookie",
    "set_cookie",
    "set_secure_cookie",
    "clear_cookie",
    "get_status",
    "render_string",
    "reverse_url",
    "static_url",
    "require_setting",
    "flush",
}
"""``RequestHandler`` methods that do not finish the request."""

LOGGING = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical"})


def nothing(stmts: Sequence[cst.CSTNode]) -> bool:
    """Whether statements do nothing but, perhaps, return None."""
    return all(_idle(tree.small(stmt)) for stmt in stmts)


def _idle(small: cst.CSTNode | None) -> bool:
    if isinstance(small, cst.Pass):
        return True
    if isinstance(small, cst.Return):
        return small.value is None or tree.dotted(small.value) == "None"
    return isinstance(small, cst.Expr) and isinstance(small.value, cst.BaseString | cst.Ellipsis)


def may_raise(
    stmts: Sequence[cst.CSTNode],
    first: str,
    finished: bool = True,
    defined: Callable[[str], bool] = lambda _: False,
) -> bool:
    """Whether running ``stmts`` could raise; only what plainly cannot is trusted.

    ``finished`` says that the request may have been finished before, so that ``write`` raises;
    ``defined``, whether the project has a method or property of a name on self.
    """
    used = {path for stmt in stmts for path in (*_called_paths(stmt), *_stored_paths(stmt))}
    if finished and f"{first}.write" in used:
        return True
    own = [path.rpartition(".")[2] for path in used if path and path.rpartition(".")[0] == first]
    if any(map(defined, own)):
        return True
    return not all(_quiet(stmt, first) for stmt in stmts)


def _called_paths(node: cst.CSTNode) -> set[str | None]:
    return {tree.dotted(call.func) for call in tree.find(node, cst.Call, into_functions=False)}


def _stored_paths(node: cst.CSTNode) -> set[str | None]:
    targets = (tree.dotted(each.target) for each in tree.find(node, cst.AssignTarget))
    return {*targets, *(tree.dotted(each.target) for each in tree.find(node, cst.AugAssign))}


def may_finish(
    stmts: Sequence[cst.CSTNode],
    first: str,
    busy: Callable[[cst.CSTNode], bool],
    apart: str | None = None,
) -> bool:
    """Whether the request may be finished where these statements have run, or while they wait.

    A branch that leaves the function does not count unless it is ``busy``: an operation that it
    starts goes on with the request as the branch left it. Calls of the method ``apart`` do not.
    """
    return any(_may_finish(stmt, first, busy, apart) for stmt in stmts)


def _may_finish(
    stmt: cst.CSTNode, first: str, busy: Callable[[cst.CSTNode], bool], apart: str | None
) -> bool:
    suites = tree.sub_blocks(stmt)
    if not suites:
        calls = tree.find(stmt, cst.Call)
        return any(_finishing(c, first) for c in calls if tree.dotted(c.func) != f"{first}.{apart}")
    blocks = [tree.block(suite) for suite in suites]
    return any(
        may_finish(block, first, busy, apart)
        for block in blocks
        if not leaves(block) or any(busy(each) for each in block)
    )


def _finishing(call: cst.Call, first: str) -> bool:
    """Whether a call could finish the request: of an unknown method of self, or with self."""
    path = tree.dotted(call.func) or ""
    holder, _, method = path.rpartition(".")
    given = any(tree.dotted(arg.value) == first for arg in call.args)
    return given or (holder == first and method not in HARMLESS)


def _quiet(stmt: cst.CSTNode, first: str) -> bool:
    small = tree.small(stmt)
    if isinstance(small, cst.Assign):
        storing = all(_quiet_target(t.target) for t in small.targets)
        return storing and _quiet_value(small.value, first)
    if isinstance(small, cst.AugAssign):
        return _quiet_target(small.target) and isinstance(small.value, cst.Integer)
    if isinstance(small, cst.Expr):
        return _quiet_value(small.value, first) or _quiet_call(small.value, first)
    if isinstance(stmt, cst.If):
        return _quiet_if(stmt, first)
    return _idle(small)


def _quiet_if(stmt: cst.If, first: str) -> bool:
    suites = tree.sub_blocks(stmt)
    tests = [stmt.test]
    below = stmt.orelse
    while isinstance(below, cst.If):
        tests.append(below.test)
        below = below.orelse
    return all(_quiet_value(t, first) for t in tests) and all(
        not may_raise(tree.block(s), first, finished=False) for s in suites
    )


def _quiet_target(target: cst.CSTNode) -> bool:
    path = tree.dotted(target)
    return path is not None and path.count(".") <= 1


def _quiet_value(value: cst.CSTNode, first: str) -> bool:
    if isinstance(value, cst.BaseNumber | cst.SimpleString | cst.Name):
        return True
    if isinstance(value, cst.List | cst.Tuple):
        return all(
            isinstance(e, cst.Element) and _quiet_value(e.value, first) for e in value.elements
        )
    if isinstance(value, cst.Dict):
        return all(
            isinstance(e, cst.DictElement)
            and isinstance(e.key, cst.BaseNumber | cst.SimpleString)
            and _quiet_value(e.value, first)
            for e in value.elements
        )
    if isinstance(value, cst.UnaryOperation) and isinstance(value.operator, cst.Not):
        return _quiet_value(value.expression, first)
    return False


def _quiet_call(value: cst.CSTNode, first: str) -> bool:
    if not isinstance(value, cst.Call) or not isinstance(value.func, cst.Attribute):
        return False
    holder, method = tree.dotted(value.func.value), value.func.attr.value
    if holder == first and method in QUIET_METHODS:
        return _quiet_arguments(method, value.args)
    logger = holder is not None and holder.rpartition(".")[2].lower() in {
        "logging",
        "logger",
        "log",
    }
    simple = all(
        isinstance(a.value, cst.SimpleString | cst.Name) and not a.star for a in value.args
    )
    return logger and method in LOGGING and simple


def _quiet_arguments(method: str, args: Sequence[cst.Arg]) -> bool:
    """Whether a quiet method takes these literals: some numbers are no status to Tornado 4."""
    values = [arg.value for arg in args if not arg.star and arg.keyword is None]
    if len(values) < len(args):
        return False
    if method == "set_status":
        return len(values) == 1 and _known_status(values[0])
    kinds = cst.SimpleString if method == "write" else cst.SimpleString | cst.Integer
    return all(isinstance(value, kinds) for value in values)


def _known_status(value: cst.BaseExpression) -> bool:
    return isinstance(value, cst.Integer) and value.evaluated_value in STATUSES


def leaves(stmts: Sequence[cst.CSTNode]) -> bool:
    """Whether control never gets past the end of ``stmts``."""
    if not stmts:
        return False
    last = stmts[-1]
    small = tree.small(last)
    if isinstance(small, cst.Return | cst.Raise | cst.Continue | cst.Break):
        return True
    if isinstance(last, cst.If):
        return last.orelse is not None and all(leaves(tree.block(s)) for s in tree.sub_blocks(last))
    if isinstance(last, cst.While) and tree.dotted(last.test) == "True":
        return not tree.some(last.body, lambda n: isinstance(n, cst.Break))
    if isinstance(last, cst.With):
        return leaves(tree.block(last.body)) and not tree.code(last.items[0].item).endswith(
            "suppress"
        )
    if isinstance(last, cst.Try):
        if last.finalbody is not None and leaves(tree.block(last.finalbody.body)):
            return True
        normal = last.orelse.body if last.orelse is not None else last.body
        ends = [normal, *(handler.body for handler in last.handlers)]
        return all(leaves(tree.block(s)) for s in ends)
    return False


def has_return(node: cst.CSTNode) -> bool:
    """Whether a ``return`` of this very function stands below ``node``."""
    return tree.some(node, lambda n: isinstance(n, cst.Return))


def without_returns(stmts: Sequence[tree.Statement], blame: cst.CSTNode, what: str) -> tree.Block:
    """The same statements falling through where they returned.

    What stands behind an ``if`` whose branch returns moves into the other branch. Raises Refused
    (UC303) when that would need code twice, or a ``return`` stands in a loop, try or with.
    """
    done: tree.Block = []
    for index, stmt in enumerate(stmts):
        small = tree.small(stmt)
        if isinstance(small, cst.Return):
            if small.value is not None and tree.dotted(small.value) != "None":
                done.append(stmt.with_changes(body=[cst.Expr(small.value)]))
            return done
        if not has_return(stmt):
            done.append(stmt)
            continue
        if not isinstance(stmt, cst.If):
            raise Refused("UC303", blame, what=what)
        return [*done, _folded(stmt, list(stmts[index + 1 :]), blame, what)]
    return done


def _folded(stmt: cst.If, rest: tree.Block, blame: cst.CSTNode, what: str) -> cst.If:
    open_branches = sum(not leaves(tree.block(s)) for s in tree.sub_blocks(stmt))
    has_else = last_else(stmt) is not None
    if rest and open_branches + (not has_else) > 1:
        raise Refused("UC303", blame, what=what)
    return _fold(stmt, rest, blame, what)


def last_else(stmt: cst.If) -> cst.Else | None:
    """The ``else`` at the end of a chain of ``elif``."""
    below: cst.If | cst.Else | None = stmt.orelse
    while isinstance(below, cst.If):
        below = below.orelse
    return below


def _fold(stmt: cst.If, rest: tree.Block, blame: cst.CSTNode, what: str) -> cst.If:
    def branch(suite: cst.BaseSuite) -> cst.BaseSuite:
        inner = tree.block(suite)
        if leaves(inner):
            return tree.suite(without_returns(inner, blame, what), suite)
        return tree.suite(without_returns([*inner, *rest], blame, what), suite)

    orelse: cst.If | cst.Else | None
    if isinstance(stmt.orelse, cst.If):
        orelse = _fold(stmt.orelse, rest, blame, what)
    elif stmt.orelse is not None:
        orelse = stmt.orelse.with_changes(body=branch(stmt.orelse.body))
    elif rest:
        orelse = cst.Else(body=tree.suite(without_returns(rest, blame, what)))
    else:
        orelse = None
    return upright(stmt.with_changes(body=branch(stmt.body), orelse=orelse))


def upright(stmt: cst.If) -> cst.If:
    """``if not x: b`` for ``if x: pass / else: b``."""
    if not nothing(tree.block(stmt.body)) or not isinstance(stmt.orelse, cst.Else):
        return stmt
    return stmt.with_changes(test=negated(stmt.test), body=stmt.orelse.body, orelse=None)


def negated(test: cst.BaseExpression) -> cst.BaseExpression:
    """The opposite of a condition, without ``not not``."""
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        return test.expression
    loose = isinstance(test, cst.BooleanOperation | cst.IfExp | cst.NamedExpr | cst.Lambda)
    if loose and not getattr(test, "lpar", ()):
        test = test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return cst.UnaryOperation(cst.Not(), test)
