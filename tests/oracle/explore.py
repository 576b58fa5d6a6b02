"""Thinks up scenarios for a handler module and runs them (test side).

The plain scenario of a verb shows what the handler asks of the world; every answer the world
could give instead is a further scenario, and so on for what only then is asked.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from .loopback import Loopback, Version
from .scenario import AT_TIMER, Observation, Request, Scenario
from .suggested import answers, compared, headers_of_requests, literals, signed_cookies

VERBS = ("get", "post", "put", "delete", "patch", "head", "options")
DEFAULT_OUTCOMES = ("404", "refused", "timeout", "304", "200:")
LATER_OUTCOMES = ("500", "timeout")  # for what is only asked after something went wrong
BUDGET = 24  # scenarios a verb
COMPARED = 3  # further values tried for the arguments
WITH_BODY = ("POST", "PUT", "PATCH")

Seen = list[tuple[Scenario, Observation]]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a fixture asks for beyond the defaults (the ``[oracle]`` table of ``case.toml``).

    ``handlers`` are the verbs to try, ``"Login.get"``; ``only`` leaves out the scenarios
    thought up here and keeps the explicit ones in ``scenario``.
    """

    handlers: tuple[str, ...] = ()
    only: bool = False
    outcomes: tuple[str, ...] = DEFAULT_OUTCOMES
    body: str | None = None
    request: Mapping[str, Any] = field(default_factory=dict)
    initialize: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    budget: int = BUDGET
    scenario: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def from_toml(cls, data: Mapping[str, Any]) -> Wishes:
        sequences = {k: tuple(v) for k, v in data.items() if isinstance(v, list)}
        return cls(**{**data, **sequences})


def explore(loopback: Loopback, version: Version, wishes: Wishes) -> Seen:
    """Run the default scenarios of every verb, then the explicit ones."""
    seen: Seen = []
    if not wishes.only:
        for plain in plain_scenarios(version.source, wishes):
            seen += _around(loopback, version, plain, wishes)
    explicit = [_explicit(data, wishes) for data in wishes.scenario]
    seen += zip(explicit, loopback.observe(version, explicit), strict=True)
    return seen


def _around(loopback: Loopback, version: Version, plain: Scenario, wishes: Wishes) -> Seen:
    """The plain scenario and what grows out of it, breadth first."""
    seen: Seen = []
    known: set[str] = set()
    suggested = answers(ast.parse(version.source))
    first = tuple(dict.fromkeys((*suggested, *wishes.outcomes)))
    wave = [plain]
    while wave and len(seen) < wishes.budget:
        wave = wave[: wishes.budget - len(seen)]
        fresh = list(zip(wave, loopback.observe(version, wave), strict=True))
        seen += fresh
        wave = []
        for scenario, observation in fresh:
            new = [key for key in observation.asked if key not in known]
            known.update(new)
            outcomes = first if scenario is plain else LATER_OUTCOMES
            wave += _answered_otherwise(scenario, new, outcomes)
            if scenario is plain:
                wave += _at_other_times(plain, observation)
    if any(observation.together > 1 for _, observation in seen):
        seen += _reversed(loopback, version, seen[1:], wishes)
    return seen


def _at_other_times(plain: Scenario, seen: Observation) -> Iterator[Scenario]:
    if seen.together > 1:
        yield replace(plain, name=f"{plain.name}, last first", order="lifo")
    if seen.waited:
        yield replace(plain, name=f"{plain.name}; leaves during a timer", leave=AT_TIMER)


def _reversed(loopback: Loopback, version: Version, seen: Seen, wishes: Wishes) -> Seen:
    """The same answers in the opposite order, where several are waited for at once."""
    turned = [
        replace(scenario, name=f"{scenario.name}, last first", order="lifo")
        for scenario, observation in seen
        if observation.together > 1 and scenario.order == "fifo"
    ][: wishes.budget // 4]
    return list(zip(turned, loopback.observe(version, turned), strict=True))


def _answered_otherwise(
    base: Scenario, keys: Sequence[str], outcomes: Sequence[str]
) -> Iterator[Scenario]:
    for key in keys:
        for outcome in ("raise", "none") if key.startswith("call ") else outcomes:
            name = f"{base.name}; {key}: {outcome or 'empty'}"
            yield replace(base, name=name, outcomes={**base.outcomes, key: outcome})
        if not key.startswith("call ") and base.leave is None:
            yield replace(base, name=f"{base.name}; leaves during {key}", leave=key)


def _explicit(data: Mapping[str, Any], wishes: Wishes) -> Scenario:
    given = {"body": wishes.body, "initialize": wishes.initialize, "settings": wishes.settings}
    return Scenario.from_json({**given, **data})


def plain_scenarios(source: str, wishes: Wishes) -> list[Scenario]:
    """One scenario for each verb of each class, with the arguments it reads and without."""
    tree = ast.parse(source)
    verbs = _verbs(tree)
    chosen = wishes.handlers or tuple(verbs)
    made = []
    for name in chosen:
        handler, _, verb = name.rpartition(".")
        parts = verbs.get(name, 0)
        route = "/?" + "/".join(["([^/?]*)"] * parts) if parts else "/.*"
        for label, request in _requests(tree, verb.upper(), parts, wishes.request):
            made.append(
                Scenario(
                    name=f"{name}{label}",
                    handler=handler,
                    requests=(request,),
                    body=wishes.body,
                    initialize=wishes.initialize,
                    settings={"route": route, **wishes.settings},
                )
            )
    return made


def _verbs(tree: ast.Module) -> dict[str, int]:
    """``Class.verb`` of the module's classes, own or inherited, and how many arguments each has."""
    methods: dict[str, dict[str, int]] = {}
    for owner in tree.body:
        if not isinstance(owner, ast.ClassDef):
            continue
        found: dict[str, int] = {}
        for base in owner.bases:
            found |= methods.get(base.id, {}) if isinstance(base, ast.Name) else {}
        for method in owner.body:
            named = isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef))
            if named and method.name in VERBS:
                listed = [*method.args.posonlyargs, *method.args.args]
                found[method.name] = len(listed) - 1 - len(method.args.defaults)
        methods[owner.name] = found
    return {f"{o}.{verb}": parts for o, found in methods.items() for verb, parts in found.items()}


def _requests(
    tree: ast.Module, method: str, parts: int, wanted: Mapping[str, Any]
) -> Iterator[tuple[str, Request]]:
    path = "/" + "/".join(f"part{n + 1}" for n in range(parts))
    arguments = {n: _argument(n) for n in literals(tree, "argument")}
    cookies = dict.fromkeys(signed_cookies(tree), "alice")
    headers = headers_of_requests(tree)
    if wanted:
        yield "", Request.from_json({"method": method, "path": path, **wanted})
        return
    yield "", _request(method, path, arguments, cookies)
    if arguments:
        for value in compared(tree)[:COMPARED]:
            every = dict.fromkeys(arguments, value)
            yield f" all {value}", _request(method, path, every, cookies)
    if headers:
        yield " with headers", replace(_request(method, path, arguments, cookies), headers=headers)
    if arguments or cookies:
        yield " bare", Request(method, path)


def _request(
    method: str, path: str, arguments: Mapping[str, str], cookies: Mapping[str, str]
) -> Request:
    encoded = urlencode(arguments)
    if method in WITH_BODY:
        return Request(method, path, body=encoded or "x=1", signed_cookies=cookies)
    return Request(method, f"{path}?{encoded}" if encoded else path, signed_cookies=cookies)


def _argument(name: str) -> str:
    return "http://example.com/asked" if "url" in name.lower() or "uri" in name.lower() else "7"
