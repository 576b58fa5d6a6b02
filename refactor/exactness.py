"""Does the code behind a ``fetch`` look at what only the longer form keeps?

``raise_error=False`` gives the response of the callback but for three things: where a redirect was
followed by a failure, its ``request``, ``effective_url`` and ``time_info``; on Tornado 5.1, the
``response`` of the error of a failure without one (SEMANTICS section 1). Who gets the response or
its error handed on may look at them too, as far as the project's files speak of them at all.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import libcst as cst

from . import cst as tree
from .callbacks import CallbackRef, takes
from .responses import handed_on
from .unit import Unit

FIELDS = frozenset({"effective_url", "time_info"})
REQUEST = re.compile(rb"(?<!\bself)(?<!handler)\.\s*request\b(?!\s*\()")
RESPONSE = re.compile(rb"(?<!\bself)\.\s*response\b|[\"']response[\"']")


def looks_closely(unit: Unit, ref: CallbackRef) -> bool:
    """Whether a callback may look at what ``raise_error=False`` does not keep.

    For Tornado 6, where a failure's response is made by hand: at its time.
    """
    if ref.function is None:
        return unit.options.tornado >= 6 or _spoken(unit, True)
    params = takes(ref, 1)
    given = {p.name.value for p in params or ()}
    handed = params is None or handed_on(ref.function.body, given, _asked(ref.function.body))
    return _looks(unit, ref.function.body, given, handed)


def generator_looks_closely(unit: Unit, function: cst.FunctionDef) -> bool:
    """The same of the responses that a generator waits for."""
    results, handed = _results(unit, function)
    return _looks(unit, function.body, results, handed)


def _looks(unit: Unit, body: cst.CSTNode, given: Collection[str], handed: bool) -> bool:
    """``given`` are the variables with a response; ``handed``: others may have it too."""
    if unit.options.tornado >= 6:
        return handed or "request_time" in unit.file.index.names
    if unit.file.index.names & FIELDS or _opened(body, given):
        return True
    return (handed or _error_handed_on(body, given)) and _spoken(unit, handed)


def _spoken(unit: Unit, whole: bool) -> bool:
    """Whether some file of the project may read ``response`` of an error.

    ``whole``: or one of the others of a response.
    """
    if unit.workspace.matches("response", RESPONSE):
        return True
    fields = any(unit.workspace.files.mentions(field) for field in FIELDS)
    return whole and (fields or unit.workspace.matches("request", REQUEST))


def _opened(body: cst.CSTNode, given: Collection[str]) -> bool:
    """Whether one of the attributes is read right here, or any that is computed."""
    for node in tree.find(body, cst.Attribute):
        head, _, rest = (tree.dotted(node) or "").partition(".")
        if head in given and (rest == "request" or rest.startswith(("request.", "error.response"))):
            return True
    opens = (c for c in tree.find(body, cst.Call) if tree.dotted(c.func) in {"getattr", "vars"})
    return any(tree.dotted(arg.value) in given for call in opens for arg in call.args)


def _error_handed_on(body: cst.CSTNode, given: Collection[str]) -> bool:
    """Whether the error is raised, or used other than to ask whether, or of what kind, it is."""
    asked = _asked(body)
    for node in tree.find(body, cst.Attribute):
        holder, _, last = (tree.dotted(node) or "").rpartition(".")
        if holder in given and (last == "rethrow" or (last == "error" and id(node) not in asked)):
            return True
    return False


def _asked(body: cst.CSTNode) -> set[int]:
    """The ids of what is only tested: for truth, against None, or with ``isinstance``."""
    choosing = (n for n in tree.walk(body) if isinstance(n, cst.If | cst.While | cst.IfExp))
    tests = [each.test for each in choosing]
    found: set[int] = set()
    while tests:
        test = tests.pop()
        if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
            tests.append(test.expression)
        elif isinstance(test, cst.BooleanOperation):
            tests += [test.left, test.right]
        else:
            found.add(id(test))
    for comparison in tree.find(body, cst.Comparison):
        if all(tree.dotted(each.comparator) == "None" for each in comparison.comparisons):
            found.add(id(comparison.left))
    for call in tree.find(body, cst.Call):
        if tree.dotted(call.func) == "isinstance" and call.args:
            found.add(id(call.args[0].value))
    return found


def _results(unit: Unit, function: cst.FunctionDef) -> tuple[set[str], bool]:
    """The variables that get what a generator waits for; whether it may go elsewhere too."""
    results: set[str] = set()
    elsewhere = False
    for each in tree.find(function.body, cst.Yield, into_functions=False):
        holder = unit.file.names.parents.get(id(each))
        if isinstance(holder, cst.Assign):
            targets = [target.target for target in holder.targets]
            results |= {name.value for t in targets for name in tree.find(t, cst.Name)}
        elif isinstance(holder, cst.Attribute):
            elsewhere = elsewhere or holder.attr.value in {"error", "request", "rethrow"}
        elif not isinstance(holder, cst.Expr):
            elsewhere = True
    places = {
        id(name)
        for assign in tree.find(function.body, cst.Assign)
        for target in assign.targets
        for name in tree.find(target.target, cst.Name)
    }
    return results, elsewhere or handed_on(function.body, results, places | _asked(function.body))
