"""What is asked of a handler (``Scenario``) and what was seen (``Observation``).

Both are plain data that travel as JSON between the test process and the child interpreter that
runs real Tornado. This module is imported on both sides and needs the standard library only.

An upstream request is known by its key, ``"GET http://example.com/a #2"``: the second GET of that
URL, whoever asks first. Outcomes are keyed so that two versions of a handler get the same answers
to the same questions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

#: Outcomes of an upstream request. ``200`` may carry a body (``200:text``), ``slow`` its delay
#: in virtual seconds (``slow:2``); ``timeout`` is never answered.
OUTCOMES = (
    "200",
    "200:",
    "204",
    "302",
    "304",
    "404",
    "500",
    "close",
    "dns",
    "garbage",
    "partial",
    "refused",
    "slow:1",
    "timeout",
)

#: How an outcome begins that is the answer itself, written out as it stands on the wire: its
#: characters are bytes, and a length is added where it names none.
AS_SENT = "HTTP/1.1 "

#: A place where a client may leave: when the handler waits for a timer and nothing else.
AT_TIMER = "timer"


@dataclass(frozen=True, slots=True)
class Request:
    """One request a client sends, on a connection of its own.

    With ``frames`` it asks for a websocket, and these are what the client does on it, one after
    the other: ``text:hello``, ``bytes:raw``, ``ping:data``, ``close``, ``close:1000:reason``,
    several that arrive at once (``text:a & text:b``) or ``leave``. ``parts`` is a body that is sent
    part by part; ``leave`` ends it too soon. What comes next is sent when nothing else goes on, in
    a ``hurry`` also while the handler waits for the upstream.
    """

    method: str = "GET"
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    signed_cookies: Mapping[str, str] = field(default_factory=dict)
    frames: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    hurry: bool = False

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Request:
        sequences = {k: tuple(v) for k, v in data.items() if isinstance(v, list)}
        return cls(**{**data, **sequences})


@dataclass(frozen=True, slots=True)
class Scenario:
    """Requests for one handler class, and how the world around it behaves.

    ``handler`` is a class of the module, or ``module:Class`` for another file of the project.
    ``outcomes`` maps an upstream key to one of ``OUTCOMES`` (``200`` where nothing is said) or an
    answer that is written out (``AS_SENT``), and
    ``"call NAME #1"`` of a stand-in to ``"raise"`` or ``"none"``. ``order`` says which of the
    upstream requests that wait for an answer gets it first: ``"fifo"``, ``"lifo"`` or keys.
    ``leave`` is the key of the upstream request during which the client goes away, or
    ``AT_TIMER``. ``environment`` are variables that the process has besides its own.
    """

    name: str
    handler: str
    requests: tuple[Request, ...] = (Request(),)
    outcomes: Mapping[str, str] = field(default_factory=dict)
    order: str | Sequence[str] = "fifo"
    leave: str | None = None
    overlap: bool = False
    body: str | None = None
    initialize: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Scenario:
        requests = tuple(Request.from_json(r) for r in data.get("requests", ({},)))
        return cls(**{**data, "requests": requests})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Response:
    """What one client got: ``end`` is ``complete``, ``partial``, ``closed`` or ``never``.

    A websocket is ``open`` or ``closed``; its ``body`` are the frames with bars between them.
    """

    end: str
    status: int | None
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: str

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Response:
        headers = tuple((str(k), str(v)) for k, v in data["headers"])
        return cls(**{**data, "headers": headers})


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything one scenario showed.

    ``effects`` are lines in the order in which they happened; ``state`` is what the module's
    own variables held at the end where that is not what they held at first; ``asked`` are the keys
    of upstream requests and stand-ins; ``together`` is the largest number of upstream requests
    that waited at the same time; ``waited`` says whether a timer was waited for.
    """

    responses: tuple[Response, ...]
    effects: tuple[str, ...]
    upstream: tuple[str, ...]
    state: tuple[str, ...]
    asked: tuple[str, ...]
    together: int
    waited: bool
    end: str

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Observation:
        return cls(
            responses=tuple(Response.from_json(r) for r in data["responses"]),
            effects=tuple(data["effects"]),
            upstream=tuple(data["upstream"]),
            state=tuple(data["state"]),
            asked=tuple(data["asked"]),
            together=data["together"],
            waited=data["waited"],
            end=data["end"],
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
