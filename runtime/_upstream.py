"""What answers the client's requests: a responder, a server of the same process, or a choice.

The order is that one: a responder installed by a test decides first; then an address that an
in-memory `httpserver.HTTPServer` listens on is served by it; everything else is the outside world,
whose answers are choices.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._httpmessages import HTTPRequest

__all__ = [
    "OUTCOMES",
    "Outcome",
    "outcomes_for",
    "respond",
    "set_outcomes",
    "set_responder",
]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way in which a request may end.

    With a ``failure`` there is no response: ``timeout``, ``closed``, or an exception's factory.
    ``rest`` is what comes after the body, a moment later; empty if the connection ends instead.
    """

    name: str
    code: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None
    failure: str | Callable[[], BaseException] | None = None
    rest: bytes | None = None


def _refused() -> BaseException:
    return ConnectionRefusedError(111, "Connection refused")


def _unknown_host() -> BaseException:
    return socket.gaierror(socket.EAI_NONAME, "Name or service not known")


_TEXT = {"Content-Type": "text/plain; charset=UTF-8"}
_JSON = {"Content-Type": "application/json; charset=UTF-8"}

OUTCOMES: tuple[Outcome, ...] = (
    Outcome("200", 200, b'{"id": 1, "name": "first"}', _JSON),
    Outcome("200, another body", 200, b"second", _TEXT),
    Outcome("200, empty", 200, b"", _TEXT),
    Outcome("304", 304),
    Outcome("404", 404, b"not here", _TEXT),
    Outcome("500", 500, b"broken", _TEXT),
    Outcome("connection refused", 599, failure=_refused),
    Outcome("timeout", 599, failure="timeout"),
    Outcome("connection closed", 599, failure="closed"),
)
"""The answers of the outside world, the plain one first."""

REDIRECT = Outcome("302", 302, b"", {"Location": "/moved"})
UNKNOWN_HOST = Outcome("unknown host", 599, failure=_unknown_host)

Responder = Callable[["HTTPRequest"], "Outcome | None"]

Source = Callable[["HTTPRequest", str], Sequence[Outcome]]
"""The answers to a request that is asked for by a key, the plain one first."""

_outcomes: tuple[Outcome, ...] | Source = OUTCOMES
_responder: Responder | None = None


def set_responder(responder: Responder | None) -> Responder | None:
    """Let ``responder(request)`` answer first (None: it does not); the one before comes back."""
    global _responder
    before, _responder = _responder, responder
    return before


def respond(request: HTTPRequest) -> Outcome | None:
    """Ask the responder, if there is one."""
    return _responder(request) if _responder is not None else None


def set_outcomes(outcomes: Sequence[Outcome] | Source | None) -> None:
    """Replace the choices of the outside world (None: `OUTCOMES` again), the plain one first."""
    global _outcomes
    if outcomes is None:
        outcomes = OUTCOMES
    _outcomes = outcomes if callable(outcomes) else tuple(outcomes)


def outcomes_for(request: Any, key: str = "") -> tuple[Outcome, ...]:
    """The choices for ``request``: one that does not follow redirects may see one."""
    known = _outcomes(request, key) if callable(_outcomes) else _outcomes
    return tuple(known) if request.follow_redirects else (*known, REDIRECT)
