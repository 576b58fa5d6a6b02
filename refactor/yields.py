"""What becomes of each ``yield`` of a generator handler, statement by statement.

Old forms (``gen.Task``, ``gen.Callback`` with ``gen.Wait``) get the form that :mod:`.tasks` finds;
everything else stays, or becomes an ``await`` for ``--style native``. A ``yield`` whose new form
needs statements of its own moves in front of its statement, where nothing before it can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from . import cst as tree
from .awaitable import Awaitables
from .gather import comprehension, literal
from .keys import Keys
from .refusal import Refused
from .returns import Place, is_return, returned, stops
from .tasks import Form, Tasks
from .timeouts import ordered
from .unit import Unit

Swap = tuple[cst.CSTNode, cst.CSTNode]


class NotNative(Exception):
    """Something in a generator has no exact ``async def`` form; the text says what."""


@dataclass(eq=False)
class Yields:
    """Rewrites the statements of one generator."""

    unit: Unit
    tasks: Tasks
    keys: Keys
    awaitables: Awaitables

    @property
    def native(self) -> bool:
        """Whether ``await`` is written."""
        return self.tasks.forms.options.style == "native"

    def block(self, stmts: Sequence[tree.Statement], place: Place) -> tree.Block:
        """The statements in their new form. Raises NotNative, and Refused (UC601)."""
        return [line for stmt in stmts for line in self._statement(stmt, place)]

    def _statement(self, stmt: tree.Statement, place: Place) -> tree.Block:
        if isinstance(stmt, cst.SimpleStatementLine):
            return self._line(stmt, place)
        if isinstance(stmt, cst.FunctionDef | cst.ClassDef):
            return [stmt]
        before, swaps = self._header(stmt)
        before += self.keys.prepared(stmt)
        for suite in tree.sub_blocks(stmt):
            inner = tree.block(suite)
            new = self.block(inner, place.inside(stmt, suite, self.unit.file.names))
            if len(new) != len(inner) or any(a is not b for a, b in zip(inner, new, strict=True)):
                swaps.append((suite, tree.suite(new, suite)))
        done = tree.replace(stmt, swaps) if swaps else stmt
        if isinstance(stmt, cst.Try) and self.tasks.forms.options.tornado >= 6:
            done = ordered(self.unit.file.names, stmt, cst.ensure_type(done, cst.Try))
        return _led(stmt, before, done)

    def _header(self, stmt: tree.Statement) -> tuple[tree.Block, list[Swap]]:
        """What the expressions of a compound statement's own lines become."""
        before: tree.Block = []
        swaps: list[Swap] = []
        for expression, first in _expressions(stmt):
            new, more = self._expressions(expression, movable=first and not before)
            before += new
            swaps += more
        return before, swaps

    def _line(self, stmt: cst.SimpleStatementLine, place: Place) -> tree.Block:
        small = tree.small(stmt)
        if small is None:
            if not _yields(stmt) and not self.native:
                return [stmt]
            alone = tree.block(cst.IndentedBlock(body=[stmt]))
            return [line for each in alone for line in self._statement(each, place)]
        started = self.keys.started(stmt)
        if started is not None:
            return tree.lift_comments(started, _comments(stmt))
        if self.native and is_return(self.unit.file.names, small):
            return self._return(stmt, cst.ensure_type(small, cst.Raise), place)
        if self.unit.options.python < (3,) and stops(self.unit.file.names, small):
            if not place.returns_like_raise:
                raise Refused("UC601", small, what=tree.code(small))
            return [stmt.with_changes(body=[cst.Return()])]
        whole = self._whole(stmt, small, place)
        if whole is not None:
            return tree.lift_comments(whole, _comments(stmt))
        before, swaps = self._expressions(small, movable=True)
        return _led(stmt, before, tree.replace(stmt, swaps) if swaps else stmt)

    def _return(self, stmt: cst.SimpleStatementLine, small: cst.Raise, place: Place) -> tree.Block:
        """``raise gen.Return(x)`` as ``return x``, where nothing on the way would notice."""
        if not place.returns_like_raise:
            raise NotNative(tree.code(small))
        before, swaps = self._expressions(small, movable=True)
        done = tree.replace(small, swaps)
        value = returned(done)
        value = value.with_changes(lpar=(), rpar=()) if isinstance(value, cst.Await) else value
        return _led(stmt, before, stmt.with_changes(body=[cst.Return(value)]))

    def _whole(
        self, stmt: cst.SimpleStatementLine, small: cst.CSTNode, place: Place
    ) -> tree.Block | None:
        """The statement when it is nothing but a ``yield``, perhaps kept in variables."""
        names: list[str] | None = None
        value: cst.CSTNode | None = None
        if isinstance(small, cst.Expr):
            value = small.value
        elif isinstance(small, cst.Assign) and len(small.targets) == 1:
            value = small.value
            names = _plain_targets(small.targets[0].target)
            if names is None:
                return None
        form = self._form(value) if isinstance(value, cst.Yield) else None
        if form is None or form.value is not None or form.steps is None:
            return None
        if form.ends and not place.free:
            raise Refused("UC601", value, what=tree.code(value or small))
        if names is None or len(names) == 1:
            return form.steps(names[0] if names else None)
        if form.each is not None and form.count == len(names):
            return form.each(list(names))
        return None

    def _expressions(self, root: cst.CSTNode, movable: bool) -> tuple[tree.Block, list[Swap]]:
        """Statements to put in front, and what to swap, for the yields below ``root``."""
        before: tree.Block = []
        swaps: list[Swap] = []
        gone: set[int] = set()
        for each in _yields(root):
            if id(each) in gone:
                continue
            inner = [node for node in _yields(each) if node is not each]
            if inner:
                gone |= {id(node) for node in inner}
                swaps.append((each, self._nested(each)))
                continue
            form = self._form(each)
            if form is None:
                new = self._stays(each)
                swaps += [(each, new)] if new is not None else []
                continue
            if form.value is not None:
                several = form.many and self.native
                value = self._multi(form.value) if several else form.value
                new = self.tasks.forms.waiting(value)
                swaps.append((each, _fitting(new, each, self._parent(each))))
                continue
            if form.ends or not movable or not _first_evaluated(root, each, gone):
                raise Refused("UC601", each, what=tree.code(each))
            assert form.steps is not None
            name = tree.fresh(form.name, self.tasks.taken)
            before += form.steps(name)
            swaps.append((each, cst.Name(name)))
            gone.add(id(each))
        return before, swaps

    def _parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        return self.unit.file.names.parents.get(id(node))

    def _nested(self, node: cst.Yield) -> cst.BaseExpression:
        """A ``yield`` whose operand has others in it, all of which can stay where they are."""
        assert node.value is not None
        before, swaps = self._expressions(node.value, movable=False)
        if before or self._form(node) is not None:
            raise Refused("UC601", node, what=tree.code(node))
        return tree.replace(self._stays(node) or node, swaps)

    def _form(self, node: cst.Yield) -> Form | None:
        value = node.value
        if value is None or isinstance(value, cst.From):
            return None
        if self.tasks.is_task(value):
            assert isinstance(value, cst.Call)
            return self.tasks.task(value)
        return self.keys.waited(value) or self._several(value)

    def _several(self, value: cst.BaseExpression) -> Form | None:
        """A list or dict of tasks: each in its new form, all of them at once."""
        if not isinstance(value, cst.List | cst.Dict | cst.ListComp | cst.DictComp):
            return None
        found = [n for n in tree.walk(value, into_functions=False) if self.tasks.is_task(n)]
        forms = [(n, self.tasks.task(n)) for n in found if isinstance(n, cst.Call)]
        new = [(n, form) for n, form in forms if form is not None]
        if not new:
            return None
        if all(form.value is not None for _, form in new):
            swaps = [(n, form.value) for n, form in new if form.value is not None]
            listed = tree.replace(value, swaps)
            return Form(value=listed, many=True)
        if isinstance(value, cst.List | cst.Dict):
            return literal(self.tasks, value, [form for _, form in new], [n for n, _ in new])
        if isinstance(value, cst.ListComp) and len(new) == 1:
            return comprehension(self.tasks, value, new[0][1], new[0][0])
        return None

    def _multi(self, value: cst.BaseExpression) -> cst.BaseExpression:
        multi = self.unit.imports.refer("tornado.gen", "multi", self.tasks.taken)
        return cst.Call(cst.parse_expression(multi), [cst.Arg(value)])

    def _stays(self, node: cst.Yield) -> cst.BaseExpression | None:
        """A ``yield`` that is no old form: itself, or an ``await`` of the same."""
        if not self.native:
            return None
        value = node.value
        if value is None or isinstance(value, cst.From):
            raise NotNative(tree.code(node))
        kind = self.awaitables.kind(value)
        if kind is None:
            raise NotNative(tree.code(node))
        operand = self._multi(value) if kind == "many" else value
        return _fitting(cst.Await(operand), node, self._parent(node))


def _yields(root: cst.CSTNode) -> list[cst.Yield]:
    return list(tree.find(root, cst.Yield, into_functions=False))


def _comments(stmt: cst.SimpleStatementLine) -> list[cst.EmptyLine]:
    """The comments around a simple statement, as lines in front of what takes its place."""
    comment = stmt.trailing_whitespace.comment
    behind = [cst.EmptyLine(comment=comment)] if comment is not None else []
    return [*stmt.leading_lines, *behind]


def _led(stmt: tree.Statement, before: tree.Block, done: tree.Statement) -> tree.Block:
    """``before`` and ``done`` with the comments of the old statement on top."""
    if not before:
        return [done]
    lines = getattr(stmt, "leading_lines", ())
    return [*tree.lift_comments(before, lines), done.with_changes(leading_lines=())]


def _plain_targets(target: cst.CSTNode) -> list[str] | None:
    """The names a value is unpacked into; None when there is anything but names."""
    if isinstance(target, cst.Name):
        return [target.value]
    if not isinstance(target, cst.Tuple | cst.List):
        return None
    names = [e.value.value for e in target.elements if isinstance(e.value, cst.Name)]
    plain = all(isinstance(element, cst.Element) for element in target.elements)
    return names if plain and len(names) == len(target.elements) > 1 else None


def _expressions(stmt: cst.CSTNode) -> list[tuple[cst.CSTNode, bool]]:
    """The expressions in a compound statement's own lines; True for what runs once, at first."""
    if isinstance(stmt, cst.If):
        found: list[tuple[cst.CSTNode, bool]] = [(stmt.test, True)]
        below = stmt.orelse
        while isinstance(below, cst.If):
            found.append((below.test, False))
            below = below.orelse
        return found
    if isinstance(stmt, cst.While):
        return [(stmt.test, False)]
    if isinstance(stmt, cst.For):
        return [(stmt.iter, True)]
    if isinstance(stmt, cst.With):
        return [(item, index == 0) for index, item in enumerate(stmt.items)]
    if isinstance(stmt, cst.Try | cst.TryStar):
        return [(h.type, False) for h in stmt.handlers if h.type is not None]
    if isinstance(stmt, cst.Match):
        return [(stmt.subject, True)]
    return []


def _first_evaluated(root: cst.CSTNode, target: cst.CSTNode, gone: set[int]) -> bool:
    """Whether all that ``root`` evaluates before ``target`` are names, literals and functions.

    ``gone`` are the yields that moved in front already.
    """
    if root is target:
        return True
    if isinstance(root, cst.Lambda | cst.GeneratorExp | cst.ListComp | cst.SetComp | cst.DictComp):
        return False
    if isinstance(root, cst.BooleanOperation | cst.Comparison):
        return _first_evaluated(root.left, target, gone)
    if isinstance(root, cst.IfExp):
        return _first_evaluated(root.test, target, gone)
    children = [root.value] if isinstance(root, cst.Assign | cst.AnnAssign) else root.children
    for child in children:
        if child is None:
            continue
        if any(node is target for node in tree.walk(child)):
            return _first_evaluated(child, target, gone)
        called = isinstance(root, cst.Call) and child is root.func
        if not _still(child, gone, called):
            return False
    return False


def _still(node: cst.CSTNode, gone: set[int], called: bool) -> bool:
    """Whether evaluating ``node`` later makes no difference."""
    if id(node) in gone or isinstance(node, cst.Name | cst.BaseNumber | cst.SimpleString):
        return True
    if isinstance(node, cst.Arg | cst.Element | cst.Index | cst.SubscriptElement):
        return all(_still(child, gone, False) for child in node.children)
    if isinstance(node, cst.Attribute):
        return id(node.value) in gone or (called and tree.dotted(node) is not None)
    return not isinstance(node, cst.BaseExpression)


def _fitting(
    new: cst.BaseExpression, old: cst.Yield, parent: cst.CSTNode | None
) -> cst.BaseExpression:
    """The new expression, in brackets where it needs them."""
    if isinstance(new, cst.Yield):
        return new.with_changes(lpar=old.lpar, rpar=old.rpar)
    if isinstance(new, cst.Await):
        operand = new.expression
        simple = cst.Call | cst.Name | cst.Attribute | cst.Subscript
        if not isinstance(operand, simple) and not operand.lpar:
            bracketed = operand.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
            new = new.with_changes(expression=bracketed)
    loose = cst.Arg | cst.Return | cst.Assign | cst.AnnAssign | cst.AugAssign | cst.Expr
    loose |= cst.NamedExpr | cst.Element | cst.If | cst.While | cst.For
    if isinstance(parent, loose):
        return new
    return new.with_changes(lpar=old.lpar, rpar=old.rpar)
