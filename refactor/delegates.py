"""Methods that start operations for others: what each is, what it does, what it leads to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import libcst as cst

from . import cst as tree
from .catalogue import Catalogue, Operation
from .delegate_calls import dropped, site
from .find import ASYNCHRONOUS, COROUTINE, ENGINE
from .methods import VERBS, Method, Methods, is_own
from .model import Options
from .outsiders import expected
from .producers import Produced, produced
from .sites import DECORATED, Site, SiteFinder
from .startup import start, starts
from .workspace import Class, Parsed

Kind = Literal["plain", "coroutine", "engine", "generator"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a method's body does: whether it starts operations, and which methods it names."""

    operations: bool
    named: tuple[Method, ...]


@dataclass(eq=False)
class Delegates:
    """The project's methods as far as they start operations; answers are remembered.

    ``converted`` are the new statements of the methods that were converted so far, by node;
    ``reporting`` those functions among them that answer errors of their own behind an operation,
    ``beside`` those that run beside the one that starts them.
    """

    methods: Methods
    catalogue: Catalogue
    options: Options
    converted: dict[int, tree.Block] = field(default_factory=dict)
    beside: set[int] = field(default_factory=set)
    reporting: set[int] = field(default_factory=set)
    _facts: dict[int, Facts] = field(default_factory=dict)
    _waits: dict[int, bool] = field(default_factory=dict)
    _produced: dict[int, Produced | None] = field(default_factory=dict)

    def kind(self, method: Method) -> Kind:
        """What a method is by its decorators and its body."""
        names, node = method.file.names, method.node
        marks = {names.qualified(each.decorator, node) for each in node.decorators}
        if node.asynchronous is not None or COROUTINE in marks or marks & DECORATED.keys():
            return "coroutine"
        if not tree.some(node.body, lambda n: isinstance(n, cst.Yield)):
            return "plain"
        return "engine" if ENGINE in marks else "generator"

    def is_handler(self, method: Method) -> bool:
        """Whether the method stands under ``@asynchronous``."""
        names, node = method.file.names, method.node
        return any(names.qualified(d.decorator, node) == ASYNCHRONOUS for d in node.decorators)

    def is_verb(self, method: Method) -> bool:
        """Whether Tornado calls the method for a request and waits for what it returns."""
        return method.name in VERBS and self._serves(method.cls)

    def answers(self, method: Method) -> bool:
        """Whether the method's self is a request handler, which can answer an error."""
        return bool(method.first) and not method.on_class and self._serves(method.cls)

    def _serves(self, cls: Class) -> bool:
        """Whether instances of ``cls`` may serve requests: by a base, or by a verb they have."""
        below = self.methods.below(cls)
        bases = [at for each in below for at in self.methods.workspace.ancestry(each)]
        outside = (at for at in bases if not isinstance(at, Class))
        if any(at is None or at.startswith("tornado.") for at in outside):
            return True
        known = (at for at in (*below, *bases) if isinstance(at, Class))
        verbs = ((at, node) for at in known for name, node in at.methods.items() if name in VERBS)
        return any(self.is_handler(self.methods.at(at, node)) for at, node in verbs)

    def facts(self, method: Method) -> Facts:
        """What the body of ``method`` does, nested functions included."""
        if id(method.node) not in self._facts:
            finder = self.finder(method)
            calls = tree.find(method.node.body, cst.Call)
            first = method.first
            asked = self.is_handler(method)
            starting = method.name in method.cls.repeated or self.produced(method) is not None
            starting = starting or any(
                starts(finder, call, first) or (asked and dropped(self, call, method.file, first))
                for call in calls
            )
            self._facts[id(method.node)] = Facts(starting, self._named(method, first))
        return self._facts[id(method.node)]

    def finder(self, method: Method) -> SiteFinder:
        """What recognises operations in ``method``, calls of other methods left out."""
        return SiteFinder(
            self.methods.workspace,
            method.file,
            method.cls,
            self.catalogue,
            self.options.assume_once,
        )

    def _named(self, method: Method, first: str) -> tuple[Method, ...]:
        found: dict[Method, None] = {}
        for node in tree.find(method.node.body, cst.Attribute):
            resolve = self.methods.workspace.resolve
            if is_own(node.value, first) or isinstance(resolve(method.file, node.value), Class):
                found.update(dict.fromkeys(self.methods.named(method.file, node) or ()))
        for call in tree.find(method.node.body, cst.Call):
            reached = self.methods.called(method.file, call.func)
            found.update((each, None) for each in reached if self.produced(each) is not None)
        return tuple(found)

    def waits(self, method: Method) -> bool:
        """Whether ``method`` starts an operation, itself or through the methods it names.

        What is not understood counts as an operation. Existing coroutines do not: nobody waits for
        them today.
        """
        key = id(method.node)
        if key not in self._waits:
            self._waits[key] = any(
                self.kind(each) == "engine" or self.facts(each).operations
                for each in self.reach(method)
            )
        return self._waits[key]

    def reach(self, method: Method) -> tuple[Method, ...]:
        """``method`` and every method it may run through others, existing coroutines left out."""
        seen: dict[Method, None] = {}
        queue = [method]
        while queue:
            at = queue.pop()
            if at not in seen and self.kind(at) != "coroutine":
                seen[at] = None
                queue += self.facts(at).named
        return tuple(seen)

    def repeats(self, method: Method) -> bool:
        """Whether ``method`` may lead back to itself, as far as it is converted without a loop."""
        seen: set[Method] = set()
        queue = [method]
        while queue:
            reached = set(self._behind(queue.pop())) - seen
            seen |= reached
            queue += reached
        return method in seen

    def _behind(self, method: Method) -> list[Method]:
        """The methods that ``method`` names, in its new statements where it is converted."""
        if self.kind(method) == "coroutine":
            return []
        block = self.converted.get(id(method.node))
        if block is None:
            return list(self.facts(method).named)
        names = {name for stmt in block for name in tree.names(stmt)}
        named = (each for at in self.reach(method) for each in self.facts(at).named)
        return [each for each in dict.fromkeys(named) if each.name in names]

    def site(self, call: cst.Call, file: Parsed, first: str) -> Site | None:
        """The delegate call that ``call`` is, or None."""
        return site(self, call, file, first)

    def operation(self, call: cst.Call, file: Parsed, first: str) -> Operation | None:
        """The operation that the call of a method or function which takes a callback is."""
        func = call.func
        targets = self.methods.called(file, func)
        if not targets or not all(self.waits(each) for each in targets):
            return None
        if isinstance(func, cst.Attribute) and not is_own(func.value, first):
            by_class = isinstance(self.methods.workspace.resolve(file, func.value), Class)
            if by_class and any(each.first for each in targets if not each.on_class):
                return None
        found = {self.produced(each) for each in targets}
        only = found.pop() if len(found) == 1 else None
        if only is None:
            return None
        begins = start(self, targets)
        stays = any(expected(self.methods.workspace, each) for each in targets)
        return replace(
            only.operation(tree.code(func), drops=not stays),
            immediate=only.immediate or begins == "lost",
            keeps=begins == "asked" and not only.immediate,
            lost=begins == "lost" and not only.immediate,
        )

    def produced(self, method: Method) -> Produced | None:
        """The callback that ``method`` takes and that it calls when it has its result."""
        key = id(method.node)
        if key not in self._produced:
            self._produced[key] = None  # while it is being asked
            if self._may_produce(method):
                onward = _Onward(self, method)
                self._produced[key] = produced(method, self.finder(method), onward)
        return self._produced[key]

    def _may_produce(self, method: Method) -> bool:
        """Whether nothing but ``gen.engine`` on a generator decorates ``method``."""
        names, node, kind = method.file.names, method.node, self.kind(method)
        if kind == "engine":
            return [names.qualified(each.decorator, node) for each in node.decorators] == [ENGINE]
        marks = {tree.dotted(each.decorator) for each in node.decorators}
        return kind == "plain" and marks <= {"staticmethod", "classmethod"}


@dataclass(frozen=True, slots=True)
class _Onward:
    """The calls in ``method`` by which it hands its callback on."""

    delegates: Delegates
    method: Method

    def itself(self, call: cst.Call) -> bool:
        return self.delegates.methods.called(self.method.file, call.func) == (self.method,)

    def operation(self, call: cst.Call) -> Operation | None:
        return self.delegates.operation(call, self.method.file, self.method.first)

    def produced(self, function: cst.BaseExpression) -> Produced | None:
        reached = self.delegates.methods.called(self.method.file, function)
        return self.delegates.produced(reached[0]) if len(reached) == 1 else None
