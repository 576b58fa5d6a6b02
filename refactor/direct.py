"""From callbacks to direct style: the control flow of one function.

``Converter`` walks the statements of a function from the top. An operation that is the last thing
on its path is awaited where it stands and its callback's statements follow it; one with code behind
it is started where it stands and awaited at the end of the function, because that code runs before
the callback (SEMANTICS section 6, traps 3 to 5, 12 to 14).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import libcst as cst

from . import comments
from . import cst as tree
from .aftermath import leaves, may_finish, may_raise, nothing, without_returns
from .continuation import Continuation, Continuations
from .placement import Placement
from .refusal import Refused
from .responses import Started
from .returns import is_return
from .scope import Host
from .sites import Site


@dataclass(frozen=True, eq=False)
class Pending:
    """An operation that was started and is awaited later."""

    site: Site
    started: Started
    continuation: Continuation


class Converter:
    """Converts the body of one function; ``host`` collects the names of what is merged in."""

    def __init__(self, continuations: Continuations, function: tree.Function, host: Host) -> None:
        self.continuations = continuations
        self.forms = continuations.unit.forms
        self.function = function
        self.host = host
        self.function = function
        found = continuations.finder.sites(function.body, host.first)
        self.found = found
        self.place = Placement(found, continuations.unit.file.names)
        self.sites = self.place.sites
        self.finished = continuations.enter(function, self._finishes(function))
        names = continuations.unit.file.names
        for raised in tree.find(function.body, cst.Raise, into_functions=False):
            if is_return(names, raised):
                raise Refused("UC601", raised, what=tree.code(raised))

    def _finishes(self, function: tree.Function) -> bool:
        """Whether the request may be finished while an operation of ``function`` is under way."""
        if isinstance(function, cst.Lambda):
            return True

        def busy(node: cst.CSTNode) -> bool:
            return bool(self.sites(node))

        return may_finish(tree.block(function.body), self.host.first, busy)

    def tail(self, stmts: tree.Block) -> tree.Block:
        """Convert statements after which the function ends."""
        at = next((i for i, stmt in enumerate(stmts) if self.sites(stmt)), None)
        if at is None:
            return stmts
        head, stmt, rest = stmts[:at], stmts[at], stmts[at + 1 :]
        site = self.place.statement_site(stmt)
        if site is not None and nothing(rest):
            return [*head, *self._immediate(site, stmt, rest)]
        if isinstance(stmt, cst.Try) and nothing(rest):
            if self._alone_in_try(stmt):
                return [*head, self._try_else(stmt)]
            if self._only_in_else(stmt):
                return [*head, self._converted_else(stmt)]
        if site is not None or isinstance(stmt, cst.With | cst.Try):
            return [*head, *self._deferred(stmt, rest)]
        if (not isinstance(stmt, cst.If) or not nothing(rest)) and self._departs(stmt):
            return [*head, self._departed(stmt), *self.tail(rest)]
        if not isinstance(stmt, cst.If):
            self.place.refuse_place(stmt)
        assert isinstance(stmt, cst.If)
        return [*head, *self._branches(stmt, rest)]

    def _departs(self, stmt: cst.CSTNode) -> bool:
        """Whether whatever starts in a compound statement is followed by a ``return`` there."""
        plain = isinstance(stmt, cst.If | cst.For | cst.While) and not getattr(
            stmt, "asynchronous", None
        )
        suites = tree.sub_blocks(stmt)
        inside = [site for suite in suites for site in self.sites(suite)]
        if not plain or len(inside) != len(self.sites(stmt)):
            return False
        return all(self._departing(tree.block(s)) for s in suites if self.sites(s))

    def _departing(self, stmts: tree.Block) -> bool:
        if isinstance(tree.small(stmts[-1]), cst.Return | cst.Raise):
            return not any(
                isinstance(node, cst.Break | cst.Continue)
                for stmt in stmts
                for node in tree.walk(stmt, into_functions=False)
            )
        return all(self._departs(stmt) for stmt in stmts if self.sites(stmt))

    def _departed(self, stmt: tree.Statement) -> tree.Statement:
        """A statement that :meth:`_departs`, its operations waited for where they start."""
        if isinstance(stmt, cst.If):
            return tree.replace(stmt, self._departures(stmt))
        with self.continuations.nesting.loop():
            return tree.replace(stmt, self._departures(stmt))

    def _departures(self, stmt: tree.Statement) -> list[tuple[cst.CSTNode, cst.CSTNode]]:
        swaps: list[tuple[cst.CSTNode, cst.CSTNode]] = []
        for suite in tree.sub_blocks(stmt):
            if not self.sites(suite):
                continue
            stmts = tree.block(suite)
            if isinstance(tree.small(stmts[-1]), cst.Return | cst.Raise):
                done = self.tail(stmts)
                done = done if leaves(done) else [*done, tree.line("return")]
            else:
                done = [self._departed(each) if self.sites(each) else each for each in stmts]
            swaps.append((suite, tree.suite(done, suite)))
        return swaps

    def _immediate(self, site: Site, stmt: tree.Statement, rest: tree.Block) -> tree.Block:
        again = self.continuations.again(site, self.host)
        if again is not None:
            return comments.behind(rest, comments.carried(stmt, again))
        continuation = self.continuations.of(site, self.host, ())
        exact, taken = continuation.exact, self.host.taken
        waiting = self.forms.immediate(site, continuation.target, exact, taken)
        started = comments.carried(stmt, [*continuation.before, *waiting])
        return [*started, *comments.behind(rest, continuation.body)]

    def _alone_in_try(self, stmt: cst.Try) -> bool:
        """Whether the try statement only guards one call at its end, and has no other parts."""
        body = tree.block(stmt.body)
        at = next((i for i, each in enumerate(body) if self.sites(each)), len(body))
        plain = stmt.orelse is None and stmt.finalbody is None and at < len(body)
        alone = (
            plain and self.place.statement_site(body[at]) is not None and nothing(body[at + 1 :])
        )
        return alone and len(self.sites(stmt)) == 1

    def _only_in_else(self, stmt: cst.Try) -> bool:
        """Whether the try statement guards no operation, and nothing runs behind its ``else``."""
        elsewhere = (stmt.body, *stmt.handlers)
        return stmt.orelse is not None and stmt.finalbody is None and not self.sites(*elsewhere)

    def _converted_else(self, stmt: cst.Try) -> cst.Try:
        """The operations in an ``else`` are awaited there: the handlers do not see it."""
        assert stmt.orelse is not None
        body = tree.suite(self.tail(tree.block(stmt.orelse.body)), stmt.orelse.body)
        return stmt.with_changes(orelse=stmt.orelse.with_changes(body=body))

    def _try_else(self, stmt: cst.Try) -> cst.Try:
        """The call stays in the try; the wait and the callback's code go into its ``else``."""
        body = self.place.until_operation(tree.block(stmt.body))
        site = self.sites(stmt)[0]
        pending = self._start(site, [])
        self._check_immediate([site], [*body])
        inner = self._put(body, {id(site.call): pending})
        orelse = cst.Else(body=tree.suite(self._awaited(pending)))
        return stmt.with_changes(body=tree.suite(inner, stmt.body), orelse=orelse)

    def _awaited(self, pending: Pending) -> tree.Block:
        """Wait for a started operation, then the callback's code."""
        target, taken = pending.continuation.target, self.host.taken
        block = self.forms.finish(pending.site, pending.started, target, taken)
        return [*block, *pending.continuation.body]

    def _branches(self, stmt: cst.If, rest: tree.Block) -> tree.Block:
        """An ``if`` with operations in its branches and ``rest`` behind it."""
        if nothing(rest):
            return [self._each_branch(stmt, leaving=False)]
        staying = [s for s in tree.sub_blocks(stmt) if self.sites(s) and not leaves(tree.block(s))]
        done = self._each_branch(stmt, leaving=True)
        if staying:
            return self._deferred(done, rest)
        return [done, *self.tail(rest)]

    def _each_branch(self, stmt: cst.If, leaving: bool) -> cst.If:
        """Convert the branches that contain operations; with ``leaving`` only those that leave."""

        def branch(suite: cst.BaseSuite) -> cst.BaseSuite:
            inner = tree.block(suite)
            if not self.sites(suite) or (leaving and not leaves(inner)):
                return suite
            done = self.tail(inner)
            if leaving and not leaves(done):
                done = [*done, tree.line("return")]
            return tree.suite(done, suite)

        orelse = stmt.orelse
        if isinstance(orelse, cst.If):
            orelse = self._each_branch(orelse, leaving)
        elif orelse is not None:
            orelse = orelse.with_changes(body=branch(orelse.body))
        if self.sites(stmt.test):
            raise Refused("UC307", self.sites(stmt.test)[0].call, what=tree.code(stmt.test))
        return stmt.with_changes(body=branch(stmt.body), orelse=orelse)

    def _deferred(self, stmt: tree.Statement, rest: tree.Block) -> tree.Block:
        """Start the operations in ``stmt``, run what follows them, then wait."""
        sites = self.sites(stmt)
        if self.sites(*rest):
            other = self.sites(*rest)[0]
            raise Refused("UC302", other.call, what=other.operation.name)
        self.place.exclusive(stmt)
        leaving = not nothing(rest) and self.place.left_behind(stmt)
        after = self.place.behind(stmt)
        self._check_immediate(sites, [*after, *rest])
        pending = self._started(sites, [*after, *rest])
        behind = (
            without_returns(rest, sites[0].call, sites[0].operation.name) if not leaving else rest
        )
        started = self._put([stmt], pending)
        behind_all = after if leaving else [*after, *behind]
        defined = self.continuations.defined
        raising = may_raise(behind_all, self.host.first, self.finished, defined)
        top = self.place.statement_site(stmt) is not None
        self._check_delegates(stmt, sites, raising and not top)
        names = list(dict.fromkeys(p.started.future for p in pending.values()))
        sure = self.place.definite([stmt]) and (top or not raising)
        flow = self._guarded(started, [] if leaving else behind, raising, top)
        tested = names[:-1] if sure else names
        unset = [tree.line(" = ".join([*tested, "None"]))] if tested else []
        waiting = self._wait(list(pending.values()), sure, leaving)
        return [*unset, *flow, *waiting, *(self.tail(rest) if leaving else [])]

    def _check_immediate(self, sites: list[Site], after: tree.Block) -> None:
        for site in sites:
            if site.operation.immediate and not nothing(after):
                code = "UC407" if site.operation.lost else "UC210"
                raise Refused(code, site.call, what=site.operation.name)

    def _check_delegates(self, stmt: tree.Statement, sites: list[Site], guarded: bool) -> None:
        """Refuse the call of a helper where somebody would catch what its start raises.

        It would be raised again where the future is waited for. ``guarded``: everything in ``stmt``
        is caught, because what follows the start may raise too.
        """
        for site in sites:
            asked = site.is_delegate or site.operation.keeps
            if asked and self.place.is_caught(stmt, site):
                raise Refused("UC406", site.call, what=site.operation.name)
            if site.operation.keeps and guarded:
                raise Refused("UC407", site.call, what=site.operation.name)

    def _started(self, sites: list[Site], after: tree.Block) -> dict[int, Pending]:
        """Start each of ``sites``; those that go on in the same way share one wait."""
        found: dict[int, Pending] = {}
        for site in sites:
            twin = next((p for p in found.values() if _same_continuation(p.site, site)), None)
            if twin is not None and not twin.started.request:
                exact, taken = twin.continuation.exact, self.host.taken
                started = self.forms.start(site, twin.started.future, exact, taken)
                found[id(site.call)] = Pending(twin.site, _asked(site, started), twin.continuation)
                self.continuations.note(site, "call")
            else:
                found[id(site.call)] = self._start(site, after)
        return found

    def _start(self, site: Site, after: tree.Block) -> Pending:
        continuation = self.continuations.of(site, self.host, tuple(after))
        future = tree.fresh("future", self.host.taken)
        self.host.bound.add(future)
        wanted = continuation.target is not None
        started = self.forms.start(site, future, continuation.exact, self.host.taken, wanted)
        return Pending(site, _asked(site, started), continuation)

    def _guarded(
        self, started: tree.Block, behind: tree.Block, raising: bool, top: bool
    ) -> tree.Block:
        """What runs before the wait; an error there is reported and the callback still runs."""
        if not raising:
            return [*started, *behind]
        if not self.continuations.answering:
            site = self.continuations.handled[-1]
            raise Refused("UC413", site.call, what=site.operation.name)
        self.continuations.unit.delegates.reporting.add(id(self.function))
        error = tree.fresh("error", set(self.host.taken))
        report = tree.line(f"{self.host.first}._handle_request_exception({error})")
        handler = cst.ExceptHandler(
            body=tree.suite([report]), type=cst.Name("Exception"), name=cst.AsName(cst.Name(error))
        )
        inside = behind if top else [*started, *behind]
        lines, inside = comments.parted(inside)
        guard = cst.Try(body=tree.suite(inside), handlers=[handler], leading_lines=lines)
        return [*started, guard] if top else [guard]

    def _wait(self, pending: list[Pending], sure: bool, leaving: bool) -> tree.Block:
        """Wait for the one operation that was started; with ``sure`` there certainly is one."""
        cases: list[tuple[str, tree.Block]] = []
        for each in {each.started.future: each for each in pending}.values():
            block = self._awaited(each)
            if leaving and not leaves(block):
                block.append(tree.line("return"))
            cases.append((each.started.future, block))
        chosen: cst.If | cst.Else | None = None
        if sure:
            _, block = cases.pop()
            if not cases:
                return block
            chosen = cst.Else(body=tree.suite(block))
        for future, block in reversed(cases):
            test = cst.parse_expression(f"{future} is not None")
            chosen = cst.If(test=test, body=tree.suite(block), orelse=chosen)
        assert isinstance(chosen, cst.If)
        return [chosen]

    def _put(self, stmts: tree.Block, pending: dict[int, Pending]) -> tree.Block:
        """The statements with each operation replaced by its start."""
        done: tree.Block = []
        for stmt in stmts:
            call = tree.called(stmt)
            if call is not None and id(call) in pending:
                each = pending[id(call)]
                block = [*each.continuation.before, *each.started.statements]
                done += comments.carried(stmt, block)
            elif self.sites(stmt):
                swaps = [
                    (
                        s,
                        tree.suite(
                            self._put(self.place.until_operation(tree.block(s)), pending), s
                        ),
                    )
                    for s in tree.sub_blocks(stmt)
                    if self.sites(s)
                ]
                done.append(tree.replace(stmt, swaps))
            else:
                done.append(stmt)
        return done


def _same_continuation(one: Site, other: Site) -> bool:
    """Whether two operations hand their results to one and the same method in the same way."""
    named = one.callback.kind in ("method", "function", "nested", "external")
    same = one.callback.key == other.callback.key and one.callback.kind == other.callback.kind
    bare = not one.callback.arguments and not other.callback.arguments
    return named and same and bare and one.operation is other.operation


def _asked(site: Site, started: Started) -> Started:
    """The start of ``site``, with what it raises raised there where its future would keep it."""
    if not site.operation.keeps:
        return started
    done = cst.parse_expression(f"{started.future}.done()")
    ask = cst.If(done, tree.suite([tree.line(f"{started.future}.result()")]))
    return replace(started, statements=[*started.statements, ask])
