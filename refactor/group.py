"""Methods that have to be converted together, in one file or in several.

A method that becomes a coroutine has to be awaited by everybody who calls it, so the callers are
converted with it, and their callers; either all of a group change or none. A place that names one
of the methods and is not among what was converted ends it (UC403).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import cst as tree
from . import generators, helper
from .callers import keeps_working
from .delegates import Delegates
from .edit import Rewrite
from .elsewhere import Elsewhere
from .find import Handler, handlers
from .handler import rewrite as rewrite_handler
from .methods import Method, Use
from .refusal import Refused
from .unit import Unit
from .workspace import Class, Patched

HOOKS = frozenset(
    {
        "check_etag_header", "check_xsrf_cookie", "compute_etag",
        "create_signed_value", "create_template_loader", "data_received", "decode_argument",
        "finish", "flush",
        "get_argument", "get_arguments", "get_browser_locale", "get_current_user",
        "get_error_html", "get_login_url", "get_template_namespace", "get_template_path",
        "get_user_locale", "initialize", "log_exception", "on_connection_close",
        "on_finish", "prepare", "redirect", "render",
        "render_embed_css", "render_embed_js", "render_linked_css", "render_linked_js",
        "render_string", "require_setting", "reverse_url", "send_error",
        "set_default_headers", "static_url", "write", "write_error", "xsrf_form_html",
        "_clear_headers_for_304", "_clear_representation_headers", "_convert_header_value",
        "_decode_xsrf_token", "_execute", "_get_argument", "_get_arguments",
        "_get_raw_xsrf_token", "_handle_request_exception", "_initialize", "_log",
        "_request_summary", "_stack_context_handle_exception", "_stream_request_body",
        "_ui_method", "_ui_module", "_unimplemented_method",
    }
)  # fmt: skip
"""Methods that Tornado calls itself and whose result it does not wait for (SEMANTICS section 2)."""


SOCKET_HOOKS = frozenset(
    {"check_origin", "on_close", "on_message", "on_ping", "on_pong", "open", "select_subprotocol"}
)
"""The same of a ``WebSocketHandler``."""


class GroupRefused(Exception):
    """A group stays as it is because of one of its methods."""

    def __init__(self, culprit: Method, refused: Refused) -> None:
        """``members`` is set where the whole group is known."""
        super().__init__(str(refused))
        self.culprit = culprit
        self.refused = refused
        self.members: tuple[Method, ...] = ()


@dataclass(eq=False)
class Groups:
    """The groups of a run; ``units`` are the files that may be edited, by path."""

    units: Mapping[str, Unit]
    delegates: Delegates
    _handlers: dict[str, dict[int, Handler]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._elsewhere = Elsewhere(self.delegates)

    def members(self, start: Method) -> tuple[Method, ...]:
        """``start`` and what has to be converted with it.

        Raises :class:`GroupRefused` when somebody is among them who cannot wait.
        """
        if generators.applies(self.units[start.file.path], start.node):
            return (start,)
        found: dict[Method, None] = {}
        queue = [start]
        while queue:
            method = queue.pop(0)
            if method in found:
                continue
            found[method] = None
            if self.delegates.waits(method):
                queue += self._users(method)
                queue += [n for n in self.delegates.facts(method).named if self.delegates.waits(n)]
        return tuple(found)

    def _users(self, method: Method) -> list[Method]:
        users: list[Method] = []
        for use in self.delegates.methods.uses(method):
            if self._stays_right(method, use):
                continue
            if use.inside is None or not self._may_wait(use.inside):
                raise GroupRefused(method, self._called_by(method, use))
            users.append(use.inside)
        return users

    def _stays_right(self, method: Method, use: Use) -> bool:
        """Whether a place that names a method may stay as it is."""
        alias = self.delegates.is_handler(method) and self.delegates.methods.is_verb_alias(
            method, use
        )
        return alias or keeps_working(self.delegates, method, use)

    def _may_wait(self, user: Method) -> bool:
        """Whether somebody who calls a coroutine may become one: a method, or a producer."""
        plain = self.delegates.kind(user) == "plain" and not user.is_function
        return plain or self.delegates.produced(user) is not None

    def _called_by(self, method: Method, use: Use) -> Refused:
        return Refused("UC403", method.node, what=method.name, at=self._line(use), where=use.path)

    def _line(self, use: Use) -> int:
        return use.file.line(use.node) if use.file is not None and use.node is not None else 1

    def convert(self, members: tuple[Method, ...]) -> Mapping[Method, Rewrite]:
        """The rewrites of a group; raises :class:`GroupRefused`."""
        try:
            return self._convert(members)
        except GroupRefused as refused:
            refused.members = members
            for method in members:
                self.delegates.converted.pop(id(method.node), None)
            raise

    def _convert(self, members: tuple[Method, ...]) -> Mapping[Method, Rewrite]:
        for method in members:
            self._check(method, members)
            self._check_background(method)
        done: dict[Method, Rewrite] = {}
        failed: dict[Method, Refused] = {}
        for method in self._callees_first(members):
            try:
                done[method] = self._one(method)
                self.delegates.converted[id(method.node)] = list(done[method].block)
            except Refused as refused:
                failed[method] = refused
        kept = self._kept(members, done, failed)
        self._check_bases(kept)
        self._check_uses(members, kept)
        return kept

    def _check(self, method: Method, members: tuple[Method, ...]) -> None:
        if len(members) == 1:
            return
        if isinstance(method.cls, Patched):
            where = method.file.path
            raise GroupRefused(
                method, Refused("UC404", method.node, what=method.cls.method, where=where)
            )
        if method.file.path not in self.units:
            raise GroupRefused(
                method, Refused("UC409", method.node, what=method.title, where=method.file.path)
            )
        if self.delegates.is_handler(method):
            return
        if method.is_function:
            return
        if self._is_hook(method):
            self._refuse_caller(method, members)
        if self.delegates.is_verb(method) and self._detached(method, set()):
            self._refuse_caller(method, members)

    def _check_bases(self, kept: Mapping[Method, Rewrite]) -> None:
        """Refuse (UC404) a helper that stays, as a coroutine, where an unknown base may call it.

        A callback of our own operations is as private here as where its body moves.
        """
        handled = (site.callback for rewrite in kept.values() for site in rewrite.handled)
        callbacks = {id(ref.function) for ref in handled if ref.function is not None}
        for method in kept if len(kept) > 1 else ():
            if self.delegates.is_handler(method) or method.is_function:
                continue
            if id(method.node) in callbacks:
                continue
            below = self.delegates.methods.below(method.cls)
            if not self.delegates.is_verb(method) and not all(map(self._closed, below)):
                where = "a base outside of the project"
                raise GroupRefused(
                    method, Refused("UC404", method.node, what=method.name, where=where)
                )

    def _is_hook(self, method: Method) -> bool:
        """Whether somebody outside of the project may call the method, who would not wait."""
        if method.name in HOOKS or (method.name[:2] == method.name[-2:] == "__"):
            return True
        ancestry = self.delegates.methods.workspace.ancestry
        below = self.delegates.methods.below(method.cls)
        outside = {at for each in below for at in ancestry(each) if not isinstance(at, Class)}
        plain = all(at == "object" or (at or "").startswith("tornado.web.") for at in outside)
        return method.name in SOCKET_HOOKS and not plain

    def _check_background(self, method: Method) -> None:
        """Refuse a handler that starts, in other functions too, what it does not wait for."""
        if self.delegates.is_handler(method):
            named = self.delegates.facts(method).named
            behind = (each for at in (method, *named) for each in self.delegates.reach(at))
            for each in dict.fromkeys((method, *behind)):
                try:
                    self._elsewhere.check(each)
                except Refused as refused:
                    raise GroupRefused(each, refused) from refused

    def _refuse_caller(self, method: Method, members: tuple[Method, ...]) -> None:
        """``method`` cannot wait: blame what it calls."""
        for other in members:
            for use in self.delegates.methods.uses(other):
                if use.inside is method:
                    raise GroupRefused(other, self._called_by(other, use))
        raise GroupRefused(method, Refused("UC108", method.node, what=method.name))

    def _closed(self, cls: Class) -> bool:
        """Whether no base that nobody can look into may call or define the method."""
        bases = self.delegates.methods.workspace.ancestry(cls)
        return all(
            isinstance(at, Class) or at == "object" or (at or "").startswith("tornado.")
            for at in bases
        )

    def _detached(self, method: Method, seen: set[Method]) -> bool:
        """Whether ``method`` may start an operation outside of every ``@asynchronous``.

        Today the request is then answered without waiting for it (SEMANTICS trap 20).
        """
        if method in seen or self.delegates.is_handler(method):
            return False
        seen.add(method)
        facts = self.delegates.facts(method)
        return facts.operations or any(
            self.delegates.waits(each) and self._detached(each, seen) for each in facts.named
        )

    def _callees_first(self, members: tuple[Method, ...]) -> list[Method]:
        order: dict[Method, None] = {}

        def visit(method: Method, path: frozenset[Method]) -> None:
            if method in order or method in path:
                return
            for each in self.delegates.facts(method).named:
                if each in members:
                    visit(each, path | {method})
            order[method] = None

        for each in members:
            visit(each, frozenset())
        return list(order)

    def _one(self, method: Method) -> Rewrite:
        unit = self.units[method.file.path]
        handler = self._handler(method)
        return rewrite_handler(unit, handler) if handler else helper.rewrite(unit, method)

    def _handler(self, method: Method) -> Handler | None:
        path = method.file.path
        if path not in self._handlers:
            self._handlers[path] = {id(each.node): each for each in handlers(method.file)}
        return self._handlers[path].get(id(method.node))

    def _kept(
        self,
        members: tuple[Method, ...],
        done: Mapping[Method, Rewrite],
        failed: Mapping[Method, Refused],
    ) -> dict[Method, Rewrite]:
        """The rewrites without those of methods that their one caller has taken along."""
        kept: dict[Method, Rewrite] = {}
        gone: set[int] = set()
        for method in reversed(self._callees_first(members)):
            if id(method.node) in gone:
                continue
            if method in failed:
                raise GroupRefused(method, failed[method])
            kept[method] = done[method]
            gone |= {id(node) for node in done[method].removed}
            gone |= {id(old) for old, _ in done[method].replaced if old is not method.node}
        return {method: each for method, each in kept.items() if id(method.node) not in gone}

    def _check_uses(self, members: tuple[Method, ...], kept: Mapping[Method, Rewrite]) -> None:
        """Every place that names a method of the group must have been made to wait."""
        waited: set[int] = set()
        for rewrite in kept.values():
            for site in rewrite.handled:
                waited |= {id(node) for node in tree.walk(site.call.func)}
                if site.argument is not None:
                    waited |= {id(node) for node in tree.walk(site.argument)}
        for method in kept:
            if self.delegates.waits(method):
                for use in self.delegates.methods.uses(method):
                    if id(use.node) not in waited and not self._stays_right(method, use):
                        raise GroupRefused(method, self._called_by(method, use))
