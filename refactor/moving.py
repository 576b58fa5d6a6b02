"""May a callback's body leave its function? Only when it is nobody else's business."""

from __future__ import annotations

import libcst as cst

from . import cst as tree
from .bodies import is_generator
from .callbacks import CallbackRef, is_plain
from .giving import gives_nothing
from .sites import Site, SiteFinder
from .unit import Unit
from .usage import uses
from .variables import variables
from .workspace import Class, first_parameter


class Movability:
    """Answers for the callbacks of one class."""

    def __init__(self, unit: Unit, cls: Class, finder: SiteFinder) -> None:
        self.unit = unit
        self.cls = cls
        self.finder = finder

    def movable(self, site: Site, ref: CallbackRef) -> bool:
        """Whether the callback's body may leave its function."""
        function = ref.function
        if function is None or ref.kind == "function" or self.unit.options.placement == "call":
            return False
        if isinstance(function, cst.Lambda):
            return is_plain(ref) and ref.kind == "lambda"
        names = variables(function)
        plain = is_plain(ref) and not is_generator(function) and names.introspects is None
        if not plain or self._declares_global(function) or not self.bare(function):
            return False
        if ref.kind == "nested":
            return self._used_once(function, site)
        return self._only_here(ref, site) and self._gives_nothing(function, ref)

    def _gives_nothing(self, function: cst.FunctionDef, ref: CallbackRef) -> bool:
        """Whether no @asynchronous around a callback's own method waits for what it returns."""
        if not function.decorators or ref.owner is None:
            return True
        method = self.unit.delegates.methods.at(ref.owner, function)
        returns = tree.find(function.body, cst.Return, into_functions=False)
        return all(gives_nothing(self.unit.delegates, each.value, method) for each in returns)

    def _declares_global(self, function: cst.FunctionDef) -> bool:
        return any(True for _ in tree.find(function.body, cst.Global, into_functions=False))

    def bare(self, function: cst.FunctionDef) -> bool:
        """Whether nothing decorates a function but @asynchronous (nothing, in a callback)."""
        return all(
            self.unit.file.names.qualified(each.decorator, function) == "tornado.web.asynchronous"
            for each in function.decorators
        )

    def _used_once(self, function: cst.FunctionDef, site: Site) -> bool:
        names = self.unit.file.names
        scope = names.owner(site.call, function.name.value)
        if scope is None:
            return False
        assert site.carrier is not None
        arguments = [site.carrier, *self._arguments_within(function)]
        mine = {id(node) for argument in arguments for node in tree.walk(argument)}
        mentions = [
            n
            for n in tree.find(scope, cst.Name)
            if n.value == function.name.value and n is not function.name
        ]
        return all(id(mention) in mine for mention in mentions)

    def _arguments_within(
        self, function: tree.Function | None, seen: tuple[tree.Function, ...] = ()
    ) -> list[cst.CSTNode]:
        """What names the callbacks in ``function`` and in the callbacks that it passes on."""
        if function is None or any(function is each for each in seen):
            return []
        found: list[cst.CSTNode] = []
        for site in self.finder.sites(function.body, self._self_of(function)):
            if site.carrier is not None:
                onward = self._arguments_within(site.callback.function, (*seen, function))
                found += [site.carrier, *onward]
        return found

    def _self_of(self, function: tree.Function) -> str:
        """The name of self in ``function``, which may be nested in a method."""
        around = (function, *self.unit.file.names.ancestors(function))
        for method in self.cls.methods.values():
            if any(each is method for each in around):
                return first_parameter(method) or "self"
        return "self"

    def _only_here(self, ref: CallbackRef, site: Site) -> bool:
        """Whether the project uses the method nowhere but in this one call."""
        if ref.owner is None or ref.owner.node is not self.cls.node:
            return False
        assert site.argument is not None
        arguments = [site.argument, *self._arguments_within(ref.function)]
        mine = {id(node) for argument in arguments for node in tree.walk(argument)}
        others = [
            u for u in uses(self.unit.workspace, self.cls, ref.name) if id(u.node) not in mine
        ]
        return not others
