"""The mutation operators behind ``benchmarks/power.py``: each applies, none is a no-op."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

from mutate import Mutant, mutants
from operators import EXPRESSION_OPERATORS, METHOD_OPERATORS, STATEMENT_OPERATORS

SOURCE = """
from tornado import gen, web

class Main(web.RequestHandler):
    @gen.coroutine
    def get(self, seen=[]):
        self.started = 1
        a = yield self.load("a", raise_error=False)
        b = yield self.load("b")
        self.write(self.prefix)
        c, d = yield [self.load("c"), self.load("d")]
        if a.error:
            self.on_error(a)
            return
        else:
            self.started = 2
        try:
            self.write("good")
            self.on_done(b, c, d)
        except ValueError:
            self.write("bad")
        self.finish("end")
        yield self.load("e")

    def on_error(self, response):
        self.on_done(response)

    def on_done(self, *responses):
        self.write("x")
"""


@pytest.fixture(scope="module")
def found() -> list[Mutant]:
    return list(mutants(SOURCE))


def test_every_operator_applies(found: list[Mutant]) -> None:
    applied = {mutant.operator for mutant in found}
    known = {*STATEMENT_OPERATORS, *EXPRESSION_OPERATORS, *METHOD_OPERATORS}
    assert known - applied == set()


def test_mutants_differ_from_the_original_and_from_each_other(found: list[Mutant]) -> None:
    texts = [mutant.source for mutant in found]
    assert len(set(texts)) == len(texts) > 60
    assert ast.unparse(ast.parse(SOURCE)) + "\n" not in texts


def test_a_mutant_changes_the_line_it_names(found: list[Mutant]) -> None:
    lines = SOURCE.splitlines()
    for mutant in found:
        assert lines[mutant.line - 1].strip()
