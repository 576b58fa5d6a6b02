"""Local names of a function exchanged for others, everywhere they mean that variable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import libcst as cst

from . import cst as tree
from .names import bindings_of
from .variables import imported_as

Table = Mapping[str, str]


def fixed_names(statements: Sequence[cst.CSTNode]) -> set[str]:
    """Names that cannot be exchanged here: ``f"{name=}"`` shows it, ``import name.b`` binds it."""
    found: set[str] = set()
    for node in (each for stmt in statements for each in tree.walk(stmt)):
        if isinstance(node, cst.FormattedStringExpression) and node.equal is not None:
            found |= tree.names(node.expression)
        elif isinstance(node, cst.Import):
            dotted = (alias for alias in node.names if alias.asname is None)
            found |= {imported_as(a) for a in dotted if isinstance(a.name, cst.Attribute)}
    return found


def rename(node: tree.NodeT, table: Table) -> tree.NodeT:
    """``node`` with variables renamed; attributes, keywords and other scopes' names are left."""
    if not table:
        return node
    done = node.visit(_Rename(table))
    assert isinstance(done, type(node))
    return done


class _Rename(cst.CSTTransformer):
    """``tables`` is for the scope that is being visited, ``around`` for functions nested in it.

    They differ in a class body, whose own names its methods do not see.
    """

    def __init__(self, table: Table) -> None:
        super().__init__()
        self.tables = [table]
        self.around = [table]

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        new = self.tables[-1].get(updated_node.value)
        return updated_node.with_changes(value=new) if new else updated_node

    def _untouched(self) -> None:
        self.tables.append({})

    def _leave(self) -> None:
        self.tables.pop()

    # -- names that are no variables -----------------------------------------------------------

    def visit_Attribute_attr(self, node: cst.Attribute) -> None:
        self._untouched()

    def leave_Attribute_attr(self, node: cst.Attribute) -> None:
        self._leave()

    def visit_Arg_keyword(self, node: cst.Arg) -> None:
        self._untouched()

    def leave_Arg_keyword(self, node: cst.Arg) -> None:
        self._leave()

    def visit_MatchKeywordElement_key(self, node: cst.MatchKeywordElement) -> None:
        self._untouched()

    def leave_MatchKeywordElement_key(self, node: cst.MatchKeywordElement) -> None:
        self._leave()

    def visit_ImportFrom_module(self, node: cst.ImportFrom) -> None:
        self._untouched()

    def leave_ImportFrom_module(self, node: cst.ImportFrom) -> None:
        self._leave()

    def visit_ImportAlias(self, node: cst.ImportAlias) -> bool:
        return False

    def leave_ImportAlias(
        self, original_node: cst.ImportAlias, updated_node: cst.ImportAlias
    ) -> cst.ImportAlias:
        new = self.tables[-1].get(imported_as(updated_node))
        return updated_node.with_changes(asname=cst.AsName(cst.Name(new))) if new else updated_node

    # -- scopes --------------------------------------------------------------------------------

    def _enter(self, node: tree.Function) -> None:
        hidden = bindings_of(node).bound | _globals(node.body)
        table = {k: v for k, v in self.around[-1].items() if k not in hidden}
        self.tables.append(table)
        self.around.append(table)

    def _leave_function(self) -> None:
        self.tables.pop()
        self.around.pop()

    def visit_FunctionDef_params(self, node: cst.FunctionDef) -> None:
        self._enter(node)

    def leave_FunctionDef_body(self, node: cst.FunctionDef) -> None:
        self._leave_function()

    def visit_Lambda(self, node: cst.Lambda) -> None:
        self._enter(node)

    def leave_Lambda(self, original_node: cst.Lambda, updated_node: cst.Lambda) -> cst.Lambda:
        self._leave_function()
        return updated_node

    def _evaluated_outside(self) -> None:
        self.tables.append(self.tables[-2])

    def visit_Param_default(self, node: cst.Param) -> None:
        self._evaluated_outside()

    def leave_Param_default(self, node: cst.Param) -> None:
        self._leave()

    def visit_Param_annotation(self, node: cst.Param) -> None:
        self._evaluated_outside()

    def leave_Param_annotation(self, node: cst.Param) -> None:
        self._leave()

    def visit_FunctionDef_returns(self, node: cst.FunctionDef) -> None:
        self._evaluated_outside()

    def leave_FunctionDef_returns(self, node: cst.FunctionDef) -> None:
        self._leave()

    def visit_ClassDef_body(self, node: cst.ClassDef) -> None:
        hidden = bindings_of(node).bound
        self.tables.append({k: v for k, v in self.around[-1].items() if k not in hidden})

    def leave_ClassDef_body(self, node: cst.ClassDef) -> None:
        self._leave()


def _globals(body: cst.CSTNode) -> set[str]:
    """The names that a function declares global."""
    declared = tree.find(body, cst.Global, into_functions=False)
    return {item.name.value for each in declared for item in each.names}
