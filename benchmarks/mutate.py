"""Mutants of a module: every place where an operator applies, one change at a time.

What a mutant *means* is not decided here: ``power.py`` asks real Tornado.
"""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from operators import (
    EXPRESSION_OPERATORS,
    FUNCTIONS,
    METHOD_OPERATORS,
    STATEMENT_OPERATORS,
    Block,
    put,
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed module: the operator's name, the 1-based line it changed, the new source."""

    operator: str
    line: int
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of every operator, duplicates and the unchanged left out."""
    tree = ast.parse(source)
    seen = {ast.unparse(tree)}
    for mutant in (*_statements(tree), *_expressions(tree), *_methods(tree)):
        if mutant.source not in seen and _compiles(mutant.source):
            seen.add(mutant.source)
            yield mutant


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant.py", "exec")
    except SyntaxError:
        return False
    return True


def _statements(tree: ast.Module) -> Iterator[Mutant]:
    for number, block in enumerate(list(_blocks(tree))):
        for index, statement in enumerate(block):
            changed = copy.deepcopy(tree)
            for name, operator in STATEMENT_OPERATORS.items():
                own = next(itertools.islice(_blocks(changed), number, None))
                result = operator(own, index)
                if result is not None:
                    own[:] = result or [ast.Pass()]
                    yield Mutant(name, statement.lineno, _source(changed))
                    changed = copy.deepcopy(tree)


def _expressions(tree: ast.Module) -> Iterator[Mutant]:
    for number, (_, _, expression) in enumerate(list(_slots(tree))):
        for name, operator in EXPRESSION_OPERATORS.items():
            if operator(copy.deepcopy(expression)) is None:
                continue
            changed = copy.deepcopy(tree)
            owner, field, own = next(itertools.islice(_slots(changed), number, None))
            result = operator(own)
            assert result is not None
            put(owner, field, result)
            yield Mutant(name, expression.lineno, _source(changed))


def _methods(tree: ast.Module) -> Iterator[Mutant]:
    """Changes of whole methods: overrides dropped, callbacks swapped, defaults made fresh."""
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for number, class_ in enumerate(classes):
        names = [item.name for item in class_.body if isinstance(item, FUNCTIONS)]
        for index, item in enumerate(class_.body):
            for name, operator in METHOD_OPERATORS.items():
                changed = copy.deepcopy(tree)
                own = [node for node in ast.walk(changed) if isinstance(node, ast.ClassDef)][number]
                if isinstance(item, FUNCTIONS) and operator(own, index, names):
                    yield Mutant(name, item.lineno, _source(changed))


def _source(tree: ast.Module) -> str:
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The methods of classes, nested functions included once, inside their method."""
    for class_ in ast.walk(tree):
        if isinstance(class_, ast.ClassDef):
            for item in class_.body:
                if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    yield item


def _blocks(tree: ast.Module) -> Iterator[Block]:
    for function in _functions(tree):
        for node in ast.walk(function):
            for field in ("body", "orelse", "finalbody"):
                block = getattr(node, field, None)
                if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                    yield block


def _slots(tree: ast.Module) -> Iterator[tuple[ast.AST, tuple[str, int | None], ast.expr]]:
    """Every place that holds an expression inside a method."""
    for function in _functions(tree):
        for node in ast.walk(function):
            for name, value in ast.iter_fields(node):
                if name == "decorator_list":
                    continue
                if isinstance(value, ast.expr):
                    yield node, (name, None), value
                elif isinstance(value, list):
                    for index, item in enumerate(value):
                        if isinstance(item, ast.expr):
                            yield node, (name, index), item
