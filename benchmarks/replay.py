"""What a counterexample of the explorer's asks for, as a scenario for real Tornado.

The explorer names what it chose: the answer to a request, an argument, a header, who comes and who
leaves. Answers are looked up by their names among those that it has for the code under check, so
their codes, reasons, headers and bodies are the same here; what real Tornado has no counterpart
for is left out.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import re
from ast import literal_eval
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.client import responses
from typing import Any
from urllib.parse import parse_qs, urlencode

from oracle.explore import WITH_BODY
from oracle.scenario import AS_SENT, AT_TIMER, Request, Scenario
from uncallback.runtime._headers import HTTPHeaders
from uncallback.runtime._upstream import REDIRECT, UNKNOWN_HOST, Outcome
from uncallback.runtime.explore.answers import in_parts, plain_body, upstream_outcomes
from uncallback.runtime.explore.harvest import Harvest, harvest

Choice = Mapping[str, Any]

ENVIRONMENT = "environment variable "
LEAVES = "client while waiting for "
REQUEST = {
    "the request's remote_ip": "X-Real-Ip",
    "the request's protocol": "X-Scheme",
    "the request's host": "Host",
}
"""What the explorer asks of a request, and the header that answers it."""

JSON = '{"ok": true, "items": [1, 2, 3], "name": "example"}'
"""A body for code that reads JSON: of which kind the explorer decides where it is looked at."""

_COMES = re.compile(r"request \d+ comes ")
_PART = re.compile(r"what comes as part (\d+) of the body")
_OF_ANOTHER = re.compile(r" of request (\d+)$")


@functools.lru_cache(maxsize=4)
def revealed(sources: tuple[str, ...]) -> Harvest:
    """What the versions of a module reveal of the answers that they look for."""
    found = (harvest(ast.parse(each), each.encode(), "handlers.py") for each in sources)
    return functools.reduce(Harvest.merge, found)


def asked_for(plain: Scenario, choices: Sequence[Choice], known: Harvest) -> Scenario:
    """The requests and the answers of a counterexample, on top of a plain scenario.

    ``known`` is what the versions reveal: it decides what the names of answers stand for.
    """
    ours = [each for each in choices if not _OF_ANOTHER.search(each["asked"])]
    first = _alone(plain, ours, known)
    came = [each["asked"] for each in ours if _COMES.match(each["asked"]) and not each["plain"]]
    others = [
        _alone(plain, [*ours, *_own(choices, asked.split()[1])], known).requests for asked in came
    ]
    return dataclasses.replace(
        first,
        requests=tuple(request for each in (first.requests, *others) for request in each),
        overlap=any(asked.endswith("at the same time") for asked in came),
    )


def _own(choices: Sequence[Choice], number: str) -> Iterator[Choice]:
    """What a further request has that the first one has not, as if it were the first one."""
    for choice in choices:
        found = _OF_ANOTHER.search(choice["asked"])
        if found and found.group(1) == number and choice["answer"] != "as in the first request":
            yield {**choice, "asked": choice["asked"][: found.start()]}


def _alone(plain: Scenario, choices: Sequence[Choice], known: Harvest) -> Scenario:
    """One request, and the world around it."""
    outcomes: dict[str, str] = {}
    environment: dict[str, str] = {}
    order: list[str] = []
    handler, leave = plain.handler, None
    for choice in choices:
        asked, answer = choice["asked"], choice["answer"]
        kind, _, subject = asked.partition(" ")
        if asked.startswith(ENVIRONMENT) and _is_text(answer):
            environment[asked.removeprefix(ENVIRONMENT)] = literal_eval(answer)
        elif asked.startswith("order:"):
            order.append(answer.removeprefix("fetch "))
        elif kind == "fetch" and (outcome := _outcome(subject, answer, known)) is not None:
            outcomes[subject.replace(" https:", " http:", 1)] = outcome  # the oracle's, both
        elif asked == "the class that serves":
            handler = answer
        elif asked.startswith(LEAVES) and not choice["plain"]:
            leave = _moment(asked.removeprefix(LEAVES))
    (request,) = plain.requests
    return dataclasses.replace(
        plain,
        name=f"{plain.name}, counterexample",
        handler=handler,
        requests=(_request(request, choices),),
        outcomes=outcomes,
        environment=environment,
        order=order or plain.order,
        leave=leave,
    )


def _moment(waits: str) -> str | None:
    """When a client leaves that does so while the handler waits for all of this."""
    fetches = [w.removeprefix("fetch ") for w in waits.split(" | ") if w.startswith("fetch ")]
    return fetches[0] if fetches else AT_TIMER if waits.startswith("timer") else None


def _request(plain: Request, choices: Sequence[Choice]) -> Request:
    """The plain request with what the counterexample says of it."""
    asked = {choice["asked"]: choice["answer"] for choice in choices}
    method = asked.get("the verb", plain.method).upper()
    query = parse_qs(asked.get("the request's query", ""), keep_blank_values=True)
    form: dict[str, list[str]] = {}
    headers, signed, body = dict(plain.headers), {}, None
    for question, answer in asked.items():
        kind, _, subject = question.partition(" ")
        if question in REQUEST:
            headers[REQUEST[question]] = answer
        elif question == "the request's body":
            body = "" if answer == "empty" else JSON
        elif not _is_text(answer):
            continue
        elif kind == "argument":
            usual = "the body" if method in WITH_BODY else "the query"
            place = asked.get(f"{question} stands in", usual)
            twice = asked.get(f"{question} is given") == "twice"
            values = [literal_eval(answer), *(["text"] if twice else [])]
            (form if place == "the body" else query)[subject] = values
        elif kind == "header":
            headers[subject] = literal_eval(answer)
        elif kind == "cookie" and asked.get(f"{question} is") == "signed":
            signed[subject] = literal_eval(answer)
        elif kind == "cookie":
            cookie = f"{subject}={literal_eval(answer)}"
            headers["Cookie"] = "; ".join(filter(None, (headers.get("Cookie"), cookie)))
    encoded, filled = (urlencode(a, doseq=True, errors="surrogateescape") for a in (query, form))
    path = f"{_path(plain, asked)}?{encoded}" if encoded else _path(plain, asked)
    if parts := _parts(asked):
        body = ""
    elif body is None:
        body = filled or ("x=1" if method in WITH_BODY else "")
    return dataclasses.replace(
        plain,
        method=method,
        path=path,
        headers=headers,
        signed_cookies=signed,
        body=body,
        parts=parts,
    )


def _parts(asked: Mapping[str, str]) -> tuple[str, ...]:
    """The parts of a body that comes part by part, in their order."""
    numbers = sorted((int(m[1]), a) for q, a in asked.items() if (m := _PART.fullmatch(q)))
    texts = (literal_eval(a) if _is_text(a) else a for _, a in numbers)
    return tuple("leave" if t == "the client leaves" else t for t in texts if t != "the body ends")


def _path(plain: Request, asked: Mapping[str, str]) -> str:
    """The path, with the values of its arguments in the order in which the method takes them."""
    path = plain.path.partition("?")[0]
    values = [a for question, a in asked.items() if question.startswith("path argument ")]
    parts = path[1:].split("/")
    if 0 < len(values) == len(parts) and all(map(_is_text, values)):
        path = "/" + "/".join(map(literal_eval, values))
    return asked.get("the request's path", asked.get("the path's last slash", path))


def _is_text(answer: str) -> bool:
    return answer.startswith(("'", '"'))


def _outcome(name: str, answer: str, known: Harvest) -> str | None:
    """The upstream's outcome that an answer of the explorer's stands for, if there is one."""
    outcomes = in_parts(upstream_outcomes(name, plain_body(name), known))
    found = next((o for o in (*outcomes, REDIRECT, UNKNOWN_HOST) if o.name == answer), None)
    if found is None:
        return None
    if found.failure is not None:
        return _failure(found.failure)
    return _written_out(found, JSON if known.json and answer == outcomes[0].name else None)


def _failure(failure: str | Callable[[], BaseException]) -> str:
    if callable(failure):
        return "refused" if isinstance(failure(), ConnectionError) else "dns"
    return {"timeout": "timeout", "closed": "close"}[failure]


def _written_out(outcome: Outcome, body: str | None) -> str:
    """An answer as it stands on the wire."""
    sent = outcome.body.decode("latin-1") if body is None else body
    headers = HTTPHeaders(outcome.headers)
    if outcome.rest is not None:  # in two parts, or ended too soon
        sent += outcome.rest.decode("latin-1")
        headers["Content-Length"] = str(len(sent) + (not outcome.rest))
    reason = outcome.reason or responses.get(outcome.code, "Unknown")
    lines = [f"{AS_SENT}{outcome.code} {reason}", *(f"{k}: {v}" for k, v in headers.get_all())]
    return "\r\n".join([*lines, "", sent])
