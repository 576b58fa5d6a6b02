"""What becomes of every handler of a run, group by group.

A group is converted as a whole: what keeps one of its handlers keeps them all, and the report of
each says whose fault it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from .edit import Rewrite
from .find import Handler, handlers
from .group import GroupRefused, Groups
from .handler import rewrite
from .methods import Method
from .model import HandlerId, HandlerOutcome, Reason
from .reasons import sentence
from .refusal import Refused
from .suspects import Suspects
from .unit import Unit


@dataclass(eq=False)
class Run:
    """The outcomes and the edits so far; ``keep`` are handlers that have to stay, with why."""

    groups: Groups
    keep: Mapping[HandlerId, Reason]
    suspects: Suspects
    outcomes: dict[HandlerId, HandlerOutcome] = field(default_factory=dict)
    rewrites: dict[str, list[Rewrite]] = field(default_factory=dict)
    order: dict[str, list[HandlerId]] = field(default_factory=dict)

    def file(self, unit: Unit) -> None:
        """Decide about the handlers of one file, and about what they take along in others."""
        path = unit.file.path
        mine = self.order.setdefault(path, [])
        for handler in handlers(unit.file):
            key = HandlerId(path, handler.name)
            if key not in mine:
                mine.append(key)
            if key not in self.outcomes:
                self._decide(unit, handler, key)
        for handler in handlers(unit.file):
            self._taken_along(unit, handler)
        for suspect in self.suspects.of(unit):
            key = HandlerId(path, suspect.name)
            if key not in self.outcomes:
                mine.append(key)
                line, refused = unit.line(suspect.node), suspect.refused
                reason = Reason(refused.code, str(refused), unit.line(refused.node, line))
                self._stay(key, line, self.keep.get(key, reason))

    def _taken_along(self, unit: Unit, handler: Handler) -> None:
        """Enter what stays by itself, but whose body has moved to whom it is a callback of."""
        key = HandlerId(unit.file.path, handler.name)
        moved = (node for each in self.rewrites.get(key.path, ()) for node in each.removed)
        if any(node is handler.node for node in moved):
            line = unit.line(handler.node.name)
            self.outcomes[key] = HandlerOutcome(handler.name, line, "rewritten")

    def _decide(self, unit: Unit, handler: Handler, key: HandlerId) -> None:
        line = unit.line(handler.node.name)
        if key in self.keep:
            self.outcomes[key] = HandlerOutcome(handler.name, line, "kept", self.keep[key])
            return
        if handler.cls is None:
            self._stay(key, line, _refusal(unit, handler))
            return
        start = self.groups.delegates.methods.at(handler.cls, handler.node)
        wanted = {path: dict(each.imports.wanted) for path, each in self.groups.units.items()}
        try:
            members = self.groups.members(start)
            kept = next((m for m in members if _key(m) in self.keep), None)
            if kept is not None:
                self._all_stay(members, kept, self.keep[_key(kept)])
                return
            done = self.groups.convert(members)
        except GroupRefused as refused:
            self._undo(wanted)
            culprit = refused.culprit
            found = refused.refused
            line_there = culprit.file.line(found.node, culprit.file.line(culprit.node.name))
            reason = Reason(found.code, str(found), line_there)
            self._all_stay(refused.members or (start,), culprit, reason)
        except RecursionError:
            raise
        except Exception as error:  # one handler's trouble must not cost the others
            self._undo(wanted)
            text = sentence("UC904", what=f"{type(error).__name__}: {error}")
            self._stay(key, line, Reason("UC904", text, line))
        else:
            self._changed(members, done)

    def _told_itself(self, method: Method) -> bool:
        """Whether the report tells of a method by its own name."""
        delegates = self.groups.delegates
        return delegates.is_handler(method) or delegates.is_verb(method)

    def _undo(self, wanted: Mapping[str, dict[tuple[str, str], None]]) -> None:
        for path, unit in self.groups.units.items():
            unit.imports.wanted = wanted.get(path, {})

    def _stay(self, key: HandlerId, line: int, reason: Reason) -> None:
        self.outcomes[key] = HandlerOutcome(key.name, line, "kept", reason)

    def _all_stay(self, members: Iterable[Method], culprit: Method, reason: Reason) -> None:
        """The handlers of a group stay: the culprit for its reason, the others for the culprit."""
        guilty = self.groups.delegates.is_handler(culprit)
        for method in members:
            if method.file.path not in self.groups.units or _key(method) in self.outcomes:
                continue
            if not self.groups.delegates.is_handler(method):
                continue
            line = method.file.line(method.node.name)
            mine = reason
            if guilty and method is not culprit:
                mine = Reason(
                    "UC408", sentence("UC408", what=culprit.title, why=reason.message), line
                )
            elif method.file is not culprit.file:
                where = f" ({culprit.file.path}:{reason.line})"
                mine = replace(reason, message=reason.message + where, line=line)
            self._stay(_key(method), line, mine)

    def _changed(self, members: Iterable[Method], done: Mapping[Method, Rewrite]) -> None:
        """Enter the rewrites of a group; a helper's callbacks are told with each handler."""
        delegates = self.groups.delegates
        for method, each in done.items():
            self.rewrites.setdefault(method.file.path, []).append(each)
            line = method.file.line(method.node.name)
            if self._told_itself(method):
                callbacks, notes, answers = list(each.callbacks), list(each.notes), each.answers
                for helper in delegates.reach(method):
                    if helper in done and not self._told_itself(helper):
                        callbacks += done[helper].callbacks
                        notes += done[helper].notes
                        answers = answers or done[helper].answers
                key = _key(method)
                self.outcomes[key] = HandlerOutcome(
                    method.title,
                    line,
                    "rewritten",
                    None,
                    tuple(callbacks),
                    tuple(dict.fromkeys(notes)),
                    answers,
                )
                mine = self.order.setdefault(key.path, [])
                if key not in mine:
                    mine.append(key)
        for method in members:
            if delegates.is_handler(method) and method not in done:
                line = method.file.line(method.node.name)
                self.outcomes[_key(method)] = HandlerOutcome(method.title, line, "rewritten")


def _key(method: Method) -> HandlerId:
    return HandlerId(method.file.path, method.title)


def _refusal(unit: Unit, handler: Handler) -> Reason:
    """Why a decorated function that is no method stays."""
    try:
        rewrite(unit, handler)
    except Refused as refused:
        line = unit.line(refused.node, unit.line(handler.node.name))
        return Reason(refused.code, str(refused), line)
    raise AssertionError("a function outside of a class was rewritten")
