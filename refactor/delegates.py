"""Methods that start operations for others: the calls that have to be waited for.

A *delegate call* is ``self.load()`` where ``load``, or what it calls, starts an operation with a
callback. The method becomes a coroutine and the call is awaited (SEMANTICS section 2, traps 34 to
36). A call of a method that is a coroutine already and whose future is dropped is one too, where it
is the last thing on its path.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import libcst as cst

from . import cst as tree
from .aftermath import nothing
from .callbacks import CallbackRef
from .catalogue import Catalogue, Operation
from .find import ASYNCHRONOUS, COROUTINE, ENGINE, TASK
from .inspecting import is_looked_at
from .methods import VERBS, Method, Methods, Use
from .model import Options
from .names import Names
from .outsiders import expected
from .patches import is_patch
from .producers import Produced, produced
from .refusal import Refused
from .sites import DECORATED, Site, SiteFinder
from .startup import Start, start, starts
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
        ancestry = self.methods.workspace.ancestry
        bases = [at for each in self.methods.below(method.cls) for at in ancestry(each)]
        outside = (at for at in bases if not isinstance(at, Class))
        return method.name in VERBS and any(
            at is None or at.startswith("tornado.") for at in outside
        )

    def answers(self, method: Method) -> bool:
        """Whether the method's self is a request handler, which can answer an error."""
        if not method.first or method.on_class:
            return False
        ancestry = self.methods.workspace.ancestry
        bases = [at for each in self.methods.below(method.cls) for at in ancestry(each)]
        outside = (at for at in bases if not isinstance(at, Class))
        return any(at is None or at.startswith("tornado.") for at in outside)

    def is_called(self, cls: Class, node: cst.FunctionDef) -> bool:
        """Whether the project names a method of ``cls`` outside of its definition."""
        return bool(self.methods.uses(self.methods.at(cls, node)))

    def goes_on(self, method: Method) -> Use | None:
        """A place that calls a handler and does more than end there with the verb it stands in.

        What a method under @asynchronous raises is answered there and then, and its caller goes on;
        without the decorator the caller ends (SEMANTICS section 2).
        """
        return next((use for use in self.methods.uses(method) if not self._ends_there(use)), None)

    def _ends_there(self, use: Use) -> bool:
        """Whether a verb ends with the call that ``use`` is, or ``use`` only gives another name."""
        if use.file is None or use.node is None:
            return False
        if is_looked_at(self.methods.workspace, use.file, use.node):
            return True
        names = use.file.names
        call = names.parents.get(id(use.node))
        if isinstance(call, cst.Assign) and use.inside is None:
            return True  # head = get
        if isinstance(use.node, cst.SimpleString):
            return False
        if isinstance(call, cst.Arg):
            return self._answers_callback(use.file, names.parents.get(id(call)), use.inside)
        if not isinstance(call, cst.Call) or call.func is not use.node or use.inside is None:
            return False
        verb = self.is_handler(use.inside) or self.is_verb(use.inside)
        returned = isinstance(names.parents.get(id(call)), cst.Return)
        guards = (cst.Try, cst.TryStar, cst.With)
        alone = not any(isinstance(each, guards) for each in names.ancestors(call))
        return verb and (_is_last(call, names) or (returned and alone))

    def _answers_callback(
        self, file: Parsed, given: cst.CSTNode | None, inside: Method | None
    ) -> bool:
        """Whether the context of an operation answers the errors of what is passed to ``given``.

        A function of the project that is no operation may call it at once.
        """
        if not isinstance(given, cst.Call):
            return False
        operation = self.finder(inside).operation(given) if inside is not None else None
        return operation is not None or not self.methods.called(file, given.func)

    def facts(self, method: Method) -> Facts:
        """What the body of ``method`` does, nested functions included."""
        if id(method.node) not in self._facts:
            finder = self.finder(method)
            calls = tree.find(method.node.body, cst.Call)
            first = method.first
            asked = self.is_handler(method)
            starting = method.name in method.cls.repeated or self.produced(method) is not None
            starting = starting or any(
                starts(finder, call, first) or (asked and self._dropped(call, method.file, first))
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
            if _own(node.value, first) or isinstance(resolve(method.file, node.value), Class):
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

    def _to_itself(self, site: Site, targets: tuple[Method, ...]) -> Site:
        """``site`` with the one method that it certainly calls."""
        if len(targets) != 1:
            return site
        return replace(site, callback=replace(site.callback, function=targets[0].node))

    def site(self, call: cst.Call, file: Parsed, first: str) -> Site | None:
        """The delegate call that ``call`` is, or None."""
        targets = self._targets(call, file, first)
        if any(self.waits(each) for each in targets):
            begins = start(self, targets)
            if begins == "lost":
                self._check_place(call, file.names)
            found = _site(call, self._maybe(targets), begins)
            own = tree.dotted(call.func) is not None  # not of super()
            return self._to_itself(found, targets) if own else found
        if not self._dropped(call, file, first):
            return None
        return _site(call, self._maybe(targets), "lost")

    def targets(self, call: cst.Call, method: Method) -> tuple[Method, ...]:
        """The project's methods that a call on self in ``method`` may reach."""
        return self._targets(call, method.file, method.first)

    def _targets(self, call: cst.Call, file: Parsed, first: str) -> tuple[Method, ...]:
        func = call.func
        if not isinstance(func, cst.Attribute) or not self._on_self(call, func, file, first):
            return ()
        return self.methods.named(file, func) or ()

    def _dropped(self, call: cst.Call, file: Parsed, first: str) -> bool:
        """Whether ``call`` may be a coroutine's, its future is dropped, and nothing comes after it.

        A native coroutine that nobody awaits never runs, so it is not one of them; nor is one
        under ``@asynchronous``, which gives None.
        """
        targets = self._targets(call, file, first)
        coroutines = [each for each in targets if self.kind(each) == "coroutine"]
        unclear = any(
            each.node.asynchronous is not None or self.is_handler(each) for each in coroutines
        )
        others = {self.kind(each) for each in targets if each not in coroutines}
        fits = bool(coroutines) and not unclear and others <= {"plain"}
        return fits and _is_last(call, file.names)

    def operation(self, call: cst.Call, file: Parsed, first: str) -> Operation | None:
        """The operation that the call of a method or function which takes a callback is."""
        func = call.func
        targets = self.methods.called(file, func)
        if not targets or not all(self.waits(each) for each in targets):
            return None
        if isinstance(func, cst.Attribute) and not _own(func.value, first):
            by_class = isinstance(self.methods.workspace.resolve(file, func.value), Class)
            if by_class and any(each.first for each in targets if not each.on_class):
                return None
        found = {self.produced(each) for each in targets}
        only = found.pop() if len(found) == 1 else None
        if only is None:
            return None
        at_once = only.immediate or start(self, targets) != "quiet"
        stays = any(expected(self.methods.workspace, each) for each in targets)
        return replace(only.operation(tree.code(func), drops=not stays), immediate=at_once)

    def produced(self, method: Method) -> Produced | None:
        """The callback that ``method`` takes and that it calls when it has its result."""
        key = id(method.node)
        if key not in self._produced:
            self._produced[key] = None  # while it is being asked
            if self._may_produce(method):
                onward = _Onward(self, method)
                self._produced[key] = produced(method, self.finder(method), onward)
        return self._produced[key]

    def keeps_working(self, method: Method, use: Use) -> bool:
        """Whether ``use`` needs no change when ``method`` becomes a coroutine.

        It may only look at the method, replace it on its class, or give it to ``gen.Task``, which
        passes ``callback=`` by name.
        """
        if use.file is None or use.node is None:
            return False
        workspace = self.methods.workspace
        if is_patch(workspace, use.file, use.node) or is_looked_at(workspace, use.file, use.node):
            return True
        own = self.produced(method)
        if own is None or self.options.tornado >= 6:
            return False
        argument = use.file.names.parents.get(id(use.node))
        call = use.file.names.parents.get(id(argument)) if argument is not None else None
        if not isinstance(call, cst.Call) or call.args[0] is not argument:
            return False
        given = use.file.names.qualified(call.func, call) == TASK and own.parameter == "callback"
        generator = self.options.style == "coroutine" or self.kind(method) == "engine"
        stays = expected(self.methods.workspace, method)
        return given and (stays or (generator and own.is_kept_by_coroutine))

    def _may_produce(self, method: Method) -> bool:
        """Whether nothing but ``gen.engine`` on a generator decorates ``method``."""
        names, node, kind = method.file.names, method.node, self.kind(method)
        if kind == "engine":
            return [names.qualified(each.decorator, node) for each in node.decorators] == [ENGINE]
        marks = {tree.dotted(each.decorator) for each in node.decorators}
        return kind == "plain" and marks <= {"staticmethod", "classmethod"}

    def _on_self(self, call: cst.Call, func: cst.Attribute, file: Parsed, first: str) -> bool:
        """``self.m()``, ``super().m()`` or ``Base.m(self)``."""
        if _own(func.value, first):
            return True
        if not isinstance(self.methods.workspace.resolve(file, func.value), Class):
            return False
        return bool(call.args) and tree.dotted(call.args[0].value) == first

    def _check_place(self, call: cst.Call, names: Names) -> None:
        """Refuse a call whose errors a statement around it would catch only at the call."""
        for each in names.ancestors(call):
            if isinstance(each, cst.FunctionDef | cst.Lambda):
                return
            if isinstance(each, cst.Try | cst.TryStar | cst.With):
                raise Refused("UC406", call, what=tree.code(call.func))

    def _maybe(self, targets: tuple[Method, ...]) -> bool:
        """Whether the call may give None: from a decorator, or from a method that stays plain."""
        for each in targets:
            if self.kind(each) == "plain" and not self.waits(each):
                self._check_result(each)
        return any(self._guarded(each) or not self._awaitable(each) for each in targets)

    def _guarded(self, method: Method) -> bool:
        """Whether a decorator stands around what becomes the coroutine."""
        names, node = method.file.names, method.node
        marks = [names.qualified(each.decorator, node) for each in node.decorators]
        return any(mark not in {ASYNCHRONOUS, COROUTINE, ENGINE} for mark in marks)

    def _check_result(self, method: Method) -> None:
        """Refuse a method whose value, ignored today, could be something to wait for."""
        for each in tree.find(method.node.body, cst.Return, into_functions=False):
            if each.value is not None and tree.dotted(each.value) != "None":
                raise Refused("UC204", each, what=method.title)

    def _awaitable(self, method: Method) -> bool:
        """Whether ``method`` gives a future after the conversion, or nothing but an error."""
        if self.kind(method) == "coroutine" or self.waits(method):
            return True
        body = tree.block(method.node.body)
        docstring = method.node.get_docstring() is not None
        return isinstance(tree.small(body[int(docstring and len(body) > 1)]), cst.Raise)


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


def _site(call: cst.Call, maybe: bool, begins: Start) -> Site:
    name = tree.code(call.func)
    form: Literal["maybe", "future"] = "maybe" if maybe else "future"
    operation = Operation(
        name, call=name, passes=(), errors="raised", immediate=begins == "lost",
        keeps=begins == "asked", returns="future", form5=form, form6=form,
    )  # fmt: skip
    title = call.func.attr.value if isinstance(call.func, cst.Attribute) else name
    return Site(call, operation, None, CallbackRef("nothing", title, call.func))


def _own(holder: cst.BaseExpression, first: str) -> bool:
    if isinstance(holder, cst.Call):
        return tree.dotted(holder.func) == "super"
    return isinstance(holder, cst.Name) and holder.value == first


def _is_last(call: cst.Call, names: Names) -> bool:
    """Whether ``call`` is a statement after which its function ends."""
    at: cst.CSTNode = call
    for each in names.ancestors(call):
        if isinstance(each, cst.FunctionDef):
            return True
        if isinstance(each, cst.IndentedBlock | cst.SimpleStatementSuite):
            index = next(i for i, stmt in enumerate(each.body) if stmt is at)
            if not nothing(each.body[index + 1 :]):
                return False
        elif not _passes_on(each, at):
            return False
        at = each
    return False


def _passes_on(node: cst.CSTNode, below: cst.CSTNode) -> bool:
    """Whether a statement ends where its part ``below`` ends."""
    if isinstance(node, cst.SimpleStatementLine):
        return len(node.body) == 1
    if isinstance(node, cst.If):
        return below is not node.test
    return isinstance(node, cst.Expr | cst.Else)
