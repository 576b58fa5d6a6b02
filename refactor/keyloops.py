"""A loop that starts an operation for each of its keys, and one ``gen.WaitAll`` for all of them.

    for key in KEYS:
        client.fetch(url(key), callback=(yield gen.Callback(key)))
    responses = yield gen.WaitAll(KEYS)

The keys have to be different (Tornado reports one that is pending already), and the same in both
places: both are read from expressions whose value cannot have changed in between.
"""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from . import cst as tree
from .gather import gathered, kept
from .names import Names
from .responses import Started
from .tasks import Form, Tasks


@dataclass(eq=False)
class KeyLoop:
    """One such loop: what stands in it, and what ``gen.WaitAll`` has to be given.

    ``listed`` is the variable that holds what was started, ``one`` the form's variables for a
    single operation; both are set when the loop is rewritten.
    """

    stmt: cst.For
    callback: cst.BaseExpression
    keys: str
    form: Form | None
    listed: str = ""
    one: Started | None = None

    @property
    def usable(self) -> bool:
        """Whether each operation can be kept in a list: no callback sees a loop variable change."""
        return self.form is not None and (self.form.value is not None or self.form.kept)

    def prepare(self, tasks: Tasks) -> tree.Block:
        """What stands in front of the loop."""
        assert self.form is not None
        self.listed = tree.fresh(
            "futures" if self.form.value is not None else "started", tasks.taken
        )
        return [tree.line(f"{self.listed} = []")]

    def start(self) -> tree.Block:
        """What stands in place of the call."""
        assert self.form is not None
        if self.form.value is not None:
            return [tree.line(f"{self.listed}.append(VALUE)", VALUE=self.form.value)]
        assert self.form.start is not None
        self.one = self.form.start()
        return [*self.one.statements, kept(self.one, self.listed)]

    def waited(self, tasks: Tasks) -> Form:
        """What is yielded in place of ``gen.WaitAll``."""
        assert self.form is not None
        if self.form.value is not None:
            return Form(value=cst.Name(self.listed), many=True)
        assert self.one is not None
        assert self.form.finish is not None
        return Form(
            steps=gathered(tasks, self.one, self.listed, self.form.finish), name="responses"
        )


def keys_of(names: Names, stmt: cst.For, key: cst.CSTNode) -> str | None:
    """The expression that gives the keys of a loop, where they are certainly different.

    ``key`` is what the loop's operation has for a key; None for anything not understood.
    """
    if not isinstance(key, cst.Name) or stmt.orelse is not None or stmt.asynchronous is not None:
        return None
    if isinstance(stmt.target, cst.Name) and stmt.target.value == key.value:
        known = _once(names, key) and _different(names, stmt.iter)
        return tree.code(stmt.iter) if known else None
    if isinstance(stmt.target, cst.Tuple) and isinstance(stmt.iter, cst.Call):
        return _enumerated(names, stmt.target, stmt.iter, key)
    return None


def _enumerated(names: Names, target: cst.Tuple, call: cst.Call, key: cst.Name) -> str | None:
    first = target.elements[0].value
    counted = tree.dotted(call.func) == "enumerate" and len(call.args) == 1
    mine = isinstance(first, cst.Name) and first.value == key.value and _once(names, key)
    if not counted or not mine or not _fixed(names, call.args[0].value):
        return None
    return f"range(len({tree.code(call.args[0].value)}))"


def _different(names: Names, value: cst.BaseExpression) -> bool:
    """Whether a sequence has no element twice, and is the same when it is read again."""
    if isinstance(value, cst.Call):
        fixed = all(isinstance(arg.value, cst.Integer) for arg in value.args)
        return tree.dotted(value.func) == "range" and fixed
    if isinstance(value, cst.List | cst.Tuple):
        texts = [literal(element.value) for element in value.elements]
        return None not in texts and len(set(texts)) == len(texts)
    if not isinstance(value, cst.Name) or not _fixed(names, value):
        return False
    owner = names.owner(value, value.value)
    assert owner is not None
    place = names.parents.get(id(names.bindings(owner).assigned[value.value][0]))
    return isinstance(place, cst.Assign) and (
        isinstance(place.value, cst.List | cst.Tuple) and _different(names, place.value)
    )


def literal(value: cst.CSTNode) -> str | None:
    """The text of a literal key; None for a computed one."""
    known = isinstance(value, cst.SimpleString | cst.Integer)
    return repr(value.evaluated_value) if known else None  # type: ignore[attr-defined]


def _once(names: Names, name: cst.Name) -> bool:
    owner = names.owner(name, name.value)
    return owner is not None and len(names.bindings(owner).assigned.get(name.value, [])) == 1


def _fixed(names: Names, value: cst.BaseExpression) -> bool:
    """Whether a variable is bound once and nobody calls its methods or stores into it."""
    if not isinstance(value, cst.Name) or not _once(names, value):
        return False
    owner = names.owner(value, value.value)
    assert owner is not None
    for node in tree.find(owner, cst.Name):
        holder = names.parents.get(id(node))
        touched = isinstance(holder, cst.Attribute | cst.Subscript | cst.AugAssign)
        if node.value == value.value and touched:
            return False
    return True
