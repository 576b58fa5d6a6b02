"""The awaitable form of an operation: the statements that start it and wait for it.

``immediate`` starts and waits at once; ``start`` and ``finish`` are the two halves when code stands
between them. SEMANTICS section 1 decides which form of ``fetch`` is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import libcst as cst

from . import cst as tree
from .imports import Imports
from .layout import realigned
from .model import Options
from .refusal import Refused
from .responses import Responses, Started, attempt, keyword
from .sites import Site


@dataclass
class Forms:
    """Builds the statements for one file and one set of options."""

    options: Options
    imports: Imports

    def waiting(self, expression: cst.BaseExpression) -> cst.BaseExpression:
        """``yield expression`` or ``await expression``."""
        if self.options.style == "native":
            return cst.Await(expression)
        return cst.Yield(expression)

    def wait(self, expression: cst.BaseExpression, target: str | None) -> tree.Statement:
        """A statement that waits for ``expression`` and binds ``target`` (comma separated)."""
        if target is None:
            stmt = cst.SimpleStatementLine([cst.Expr(self.waiting(expression))])
        else:
            left = cst.parse_expression(target)
            assert isinstance(left, cst.BaseAssignTargetExpression)
            stmt = cst.SimpleStatementLine(
                [cst.Assign([cst.AssignTarget(left)], self.waiting(expression))]
            )
        return stmt

    def immediate(self, site: Site, target: str | None, exact: bool, taken: set[str]) -> tree.Block:
        """Start ``site`` and wait for it at once, as the last thing on its path."""
        form = self._form(site)
        if form == "step":
            return []
        if form == "auth":
            return self._auth(_without_argument(site), target, taken, site.call)
        if form == "future" and site.operation.errors == "dropped":
            return self._unless_closed(_without_argument(site), target, taken)
        if form == "task" and len(site.operation.passes) > 1:
            return [self._unpacked(self.awaitable(site, taken), target)]
        if form in ("settled", "given"):
            future = target or tree.fresh("future", taken)
            begun = self.start(site, future, exact, taken)
            return [*begun.statements, *self._settled(begun, target)]
        wanted = target is not None
        if form == "promise" or self.shim(site, exact and wanted) or self._asks(site):
            started = self.start(site, tree.fresh("future", taken), exact, taken, wanted)
            return [*started.statements, *self.finish(site, started, target, taken)]
        awaited = self.awaitable(site, taken)
        return [realigned(self.wait(awaited, target), site.call, awaited)]

    def start(
        self, site: Site, future: str, exact: bool, taken: set[str], wanted: bool = True
    ) -> Started:
        """Start ``site`` and keep what to wait for in the variable ``future``.

        ``wanted`` says that somebody looks at the result.
        """
        form = self._form(site)
        if form == "step":
            raise Refused("UC407", site.call, what=site.operation.name)
        if form == "moment":
            raise Refused("UC212", site.call, what=site.operation.name)
        if form == "promise":
            maker = self.imports.refer("tornado.concurrent", "Future", taken)
            setter = f"{future}.set_result"
            if len(site.operation.passes) > 1:
                setter = f"lambda *args: {future}.set_result(args)"
            elif not site.operation.passes:
                setter = f"lambda: {future}.set_result(None)"
            value = cst.parse_expression(setter)
            argument = site.argument
            assert argument is not None
            call = tree.replace(site.call, [(argument, argument.with_changes(value=value))])
            make = tree.line(f"{future} = {maker}()")
            return Started([make, cst.SimpleStatementLine([cst.Expr(call)])], future)
        if wanted and self.shim(site, exact):
            bare = _without_argument(site)
            return self._responses.started(bare, site.operation.name, future, exact, taken)
        awaited = self.awaitable(site, taken)
        if isinstance(awaited, cst.Name) and awaited.value == future:
            return Started([], future)
        started = tree.line(f"{future} = CALL", CALL=awaited)
        return Started([realigned(started, site.call, awaited)], future)

    def finish(
        self, site: Site, started: Started, target: str | None, taken: set[str]
    ) -> tree.Block:
        """Wait for what ``start`` started."""
        if self._form(site) == "task" and len(site.operation.passes) > 1:
            return [self._unpacked(cst.Name(started.future), target)]
        if self._form(site) in ("settled", "given"):
            return self._settled(started, target)
        if self._form(site) == "auth":
            return self._auth(cst.Name(started.future), target, taken)
        if self._form(site) == "future" and site.operation.errors == "dropped":
            return self._unless_closed(cst.Name(started.future), target, taken)
        if started.request and target is not None:
            wait = self.wait(cst.Name(started.future), target)
            return self._responses.waited(started, target, wait, taken)
        if self.shim(site, False):
            return [_quiet(self.wait(cst.Name(started.future), None))]
        if self._asks(site):
            test = cst.parse_expression(f"{started.future} is not None")
            body = tree.suite([self.wait(cst.Name(started.future), target)])
            return [cst.If(test=test, body=body)]
        return [self.wait(cst.Name(started.future), target)]

    def _form(self, site: Site) -> str:
        form: str = site.operation.form(self.options.tornado)
        if form == "sleep" and site.seconds is None:
            form = "task" if self.options.tornado < 6 else "promise"
        if form == "none":
            raise Refused(
                "UC208", site.call, what=site.operation.name, tornado=self.options.tornado
            )
        return form

    def shim(self, site: Site, exact: bool) -> bool:
        """Whether ``site`` is a fetch whose failures have to be made responses by hand."""
        return self._form(site) == "fetch" and self._shim(exact)

    def _asks(self, site: Site) -> bool:
        """Whether there may be no future, and no ``gen.maybe_future`` that takes a coroutine."""
        return self._form(site) == "maybe" and self.options.style == "native"

    def yielding(self) -> Forms:
        """The same forms for a coroutine under ``@gen.coroutine``, whatever the style."""
        return replace(self, options=replace(self.options, style="coroutine"))

    def _shim(self, exact: bool) -> bool:
        """Whether ``raise_error=False`` is not enough: always on 6, on 5 for some fields."""
        return exact or self.options.tornado >= 6

    def awaitable(self, site: Site, taken: set[str]) -> cst.BaseExpression:
        """What to wait for, where one expression is enough."""
        form = self._form(site)
        if form == "fetch":
            return _without_argument(site, keyword("raise_error", "False"))
        if form == "task":
            bare = _without_argument(site)
            task = cst.parse_expression(self.imports.refer("tornado.gen", "Task", taken))
            separated = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
            function = cst.Arg(
                bare.func, comma=separated if bare.args else cst.MaybeSentinel.DEFAULT
            )
            return bare.with_changes(func=task, args=[function, *bare.args])
        if form == "given":
            return site.call.args[0].value
        if form in ("sleep", "moment"):
            return self._paused(site, taken)
        if form == "exit":
            wait = cst.Attribute(cst.ensure_type(site.call.func, cst.Attribute).value, EXIT)
            return cst.Call(wait, [keyword("raise_error", "False")])
        if form == "maybe" and not self._asks(site):
            maker = cst.parse_expression(self.imports.refer("tornado.gen", "maybe_future", taken))
            return cst.Call(maker, [cst.Arg(_without_argument(site))])
        return _without_argument(site)

    def _paused(self, site: Site, taken: set[str]) -> cst.BaseExpression:
        """A timer, or the next pass of the loop, which ``await`` does not take as gen.moment."""
        moment = site.operation.form(self.options.tornado) == "moment"
        if moment and self.options.style == "coroutine":
            return cst.parse_expression(self.imports.refer("tornado.gen", "moment", taken))
        sleep = cst.parse_expression(self.imports.refer("tornado.gen", "sleep", taken))
        seconds = site.seconds if site.seconds is not None else cst.Integer("0")
        return cst.Call(sleep, [cst.Arg(seconds)])

    def _auth(
        self,
        expression: cst.BaseExpression,
        target: str | None,
        taken: set[str],
        old: cst.Call | None = None,
    ) -> tree.Block:
        failure = self.imports.refer("tornado.auth", "AuthError", taken)
        if self.options.tornado >= 6:  # where the mixins let through what fetch raises
            other = self.imports.refer("tornado.httpclient", "HTTPError", taken)
            failure = f"({failure}, {other}, OSError)"
        log = self.imports.refer("tornado.log", "gen_log", taken)
        error = tree.fresh("error", set(taken))
        caught: tree.Block = [tree.line(f"{log}.warning(str({error}))")]
        if target is not None:
            caught.append(tree.line(f"{target} = None"))
        wait = self.wait(expression, target)
        if old is not None:
            wait = realigned(wait, old, expression)
        return [attempt([wait], failure, error, caught)]

    def _unpacked(self, task: cst.BaseExpression, target: str | None) -> tree.Statement:
        """``a, b = (yield task).args``: what gen.Task makes of a callback's several arguments."""
        if target is None:
            return self.wait(task, None)
        waiting = self.waiting(task).with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        return tree.line(f"{target} = TASK.args", TASK=waiting)

    def _settled(self, started: Started, target: str | None) -> tree.Block:
        """Wait for a future without looking at its result, then hand on the future itself."""
        wait = self.wait(cst.Name(started.future), None)
        same = target is None or target == started.future
        renamed = [] if same else [tree.line(f"{target} = {started.future}")]
        return [_quiet(wait), *renamed]

    def _unless_closed(
        self, expression: cst.BaseExpression, target: str | None, taken: set[str]
    ) -> tree.Block:
        """The callback is never called once the client has left: the handler ends here."""
        failure = self.imports.refer("tornado.iostream", "StreamClosedError", taken)
        return [attempt([self.wait(expression, target)], failure, None, [tree.line("return")])]

    @property
    def _responses(self) -> Responses:
        return Responses(self.imports, raises=self.options.tornado < 6)


def _quiet(wait: tree.Statement) -> cst.Try:
    """``wait``, whatever comes of it."""
    return attempt([wait], "Exception", None, [tree.line("pass")])


EXIT = cst.Name("wait_for_exit")


def _drop(args: list[cst.Arg], at: int) -> None:
    """Remove an argument; the last one's layout goes to the one that is last now."""
    old = args.pop(at)
    if at == len(args) and args:
        args[-1] = args[-1].with_changes(
            comma=old.comma, whitespace_after_arg=old.whitespace_after_arg
        )


def _is_raise_error(arg: cst.Arg) -> bool:
    """Whether an argument of ``fetch`` only matters where nobody passes a callback."""
    return arg.keyword is not None and arg.keyword.value == "raise_error"


def _takes_raise_error(site: Site, at: int) -> bool:
    """Whether a constant stands alone behind the callback of ``fetch``, which is argument ``at``.

    The third parameter is ``raise_error`` (Tornado 4.1 to 5.1).
    """
    behind = [arg for arg in site.call.args[at + 1 :] if arg.keyword is None]
    constants = {"True", "False", "None"}
    alone = len(behind) == 1 and tree.dotted(behind[0].value) in constants
    plain = at == 1 and site.argument is not None and site.argument.keyword is None
    return site.operation.form5 == "fetch" and plain and alone and not behind[0].star


def _without_argument(site: Site, instead: cst.Arg | None = None) -> cst.Call:
    """The call of ``site`` with the callback's argument gone, or another one in its place."""
    if site.argument is None:
        return site.call
    args = list(site.call.args)
    at = next(i for i, arg in enumerate(args) if arg is site.argument)
    extra = next((i for i, arg in enumerate(args) if _is_raise_error(arg)), None)
    if extra is None and _takes_raise_error(site, at):
        extra = at + 1
    if extra is not None and extra != at:
        if not isinstance(args[extra].value, cst.Name | cst.BaseNumber | cst.BaseString):
            raise Refused("UC216", site.call, what=site.operation.name)
        _drop(args, extra)
        at -= extra < at
    behind = any(a.keyword is None and not a.star for a in args[at + 1 :])
    stays = not (site.operation.forwards or site.operation.drops)
    if site.argument.keyword is None and behind and stays:
        raise Refused("UC216", site.call, what=site.operation.name)
    if site.operation.forwards and site.argument.keyword is None:
        del args[at + 1 :]
    old = args[at]
    if instead is not None:
        args[at] = instead.with_changes(
            comma=old.comma, whitespace_after_arg=old.whitespace_after_arg
        )
    else:
        _drop(args, at)
    return site.call.with_changes(args=args)
