"""The statements of a callback as they stand in another function."""

from __future__ import annotations

import re

import libcst as cst

from . import cst as tree
from .aftermath import negated

PRAGMA = re.compile(r"#\s*(noqa|pylint|pragma|type:|nosec|flake8|mypy)")
"""Comments for tools that are about the line they stand in."""


def is_generator(function: tree.Function) -> bool:
    """Whether calling ``function`` gives a generator or a coroutine."""
    if isinstance(function, cst.FunctionDef) and function.asynchronous is not None:
        return True
    return tree.some(function.body, lambda n: isinstance(n, cst.Yield | cst.Await))


def body_of(function: tree.Function) -> tree.Block:
    """The statements of a callback, its docstring turned into comments."""
    if isinstance(function, cst.Lambda):
        return statements(function.body) or [tree.line("pass")]
    stmts = [s for s in tree.block(function.body) if not isinstance(tree.small(s), cst.Nonlocal)]
    comments = [line for line in own_comments(function) if line.comment is not None]
    if isinstance(function.body, cst.IndentedBlock):
        header = function.body.header.comment
        if header is not None and not PRAGMA.match(header.value):
            comments.append(cst.EmptyLine(comment=header))
    text = function.get_docstring() if stmts else None
    if text is not None:
        stmts = stmts[1:]
        comments += [_comment(each) for each in text.splitlines()]
    return tree.lift_comments(stmts or [tree.line("pass")], comments)


def own_comments(function: cst.FunctionDef) -> list[cst.EmptyLine]:
    """The comments directly above a function; what an empty line parts from it is not its own."""
    lines = list(function.leading_lines)
    blank = [index for index, line in enumerate(lines) if line.comment is None]
    return lines[blank[-1] + 1 :] if blank else lines


def statements(value: cst.BaseExpression) -> tree.Block:
    """What an expression whose value nobody wants does, as statements."""
    if tree.dotted(value) in ("None", "True", "False"):
        return []
    if isinstance(value, cst.Tuple | cst.List) and not any(
        isinstance(element, cst.StarredElement) for element in value.elements
    ):
        return [stmt for element in value.elements for stmt in statements(element.value)]
    if isinstance(value, cst.IfExp):
        yes, no = statements(value.body), statements(value.orelse)
        orelse = cst.Else(body=tree.suite(no)) if no else None
        return [cst.If(test=value.test, body=tree.suite(yes), orelse=orelse)]
    if isinstance(value, cst.BooleanOperation) and (then := statements(value.right)):
        wanted = isinstance(value.operator, cst.And)
        return [cst.If(value.left if wanted else negated(value.left), body=tree.suite(then))]
    if getattr(value, "lpar", ()):
        value = value.with_changes(lpar=(), rpar=())
    return [cst.SimpleStatementLine([cst.Expr(value)])]


def footer_of(function: tree.Function) -> list[cst.EmptyLine]:
    """The comments behind the last statement of a function."""
    if isinstance(function, cst.Lambda) or not isinstance(function.body, cst.IndentedBlock):
        return []
    return [line for line in function.body.footer if line.comment is not None]


def _comment(text: str) -> cst.EmptyLine:
    return cst.EmptyLine(comment=cst.Comment(f"# {text}".rstrip()))


def without_nested(block: tree.Block, gone: list[cst.CSTNode]) -> tree.Block:
    """The statements without nested functions whose bodies moved; their comments stay."""
    return [stmt for stmt in block if not any(stmt is each for each in gone)]


def closed_up(block: tree.Block, before: tree.Block) -> tree.Block:
    """``block`` without the empty lines that parted it from a first statement which is gone."""
    if not block or not before or block[0] is before[0]:
        return block
    lines = list(getattr(block[0], "leading_lines", ()))
    while lines and lines[0].comment is None:
        lines.pop(0)
    return [block[0].with_changes(leading_lines=lines), *block[1:]]


def trimmed(stmts: tree.Block) -> tree.Block:
    """A callback's statements with nothing returned: its value was ignored.

    ``return x`` becomes ``x`` and ``return``; a bare ``return`` at the very end goes.
    """
    ends = len(stmts) - 1
    done = [line for at, stmt in enumerate(stmts) for line in _dropping_value(stmt, at == ends)]
    while len(done) > 1 and _is_bare_return(done[-1]):
        done.pop()
    return done


def _is_bare_return(stmt: cst.CSTNode) -> bool:
    small = tree.small(stmt)
    return isinstance(small, cst.Return) and small.value is None


def _dropping_value(stmt: tree.Statement, last: bool) -> tree.Block:
    """``stmt`` without returned values; ``last`` says that the function ends behind it."""
    small = tree.small(stmt)
    if isinstance(small, cst.Return) and small.value is not None:
        bare = [] if last else [tree.line("return")]
        if isinstance(small.value, cst.Name | cst.BaseNumber | cst.SimpleString):
            return [stmt.with_changes(body=[cst.Return()])]
        return [stmt.with_changes(body=[cst.Expr(small.value)]), *bare]
    swaps = []
    for suite in tree.sub_blocks(stmt):
        inner = tree.block(suite)
        ends = len(inner) - 1 if last and isinstance(stmt, cst.If) else -1
        new = [line for at, each in enumerate(inner) for line in _dropping_value(each, at == ends)]
        if any(a is not b for a, b in zip(inner, new, strict=False)) or len(new) != len(inner):
            swaps.append((suite, tree.suite(new, suite)))
    return [tree.replace(stmt, swaps)] if swaps else [stmt]
