"""Runs one handler of one version once, under a chooser, and returns what it did.

``execute`` is the only way in. A run is: fresh module state, a fresh application and request, the
verb's method, then the loop until nothing can happen any more. Whatever the version could tell
apart is a question to the chooser; whatever it does to its surroundings is recorded by the one who
notices it (stand-ins, the runtime, the log, this module).
"""

from __future__ import annotations

import gc
import itertools
from contextlib import nullcontext
from types import TracebackType
from typing import Any

from .. import _httpmessages, _upstream, choices, generation
from .._askers import Asker
from .._connection import MemoryConnection
from .._upstream import Outcome
from ..httputil import RequestStartLine
from ..web import RequestHandler
from ..websocket import WebSocketHandler
from . import circumstances, earlier, peers  # noqa: F401 (says what streams give)
from .answers import in_parts, plain_body, redirected, upstream_outcomes
from .circumstances import Circumstances
from .clients import MESSAGES, OTHER_MESSAGES, BodyClient, SocketClient, ask_for_websocket
from .describe import TEXTS, describe
from .harvest import VERBS
from .inflight import LATER, Others
from .loader import LoadedVersion
from .making import make, parameters
from .patches import patched
from .request import (
    ExploredApplication,
    ExploredRequest,
    explored_request,
    path_arguments,
    request_of,
)
from .shown import Text
from .suspended import waiting
from .tape import Recorder
from .trace import FINISHED, NEVER, SEEN, TIMER, TOGETHER, Interrupted, Place, Run

_TURNS = 3000
_GIVING_WAY = frozenset({"add_callback", "call_soon", "moment", "spawn_callback"})
"""What code calls to let others go first, who may be requests that came at the same time."""
_OF_FUTURES = """
add_done_callback add_future cancel cancelled chain_future done exc_info exception maybe_future
remove_done_callback result running WaitIterator with_timeout
"""
_OBSERVING = frozenset(_OF_FUTURES.split())
"""What code calls to find out about a future that it does not wait for."""


def execute(program: LoadedVersion, handler: str, chooser: Recorder) -> Run:
    """Run ``handler`` (``Login.get``) of ``program`` once; ``trace.Interrupted`` is let through."""
    generation.switch(program.version.tornado)
    program.refresh()
    program.loop.reset()
    _clear_up()
    here = Circumstances(program.harvest, program.catalogue, program.locate)
    here.failures = program.failures
    here.fixed.update(program.fixed)
    here.opaque = chooser.opaque
    outer = circumstances.begin(here)
    chooser.clock = program.loop.elapsed
    before = choices.install(chooser)
    collecting = gc.isenabled()
    gc.disable()
    program.lines.clear()
    here.live = True
    try:
        with patched():
            return _Request(program, handler, chooser, here).run()
    except BaseException:
        global _cut_off
        _cut_off = True
        program.watch.spoil()
        raise
    finally:
        here.live = False
        choices.install(before)
        circumstances.begin(outer)
        _tidy()
        if collecting:
            gc.enable()


_cut_off = False
"""Whether the last run was interrupted: what it was about is still there."""


def _clear_up() -> None:
    """Throw away what an interrupted run has left, or its errors would be logged in the next."""
    global _cut_off
    if _cut_off:
        _cut_off = False
        with patched():
            gc.collect(1)


_runs = itertools.count(1)


def _tidy() -> None:
    """Throw away what the last runs have left, outside of any run and not at every one.

    A run collects its own garbage as it ends, because errors that nobody asked for are logged then;
    what was still in use at that moment stays for here.
    """
    number = next(_runs)
    if number % 64 == 0 and not _cut_off:  # which is still in use now, and would only grow old
        gc.collect(2 if number % 16384 == 0 else 1)


class _Request:
    """One run in progress."""

    def __init__(
        self, program: LoadedVersion, handler: str, chooser: Recorder, here: Circumstances
    ) -> None:
        self.program = program
        self.loop = program.loop
        self.chooser = chooser
        self.here = here
        self.owner, _, self.method = handler.rpartition(".")
        self.connection: MemoryConnection | None = None
        self.sockets: list[SocketClient] = []
        self.body: BodyClient | None = None
        self.shared: dict[str, str] = {}

    def run(self) -> Run:
        kind = self.program.classes.get(self.owner)
        obstacle = self._obstacle(kind)
        if kind is None or obstacle is not None:
            return self.chooser.run(end="not run", obstacle=obstacle)
        servers = self.program.servers(self.owner)
        if len(servers) > 1:
            kind = servers[self.here.ask("the class that serves", [name for name, _ in servers])][1]
        end = self._serve(kind)
        still = waiting(self.program.locate) if end == NEVER and self.chooser.locate else ()
        self._share()
        self.loop.on_wait = bool
        gc.collect(0)
        del self.others  # which refers to this: with no cycle left, nothing waits for ``_tidy``
        lines = _places(self.program.version.path, tuple(self.program.lines))
        return self.chooser.run(
            end=end,
            lines=lines,
            held=tuple(self.here.held),
            waiting=still,
            tracked=self._is_tracked(),
        )

    def _is_tracked(self) -> bool:
        """Whether all that this run showed says which orders matter (``footprint``).

        Not where somebody may have found a future done that a list was waiting for.
        """
        if not self.loop.crowded or not _OBSERVING.isdisjoint(self.here.harvest.attributes):
            return False  # nothing to skip, or somebody looks
        return not any(event.kind == SEEN for event in self.chooser.events)

    def _obstacle(self, kind: type | None) -> str | None:
        if kind is None:
            return (
                f"{self.owner} was not found when the module was executed: it stands under a "
                "condition or in a function that fails; move the class to the module's level"
            )
        if not issubclass(kind, RequestHandler):
            return f"{self.owner} is not a request handler; compare the handlers that use it"
        if not self._verbs(kind):
            return f"no verb of {self.owner} leads to {self.method}; compare its callers"
        return None

    def _verbs(self, kind: type) -> list[str]:
        if self.method in VERBS:
            return [self.method]
        if issubclass(kind, WebSocketHandler):
            return ["get"]
        missing = RequestHandler._no_verb
        known = [verb for verb in VERBS if getattr(kind, verb, missing) is not missing]
        return self.program.anatomy.verbs(self.owner, self.method, known)

    def _serve(self, kind: type) -> str:
        """Serve one request from its beginning to its end; how it ended."""
        verbs = self._verbs(kind)
        verb = verbs[self.here.ask("the verb", verbs)] if len(verbs) > 1 else verbs[0]
        start_line = RequestStartLine(verb.upper(), "/", "HTTP/1.1")
        self.connection = MemoryConnection(start_line, keep_alive=True)
        self.others = Others(self.program.others(self.owner), self._begin)
        self.observer = None
        if self.chooser.watch is not None:
            self.observer = self.program.observer(self.here, self.chooser)
        self.loop.on_wait = self._wait if self.observer is None else self._wait_observed
        _upstream.set_outcomes(self._outcomes)
        try:
            self._begin(kind, verb, self.connection)
            gives_way = not _GIVING_WAY.isdisjoint(self.here.harvest.attributes)
            while gives_way and self.others.start(self.here.ask, "at the same time"):
                self.here.together = True
                self.here.record(TOGETHER, "at the same time")
            self.loop.run_until_idle(_TURNS)
            while (self.program.unseen or not self.connection.finished) and self.others.start(
                self.here.ask, "while waiting for nothing"
            ):
                self.loop.run_until_idle(_TURNS)
            end = FINISHED if self.connection.finished else NEVER
            if self.connection.closed and not self.connection.finished:
                end = "the websocket is closed" if self.sockets else "the client left"
            if self.others.came:
                self._share()  # at one moment, whether or not the loop has waited since
            if self.others.end() or not self.connection.finished:
                self.connection.close()
                self.loop.run_until_idle(_TURNS)
        except Interrupted:
            raise
        except BaseException as error:
            return f"raised {type(error).__name__} out of the loop"
        finally:
            _upstream.set_outcomes(None)
        return end

    def _begin(self, kind: type, verb: str, connection: MemoryConnection) -> None:
        """Make the handler and run its verb, in a callback of the loop as a server does it."""

        def begin() -> None:
            of = request_of(connection)
            with Asker(of) if of and self.here.together else nullcontext():
                serve()

        def serve() -> None:
            request = explored_request(verb.upper(), connection)
            entered = getattr(kind, verb)
            if verb == "get" and issubclass(kind, WebSocketHandler):
                self._open_socket(request)
                entered = kind.open if entered is WebSocketHandler.get else entered
            made = make(kind, ExploredApplication(), request)
            if self.program.wraps:
                earlier.equip(made)
            body = BodyClient(made, request) if made._stream_request_body else None
            connection.being_delivered = True
            try:
                made._execute([], *path_arguments(parameters(entered)))
                if body is not None:
                    self.body = self.body or body
                    body.send()
            finally:
                connection.being_delivered = False

        self.loop.add_callback(begin)

    def _open_socket(self, request: ExploredRequest) -> None:
        """Let ``request`` be one for a websocket; its client is asked what it does from then on."""
        number = len(self.sockets)
        messages = OTHER_MESSAGES if number else MESSAGES
        client = SocketClient(f"client {number + 1}" if number else "the client", messages)
        self.sockets.append(client)
        ask_for_websocket(request, client, is_first=not number)

    def _wait(self) -> bool:
        """Before something outside happens: note shared state; the client may leave."""
        connection = self.connection
        assert connection is not None
        for client in self.sockets:
            client.give_way()
        waiting = self.loop.waiting()
        if connection.finished and not waiting:  # nothing comes before the end, which notes it
            return False
        self._share()
        if connection.closed or connection.finished or not waiting:
            return False
        # A timer beside it is no other moment: one version may have set it as a limit.
        moment = " | ".join(w for w in waiting if not w.startswith(TIMER)) or waiting[0]
        if self.others.start(self.here.ask, f"while waiting for {moment}"):
            self.loop.pass_time(LATER)
            return True
        if self.sockets or (self.body is not None and self.body.is_sending):
            return False  # whoever sends leaves when it is its turn
        key = f"client while waiting for {moment}"
        if self.here.ask(key, ("stays", "leaves")) == 0:
            return False
        connection.close()
        return True

    def _wait_observed(self) -> bool:
        """The same, once it was noted where the run stands."""
        assert self.observer is not None
        assert self.connection is not None
        if not self.program.late:
            clients = (self.others.connections, self.sockets, self.body)
            self.observer.note(self.connection, clients, self.shared)
        return self._wait()

    def _share(self) -> None:
        """Record what was changed in state that outlives the request."""
        changes = self.program.watch.changes()
        if changes != self.shared:
            for name, text in changes.items():
                if self.shared.get(name) != text:
                    self.here.record("set", name, Text(text))
            for name in self.shared.keys() - changes.keys():
                self.here.record("set", name, Text("as it was"))
            self.shared = changes

    def _outcomes(self, request: Any, key: str) -> tuple[Outcome, ...]:
        """The answers of the outside world to one request: each body says whose it is."""
        name = key.removeprefix("fetch ")
        harvest = self.here.harvest
        text = plain_body(name)
        self.here.bodies[text] = f"body of {name}"
        known = upstream_outcomes(name, text, harvest)
        if request.follow_redirects:
            known = redirected(known, harvest)
        if not harvest.streams or request.streaming_callback is None:
            return known
        self.here.hold("the parts of an answer's body, but for one or two")
        return in_parts(known)


_seen_places: dict[tuple[str, tuple[int, ...]], frozenset[Place]] = {}


def _places(path: str, lines: tuple[int, ...]) -> frozenset[Place]:
    key = path, lines
    known = _seen_places.get(key)
    if known is None:
        known = _seen_places[key] = frozenset((path, line) for line in lines)
    return known


def _describe_request(request: Any) -> str:
    return f"<request {request.method} {request.url} {describe(request.body)}>"


def _describe_response(response: Any) -> str:
    """A response by what a handler can see of it, whoever built it."""
    request = response.request
    error = response.error
    headers = f" headers={dict(response.headers)}" if response.headers else ""
    failure = f" error={type(error).__name__}: {error}" if error is not None else ""
    return (
        f"<response {response.code} to {getattr(request, 'method', '')} "
        f"{response.effective_url} body={response.body!r}{headers}{failure}>"
    )


TEXTS[_httpmessages.HTTPResponse] = _describe_response
TEXTS[_httpmessages.HTTPRequest] = _describe_request
TEXTS[TracebackType] = lambda traceback: "<traceback>"
RequestHandler.__uncallback_text__ = lambda self: "<the handler>"  # type: ignore[attr-defined]
ExploredRequest.__uncallback_text__ = lambda self: "<the request>"  # type: ignore[attr-defined]
ExploredApplication.__uncallback_text__ = lambda self: "<the application>"  # type: ignore[attr-defined]
