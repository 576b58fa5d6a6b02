"""A ``fetch`` whose failures become responses with code 599, as its callback got them.

Where there is no response, ``yield fetch(...)`` raises; on Tornado 6 it does so with
``raise_error=False`` too (SEMANTICS section 1, form D). The request is kept for such a response,
and the time where somebody reads how long the request took.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import libcst as cst

from . import cst as tree
from .imports import Imports
from .refusal import Refused

REQUEST = "tornado.httpclient.HTTPRequest"
TEXTS = frozenset({"tornado.httputil.url_concat"})
TEXT_METHODS = frozenset({"format", "get_argument", "get_query_argument", "join"})

REDIRECTS = "before Tornado 6.6, the request hangs when a redirect is followed by a failure"
"""The difference from earlier generations that no form of the call makes good (trap 66)."""


def may_hang(call: cst.Call) -> bool:
    """Whether a ``fetch`` may follow a redirect."""
    return not any(
        arg.keyword is not None
        and arg.keyword.value == "follow_redirects"
        and tree.dotted(arg.value) == "False"
        for arg in call.args
    )


@dataclass(frozen=True, slots=True)
class Started:
    """An operation that was started: the statements, and the variables that the wait needs.

    ``future`` is what to wait for; ``request`` and ``began`` are set where a failed fetch has to be
    turned into a response by hand.
    """

    statements: tree.Block
    future: str
    request: str = ""
    began: str = ""

    @property
    def kept(self) -> tuple[str, ...]:
        """The variables that are needed for the wait."""
        return tuple(name for name in (self.request, self.began, self.future) if name)


@dataclass(frozen=True, slots=True)
class Responses:
    """Builds both halves for one file; ``raises`` is false where a status is no exception."""

    imports: Imports
    raises: bool

    def started(
        self, bare: cst.Call, what: str, future: str, timed: bool, taken: set[str]
    ) -> Started:
        """Keep the request, the time if it is ``timed``, and the future of ``bare``.

        ``bare`` is the fetch without its callback. Raises Refused (UC216) when its request cannot
        be told from its other arguments.
        """
        named = bool(bare.args) and bare.args[0].keyword is not None
        if named and cst.ensure_type(bare.args[0].keyword, cst.Name).value == "request":
            url = bare.args[0].with_changes(keyword=None, equal=cst.MaybeSentinel.DEFAULT)
            bare, named = bare.with_changes(args=[url, *bare.args[1:]]), False
        if not bare.args or bare.args[0].star or named:
            raise Refused("UC216", bare, what=what)
        made, request = self._request(bare, taken)
        quiet = [] if self.raises else [keyword("raise_error", "False")]
        sent = cst.Call(bare.func, [cst.Arg(cst.Name(request)), *quiet])
        began = tree.fresh("began", taken) if timed else ""
        if timed:
            clock = self.imports.refer("time", "time", taken)
            made.append(tree.line(f"{began} = {clock}()"))
        made.append(tree.line(f"{future} = SENT", SENT=sent))
        return Started(made, future, request, began)

    def waited(
        self, started: Started, target: str, wait: tree.Statement, taken: set[str]
    ) -> tree.Block:
        """``wait``, which binds ``target``; a failure is made its response."""
        error = tree.fresh("error", set(taken))
        maker = self.imports.refer("tornado.httpclient", "HTTPResponse", taken)
        given = f"{started.request}, 599, error={error}"
        if started.began:
            clock = self.imports.refer("time", "time", taken)
            given += f", request_time={clock}() - {started.began}"
        made = f"{target} = {maker}({given})"
        caught: tree.Block = [tree.line(made)]
        if self.raises:
            base = self.imports.refer("tornado.httpclient", "HTTPError", taken)
            test = cst.parse_statement(f"if {target} is None:\n    {made}")
            caught = [
                tree.line(f"{target} = {error}.response if isinstance({error}, {base}) else None"),
                cst.ensure_type(test, cst.If),
            ]
        return [attempt([wait], "Exception", error, caught)]

    def _request(self, bare: cst.Call, taken: set[str]) -> tuple[tree.Block, str]:
        """The statements that make the request, and its name."""
        first = bare.args[0].value
        own = len(bare.args) == 1 and self._is_request(first)
        if own and isinstance(first, cst.Name):
            return [], first.value
        request = tree.fresh("request", taken)
        if own:
            return [tree.line(f"{request} = NEW", NEW=first)], request
        maker = self.imports.refer("tornado.httpclient", "HTTPRequest", taken)
        if len(bare.args) > 1 or self._is_text(first):
            new = bare.with_changes(func=cst.parse_expression(maker))
            return [tree.line(f"{request} = NEW", NEW=new)], request
        if isinstance(first, cst.Name):
            built = f"URL if isinstance(URL, {maker}) else {maker}(URL)"
            return [tree.line(f"{request} = {built}", URL=first)], request
        test = f"if not isinstance({request}, {maker}):\n    {request} = {maker}({request})"
        wrapped = cst.ensure_type(cst.parse_statement(test), cst.If)
        return [tree.line(f"{request} = URL", URL=first), wrapped], request

    def _is_request(self, value: cst.BaseExpression) -> bool:
        if isinstance(value, cst.Call):
            return self.imports.file.names.qualified(value.func) == REQUEST
        bound = self._bound(value)
        return isinstance(bound, cst.Call) and self._is_request(bound)

    def _is_text(self, value: cst.BaseExpression) -> bool:
        """Whether a value is certainly a string."""
        if isinstance(value, cst.BinaryOperation):
            joined = isinstance(value.operator, cst.Add | cst.Modulo)
            return joined and (self._is_text(value.left) or self._is_text(value.right))
        if isinstance(value, cst.Call):
            method = isinstance(value.func, cst.Attribute) and value.func.attr.value in TEXT_METHODS
            return method or self.imports.file.names.qualified(value.func) in TEXTS
        bound = self._bound(value)
        return isinstance(value, cst.BaseString) or (bound is not None and self._is_text(bound))

    def _bound(self, value: cst.BaseExpression) -> cst.BaseExpression | None:
        """What a variable of a function holds, where it is bound once."""
        names = self.imports.file.names
        owner = names.owner(value, value.value) if isinstance(value, cst.Name) else None
        if not isinstance(value, cst.Name) or not isinstance(owner, cst.FunctionDef):
            return None
        places = names.bindings(owner).assigned.get(value.value, [])
        assign = names.parents.get(id(places[0])) if len(places) == 1 else None
        return assign.value if isinstance(assign, cst.Assign) else None


def handed_on(body: cst.CSTNode, given: Collection[str], apart_from: Collection[int] = ()) -> bool:
    """Whether a variable of ``given`` is used in ``body`` other than for one of its attributes.

    ``apart_from`` are the ids of uses that do not count.
    """
    holders = tree.find(body, cst.Attribute)
    bases = {id(holder.value) for holder in holders}
    uses = [node for node in tree.find(body, cst.Name) if node.value in given]
    return any(id(use) not in bases and id(use) not in apart_from for use in uses)


def attempt(
    body: Sequence[tree.Statement], failure: str, error: str | None, caught: tree.Block
) -> cst.Try:
    """A ``try`` statement with one handler."""
    handler = cst.ExceptHandler(
        body=tree.suite(caught),
        type=cst.parse_expression(failure),
        name=cst.AsName(cst.Name(error)) if error is not None else None,
    )
    return cst.Try(body=tree.suite(list(body)), handlers=[handler])


def keyword(name: str, value: str) -> cst.Arg:
    """The argument ``name=value``."""
    bare = cst.SimpleWhitespace("")
    return cst.Arg(cst.parse_expression(value), cst.Name(name), equal=cst.AssignEqual(bare, bare))
