"""What Python 2 does not take in a generator: ``return`` with a value (SEMANTICS trap 30)."""

from __future__ import annotations

import libcst as cst

from . import cst as tree
from .bodies import is_generator


def bare_returns(module: cst.Module) -> cst.Module:
    """``module`` with ``return call()`` in generators as two statements.

    The values are nothing that anybody waits for: what a generator gives is ``raise gen.Return``.
    """
    done = module.visit(_BareReturns())
    assert isinstance(done, cst.Module)
    return done


class _BareReturns(cst.CSTTransformer):
    def __init__(self) -> None:
        super().__init__()
        self._generators: list[bool] = []

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self._generators.append(node.asynchronous is None and is_generator(node))

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        self._generators.pop()
        return updated_node

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.BaseStatement]:
        last = updated_node.body[-1]
        if not self._returns_value(last):
            return updated_node
        value = cst.ensure_type(last, cst.Return).value
        if value is None or tree.dotted(value) == "None":
            bare = cst.Return()
            return updated_node.with_changes(body=[*updated_node.body[:-1], bare])
        called = updated_node.with_changes(body=[*updated_node.body[:-1], cst.Expr(value)])
        return cst.FlattenSentinel([called, tree.line("return")])

    def leave_SimpleStatementSuite(
        self, original_node: cst.SimpleStatementSuite, updated_node: cst.SimpleStatementSuite
    ) -> cst.SimpleStatementSuite:
        last = updated_node.body[-1]
        if not self._returns_value(last):
            return updated_node
        value = cst.ensure_type(last, cst.Return).value
        if value is None or tree.dotted(value) == "None":
            return updated_node.with_changes(body=[*updated_node.body[:-1], cst.Return()])
        called = cst.Expr(value, semicolon=cst.Semicolon(cst.SimpleWhitespace(""), SPACE))
        return updated_node.with_changes(body=[*updated_node.body[:-1], called, cst.Return()])

    def _returns_value(self, small: cst.CSTNode) -> bool:
        inside = bool(self._generators) and self._generators[-1]
        return inside and isinstance(small, cst.Return) and small.value is not None


SPACE = cst.SimpleWhitespace(" ")
