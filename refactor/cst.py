"""Small questions and constructions on LibCST trees that every stage of the codemod needs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, TypeAlias, TypeVar, cast

import libcst as cst

Statement: TypeAlias = cst.BaseStatement
Block: TypeAlias = list[cst.BaseStatement]
Function: TypeAlias = "cst.FunctionDef | cst.Lambda"
NodeT = TypeVar("NodeT", bound=cst.CSTNode)

OPAQUE = (cst.FunctionDef, cst.ClassDef, cst.Lambda)


def dotted(node: cst.CSTNode) -> str | None:
    """``a.b.c`` for names and attribute chains, None for anything else."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        left = dotted(node.value)
        return None if left is None else f"{left}.{node.attr.value}"
    return None


def code(node: cst.CSTNode) -> str:
    """The source text of ``node``, on one line, for messages."""
    return " ".join(cst.Module(body=[]).code_for_node(node).split())


def walk(node: cst.CSTNode, into_functions: bool = True) -> Iterator[cst.CSTNode]:
    """Every node below and including ``node``, in source order.

    With ``into_functions=False`` the bodies of nested functions, lambdas and classes are left
    out (the nested node itself is still given); ``node`` itself is always entered.
    """
    waiting = [node]
    while waiting:
        at = waiting.pop()
        yield at
        if into_functions or at is node or not _is_a(type(at), OPAQUE):
            waiting += reversed(children(at))


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """What ``node.children`` gives, several times faster: the codemod spends its time on it.

    LibCST finds the children by rebuilding the node with a visitor; here the fields are read, in
    the order in which that method of the class names them.
    """
    found: list[cst.CSTNode] = []
    for name in _fields_in_order(type(node)):
        value: object = getattr(node, name)
        if _is_a(type(value), cst.CSTNode):
            found.append(cast(cst.CSTNode, value))
        elif _is_a(type(value), (list, tuple)):
            found += cast("Sequence[cst.CSTNode]", value)
    return found


# LibCST's classes are abstract base classes, for which isinstance is slow.
_is_a = cast("Callable[[type[Any], Any], bool]", cache(issubclass))


@cache
def _fields_in_order(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    """The fields of a node class that can hold nodes, in source order."""
    fields = {field.name for field in dataclasses.fields(kind)}
    constants = kind._visit_and_replace_children.__code__.co_consts
    return tuple(dict.fromkeys(each for each in constants if each in fields))


def find(node: cst.CSTNode, kind: type[NodeT], into_functions: bool = True) -> Iterator[NodeT]:
    """The nodes of type ``kind`` among :func:`walk`."""
    for each in walk(node, into_functions):
        if _is_a(type(each), kind):
            yield cast(NodeT, each)


def names(node: cst.CSTNode) -> set[str]:
    """Every identifier that occurs anywhere below ``node``, attributes and keywords included."""
    return {each.value for each in find(node, cst.Name)}


def block(suite: cst.BaseSuite) -> Block:
    """The statements of a suite, one small statement a line."""
    if isinstance(suite, cst.SimpleStatementSuite):
        return _parted(suite, ())
    return [line for stmt in suite.body for line in _lines(stmt)]


def small_alone(small: cst.BaseSmallStatement) -> cst.BaseSmallStatement:
    """A small statement without its trailing semicolon."""
    return small.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)


def _lines(stmt: cst.CSTNode) -> Iterator[Statement]:
    if isinstance(stmt, cst.SimpleStatementLine) and len(stmt.body) > 1:
        yield from _parted(stmt, stmt.leading_lines)
    else:
        assert isinstance(stmt, cst.BaseStatement)
        yield stmt


def _parted(
    line: cst.SimpleStatementLine | cst.SimpleStatementSuite, leading: Sequence[cst.EmptyLine]
) -> Block:
    """Each small statement on a line of its own; the comment of the line stays with the last."""
    parts = [cst.SimpleStatementLine([small_alone(each)]) for each in line.body]
    parts[0] = parts[0].with_changes(leading_lines=leading)
    trailing = line.trailing_whitespace
    if trailing.comment is not None and trailing.whitespace.empty:
        trailing = trailing.with_changes(whitespace=cst.SimpleWhitespace("  "))
    parts[-1] = parts[-1].with_changes(trailing_whitespace=trailing)
    return list(parts)


def suite(statements: Sequence[Statement], like: cst.BaseSuite | None = None) -> cst.IndentedBlock:
    """A block of ``statements`` (``pass`` when empty), with the comments around ``like`` kept."""
    body = list(statements) or [cst.parse_statement("pass")]
    if isinstance(like, cst.IndentedBlock):
        return like.with_changes(body=body)
    return cst.IndentedBlock(body=body)


def small(stmt: cst.CSTNode) -> cst.BaseSmallStatement | None:
    """The one small statement of a line, None for compound statements and crowded lines."""
    if isinstance(stmt, cst.SimpleStatementLine) and len(stmt.body) == 1:
        return stmt.body[0]
    return None


def called(stmt: cst.CSTNode) -> cst.Call | None:
    """The call of a statement that is nothing but a call."""
    one = small(stmt)
    if isinstance(one, cst.Expr) and isinstance(one.value, cst.Call):
        return one.value
    return None


def line(text: str, **parts: cst.CSTNode) -> cst.SimpleStatementLine:
    """A simple statement from a template; names in ``text`` that are in ``parts`` are replaced."""
    stmt = cst.parse_statement(text)
    filled = stmt.visit(_Fill(parts)) if parts else stmt
    assert isinstance(filled, cst.SimpleStatementLine)
    return filled


class _Fill(cst.CSTTransformer):
    def __init__(self, parts: dict[str, cst.CSTNode]) -> None:
        super().__init__()
        self.parts = parts

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        found = self.parts.get(updated_node.value)
        return found if isinstance(found, cst.BaseExpression) else updated_node


def sub_blocks(stmt: cst.CSTNode) -> list[cst.BaseSuite]:
    """The suites directly below a compound statement; none for functions and classes."""
    if isinstance(stmt, cst.If):
        below = [stmt.body]
        if isinstance(stmt.orelse, cst.If):
            below += sub_blocks(stmt.orelse)
        elif stmt.orelse is not None:
            below.append(stmt.orelse.body)
        return below
    if isinstance(stmt, (cst.For, cst.While)):
        return [stmt.body] + ([stmt.orelse.body] if stmt.orelse else [])
    if isinstance(stmt, (cst.Try, cst.TryStar)):
        parts: list[cst.BaseSuite] = [stmt.body, *(handler.body for handler in stmt.handlers)]
        parts += [each.body for each in (stmt.orelse, stmt.finalbody) if each is not None]
        return parts
    if isinstance(stmt, cst.With):
        return [stmt.body]
    if isinstance(stmt, cst.Match):
        return [case.body for case in stmt.cases]
    return []


def replace(root: NodeT, swaps: Iterable[tuple[cst.CSTNode, cst.CSTNode]]) -> NodeT:
    """``root`` with nodes exchanged, compared by identity; all of them in one pass."""
    table = {id(old): new for old, new in swaps}
    done = root.visit(_Swap(table))
    assert isinstance(done, type(root))
    return done


class _Swap(cst.CSTTransformer):
    def __init__(self, table: dict[int, cst.CSTNode]) -> None:
        super().__init__()
        self.table = table

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> cst.CSTNode:  # type: ignore[override]
        return self.table.get(id(original_node), updated_node)


def fresh(wanted: str, taken: set[str]) -> str:
    """``wanted``, or ``wanted_2``, ``wanted_3`` ... if the name is taken; it is taken now."""
    name, count = wanted, 2
    while name in taken:
        name, count = f"{wanted}_{count}", count + 1
    taken.add(name)
    return name


def lift_comments(stmts: Sequence[Statement], leading: Sequence[cst.EmptyLine]) -> Block:
    """``stmts`` with ``leading`` comment lines put in front of the first one."""
    if not stmts or not leading:
        return list(stmts)
    first = stmts[0]
    lines = getattr(first, "leading_lines", ())
    return [first.with_changes(leading_lines=[*leading, *lines]), *stmts[1:]]


def some(root: cst.CSTNode, test: Callable[[cst.CSTNode], bool], deep: bool = False) -> bool:
    """Whether ``test`` holds for a node below ``root`` (nested functions only if ``deep``)."""
    return any(test(each) for each in walk(root, into_functions=deep))
