"""``gen.Task`` and the ``callback=`` of old generators as operations with an awaitable form.

A ``gen.Task(operation, ...)`` is the operation with a callback that resolves a future, so it is
given to :class:`~.forms.Forms` as such a site. What is not in the catalogue keeps ``gen.Task`` up
to Tornado 5, where that is exact; Tornado 6 has none, and a Future takes its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import libcst as cst

from . import cst as tree
from .awaitable import Awaitables, in_thread
from .callbacks import CallbackRef
from .catalogue import Operation
from .exactness import generator_looks_closely
from .find import ENGINE, TASK
from .forms import Forms
from .refusal import Refused
from .removed import WITHOUT_CALLBACK
from .responses import REDIRECTS, Started, may_hang
from .sites import Site, SiteFinder
from .timers import IOLOOP, duration
from .unit import Unit

RETURN_FUTURE = "tornado.concurrent.return_future"

EXACT = frozenset({"fetch", "future", "auth"})
"""Forms that give what ``gen.Task`` gives, errors included."""

Make = Callable[[str | None], tree.Block]


@dataclass(frozen=True, eq=False)
class Form:
    """The new form of something that is yielded.

    ``value`` is an expression that is awaited in its place. Where that needs statements, ``steps``
    gives them for the variable that gets the result (None: nobody), and ``name`` is a fit name
    for one; ``start`` and ``finish`` are the two halves, for operations that run side by side:
    ``plain`` says that ``finish`` only waits, ``never_fails`` that it raises nothing, ``ends``
    that it may end the handler, ``kept`` that a list can hold what was started, ``many`` that the
    value is a list. ``each`` gives ``count`` results their own variables.
    """

    value: cst.BaseExpression | None = None
    steps: Make | None = None
    start: Callable[[], Started] | None = None
    finish: Callable[[Started, str | None], tree.Block] | None = None
    name: str = "result"
    plain: bool = False
    never_fails: bool = False
    ends: bool = False
    kept: bool = False
    many: bool = False
    each: Callable[[list[str | None]], tree.Block] | None = None
    count: int = 1


@dataclass(eq=False)
class Tasks:
    """Finds the new forms in one function.

    ``taken`` are the names used there, ``ends_by_itself`` says that its end finishes the request.
    """

    unit: Unit
    finder: SiteFinder
    forms: Forms
    function: cst.FunctionDef
    first: str
    taken: set[str]
    ends_by_itself: bool
    coroutines: Awaitables
    notes: dict[str, None] = field(default_factory=dict)

    def is_task(self, node: cst.CSTNode) -> bool:
        """Whether ``node`` is a call of ``gen.Task``, or of what Tornado 6 made something else."""
        return self._is_task(node) or self._raising(node) is not None

    def _raising(self, node: cst.CSTNode) -> Site | None:
        """``fetch(..., raise_error=False)``, which raises all the same on Tornado 6 (section 1)."""
        if self._keeps() or not isinstance(node, cst.Call):
            return None
        argument = next((arg for arg in node.args if is_quiet(arg)), None)
        operation = self.finder.operation(node) if argument is not None else None
        if argument is None or operation is None or operation.form6 != "fetch":
            return None
        return Site(node, operation, argument, _NOBODY)

    def _is_task(self, node: cst.CSTNode) -> bool:
        return (
            isinstance(node, cst.Call)
            and self.unit.file.names.qualified(node.func, node) == TASK
            and bool(node.args)
            and not node.args[0].star
            and node.args[0].keyword is None
        )

    def task(self, call: cst.Call) -> Form | None:
        """The form of ``gen.Task(...)``; None where it stays."""
        try:
            return self._task(call)
        except Refused as refused:
            if id(refused.node) not in self.unit.file.names.parents:
                refused.node = call  # the person knows nothing of a call that was made here
            raise

    def _task(self, call: cst.Call) -> Form | None:
        raising = self._raising(call)
        if raising is not None:
            return self.site(raising)
        func = call.args[0].value
        arguments = [_tidy(arg) for arg in call.args[1:]]
        inner = cst.Call(func, arguments)
        if self.coroutines.coroutine(func):
            return self._awaited(inner)
        operation = self.finder.named(func)
        if operation is None:
            return self._unknown(inner, None)
        wait = duration(self.unit.file.names, self.finder.receivers, operation, call.args[1:])
        if wait is not None:
            return self._sleep(wait)
        if self._keeps() and not self._exact(operation):
            return None
        argument = cst.Arg(
            keyword=cst.Name(operation.callback),
            value=cst.Name("None"),
            equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
        )
        if arguments:
            arguments[-1] = arguments[-1].with_changes(comma=_COMMA)
        site = Site(cst.Call(func, [*arguments, argument]), operation, argument, _NOBODY)
        return self.site(site)

    def callback(self, call: cst.Call, argument: cst.Arg) -> Form | None:
        """The form of an operation that got a ``gen.Callback``; None where it stays."""
        operation = self.finder.operation(call)
        if operation is None:
            return self._unknown(call, argument)
        others = [arg for arg in call.args if arg is not argument]
        wait = duration(self.unit.file.names, self.finder.receivers, operation, others)
        if wait is not None:
            return self._sleep(wait)
        return self.site(Site(call, operation, argument, _NOBODY))

    def site(self, site: Site) -> Form | None:
        """The form of a known operation."""
        if IOLOOP in site.operation.owner and not site.operation.passes:
            promise = replace(site.operation, form5="promise", form6="promise")
            site = replace(site, operation=promise)
        elif self._keeps() and not self._exact(site.operation):
            return None
        operation = site.operation
        form = operation.form(self.forms.options.tornado)
        if form in {"none", "task", "given"}:
            return None
        if operation.errors == "dropped" and form == "future":
            return None if self._keeps() else self._dropped(site)
        exact = form == "fetch" and generator_looks_closely(self.unit, self.function)
        if form == "fetch" and not self._keeps() and may_hang(site.call):
            self.notes[REDIRECTS] = None
        value = self._expression(site, form, exact)
        name = operation.passes[0] if operation.passes else "result"

        def start() -> Started:
            return self.forms.start(site, tree.fresh("future", self.taken), exact, self.taken)

        def finish(started: Started, target: str | None) -> tree.Block:
            return self.forms.finish(site, started, target, self.taken)

        def steps(target: str | None) -> tree.Block:
            return self.forms.immediate(site, target, exact, self.taken)

        promised = form in {"fetch", "promise"}
        plain = value is not None or form == "promise"
        return Form(
            value,
            steps,
            start,
            finish,
            name,
            plain=plain,
            never_fails=promised,
            kept=form == "fetch",
        )

    def _exact(self, operation: Operation) -> bool:
        """Whether the future of the operation itself is as good as that of ``gen.Task``."""
        native = self.forms.options.style == "native"
        return operation.form5 in EXACT and not (native and in_thread(operation))

    def _keeps(self) -> bool:
        """Whether the old forms still exist in the target."""
        return self.forms.options.tornado < 6

    def _expression(self, site: Site, form: str, exact: bool) -> cst.BaseExpression | None:
        simple = form == "future" or (form == "fetch" and not exact and self._keeps())
        return self.forms.awaitable(site, self.taken) if simple else None

    def _sleep(self, wait: cst.BaseExpression) -> Form:
        sleep = cst.parse_expression(self.unit.imports.refer("tornado.gen", "sleep", self.taken))
        return replace(self._awaited(cst.Call(sleep, [cst.Arg(wait)])), never_fails=True)

    def _awaited(self, value: cst.BaseExpression) -> Form:
        """A call that gives a future as it is."""

        def start() -> Started:
            name = tree.fresh("future", self.taken)
            return Started([tree.line(f"{name} = VALUE", VALUE=value)], name)

        def steps(target: str | None) -> tree.Block:
            return [self.forms.wait(value, target)]

        return Form(value, steps, start, self._plainly, plain=True)

    def _plainly(self, started: Started, target: str | None) -> tree.Block:
        return [self.forms.wait(cst.Name(started.future), target)]

    def _dropped(self, site: Site) -> Form:
        """An operation that never calls back once the client has left: the handler ends there."""

        def steps(target: str | None) -> tree.Block:
            block = self.forms.immediate(site, target, False, self.taken)
            if not self.ends_by_itself:
                return block
            leave = tree.line(f"{self.first}._auto_finish = False")
            return [tree.replace(stmt, _before_returns(stmt, leave)) for stmt in block]

        return Form(steps=steps, ends=True)

    def _unknown(self, call: cst.Call, argument: cst.Arg | None) -> Form | None:
        """A function of nobody knows whom, which calls back once with at most one value."""
        if self._keeps():
            return None
        attributes = tree.find(self.function, cst.Attribute)
        if any(node.attr.value == "args" for node in attributes):
            raise Refused("UC602", call, what=tree.code(call.func))
        marked = self.coroutines.marked(call.func, ENGINE, RETURN_FUTURE)
        if marked or self.coroutines.schedules(call.func) or self._may_be_removed(call.func):
            raise Refused("UC601", call, what=tree.code(call.func))
        if argument is None:
            argument = cst.Arg(
                keyword=cst.Name("callback"),
                value=cst.Name("None"),
                equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
            )
            before = list(call.args)
            if before:
                before[-1] = before[-1].with_changes(comma=_COMMA)
            call = call.with_changes(args=[*before, argument])
        given = argument
        self.notes[f"errors of {tree.code(call.func)}() after it returned are only logged"] = None

        def start() -> Started:
            name = tree.fresh("future", self.taken)
            maker = self.unit.imports.refer("tornado.concurrent", "Future", self.taken)
            setter = cst.parse_expression(f"lambda value=None: {name}.set_result(value)")
            new = tree.replace(call, [(given, given.with_changes(value=setter))])
            stmts: tree.Block = [
                tree.line(f"{name} = {maker}()"),
                cst.SimpleStatementLine([cst.Expr(new)]),
            ]
            return Started(stmts, name)

        def steps(target: str | None) -> tree.Block:
            started = start()
            return [*started.statements, *self._plainly(started, target)]

        return Form(steps=steps, start=start, finish=self._plainly, plain=True, never_fails=True)

    def _may_be_removed(self, func: cst.BaseExpression) -> bool:
        """Whether an unknown function may be one that takes no callback in Tornado 6.

        A method of an unknown object is one when it has the name of one of Tornado's operations.
        """
        if isinstance(func, cst.Name):
            return not self._is_function(func)
        return not isinstance(func, cst.Attribute) or any(
            each.method == func.attr.value
            and any(o.startswith(WITHOUT_CALLBACK) for o in each.owner)
            for each in self.unit.catalogue.operations
        )

    def _is_function(self, func: cst.Name) -> bool:
        """Whether a name is a function of the project's or of another library's, and no other."""
        names = self.unit.file.names
        owner = names.owner(func, func.value)
        if owner is None:
            return False
        places = names.bindings(owner).assigned.get(func.value, [])
        imported = names.qualified(func)
        defined = len(places) == 1 and isinstance(places[0], cst.FunctionDef)
        return defined or (imported is not None and not imported.startswith("tornado."))


_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
_NOBODY = CallbackRef("external", "gen.Task", cst.Name("None"))


def _tidy(arg: cst.Arg) -> cst.Arg:
    """An argument without the line breaks that fitted the longer call."""
    comma = arg.comma
    if isinstance(comma, cst.Comma) and "\n" in cst.Module(body=[]).code_for_node(comma):
        arg = arg.with_changes(comma=_COMMA)
    return arg.with_changes(whitespace_after_arg=cst.SimpleWhitespace(""))


def _before_returns(
    stmt: cst.CSTNode, new: tree.Statement
) -> list[tuple[cst.CSTNode, cst.CSTNode]]:
    """Swaps that put ``new`` in front of each ``return`` of an indented block."""
    found: list[tuple[cst.CSTNode, cst.CSTNode]] = []
    for suite in tree.find(stmt, cst.IndentedBlock):
        body: tree.Block = []
        for each in suite.body:
            assert isinstance(each, cst.BaseStatement)
            body += [new, each] if isinstance(tree.small(each), cst.Return) else [each]
        if len(body) != len(suite.body):
            found.append((suite, suite.with_changes(body=body)))
    return found


def is_quiet(arg: cst.Arg) -> bool:
    """Whether an argument is ``raise_error=False``."""
    named = arg.keyword is not None and arg.keyword.value == "raise_error"
    return named and tree.dotted(arg.value) == "False"
