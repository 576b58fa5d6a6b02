"""Does every path through a block finish the request?

A coroutine finishes the request when it ends, a callback handler never does (SEMANTICS section 2),
so a rewritten handler needs ``self._auto_finish = False`` unless each of its paths finishes by
itself. Only *must finish* is computed; whatever is not understood counts as not finishing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from . import cst as tree
from .aftermath import has_return
from .find import COROUTINE
from .receivers import Receivers
from .workspace import Class, Patched, Workspace, first_parameter

FINISHING = frozenset({"finish", "render", "redirect", "send_error"})
"""Methods of ``RequestHandler`` that always finish the request or raise."""

REPORT = "_handle_request_exception"
"""The method of ``RequestHandler`` that answers an exception, with ``send_error`` or ``finish``."""

REDIRECTING = frozenset(
    {
        "tornado.auth.OpenIdMixin.authenticate_redirect",
        "tornado.auth.OAuth2Mixin.authorize_redirect",
    }
)
"""Methods of the auth mixins that redirect before they return (the OAuth 1 ones ask first)."""


@dataclass(frozen=True, slots=True)
class Flow:
    """How a block can end: falling through its end (None: it cannot), and by ``return``.

    Each is True when every such path has finished the request.
    """

    end: bool | None
    returns: bool = True
    breaks: bool | None = None


class Finishing:
    """Must-finish analysis of one class's methods, with calls to ``self`` methods followed."""

    def __init__(
        self,
        workspace: Workspace,
        cls: Class,
        converted: Mapping[int, tree.Block] | None = None,
        children: Collection[int] = (),
    ) -> None:
        """``converted``: the new statements of methods that become coroutines, by node.

        ``children``: methods that become coroutines which run beside their caller, by node.
        """
        self.workspace = workspace
        self.cls = cls
        self.converted = converted or {}
        self.children = children
        self._known: dict[tuple[int, bool], bool] = {}
        self._owners = [cls]

    def always(self, body: Sequence[tree.Statement], first: str) -> bool:
        """Whether every normal end of ``body`` has finished; ``first`` is the name of self."""
        flow = self._block(body, first, False)
        return flow.end is not False and flow.returns

    def _method_always(self, name: str, waited: bool) -> bool:
        """Whether ``self.name(...)`` always finishes or raises, however it is overridden."""
        line = [at for at in self.workspace.ancestry(self.cls) if isinstance(at, Class)]
        if any(name in at.attributes for at in line):
            return False
        found = self.workspace.method(self.cls, name)
        here = self._known_outside(name) if found is None else self._function_always(*found, waited)
        return here and all(
            self._of(each)._method_always(name, waited)
            for each in self.workspace.descendants(self.cls)
            if name in each.methods
        )

    def _of(self, cls: Class) -> Finishing:
        """The same analysis for another class."""
        return Finishing(self.workspace, cls, self.converted, self.children)

    def _super_always(self, name: str, waited: bool) -> bool:
        """The same for ``super().name(...)`` in a method of the class that is looked at."""
        for at in self.workspace.ancestry(self._owners[-1])[1:]:
            if isinstance(at, Class) and name in at.methods:
                replaced = any(
                    isinstance(each, Patched) and each.method == name
                    for each in self.workspace.descendants(at)
                )
                return not replaced and self._function_always(at, at.methods[name], waited)
        return self._known_outside(name)

    def _known_outside(self, name: str) -> bool:
        """Whether a method of a base outside of the project finishes; a handler has such a base."""
        outside = Receivers(self.workspace, self.cls.file).external(self.cls)
        if any(f"{owner}.{name}" in REDIRECTING for owner in outside):
            return True
        if name == REPORT:
            return all(self._method_always(each, False) for each in ("send_error", "finish"))
        return name in FINISHING and (bool(outside) or self._is_mixin())

    def _is_mixin(self) -> bool:
        """Whether the class has no base of its own, so that a handler class will be its sibling.

        ``@asynchronous`` only works on a ``RequestHandler``, so that is what its instances are.
        """
        return all(tree.dotted(arg.value) == "object" for arg in self.cls.node.bases)

    def _function_always(self, owner: Class, node: cst.FunctionDef, waited: bool) -> bool:
        """Whether a call of ``node`` always finishes; ``waited``: it is awaited where it stands."""
        key = id(node), waited
        if key not in self._known:
            # A call of itself that returns has finished if everything else has; what was found
            # on this assumption is forgotten if it was wrong.
            before = dict(self._known)
            self._known[key] = True
            self._owners.append(owner)
            found = self._body_always(owner, node, waited)
            self._owners.pop()
            if not found:
                self._known = {**before, key: False}
        return self._known[key]

    def _body_always(self, owner: Class, node: cst.FunctionDef, waited: bool) -> bool:
        first = first_parameter(node)
        if first is None or node.name.value in owner.repeated:
            return False
        if id(node) in self.children and not waited:
            return False
        if id(node) in self.converted:
            return self.always(self.converted[id(node)], first)
        marks = [owner.file.names.qualified(each.decorator, node) for each in node.decorators]
        coroutine = marks == [COROUTINE] or (not marks and node.asynchronous is not None)
        generator = node.asynchronous or tree.some(node.body, lambda n: isinstance(n, cst.Yield))
        if (generator or marks) and not (coroutine and waited):
            return False
        return self.always(tree.block(node.body), first)

    def _block(self, body: Sequence[cst.CSTNode], first: str, done: bool) -> Flow:
        returns, breaks = True, None
        end: bool | None = done
        for stmt in body:
            flow = self._statement(stmt, first, bool(end))
            returns = returns and flow.returns
            breaks = _both(breaks, flow.breaks)
            end = flow.end
            if end is None:
                break
        return Flow(end, returns, breaks)

    def _statement(self, stmt: cst.CSTNode, first: str, done: bool) -> Flow:
        if isinstance(stmt, cst.SimpleStatementLine):
            return self._line(stmt, first, done)
        if isinstance(stmt, cst.If):
            return self._if(stmt, first, done or self._finishes(stmt.test, first))
        if isinstance(stmt, cst.For | cst.While):
            return self._loop(stmt, first, done)
        if isinstance(stmt, cst.Try):
            return self._try(stmt, first, done)
        if isinstance(stmt, cst.With):
            inner = self._block(tree.block(stmt.body), first, done)
            # A context manager may swallow an exception, so the end may be reached early.
            return Flow(
                done if inner.end is None else done or (_plain_with(stmt) and inner.end),
                inner.returns,
                inner.breaks,
            )
        if isinstance(stmt, cst.Match):
            return self._match(stmt, first, done)
        returning = not isinstance(stmt, cst.FunctionDef | cst.ClassDef) and has_return(stmt)
        return Flow(done, returns=done or not returning)

    def _line(self, stmt: cst.SimpleStatementLine, first: str, done: bool) -> Flow:
        for small in stmt.body:
            if isinstance(small, cst.Raise):
                return Flow(None)
            done = done or self._finishes(small, first)
            if isinstance(small, cst.Return):
                return Flow(None, returns=done)
            if isinstance(small, cst.Break | cst.Continue):
                return Flow(None, breaks=done)
        return Flow(done)

    def _finishes(self, node: cst.CSTNode, first: str) -> bool:
        """Whether evaluating ``node`` certainly calls a finishing method of self."""
        calls = _certain_calls(node)
        waited = {id(each) for each in _waited(node)}
        return any(self._call_finishes(call, first, id(call) in waited) for call in calls)

    def _call_finishes(self, call: cst.Call, first: str, waited: bool) -> bool:
        target = call.func
        if not isinstance(target, cst.Attribute):
            return False
        holder = target.value
        if isinstance(holder, cst.Name) and holder.value == first:
            return self._method_always(target.attr.value, waited)
        if isinstance(holder, cst.Call) and tree.dotted(holder.func) == "super":
            return self._super_always(target.attr.value, waited)
        return False

    def _if(self, stmt: cst.If, first: str, done: bool) -> Flow:
        yes = self._block(tree.block(stmt.body), first, done)
        if stmt.orelse is None:
            no = Flow(done)
        elif isinstance(stmt.orelse, cst.If):
            no = self._if(stmt.orelse, first, done)
        else:
            no = self._block(tree.block(stmt.orelse.body), first, done)
        return Flow(
            _both(yes.end, no.end), yes.returns and no.returns, _both(yes.breaks, no.breaks)
        )

    def _match(self, stmt: cst.Match, first: str, done: bool) -> Flow:
        found = Flow(None if _exhaustive(stmt) else done)
        for case in stmt.cases:
            flow = self._block(tree.block(case.body), first, done)
            found = Flow(
                _both(found.end, flow.end),
                found.returns and flow.returns,
                _both(found.breaks, flow.breaks),
            )
        return found

    def _loop(self, stmt: cst.For | cst.While, first: str, done: bool) -> Flow:
        inner = self._block(tree.block(stmt.body), first, done)
        if stmt.orelse is not None:
            after = self._block(tree.block(stmt.orelse.body), first, done)
            inner = Flow(inner.end, inner.returns and after.returns, inner.breaks)
        forever = isinstance(stmt, cst.While) and tree.dotted(stmt.test) in {"True"}
        leaving = tree.some(stmt.body, lambda n: isinstance(n, cst.Break))
        if forever:
            return Flow(inner.breaks if leaving else None, inner.returns)
        return Flow(done, inner.returns)

    def _try(self, stmt: cst.Try, first: str, done: bool) -> Flow:
        body = self._block(tree.block(stmt.body), first, done)
        if stmt.orelse is not None and body.end is not None:
            after = self._block(tree.block(stmt.orelse.body), first, body.end)
            body = Flow(after.end, body.returns and after.returns, _both(body.breaks, after.breaks))
        end, returns, breaks = body.end, body.returns, body.breaks
        for handler in stmt.handlers:
            flow = self._block(tree.block(handler.body), first, done)
            end, breaks = _both(end, flow.end), _both(breaks, flow.breaks)
            returns = returns and flow.returns
        if stmt.finalbody is not None:
            last = self._block(tree.block(stmt.finalbody.body), first, False)
            if last.end is None:
                return last
            end = None if end is None else end or last.end
            returns = (returns or last.end) and last.returns
        return Flow(end, returns, breaks)


def _waited(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The expressions below ``node`` that are waited for, one by one or in a list."""
    for each in tree.walk(node):
        value = each.value if isinstance(each, cst.Yield) else None
        if isinstance(each, cst.Await):
            value = each.expression
        if isinstance(value, cst.List):
            yield from (element.value for element in value.elements)
        elif value is not None:
            yield value


def _both(one: bool | None, other: bool | None) -> bool | None:
    if one is None or other is None:
        return other if one is None else one
    return one and other


def _certain_calls(node: cst.CSTNode) -> list[cst.Call]:
    """Calls that are certainly made when ``node`` is evaluated (not behind and/or/if/lambda)."""
    if isinstance(
        node, cst.Lambda | cst.IfExp | cst.GeneratorExp | cst.ListComp | cst.DictComp | cst.SetComp
    ):
        return []
    if isinstance(node, cst.FunctionDef | cst.ClassDef):
        return []
    if isinstance(node, cst.BooleanOperation):
        return _certain_calls(node.left)
    found = [node] if isinstance(node, cst.Call) else []
    for child in node.children:
        found += _certain_calls(child)
    return found


def _exhaustive(stmt: cst.Match) -> bool:
    """Whether the last case of a match takes everything."""
    last = stmt.cases[-1]
    return isinstance(last.pattern, cst.MatchAs) and last.pattern.pattern is None and not last.guard


def _plain_with(stmt: cst.With) -> bool:
    """Whether no context manager of the statement is known to swallow exceptions."""
    return not any("suppress" in tree.code(item.item) for item in stmt.items)
