"""A callback that stays a function of its own, and is called once its operation has the result.

It may be a function that nobody here knows, one of several that is chosen at the call, or a method
that is needed elsewhere; one that starts operations itself becomes a coroutine and is awaited.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import libcst as cst

from . import cst as tree
from .bodies import is_generator
from .callbacks import CallbackRef, has_defaults, is_plain, takes
from .given_back import GivenBack
from .model import Placement
from .refusal import Refused
from .scope import Host
from .sites import Site, SiteFinder
from .unit import Unit
from .variables import reads, rebound
from .workspace import Class


@dataclass(frozen=True, eq=False)
class Called:
    """The statements around a wait: ``before`` runs at the call, ``body`` calls the callback.

    ``target`` is the variable (or variables, comma separated) that get the result.
    """

    placement: Placement
    target: str | None
    before: tree.Block
    body: tree.Block


@dataclass(frozen=True, eq=False)
class Caller:
    """Builds the calls of callbacks for the methods of one class.

    What it is asked for raises Refused where a callback cannot be called with what is passed.
    """

    unit: Unit
    cls: Class
    finder: SiteFinder

    def chosen(
        self, site: Site, ref: CallbackRef, host: Host, after: tuple[cst.CSTNode, ...]
    ) -> Called:
        """One of several callbacks, which are called as they are; it is chosen at the call."""
        for each in ref.choices:
            own = replace(each, arguments=(*each.arguments, *ref.arguments))
            self._check_choice(replace(site, callback=own), host)
        before: tree.Block = []
        name = tree.dotted(ref.expression)
        if name is None or name in rebound(after) or name in host.captured:
            name = tree.fresh("callback", host.taken)
            host.bound.add(name)
            before.append(tree.line(f"{name} = VALUE", VALUE=ref.expression))
        called = replace(ref, expression=cst.Name(name))
        found = self.called(site, called, host, after)
        return replace(found, before=[*before, *found.before])

    def _check_choice(self, site: Site, host: Host) -> None:
        """Refuse what cannot be called without a look at what it is."""
        ref, function = site.callback, site.callback.function
        fits = function is None or takes(ref, len(site.operation.passes)) is not None
        if not fits and is_plain(ref):
            raise Refused("UC206", site.call, callback=ref.name, what=site.operation.name)
        starts = ref.kind == "lambda" and bool(self.finder.sites(ref.expression, host.first))
        if isinstance(function, cst.FunctionDef):
            starts = self._coroutine_needed(site, ref, function)
        if starts:
            raise Refused("UC202", site.call, what=ref.name)
        GivenBack(self.unit.workspace, self.cls, self.unit.catalogue).check(site, self.unit.file)

    def called(
        self, site: Site, ref: CallbackRef, host: Host, after: tuple[cst.CSTNode, ...]
    ) -> Called:
        """A call of the callback of ``site`` as ``ref`` names it."""
        function = ref.function
        if site.argument is None:
            at = self.unit.line(self._other_mention(site))
            raise Refused("UC403", site.call, what=ref.name, at=at, where=self.unit.file.path)
        waits = False
        if isinstance(function, cst.FunctionDef):
            waits = self._coroutine_needed(site, ref, function)
        before: tree.Block = []
        arguments: list[cst.Arg] = []
        defaults = isinstance(ref.expression, cst.Lambda) and has_defaults(ref.expression)
        for arg in () if defaults else ref.arguments:
            arguments.append(self._kept_argument(arg, host, after, before))
        names = _result_names(site, host)
        host.bound |= set(names)
        arguments += [cst.Arg(cst.Name(name)) for name in names]
        called: cst.BaseExpression = cst.Call(ref.expression, _keywords_last(arguments))
        if defaults:
            # Its defaults are evaluated where the operation starts.
            name = tree.fresh("callback", host.taken)
            host.bound.add(name)
            before.append(tree.line(f"{name} = VALUE", VALUE=ref.expression))
            called = cst.Call(cst.Name(name), _keywords_last(arguments))
        elif isinstance(ref.expression, cst.Lambda):
            called = cst.Call(
                ref.expression.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()]),
                _keywords_last(arguments),
            )
        value = self.unit.forms.waiting(called) if waits else called
        return Called(
            "coroutine" if waits else "call",
            ", ".join(names) or None,
            before,
            [cst.SimpleStatementLine([cst.Expr(value)])],
        )

    def _other_mention(self, site: Site) -> cst.CSTNode:
        """Another place that names the nested function of ``site``, or the site's call."""
        names, function = self.unit.file.names, site.callback.function
        scope = names.owner(site.call, site.callback.name)
        own = [site.carrier, function.name if isinstance(function, cst.FunctionDef) else None]
        mine = {id(each) for node in own if node is not None for each in tree.walk(node)}
        found = tree.find(scope or site.call, cst.Name)
        others = (n for n in found if n.value == site.callback.name and id(n) not in mine)
        return next(others, site.call)

    def _kept_argument(
        self, arg: cst.Arg, host: Host, after: tuple[cst.CSTNode, ...], before: tree.Block
    ) -> cst.Arg:
        """A bound argument, through a variable when its value could change until the wait."""
        path = tree.dotted(arg.value)
        literal = isinstance(arg.value, cst.BaseNumber | cst.SimpleString)
        constant = literal or (path is not None and "." not in path and path not in rebound(after))
        if constant:
            return arg.with_changes(comma=cst.MaybeSentinel.DEFAULT)
        name = tree.fresh(
            arg.keyword.value if arg.keyword else (path or "argument").rpartition(".")[2],
            host.taken,
        )
        host.bound.add(name)
        before.append(tree.line(f"{name} = VALUE", VALUE=arg.value))
        return arg.with_changes(value=cst.Name(name), comma=cst.MaybeSentinel.DEFAULT)

    def _coroutine_needed(self, site: Site, ref: CallbackRef, function: cst.FunctionDef) -> bool:
        """Whether a callback that stays becomes a coroutine, so that it has to be awaited."""
        delegates = self.unit.delegates
        if ref.kind == "method":
            targets = delegates.methods.virtual(self.cls, ref.name)
            if any(delegates.kind(each) != "plain" for each in targets):
                raise Refused("UC209", site.call, what=ref.name)
            waits = any(delegates.waits(each) for each in targets)
            if waits and not all(delegates.waits(each) for each in targets):
                raise Refused("UC404", site.call, what=ref.name, where=targets[-1].file.path)
            if waits and any(delegates.repeats(each) for each in targets):
                raise Refused("UC306", site.call, what=ref.name)
            return waits
        if is_generator(function):
            raise Refused("UC209", site.call, what=ref.name)
        started = self.finder.sites(function.body, "self")
        if started:
            raise self._stays(site, function, started[0])
        return False

    def _stays(self, site: Site, function: cst.FunctionDef, started: Site) -> Refused:
        """Why a nested callback that starts an operation itself is no part of its host."""
        inside = {id(each) for each in tree.walk(function.body)}
        other = self._other_mention(site)
        if id(other) in inside:
            return repeats(site)
        if other is not site.call:
            at, where = self.unit.line(other), self.unit.file.path
            return Refused("UC403", site.call, what=site.callback.name, at=at, where=where)
        return Refused("UC307", started.call, what=started.operation.name)


def _result_names(site: Site, host: Host) -> list[str]:
    """Variables for what the operation passes; old locals may do, as nothing reads them later."""
    ref = site.callback
    read = {name for node in (ref.expression, *ref.arguments) for name in reads(node)}
    kept = host.captured | read | {host.first}
    free = host.bound - kept
    return [
        name if name in free else tree.fresh(name, host.taken) for name in site.operation.passes
    ]


def repeats(site: Site) -> Refused:
    """What to raise where a function would start itself again and cannot become a loop."""
    return Refused("UC306", site.call, what=site.callback.name)


def _keywords_last(arguments: list[cst.Arg]) -> list[cst.Arg]:
    return sorted(arguments, key=lambda arg: arg.keyword is not None)
