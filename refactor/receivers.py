"""Which class an expression's value has, as far as the code says so.

Only what is plain is believed: a constructor call, ``IOLoop.current()``, a name or attribute that
is assigned such a value and nothing else, ``self``.
"""

from __future__ import annotations

import libcst as cst

from . import cst as tree
from .functions import rebinds, set_elsewhere, variable
from .workspace import Class, Parsed, Workspace, first_parameter

FACTORIES = {
    "tornado.ioloop.IOLoop.instance": "tornado.ioloop.IOLoop",
    "tornado.ioloop.IOLoop.current": "tornado.ioloop.IOLoop",
}
"""Calls that give an instance of a class without being its constructor."""

CLIENT = "tornado.httpclient.AsyncHTTPClient"

EXTERNAL_BASES = {
    "tornado.auth.GoogleMixin": ("tornado.auth.OpenIdMixin", "tornado.auth.OAuthMixin"),
    "tornado.auth.TwitterMixin": ("tornado.auth.OAuthMixin",),
    "tornado.auth.FriendFeedMixin": ("tornado.auth.OAuthMixin",),
    "tornado.auth.GoogleOAuth2Mixin": ("tornado.auth.OAuth2Mixin",),
    "tornado.auth.FacebookGraphMixin": ("tornado.auth.OAuth2Mixin",),
    "tornado.web.ErrorHandler": ("tornado.web.RequestHandler",),
    "tornado.web.RedirectHandler": ("tornado.web.RequestHandler",),
    "tornado.web.StaticFileHandler": ("tornado.web.RequestHandler",),
    "tornado.web.FallbackHandler": ("tornado.web.RequestHandler",),
    "tornado.websocket.WebSocketHandler": ("tornado.web.RequestHandler",),
}
"""Bases of Tornado's own classes (documentation of tornado.auth, tornado.web)."""


class Receivers:
    """Types of expressions in one file."""

    def __init__(self, workspace: Workspace, file: Parsed) -> None:
        self.workspace = workspace
        self.file = file

    def owners(self, expression: cst.CSTNode, at: cst.CSTNode) -> list[str]:
        """Qualified names of the external classes among the value's type and its ancestors.

        Empty when the type is not known; ``at`` is the node whose place decides what names mean.
        """
        found = self._type(expression, at, 0)
        if found is None:
            return []
        if isinstance(found, Class):
            return self.external(found)
        return [found, *EXTERNAL_BASES.get(found, ())]

    def defines(self, expression: cst.CSTNode, at: cst.CSTNode, method: str) -> bool:
        """Whether the value's class is the project's and has a ``method`` of its own."""
        found = self._type(expression, at, 0)
        return isinstance(found, Class) and self.workspace.method(found, method) is not None

    def external(self, cls: Class) -> list[str]:
        """The qualified external classes among the ancestors of ``cls``."""
        return [
            name
            for each in self.workspace.ancestry(cls)
            if isinstance(each, str)
            for name in (each, *EXTERNAL_BASES.get(each, ()))
        ]

    def type_of(self, expression: cst.CSTNode, at: cst.CSTNode) -> Class | str | None:
        """The class of the value at ``at``: a project class, a qualified name, or None."""
        return self._type(expression, at, 0)

    def _type(self, expression: cst.CSTNode, at: cst.CSTNode, depth: int) -> Class | str | None:
        if depth > 6:
            return None
        if isinstance(expression, cst.Await):
            return None
        if isinstance(expression, cst.Call):
            return self._constructed(expression, at, depth)
        qualified = self.file.names.qualified(expression, at)
        found = variable(self.workspace, qualified) if qualified is not None else None
        if found is not None and qualified is not None:
            return self._variable(qualified, *found, depth)
        if isinstance(expression, cst.Name):
            return self._name(expression.value, at, depth)
        if isinstance(expression, cst.Attribute):
            return self._attribute(expression, at, depth)
        return None

    def _variable(
        self, qualified: str, file: Parsed, place: cst.CSTNode, depth: int
    ) -> Class | str | None:
        """The type of another module's variable, which nobody sets again."""
        value = _assigned_value(place, file)
        if value is None:
            return None
        kind = Receivers(self.workspace, file)._type(value, place, depth + 1)
        return None if kind is None or set_elsewhere(self.workspace, qualified) else kind

    def _constructed(self, call: cst.Call, at: cst.CSTNode, depth: int) -> Class | str | None:
        qualified = self.file.names.qualified(call.func, at)
        if qualified in FACTORIES:
            return FACTORIES[qualified]
        if qualified is not None:
            found = self.workspace.lookup(qualified)
            plausible = isinstance(found, Class) or found.rpartition(".")[2][:1].isupper()
            return found if plausible else None
        path = tree.dotted(call.func)
        known = self.file.classes.get(path) if path else None
        if known is None and isinstance(call.func, cst.Attribute):
            return self._made(call.func, at, depth)
        return known

    def _made(self, func: cst.Attribute, at: cst.CSTNode, depth: int) -> Class | str | None:
        """The type that a method gives, when no subclass has another one of that name."""
        holder, name = self._type(func.value, at, depth + 1), func.attr.value
        if not isinstance(holder, Class):
            return None
        if any(name in each.methods for each in self.workspace.descendants(holder)):
            return None
        found = self.workspace.method(holder, name)
        if found is not None:
            return self._given_by(*found, depth, [])
        mixin = any(each.startswith("tornado.auth.") for each in self.external(holder))
        return CLIENT if mixin and name == "get_auth_http_client" else None

    def _name(self, name: str, at: cst.CSTNode, depth: int) -> Class | str | None:
        method = self._method_around(at, name)
        if method is not None:
            return method
        owner = self.file.names.owner(at, name)
        if owner is None:
            return None
        if isinstance(owner, cst.Module) and rebinds(self.file, name):
            return None
        places = self.file.names.bindings(owner).assigned.get(name, [])
        return self._agreed([_assigned_value(p, self.file) for p in places], at, depth)

    def _method_around(self, at: cst.CSTNode, name: str) -> Class | None:
        """The class when ``name`` is ``self`` of a method around ``at``."""
        owner = self.file.names.owner(at, name)
        if isinstance(owner, cst.FunctionDef) and first_parameter(owner) == name:
            rebound = len(self.file.names.bindings(owner).assigned[name]) > 1
            return None if rebound else self._class_of(owner)
        return None

    def _class_of(self, function: cst.FunctionDef) -> Class | None:
        around = self.file.names.enclosing(function, cst.ClassDef, cst.FunctionDef)
        return next((c for c in self.file.classes.values() if c.node is around), None)

    def _attribute(self, node: cst.Attribute, at: cst.CSTNode, depth: int) -> Class | str | None:
        holder = self._type(node.value, at, depth + 1)
        if not isinstance(holder, Class):
            return None
        found = self.workspace.method(holder, node.attr.value)
        if found is not None:
            return self._given_by(*found, depth, ["property"])
        values: list[tuple[cst.CSTNode | None, cst.CSTNode, Parsed]] = []
        for cls in self.workspace.ancestry(holder):
            if isinstance(cls, Class):
                values += _stored(cls, node.attr.value)
        types = {
            Receivers(self.workspace, file)._type(value, place, depth + 1) if value else None
            for value, place, file in values
        }
        return types.pop() if len(types) == 1 else None

    def _given_by(
        self, cls: Class, method: cst.FunctionDef, depth: int, decorators: list[str]
    ) -> Class | str | None:
        """The type that a method or property gives, when each of its returns gives the same."""
        marks = [tree.dotted(each.decorator) for each in method.decorators]
        generator = tree.some(method.body, lambda n: isinstance(n, cst.Yield))
        if marks != decorators or generator or method.asynchronous is not None:
            return None
        there = Receivers(self.workspace, cls.file)
        returns = list(tree.find(method.body, cst.Return, into_functions=False))
        types = {there._type(r.value, r, depth + 1) if r.value else None for r in returns}
        return types.pop() if len(types) == 1 else None

    def _agreed(
        self, values: list[cst.CSTNode | None], at: cst.CSTNode, depth: int
    ) -> Class | str | None:
        types = {self._type(v, at, depth + 1) if v is not None else None for v in values}
        return types.pop() if len(types) == 1 else None


def _assigned_value(place: cst.CSTNode, file: Parsed) -> cst.CSTNode | None:
    """The value of a plain assignment that binds a name; None for any other binding."""
    if isinstance(place, cst.AssignTarget) and isinstance(place.target, cst.Name | cst.Attribute):
        parent = file.names.parents.get(id(place))
        return parent.value if isinstance(parent, cst.Assign) else None
    if isinstance(place, cst.AnnAssign):
        return place.value
    return None


def _stored(cls: Class, name: str) -> list[tuple[cst.CSTNode | None, cst.CSTNode, Parsed]]:
    """The values stored under an attribute name of a class: in its body and on ``self``."""
    found: list[tuple[cst.CSTNode | None, cst.CSTNode, Parsed]] = []
    names = cls.file.names
    for place in names.bindings(cls.node).assigned.get(name, []):
        if isinstance(place, cst.AnnAssign) and place.value is None:
            continue  # a declaration
        found.append((_assigned_value(place, cls.file), place, cls.file))
    for place in cls.stores.get(name, ()):
        if not (isinstance(place, cst.AnnAssign) and place.value is None):
            found.append((_assigned_value(place, cls.file), place, cls.file))
    return found
