"""Other requests to the same application, served while the one under check is waiting.

They matter only where requests share something that the code changes (a list of waiters in the
module, a counter in the class), so nobody asks for them elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import choices
from .._connection import MemoryConnection
from ..httputil import RequestStartLine
from .circumstances import now

MOST = 2
"""Further requests a run may have."""

LATER = 1e-3
"""Seconds after a moment at which a further request comes: no two of them wait for one deadline."""

Begin = Callable[[type, str, MemoryConnection], None]


class _Tagged:
    """A chooser that says of each effect which request it belongs to."""

    __slots__ = ("_chooser", "_tag")

    def __init__(self, chooser: choices.Chooser, tag: str) -> None:
        self._chooser = chooser
        self._tag = tag

    def choose(self, key: str, options: Sequence[str]) -> int:
        return self._chooser.choose(key, options)

    def record(self, kind: str, subject: str, detail: object = None) -> None:
        self._chooser.record(kind, f"{self._tag}: {subject}", detail)


class _OtherConnection(MemoryConnection):
    """The connection of a further request: its effects bear its number."""

    __slots__ = ("tag",)

    def __init__(self, verb: str, tag: str) -> None:
        super().__init__(RequestStartLine(verb, "/", "HTTP/1.1"), keep_alive=True)
        self.tag = tag

    def _tagged(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        before = choices.install(choices.PLAIN)
        choices.install(_Tagged(before, self.tag))
        try:
            return method(*args, **kwargs)
        finally:
            choices.install(before)

    def write_headers(self, *args: Any, **kwargs: Any) -> Any:
        """As ``MemoryConnection.write_headers``."""
        return self._tagged(super().write_headers, *args, **kwargs)

    def write(self, *args: Any, **kwargs: Any) -> Any:
        """As ``MemoryConnection.write``."""
        return self._tagged(super().write, *args, **kwargs)

    def note(self, *args: Any) -> None:
        """As ``MemoryConnection.note``."""
        self._tagged(super().note, *args)

    def finish(self) -> None:
        """As ``MemoryConnection.finish``."""
        self._tagged(super().finish)

    def hang_up(self) -> None:
        """As ``MemoryConnection.hang_up``."""
        self._tagged(super().hang_up)


class Others:
    """The further requests of one run."""

    def __init__(self, candidates: Sequence[tuple[str, type, str]], begin: Begin) -> None:
        """``candidates``: label, class and verb; none means that requests share nothing."""
        self._candidates = candidates
        self._begin = begin
        self.connections: list[_OtherConnection] = []

    def start(self, ask: Callable[[str, Sequence[str]], int], when: str) -> bool:
        """Ask whether another request comes ``when`` it is now; true if one was started."""
        number = len(self.connections) + 2
        if not self._candidates:
            return False
        if number > MOST + 1:
            now().hold(f"more than {MOST} further requests")
            return False
        options = ["none", *(label for label, _, _ in self._candidates)]
        taken = ask(f"request {number} comes {when}", options)
        if taken == 0:
            return False
        _, kind, verb = self._candidates[taken - 1]
        connection = _OtherConnection(verb.upper(), f"request {number}")
        self.connections.append(connection)
        self._begin(kind, verb, connection)
        return True

    @property
    def came(self) -> bool:
        """Whether there were any."""
        return bool(self.connections)

    def end(self) -> bool:
        """Record how they ended; their clients leave where that is never. Were there any?"""
        for connection in self.connections:
            end = "finished" if connection.finished else "never finished"
            choices.record("end", connection.tag, end)
            connection.close()
        return bool(self.connections)
