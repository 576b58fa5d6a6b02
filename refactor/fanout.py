"""Several operations in flight: each callback becomes a coroutine of its own.

The handler's control flow stays untouched: where it started an operation it still does, and hands
the future to a coroutine that waits for it and then does what the callback did. Started eagerly,
these coroutines run in order of completion, also when the handler returns early or raises, and each
reports its own error at once, as @asynchronous did for a callback (SEMANTICS traps 4, 5, 15 to 18).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import libcst as cst

from . import cst as tree
from .aftermath import may_raise, nothing
from .bodies import is_generator, statements, trimmed
from .callbacks import CallbackRef, is_plain, takes
from .carrying import check_site
from .comments import carried
from .continuation import Continuations
from .direct import Converter
from .exactness import looks_closely
from .layout import realigned
from .refusal import Refused
from .responses import Started
from .scope import Host
from .sites import Site
from .usage import uses
from .variables import reads
from .workspace import first_parameter

RESTARTABLE = frozenset({"fetch", "future", "auth", "task"})
"""Forms whose awaitable is one expression, so that it can be handed to a coroutine."""


@dataclass
class FanOut:
    """Turns one function's operations into coroutines that run beside it."""

    continuations: Continuations
    function: cst.FunctionDef
    host: Host
    replaced: list[tuple[cst.CSTNode, cst.CSTNode]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.forms = self.continuations.unit.forms
        self.imports = self.continuations.unit.imports
        found = self.continuations.finder.sites(self.function.body, self.host.first)
        self.found = {id(site.call): site for site in found}
        self.continuations.enter(self.function, True)  # by another of those in flight
        self._children: dict[str, str] = {}
        self._definitions: tree.Block = []

    def convert(self, stmts: tree.Block) -> tree.Block:
        """The statements of the function with every operation started and waited for at the end."""
        self._check(stmts)
        at = next(i for i, stmt in enumerate(stmts) if self._sites(stmt))
        if all(self._alone(stmt) for stmt in stmts[at:]):
            calls = [self._child_call(self._direct(stmt))[1] for stmt in stmts[at:]]
            together = self._all(listed(calls))
            return [*stmts[:at], *self._definitions, self.forms.wait(together, None)]
        waiting = tree.fresh("waiting", self.host.taken)
        put = self._put(stmts[at:], waiting)
        wait = self.forms.wait(self._all(cst.Name(waiting)), None)
        begin = tree.line(f"{waiting} = []")
        if self._definitions:
            begin = begin.with_changes(leading_lines=[cst.EmptyLine(indent=False)])
        return [*stmts[:at], *self._definitions, begin, *_open_end(put), wait]

    def _alone(self, stmt: cst.CSTNode) -> bool:
        """Whether a statement starts an operation, for which one expression is enough."""
        site = self._direct(stmt)
        if site is None or self._shim(site):
            return False
        return not any(arg.keyword and _computed(arg.value) for arg in site.callback.arguments)

    def _all(self, listed: cst.BaseExpression) -> cst.BaseExpression:
        """What waits for a list of futures: the list itself, ``gen.multi`` for ``await``."""
        if self.forms.options.style == "coroutine":
            return listed
        multi = cst.parse_expression(self.imports.refer("tornado.gen", "multi", self.host.taken))
        return cst.Call(multi, [cst.Arg(listed)])

    def _sites(self, node: cst.CSTNode) -> list[Site]:
        walked = tree.walk(node, into_functions=False)
        return [self.found[id(each)] for each in walked if id(each) in self.found]

    def _direct(self, stmt: cst.CSTNode) -> Site | None:
        call = tree.called(stmt)
        return self.found.get(id(call)) if call is not None else None

    def _check(self, stmts: Sequence[cst.CSTNode]) -> None:
        """Refuse operations that a coroutine of their own would not reproduce."""
        for site in self.found.values():
            name = site.operation.name
            form = site.operation.form(self.forms.options.tornado)
            if site.argument is None or form not in RESTARTABLE:
                raise Refused("UC302", site.call, what=name)
            if site.callback.kind == "choice":
                raise Refused("UC202", site.call, what=site.callback.name)
            if site.operation.lost or site.operation.keeps:
                raise Refused("UC407", site.call, what=name)
            if site.operation.immediate:
                raise Refused("UC210", site.call, what=name)
        alone = {id(s.call) for stmt in _deep(stmts) if (s := self._direct(stmt)) is not None}
        for site in self.found.values():
            if id(site.call) not in alone:
                code = "UC211" if site.operation.returns == "handle" else "UC204"
                raise Refused(code, site.call, what=site.operation.name)

    def _put(self, stmts: tree.Block, waiting: str) -> tree.Block:
        done: tree.Block = []
        for stmt in stmts:
            site = self._direct(stmt)
            if site is not None:
                before, call = self._child_call(site)
                put = [*before, self._appended(waiting, site, call)]
                done += carried(stmt, put)
            elif self._sites(stmt):
                swaps = [
                    (suite, tree.suite(self._put(tree.block(suite), waiting), suite))
                    for suite in tree.sub_blocks(stmt)
                    if self._sites(suite)
                ]
                done.append(tree.replace(stmt, swaps))
            else:
                done.append(stmt)
        return done

    def _appended(
        self, waiting: str, site: Site, call: cst.BaseExpression
    ) -> cst.SimpleStatementLine:
        stmt = tree.line(f"{waiting}.append(CALL)", CALL=call)
        inner = call.args[-1].value if isinstance(call, cst.Call) else call
        return cst.ensure_type(realigned(stmt, site.call, inner), cst.SimpleStatementLine)

    def _shim(self, site: Site | None) -> bool:
        """Whether the coroutine needs the request too, to make the response of a failure."""
        assert site is not None
        return self.forms.shim(site, looks_closely(self.continuations.unit, site.callback))

    def _child_call(self, site: Site | None) -> tuple[tree.Block, cst.BaseExpression]:
        """The call of the coroutine that waits for what ``site`` starts; what comes before it."""
        assert site is not None
        before: tree.Block = []
        given: list[cst.BaseExpression] = []
        if self._shim(site):
            exact = looks_closely(self.continuations.unit, site.callback)
            whole = self.forms.start(
                site, tree.fresh("future", self.host.taken), exact, self.host.taken
            )
            before = whole.statements[:-1]
            send = cst.ensure_type(tree.small(whole.statements[-1]), cst.Assign)
            given = [send.value, *(cst.Name(n) for n in (whole.request, whole.began) if n)]
        else:
            given = [self.forms.awaitable(site, self.host.taken)]
        child, bound, named = self._child(site)
        passed = [cst.Arg(each) for each in given]
        hoisted: tree.Block = []
        named = self._hoisted(named, hoisted)
        call = cst.Call(cst.parse_expression(child), [*bound, *passed, *named])
        return [*hoisted, *before], call

    def _child(self, site: Site) -> tuple[str, list[cst.Arg], list[cst.Arg]]:
        """The coroutine for a callback, made when it is first met, and its bound arguments.

        Those come in two parts: what stands before the future, and what is given by name.
        """
        ref = site.callback
        check_site(self.continuations.unit, self.continuations.cls, site, self.host.first)
        self.continuations.note(site, "coroutine")
        self.continuations.handled.append(site)
        bound = [arg.with_changes(comma=cst.MaybeSentinel.DEFAULT) for arg in ref.arguments]
        whole = self._whole(site, ref)
        shape = " ".join(arg.keyword.value if arg.keyword else "_" for arg in bound)
        function = id(ref.function) if ref.kind != "method" else ""
        key = f"{site.operation.name} {ref.key} {function} {whole or shape}"
        if key not in self._children:
            made = self._in_place(site, ref) if whole else self._beside(site, ref)
            self._children[key] = made
        if not whole:
            captured = [cst.Arg(ref.expression)] if _rebindable(ref) else []
            return self._children[key], [*captured, *(cst.Arg(arg.value) for arg in bound)], []
        named = [arg for arg in bound if arg.keyword is not None]
        return self._children[key], [arg for arg in bound if arg.keyword is None], named

    def _hoisted(self, named: list[cst.Arg], before: tree.Block) -> list[cst.Arg]:
        """Arguments given by name; what is computed for them comes ``before`` the operation."""
        done: list[cst.Arg] = []
        for arg in named:
            assert arg.keyword is not None
            value = arg.value
            if _computed(value):
                name = tree.fresh(arg.keyword.value, self.host.taken)
                before.append(tree.line(f"{name} = VALUE", VALUE=value))
                value = cst.Name(name)
            done.append(arg.with_changes(value=value))
        return done

    def _whole(self, site: Site, ref: CallbackRef) -> bool:
        """Whether the callback itself can become the coroutine."""
        function = ref.function
        one = len(site.operation.passes) == 1 and bool(takes(ref, 1))
        if not isinstance(function, cst.FunctionDef) or not one or function.decorators:
            return False
        if not is_plain(ref) or is_generator(function):
            return False
        arguments = [s.argument for s in self.found.values() if s.argument is not None]
        mine = {id(node) for argument in arguments for node in tree.walk(argument)}
        if ref.kind == "method" and ref.owner is not None:
            same = ref.owner.node is self.continuations.cls.node
            found = uses(self.continuations.unit.workspace, self.continuations.cls, ref.name)
            return same and all(id(use.node) in mine for use in found)
        if ref.kind == "nested":
            mentions = [n for n in tree.find(self.function, cst.Name) if n.value == ref.name]
            return all(id(n) in mine or n is function.name for n in mentions)
        return False

    def _in_place(self, site: Site, ref: CallbackRef) -> str:
        """The callback's own definition becomes the coroutine; its parameter is the future."""
        function = ref.function
        assert isinstance(function, cst.FunctionDef)
        first = first_parameter(function) if ref.kind == "method" else self.host.first
        assert first is not None
        host = Host.of(function, self.continuations.unit.file.names, first)
        converter = Converter(self.continuations, function, host)
        docstring = tree.block(function.body)[:1] if function.get_docstring() is not None else []
        body = trimmed(converter.tail(tree.block(function.body)[len(docstring) :]))
        if any(tree.some(stmt, lambda n: isinstance(n, cst.Await)) for stmt in body):
            raise Refused("UC302", site.call, what=site.operation.name)
        result = (takes(ref, 1) or [])[0]
        wait, given = self._waited(site, result.name.value, body, host, host.taken)
        listed = [p for p in function.params.params if p is not result]
        at = next(i for i, p in enumerate(function.params.params) if p is result)
        listed[at:at] = [cst.Param(cst.Name(name)) for name in given]
        params = function.params.with_changes(params=listed)
        new = function.with_changes(
            params=params,
            body=tree.suite([*docstring, *wait], function.body),
            decorators=[self._decorator(host)],
        )
        self.replaced.append((function, new))
        return tree.code(ref.expression)

    def _beside(self, site: Site, ref: CallbackRef) -> str:
        """A coroutine nested in the handler that waits and then calls the callback."""
        if isinstance(ref.function, cst.FunctionDef):
            first = first_parameter(ref.function) if ref.kind == "method" else None
            started = self.continuations.finder.sites(ref.function.body, first or self.host.first)
            if started or is_generator(ref.function):
                raise Refused("UC302", site.call, what=site.operation.name)
        name = tree.fresh(
            "on_result" if ref.kind == "lambda" else f"after_{ref.name}", self.host.taken
        )
        results = [tree.fresh(each, self.host.taken) for each in site.operation.passes]
        leading, called = self._calling(ref, results)
        if isinstance(ref.expression, cst.Lambda):
            params = takes(ref, len(results))
            if params is None:
                raise Refused("UC206", site.call, callback="lambda", what=site.operation.name)
            results = [p.name.value for p in params]
            called = ref.expression.body
        body = statements(called)
        inner = set(leading) | set(results) | reads(called) | {self.host.first}
        target = ", ".join(results) if set(results) & reads(called) else ""
        wait, given = self._waited(site, target, body, self.host, inner)
        definition = cst.ensure_type(
            cst.parse_statement(f"def {name}({', '.join([*leading, *given])}):\n    pass"),
            cst.FunctionDef,
        ).with_changes(
            decorators=[self._decorator(self.host)],
            body=tree.suite(wait),
            leading_lines=[cst.EmptyLine(indent=False)],
        )
        self._definitions.append(definition)
        self.host.bound.add(name)
        return name

    def _calling(
        self, ref: CallbackRef, results: Sequence[str]
    ) -> tuple[list[str], cst.BaseExpression]:
        """The call of a callback that stays, and the names of what has to be given for it."""
        names: list[str] = []
        called = ref.expression
        if _rebindable(ref):
            names.append(tree.fresh("callback", self.host.taken))
            called = cst.Name(names[0])
        if isinstance(ref.expression, cst.Lambda):
            return [a.keyword.value for a in ref.arguments if a.keyword is not None], called
        positional: list[cst.Arg] = []
        named: list[cst.Arg] = []
        for arg, wanted in zip(ref.arguments, _bound_names(ref), strict=True):
            names.append(tree.fresh(wanted, self.host.taken))
            given = arg.with_changes(value=cst.Name(names[-1]), comma=cst.MaybeSentinel.DEFAULT)
            (positional if arg.keyword is None else named).append(given)
        passed = [cst.Arg(cst.Name(result)) for result in results]
        return names, cst.Call(called, [*positional, *passed, *named])

    def _waited(
        self, site: Site, target: str, body: tree.Block, host: Host, inner: set[str]
    ) -> tuple[tree.Block, list[str]]:
        """Wait for a future, then run ``body`` and report its error as @asynchronous did.

        The coroutine's parameters come second: the future, and what makes a failure's response;
        they are none of the names ``inner``.
        """
        wanted = ["future", "request", "began"] if self._shim(site) else ["future"]
        wanted = wanted if looks_closely(self.continuations.unit, site.callback) else wanted[:2]
        given = [tree.fresh(name, inner) for name in wanted]
        started = Started([], *given)
        wait = self.forms.yielding().finish(site, started, target or None, host.taken)
        if site.operation.errors == "raised":
            return self._reported([*wait, *body], host), given
        raising = may_raise(body, host.first, defined=self.continuations.defined)
        reported = self._reported(body, host) if raising else body
        return [*wait, *reported], given

    def _reported(self, body: tree.Block, host: Host) -> tree.Block:
        error = tree.fresh("error", set(host.taken))
        report = tree.line(f"{host.first}._handle_request_exception({error})")
        handler = cst.ExceptHandler(
            body=tree.suite([report]), type=cst.Name("Exception"), name=cst.AsName(cst.Name(error))
        )
        return [cst.Try(body=tree.suite(body), handlers=[handler])]

    def _decorator(self, host: Host) -> cst.Decorator:
        written = self.imports.refer("tornado.gen", "coroutine", host.taken - host.outside)
        return cst.Decorator(cst.parse_expression(written))


def _computed(value: cst.BaseExpression) -> bool:
    """Whether evaluating an expression may fail, so that it has to happen in time."""
    return not isinstance(value, cst.Name | cst.BaseNumber | cst.SimpleString)


def _rebindable(ref: CallbackRef) -> bool:
    """Whether the name of a callback may mean another function by the time it is called."""
    return ref.kind == "nested"


def _bound_names(ref: CallbackRef) -> list[str]:
    """Names for the arguments that are bound to a callback, as its parameters have them."""
    params = ref.function.params.params if ref.function is not None else ()
    listed = [p.name.value for p in params][int(ref.kind == "method") :]
    return [
        arg.keyword.value if arg.keyword else (listed.pop(0) if listed else "argument")
        for arg in ref.arguments
    ]


def listed(calls: Sequence[cst.BaseExpression]) -> cst.List:
    """A list display; one element a line when one line would be long."""
    width = sum(len(tree.code(call)) + 2 for call in calls)
    if width < LONG_LINE:
        return cst.List([cst.Element(call) for call in calls])
    inner, outer = _line_break(indent=True), _line_break(indent=False)
    elements = [cst.Element(call, comma=cst.Comma(whitespace_after=inner)) for call in calls]
    elements[-1] = elements[-1].with_changes(comma=cst.Comma(whitespace_after=outer))
    return cst.List(elements, lbracket=cst.LeftSquareBracket(whitespace_after=inner))


LONG_LINE = 70
"""More characters than this, and a list is broken into lines."""


def _line_break(indent: bool) -> cst.ParenthesizedWhitespace:
    space = cst.SimpleWhitespace("    " if indent else "")
    return cst.ParenthesizedWhitespace(indent=True, last_line=space)


def _deep(stmts: Sequence[cst.CSTNode]) -> list[cst.CSTNode]:
    """Statements and the statements of their blocks, nested functions left out."""
    found: list[cst.CSTNode] = []
    for stmt in stmts:
        found.append(stmt)
        for suite in tree.sub_blocks(stmt):
            found += _deep(tree.block(suite))
    return found


def _open_end(stmts: tree.Block) -> tree.Block:
    """Statements without a bare ``return`` at the end, which would skip the wait."""
    done = list(stmts)
    while done and nothing(done[-1:]) and isinstance(tree.small(done[-1]), cst.Return):
        done.pop()
    return done
