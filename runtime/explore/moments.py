"""Where a run stands while it waits for the outside: all that decides about what comes later.

Two runs of a version that stand alike and had the same effects go on alike, whatever orders and
outcomes led there; so the search need not go on from both. To stand alike is to have the same
completions and timers pending, and the same in all that these lead to (``graph``), in the state
that outlives requests, and in the answers that hold for a whole run.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any

from .. import _futures, _questions, _runner, generation, httpclient, httpserver, stack_context
from .._connection import MemoryConnection
from ..ioloop import EPOCH
from .circumstances import Circumstances
from .graph import Codes, Graph, Untold
from .shared import Watch
from .tape import Recorder
from .trace import DELIVER, NOTES, TIMER, Moment
from .turns import RunLoop

_ELSEWHERE = """
__code__ __del__ __defaults__ __kwdefaults__ add_socket add_sockets bind clear_current
clear_instance collect configure configured_class finalize get_referrers install listen
load_gettext_translations load_translations make_current restore_configuration set_default_locale
setlocale
"""
_OUT_OF_SIGHT = frozenset(_ELSEWHERE.split())
"""Names of what changes, or finds, state that no object of the program leads to."""

_REFLECTING = frozenset({"__dict__", "vars", "dir", "locals"})
"""Names of what shows in which order attributes were set."""

_WAITING = frozenset({"_externals", "_now", "_ready", "_timers", "on_wait"})
"""What a loop has that is told in another way, or empty while it waits."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_WAITS = (ast.Yield, ast.YieldFrom, ast.Await)
_SIZE = 16

_SINGLES = {
    id(stack_context.EMPTY): "no contexts",
    id(_runner.moment_future): "moment",
    id(_runner.null_future): "null future",
}
"""Objects of the runtime that are told from others by being just these."""


class Moments:
    """Tells where the runs of one version stand, as long as its modules are not executed again."""

    def __init__(self, texts: Mapping[str, bytes], names: Iterable[str], codes: Codes) -> None:
        """``texts``: the project's files by path, ``names``: its modules."""
        self.codes = codes
        self.own = frozenset(names)
        used: set[str] = set()
        self.cleaning: dict[str, frozenset[int]] = {}
        for path, text in texts.items():
            nodes = list(ast.walk(ast.parse(text)))
            used.update(name for node in nodes for name in _names(node))
            self.cleaning[path] = frozenset(line for node in nodes for line in _cleaning(node))
        self.told = used.isdisjoint(_OUT_OF_SIGHT)
        self.ordered = not used.isdisjoint(_REFLECTING)


class Observer:
    """Notes where one run stands, as long as ``recorder.watch`` wants it."""

    def __init__(
        self,
        moments: Moments,
        watch: Watch,
        loop: RunLoop,
        here: Circumstances,
        recorder: Recorder,
        lines: Mapping[str, Mapping[int, None]],
        options: object,
    ) -> None:
        self._moments = moments
        self._watch = watch
        self._loop = loop
        self._here = here
        self._recorder = recorder
        self._lines = lines
        self._options = options
        self._read = 0
        self._effects = blake2b(digest_size=_SIZE)
        self._delivered: set[str] = set()
        _futures.unretrieved.clear()

    def note(self, connection: MemoryConnection, *more: object) -> None:
        """Add to ``recorder.moments``; ``more`` is what else the run goes on with."""
        recorder = self._recorder
        position = len(recorder.asked)
        if recorder.watch is None or position not in recorder.watch or self._is_hidden():
            return
        names = dict(_SINGLES)
        names.update({id(self._loop): "loop", id(self._here): "here", id(recorder): "recorder"})
        moments = self._moments
        graph = Graph(names, moments.own, moments.codes, moments.ordered)
        try:
            for name, value in itertools.chain(self._watch.kept(), self._roots()):
                graph.parts.append(name)
                graph.add(value)
            for each in (connection, *more):
                graph.add(each)
        except (Untold, RecursionError, ValueError):
            return
        if graph.failures != len(_futures.unretrieved):
            return  # there are errors that will be logged when somebody throws them away
        self._catch_up()
        digest = self._effects.copy()
        digest.update("\n".join(graph.parts).encode("utf-8", "surrogatepass"))
        moment = Moment(position, digest.digest(), _text_digest(self._delivered))
        recorder.moments.append(moment)
        if moment.digest in recorder.met:
            recorder.watch = None

    def _is_hidden(self) -> bool:
        """Whether there may be state that nothing leads to.

        A generator that nobody will resume cleans up when it is thrown away, whenever that is.
        """
        if not self._moments.told or self._watch.unseen or httpserver._servers:
            return True
        cleaning = self._moments.cleaning
        return any(
            path not in cleaning or not cleaning[path].isdisjoint(lines)
            for path, lines in self._lines.items()
        )

    def _catch_up(self) -> None:
        """Take in what has happened since the last time."""
        events = self._recorder.events
        for event in events[self._read :]:
            if event.kind == DELIVER and not event.subject.startswith(TIMER):
                self._delivered.add(event.subject)
            elif event.kind not in NOTES:
                self._effects.update(repr(event[:3]).encode("utf-8", "surrogatepass"))
        self._read = len(events)

    def _roots(self) -> Iterator[tuple[str, object]]:
        loop, here = self._loop, self._here
        yield "now", loop._now - EPOCH
        yield "turns", (here.turns, here.looks, here.late, here.looked, self._recorder.last)
        others = {name: each for name, each in vars(loop).items() if name not in _WAITING}
        yield "loop", _sorted(others)
        yield "options", self._options
        for external in sorted(loop._externals, key=lambda each: each.key):
            yield external.key, external.deliver
        timers = loop._timers.heap
        if generation.current == 4:  # as they were added; later ones go by the heap itself
            timers = sorted(each for each in timers if each.callback is not None)
        for timer in timers:
            yield "timer", timer
        yield "clients", httpclient._clients.get(loop)
        yield "numbers", _sorted(_questions._asked.get(loop) or {})
        for mapping in (here.counts, here.answers, here.bodies, here.attributes):
            yield "known", _sorted(mapping)


def _sorted(mapping: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    return sorted(mapping.items(), key=lambda item: repr(item[0]))


def _text_digest(texts: Iterable[str]) -> bytes:
    text = "\n".join(sorted(texts))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_SIZE).digest()


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, _FUNCTIONS):
        yield node.name
    elif isinstance(node, ast.alias):
        yield node.name.rpartition(".")[2]


def _cleaning(node: ast.AST) -> Iterator[int]:
    """The lines of a function that does something when it is thrown away while it waits."""
    if not isinstance(node, _FUNCTIONS):
        return
    inner = list(ast.walk(node))
    if any(isinstance(each, _WAITS) for each in inner) and any(map(_cleans, inner)):
        yield from (each.lineno for each in inner if isinstance(each, ast.stmt))


def _cleans(node: ast.AST) -> bool:
    if isinstance(node, (ast.With, ast.AsyncWith)) or getattr(node, "finalbody", None):
        return True
    if not isinstance(node, ast.ExceptHandler):
        return False
    named = {name for each in ast.walk(node.type) for name in _names(each)} if node.type else set()
    return not named or not named.isdisjoint({"BaseException", "GeneratorExit"})
