"""What happens once an operation has its result: the callback's body inline, or a call of it.

The body moves when it is provably nobody else's business (DESIGN: no other use in the project, no
override, plain parameters, no name that the move would capture); otherwise the callback is called.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import libcst as cst

from . import cst as tree
from .aftermath import may_finish, nothing
from .again import Bindings, Level, Nesting, Pair, bindings
from .awaitable import Awaitables
from .bodies import body_of, closed_up, trimmed, without_nested
from .callbacks import CallbackRef, Kind, is_plain, takes
from .calling import Called, Caller, repeats
from .carrying import check_site
from .exactness import looks_closely
from .lateness import may_be_finished
from .model import Callback, Placement
from .moving import Movability
from .refusal import SEVERAL, Refused
from .renaming import fixed_names
from .repeat import loop
from .scope import Host, Piece
from .sites import Site, SiteFinder
from .unit import Unit
from .variables import block_reads, is_local, reads, rebound
from .workspace import Class, first_parameter

if TYPE_CHECKING:
    from .direct import Converter


@dataclass(frozen=True, eq=False)
class Continuation:
    """The code around a wait: ``before`` runs at the call, ``body`` behind the wait.

    ``target`` is the variable (or variables, comma separated) that get the result; ``exact`` says
    that the code looks at fields for which only the longer form of ``fetch`` is right.
    """

    target: str | None
    before: tree.Block
    body: tree.Block
    exact: bool


class Continuations:
    """Decides and builds continuations for the methods of one class.

    ``answering`` says that errors can be answered where they stand: self is a request handler.
    ``rounds``: a method that calls itself may become a loop.
    """

    def __init__(
        self,
        unit: Unit,
        cls: Class,
        finder: SiteFinder,
        answering: bool = True,
        rounds: bool = True,
    ) -> None:
        self.unit = unit
        self.answering = answering
        self.rounds = rounds
        self.cls = cls
        self.finder = finder
        self.movability = Movability(unit, cls, finder)
        self.caller = Caller(unit, cls, finder)
        self.callbacks: list[Callback] = []
        self.inlined: list[cst.FunctionDef] = []
        self.nested: list[cst.CSTNode] = []
        self.handled: list[Site] = []
        self.nesting = Nesting(tree.names(unit.file.module))
        self._finishing: dict[int, bool] = {}

    def of(self, site: Site, host: Host, after: tuple[cst.CSTNode, ...]) -> Continuation:
        """The continuation of ``site`` in ``host``; ``after`` runs between call and wait.

        Raises Refused when the callback cannot be called with what the operation passes.
        """
        ref = site.callback
        check_site(self.unit, self.cls, site, host.first)
        self.handled.append(site)
        self._check_given(site)
        self._check_depth(site)
        if ref.kind == "nothing":
            self.note(site, "coroutine")
            return Continuation(None, [], [], False)
        if ref.kind == "choice":
            exact = any(looks_closely(self.unit, each) for each in ref.choices)
            return self._called(site, self.caller.chosen(site, ref, host, after), exact)
        exact = looks_closely(self.unit, ref)
        passed = len(site.operation.passes)
        level = self.nesting.level(ref.function)
        given = bindings(ref, passed) if level is not None and level.certain else None
        if level is not None and given is not None:
            return Continuation(*self._again(site, level, given, host, after), exact)
        params = takes(ref, passed)
        if params is None and ref.function is not None and is_plain(ref):
            raise Refused("UC206", site.call, callback=ref.name, what=site.operation.name)
        if level is None and self.movability.movable(site, ref) and params is not None:
            found = self._moved(site, ref, params, host, after)
            if found is not None:
                self.note(site, "inline")
                return Continuation(*found, exact)
        return self._called(site, self.caller.called(site, ref, host, after), exact)

    def _called(self, site: Site, called: Called, exact: bool) -> Continuation:
        self.note(site, called.placement)
        return Continuation(called.target, called.before, called.body, exact)

    def _check_given(self, site: Site) -> None:
        """Refuse (UC214) an operation on a future when that may be something else."""
        tornado = self.unit.options.tornado
        if site.operation.form(tornado) == "given":
            known = Awaitables(self.unit, self.cls, self.finder)
            if site.call.args[0].keyword or known.kind(site.call.args[0].value) != "one":
                raise Refused("UC214", site.call, what=site.operation.name)

    def enter(self, function: tree.Function, finishes: bool) -> bool:
        """Note that a function is being converted, and whether it may finish the request.

        Returns whether that function or one around it may; the first one is the handler itself, or
        a helper whose callers may have. Behind a first wait, the client may be gone too.
        """
        if self._finishing:
            finishes = finishes or self._finishes_on_close
        elif isinstance(function, cst.FunctionDef):
            methods = self.unit.delegates.methods
            finishes = finishes or may_be_finished(methods, methods.at(self.cls, function))
        self._finishing[id(function)] = finishes
        around = [*self._finishing][:1] + [id(each.function) for each in self.nesting.levels]
        return finishes or any(self._finishing.get(each, False) for each in around)

    def defined(self, name: str) -> bool:
        """Whether ``self.name`` may be a method or property of the project."""
        return bool(self.unit.delegates.methods.virtual(self.cls, name))

    @cached_property
    def _finishes_on_close(self) -> bool:
        """Whether ``on_connection_close`` may finish the request."""
        return any(
            may_finish(tree.block(each.node.body), each.first, busy=lambda _: True)
            for each in self.unit.delegates.methods.virtual(self.cls, "on_connection_close")
        )

    def note(self, site: Site, placement: Placement) -> None:
        """Remember for the report where a callback stands now."""
        self.callbacks.append(Callback(site.callback.name, site.operation.name, placement))

    def _moved(
        self,
        site: Site,
        ref: CallbackRef,
        params: list[cst.Param],
        host: Host,
        after: tuple[cst.CSTNode, ...],
    ) -> tuple[str | None, tree.Block, tree.Block] | None:
        """The body of the callback here; None where it stays, to be called."""
        lists: tuple[list[Any], ...] = (self.callbacks, self.inlined, self.nested, self.handled)
        before = [len(each) for each in lists]
        try:
            found = self._inline(site, ref, params, host, after)
        except Refused as refused:
            if refused.code not in SEVERAL or ref.kind != "method":
                raise
            found = None  # as a coroutine of its own it may start several
        if found is None:
            for each, length in zip(lists, before, strict=True):
                del each[length:]
        return found

    def _inline(
        self,
        site: Site,
        ref: CallbackRef,
        params: list[cst.Param],
        host: Host,
        after: tuple[cst.CSTNode, ...],
    ) -> tuple[str | None, tree.Block, tree.Block] | None:
        function = ref.function
        assert function is not None
        bound = self._bound_arguments(ref, params)
        given = self.finder.resolver.given
        same = [n for n, arg in bound if given is not None and tree.dotted(arg.value) == given]
        with self.finder.resolver.giving(same[0] if same else None, ref.kind == "method"):
            piece = self.piece(ref, function, host)
        table = host.renames(piece)
        if table is None:
            return None
        before: tree.Block = []
        table, fixed = dict(table), fixed_names(piece.block)
        later = {name for node in (site.call, *after) for name in reads(node)}
        for name, arg in bound:
            if tree.dotted(arg.value) == name and name not in rebound(after):
                table.pop(name, None)
                continue
            keeps = name not in fixed and name not in rebound(tuple(piece.block))
            if given is not None and name in same and keeps:
                table[name] = given  # its calls have to be found
                continue
            if table.get(name, name) in later:
                if name in fixed:
                    return None
                table[name] = tree.fresh(f"{name}_2", host.taken)
            before.append(tree.line(f"{table.get(name, name)} = VALUE", VALUE=arg.value))
        body = host.merge(piece, table)
        body = [] if nothing(body) and not any(_commented(stmt) for stmt in body) else body
        if isinstance(function, cst.FunctionDef):
            (self.inlined if ref.kind == "method" else self.nested).append(function)
        wanted = [table.get(p.name.value, p.name.value) for p in params]
        unused = not any(p.name.value in block_reads(piece.block) for p in params)
        target = None if unused or not wanted else ", ".join(wanted)
        return target, before, body

    def _again(
        self,
        site: Site,
        level: Level,
        given: Bindings,
        host: Host,
        after: tuple[cst.CSTNode, ...],
    ) -> tuple[str | None, tree.Block, tree.Block]:
        """The callback is a function that is being converted: its loop goes round once more."""
        params, bound = given
        names = self.nesting.variables(level, [p.name.value for p in params])
        changing = rebound(after) | {p.name.value for p in params} | host.captured
        before: tree.Block = []
        pairs: list[Pair] = []
        for name, value in bound:
            if not is_local(value) or reads(value) & changing:
                kept = tree.fresh(name, host.taken)
                host.bound.add(kept)
                before.append(tree.line(f"{kept} = VALUE", VALUE=value))
                value = cst.Name(kept)
            pairs.append((name, value))
        self.note(site, "inline")
        return ", ".join(names) or None, before, self.nesting.round(level, pairs, repeats(site))

    def again(self, site: Site, host: Host) -> tree.Block | None:
        """The statements that stand for a function's last call, of itself: its next round.

        None where it is no such call, or a loop stands between.
        """
        ref = site.callback
        targets = self.unit.delegates.methods.called(self.unit.file, site.call.func)
        passed_on = ref.kind == "external" and ref.name == self.finder.resolver.given
        if len(targets) != 1 or not (ref.kind == "nothing" or (passed_on and not ref.arguments)):
            return None
        kind: Kind = "method" if targets[0].first else "function"
        called = CallbackRef(
            kind, ref.name, ref.expression, targets[0].node, arguments=tuple(site.call.args)
        )
        level = self.nesting.level(called.function)
        given = bindings(called, 0) if level is not None else None
        if level is None or given is None or not self.nesting.reaches(level):
            return None
        self.handled.append(replace(site, callback=called))
        self.note(site, "inline")
        return self.nesting.round(level, given[1], repeats(site))

    def whole(self, converter: Converter, body: tree.Block) -> tree.Block:
        """The converted statements of a method, as a loop if it starts itself again."""
        with self.nesting.inside(converter.function, self._certain(converter.function)) as level:
            block = converter.tail(body)
        block = closed_up(without_nested(block, self.nested), body)
        return loop(level, trimmed(block), converter.host) if level.repeats else block

    def _certain(self, function: tree.Function) -> bool:
        """Whether a method's name certainly means it, with nothing around it, on self."""
        if not self.rounds or not isinstance(function, cst.FunctionDef):
            return False
        delegates = self.unit.delegates
        method = delegates.methods.at(self.cls, function)
        return (
            method.is_function or delegates.methods.virtual(self.cls, method.name) == (method,)
        ) and self.movability.bare(function)

    def _check_depth(self, site: Site) -> None:
        """Refuse (UC306) what would await itself, deeper with each round, in native style."""
        delegates = self.unit.delegates
        targets = delegates.methods.called(self.unit.file, site.call.func)
        if self.unit.options.style == "native" and any(map(delegates.repeats, targets)):
            raise Refused("UC306", site.call, what=tree.code(site.call.func))

    def piece(self, ref: CallbackRef, function: tree.Function, host: Host) -> Piece:
        """The converted body of a callback and its names; a loop if it starts itself again."""
        from .direct import Converter

        own = first_parameter(function) if ref.kind == "method" else None
        inner = Host.of(function, self.unit.file.names, own or host.first)
        with self.nesting.inside(function) as level:
            converter = Converter(self, function, inner)
            block = trimmed(converter.tail(body_of(function)))
        if level.repeats:
            block = loop(level, block, inner)
        given = tuple(p.name.value for p in function.params.params)
        return Piece(
            block,
            given,
            frozenset(inner.bound),
            frozenset(inner.outside),
            inner.around,
            frozenset(inner.captured),
            own,
        )

    def _bound_arguments(
        self, ref: CallbackRef, params: list[cst.Param]
    ) -> list[tuple[str, cst.Arg]]:
        """What a partial binds, by parameter name."""
        assert ref.function is not None
        listed = [p.name.value for p in ref.function.params.params]
        if ref.kind == "method":
            listed = listed[1:]
        pairs: list[tuple[str, cst.Arg]] = []
        for arg in ref.arguments:
            name = arg.keyword.value if arg.keyword is not None else listed.pop(0)
            pairs.append((name, arg))
        return pairs


def _commented(stmt: cst.CSTNode) -> bool:
    return any(True for _ in tree.find(stmt, cst.Comment))
