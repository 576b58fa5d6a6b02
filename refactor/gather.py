"""Operations that run side by side: a list, a dict or a comprehension of them, in Tornado 6.

Where each needs statements of its own, they are all started first and waited for one after the
other, which takes as long and gives the same: none of them fails (SEMANTICS section 1, form D).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import libcst as cst

from . import cst as tree
from .responses import Started
from .tasks import Form, Tasks

Operation = tuple[Form, Started | None]
"""A form, and what it started already (None: nothing yet)."""


def together(
    tasks: Tasks, operations: Sequence[Operation], keys: Sequence[cst.BaseExpression] = ()
) -> Form | None:
    """The results as one list in the order of ``operations``, or as a dict with ``keys``.

    None when an operation may fail: a list waits for the others first.
    """
    if not all(form.never_fails for form, _ in operations):
        return None

    def begun() -> tuple[tree.Block, list[Started]]:
        block: tree.Block = []
        ones: list[Started] = []
        for form, started in operations:
            assert form.start is not None
            one = started or form.start()
            block += [] if started is not None else one.statements
            ones.append(one)
        return block, ones

    def each(names: list[str | None]) -> tree.Block:
        block, ones = begun()
        for (form, _), one, name in zip(operations, ones, names, strict=True):
            assert form.finish is not None
            block += form.finish(one, name)
        return block

    def steps(target: str | None) -> tree.Block:
        if target is None:
            return each([None] * len(operations))
        if all(form.plain for form, _ in operations):
            block, ones = begun()
            waiting = [_waited(tasks, cst.Name(one.future)) for one in ones]
            return [*block, tree.line(f"{target} = VALUE", VALUE=_collected(waiting, keys))]
        names: list[str | None] = [tree.fresh(form.name, tasks.taken) for form, _ in operations]
        values = [cst.Name(str(name)) for name in names]
        return [*each(names), tree.line(f"{target} = VALUE", VALUE=_collected(values, keys))]

    return Form(steps=steps, each=None if keys else each, count=len(operations), name="results")


def _waited(tasks: Tasks, future: cst.Name) -> cst.BaseExpression:
    """``(yield future)``, or ``await future``, as an element of a list."""
    expression = tasks.forms.waiting(future)
    if isinstance(expression, cst.Yield):
        return expression.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return expression


def _collected(
    values: Sequence[cst.BaseExpression], keys: Sequence[cst.BaseExpression]
) -> cst.BaseExpression:
    if not keys:
        return cst.List([cst.Element(value) for value in values])
    pairs = zip(keys, values, strict=True)
    return cst.Dict([cst.DictElement(key, value) for key, value in pairs])


def literal(
    tasks: Tasks, value: cst.List | cst.Dict, forms: Sequence[Form], found: Sequence[cst.CSTNode]
) -> Form | None:
    """A list or dict display whose values are all operations; None for any other."""
    elements = value.elements
    plain = all(isinstance(each, cst.Element | cst.DictElement) for each in elements)
    same = len(elements) == len(found) and all(
        each.value is node for each, node in zip(elements, found, strict=True)
    )
    if not plain or not same or not all(form.start is not None for form in forms):
        return None
    keys = [each.key for each in elements if isinstance(each, cst.DictElement)]
    simple = all(isinstance(key, cst.SimpleString | cst.Integer | cst.Name) for key in keys)
    return together(tasks, [(form, None) for form in forms], keys) if simple else None


def comprehension(tasks: Tasks, value: cst.ListComp, form: Form, task: cst.CSTNode) -> Form | None:
    """A list comprehension of one operation as two loops: one starts them, one waits.

    None when that is not certainly the same: for an operation whose callback would see the loop's
    variable change, or when the comprehension's own variables are used elsewhere.
    """
    inner = value.for_in
    targets = [inner.target.value] if isinstance(inner.target, cst.Name) else []
    reading = list(tree.find(tasks.function.body, cst.Name))
    mine = {id(node) for node in tree.walk(value)}
    shared = any(node.value in targets and id(node) not in mine for node in reading)
    simple = value.elt is task and inner.inner_for_in is None and inner.asynchronous is None
    if not simple or not targets or shared or form.start is None or form.finish is None:
        return None
    return _loops(tasks, inner, form.start, form.finish)


def _loops(
    tasks: Tasks,
    inner: cst.CompFor,
    start: Callable[[], Started],
    finish: Callable[[Started, str | None], tree.Block],
) -> Form | None:
    one = start()
    if not one.request:
        return None

    def steps(target: str | None) -> tree.Block:
        begun = tree.fresh("started", tasks.taken)
        starting: tree.Block = [*one.statements, kept(one, begun)]
        for test in reversed(inner.ifs):
            starting = [cst.If(test=test.test, body=tree.suite(starting))]
        first = cst.For(inner.target, inner.iter, tree.suite(starting))
        waiting = gathered(tasks, one, begun, finish)
        return [tree.line(f"{begun} = []"), first, *waiting(target)]

    return Form(steps=steps, name="responses")


def kept(one: Started, listed: str) -> tree.Statement:
    """Keeps a started request in the list ``listed``."""
    return tree.line(f"{listed}.append(({', '.join(one.kept)}))")


def gathered(
    tasks: Tasks,
    one: Started,
    listed: str,
    finish: Callable[[Started, str | None], tree.Block],
) -> Callable[[str | None], tree.Block]:
    """Waits for each of the requests in ``listed`` and gathers the responses in a list."""

    def steps(target: str | None) -> tree.Block:
        response = tree.fresh("response", tasks.taken)
        found = target or tree.fresh("responses", tasks.taken)
        parts = cst.parse_expression(", ".join(one.kept))
        waiting = [*finish(one, response), tree.line(f"{found}.append({response})")]
        loop = cst.For(cst.ensure_type(parts, cst.Tuple), cst.Name(listed), tree.suite(waiting))
        return [tree.line(f"{found} = []"), loop]

    return steps
