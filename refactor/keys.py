"""``gen.Callback`` with ``gen.Wait`` and ``gen.WaitAll``: futures kept in variables.

A key is followed through one block of statements, from the call that gets its callback to the wait
for it. A key that is not waited for on every path is an error that Tornado reports at the end, and
only ``@asynchronous`` tells the client (SEMANTICS section 4), so every key has to be followed. They
are all replaced, or all stay where an operation is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from . import cst as tree
from .gather import together
from .keyloops import KeyLoop, keys_of, literal
from .refusal import Refused
from .responses import Started
from .returns import is_return
from .tasks import Form, Tasks

CALLBACK = "tornado.gen.Callback"
WAIT = "tornado.gen.Wait"
WAIT_ALL = "tornado.gen.WaitAll"


@dataclass(eq=False)
class Pending:
    """One key between its call and its wait: its ``yield gen.Callback``, and the call's new form.

    ``started`` is set once the call was rewritten.
    """

    callback: cst.BaseExpression
    form: Form | None
    started: Started | None = None


@dataclass(eq=False)
class Keys:
    """The keys of one function; empty when there are none, or when they have to stay."""

    tasks: Tasks
    calls: dict[int, Pending] = field(default_factory=dict)
    waits: dict[int, list[Pending]] = field(default_factory=dict)
    followed: set[int] = field(default_factory=set)
    loops: dict[int, KeyLoop] = field(default_factory=dict)

    @classmethod
    def of(cls, tasks: Tasks) -> Keys:
        """Follow the keys of the function that ``tasks`` is about; raises Refused (UC601)."""
        keys = cls(tasks)
        wanted = dict(tasks.unit.imports.wanted)
        old = [n for n in _nodes(tasks.function.body) if keys.is_callback(n) or keys._is_wait(n)]
        keys._follow(tree.block(tasks.function.body))
        left = [n for n in old if id(n) not in keys.followed]
        if left:
            raise Refused("UC601", left[0], what=tree.code(left[0]))
        known = all(pending.form is not None for pending in keys.calls.values())
        if known and all(loop.usable for loop in keys.loops.values()):
            return keys
        tasks.unit.imports.wanted = wanted
        return cls(tasks)

    def is_callback(self, node: cst.CSTNode | None) -> bool:
        """Whether ``node`` is ``yield gen.Callback(...)``."""
        return isinstance(node, cst.Yield) and self._called(node.value, CALLBACK)

    def _called(self, node: cst.CSTNode | None, *names: str) -> bool:
        if not isinstance(node, cst.Call):
            return False
        return self.tasks.unit.file.names.qualified(node.func, node) in names

    def _is_wait(self, node: cst.CSTNode) -> bool:
        return isinstance(node, cst.Yield) and self._called(node.value, WAIT, WAIT_ALL)

    def _follow(self, stmts: tree.Block) -> None:
        """Pair the keys of one block, as far as that is certain."""
        pending: dict[str, Pending] = {}
        loops: dict[str, KeyLoop] = {}
        for stmt in stmts:
            call = tree.called(stmt)
            carrier = self._carrier(call) if call is not None else None
            if call is not None and carrier is not None and carrier[0] not in pending:
                key, argument = carrier
                form = self.tasks.callback(call, argument)
                pending[key] = self.calls[id(call)] = Pending(argument.value, form)
            elif isinstance(stmt, cst.SimpleStatementLine):
                self._wait_in(stmt, pending, loops)
            elif isinstance(stmt, cst.For):
                loops |= self._loop(stmt)
            for suite in tree.sub_blocks(stmt):
                self._follow(tree.block(suite))
            if any(self._leaves(node) for node in _nodes(stmt)):
                pending.clear()
                loops.clear()

    def _leaves(self, node: cst.CSTNode) -> bool:
        leaving = isinstance(node, cst.Return | cst.Break | cst.Continue)
        return leaving or is_return(self.tasks.unit.file.names, node)

    def _carrier(self, call: cst.Call) -> tuple[str, cst.Arg] | None:
        """The key and the argument of a call that gets a ``gen.Callback``."""
        found = [arg for arg in call.args if self.is_callback(arg.value)]
        if len(found) != 1:
            return None
        value = found[0].value
        assert isinstance(value, cst.Yield)
        assert isinstance(value.value, cst.Call)
        key = literal(value.value.args[0].value) if len(value.value.args) == 1 else None
        return (key, found[0]) if key is not None else None

    def _loop(self, stmt: cst.For) -> dict[str, KeyLoop]:
        """The loop by its keys, when each of its iterations starts one operation."""
        calls = [call for each in tree.block(stmt.body) if (call := tree.called(each)) is not None]
        for call in calls:
            carriers = [arg for arg in call.args if self.is_callback(arg.value)]
            made = carriers[0].value if len(carriers) == 1 else None
            inner = made.value if isinstance(made, cst.Yield) else None
            if made is None or not isinstance(inner, cst.Call) or len(inner.args) != 1:
                continue
            keys = keys_of(self.tasks.unit.file.names, stmt, inner.args[0].value)
            if keys is not None:
                loop = KeyLoop(stmt, made, keys, self.tasks.callback(call, carriers[0]))
                self.loops[id(call)] = self.loops[id(stmt)] = loop
                return {keys: loop}
        return {}

    def _wait_in(
        self, stmt: cst.CSTNode, pending: dict[str, Pending], loops: dict[str, KeyLoop]
    ) -> None:
        for node in _nodes(stmt):
            if not self._is_wait(node):
                continue
            assert isinstance(node, cst.Yield)
            assert isinstance(node.value, cst.Call)
            keys = _keys(node.value)
            if keys is not None and all(key in pending for key in keys):
                waited = self.waits[id(node.value)] = [pending.pop(key) for key in keys]
                self.followed |= {id(node), *(id(each.callback) for each in waited)}
            loop = loops.pop(tree.code(node.value.args[0].value), None) if node.value.args else None
            if loop is not None and self._called(node.value, WAIT_ALL):
                self.loops[id(node.value)] = loop
                self.followed |= {id(node), id(loop.callback)}

    def started(self, stmt: cst.CSTNode) -> tree.Block | None:
        """The statements that start an operation instead of giving it a ``gen.Callback``."""
        call = tree.called(stmt)
        if id(call) in self.loops:
            return self.loops[id(call)].start()
        pending = self.calls.get(id(call)) if call is not None else None
        if pending is None or pending.form is None or pending.form.start is None:
            return None
        pending.started = pending.form.start()
        return list(pending.started.statements)

    def prepared(self, stmt: cst.CSTNode) -> tree.Block:
        """What has to stand in front of a loop that starts operations by their keys."""
        loop = self.loops.get(id(stmt))
        return loop.prepare(self.tasks) if loop is not None else []

    def waited(self, value: cst.BaseExpression) -> Form | None:
        """The new form of a ``gen.Wait`` or ``gen.WaitAll`` whose keys were followed."""
        if id(value) in self.loops:
            return self.loops[id(value)].waited(self.tasks)
        pending = self.waits.get(id(value))
        if pending is None:
            return None
        if self._called(value, WAIT):
            return _wait(pending[0])
        forms = [(each.form, each.started) for each in pending if each.form is not None]
        return together(self.tasks, forms)


def _wait(pending: Pending) -> Form | None:
    form, started = pending.form, pending.started
    assert form is not None
    assert form.finish is not None
    assert started is not None
    finish = form.finish
    if form.plain:
        return Form(value=cst.Name(started.future))
    return Form(steps=lambda target: finish(started, target), name=form.name)


def _nodes(root: cst.CSTNode) -> Iterator[cst.CSTNode]:
    return tree.walk(root, into_functions=False)


def _keys(wait: cst.Call) -> list[str] | None:
    """The literal keys that a ``gen.Wait`` or ``gen.WaitAll`` waits for, each once."""
    if len(wait.args) != 1:
        return None
    value = wait.args[0].value
    elements = value.elements if isinstance(value, cst.List | cst.Tuple) else [cst.Element(value)]
    found = [literal(element.value) for element in elements]
    keys = [key for key in found if key is not None]
    return keys if len(set(keys)) == len(found) else None
