"""What the source of a handler module suggests to try: arguments, headers, answers (test side)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .scenario import AS_SENT

READS = ("get", "get_list", "get_all")
"""Methods of headers that take a name."""

DOCUMENTS = {"json_decode", "loads", "facebook_request", "oauth2_request", "twitter_request"}
"""What reads JSON, or asks for it."""

LISTS = {"get_list", "get_all"}
DECODING = {"decode", "to_unicode", "native_str"}


def compared(tree: ast.Module) -> list[str]:
    """Texts that the code compares something with, each once, in the order of the code."""
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        values = _values(node) if isinstance(node, ast.Compare) else []
        if isinstance(node, ast.MatchValue):
            values = [node.value.value] if isinstance(node.value, ast.Constant) else []
        found |= dict.fromkeys(v for v in values if isinstance(v, str) and v)
    return list(found)


def literals(tree: ast.Module, ending: str) -> list[str]:
    """The first arguments of ``get_..._ENDING("literal")`` calls, each once."""
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Attribute(attr=name), [ast.Constant(value=str(first)), *_]):
                if name.startswith("get_") and name.endswith(ending):
                    found[first] = None
    return list(found)


def headers_of_requests(tree: ast.Module) -> dict[str, str]:
    """Values for the headers and the unsigned cookies that the code reads from a request."""
    values = _numbered(name for of, name in _headers(tree) if of != "response")
    cookies = [name for name in literals(tree, "cookie") if name not in signed_cookies(tree)]
    if cookies:
        values["Cookie"] = "; ".join(f"{k}={v}" for k, v in _numbered(iter(cookies)).items())
    return values


def signed_cookies(tree: ast.Module) -> list[str]:
    """The names of the signed cookies that the code reads."""
    return literals(tree, "secure_cookie")


def answers(tree: ast.Module) -> list[str]:
    """Outcomes of upstream requests that the code looks for: headers, documents, codes, bodies."""
    found: dict[str, None] = {}
    names = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    if headers := _numbered(name for of, name in _headers(tree) if of != "request"):
        found[_sent([f"{k}: {v}" for k, v in headers.items()])] = None
        if names & LISTS:
            found[_sent([f"{k}: {v}{n}" for n in "12" for k, v in headers.items()])] = None
    if "reason" in names:
        found[_sent([], reason="Fine")] = None
    if names & DECODING:
        found[_sent([], body="caf\xe9")] = None
    if names & DOCUMENTS:
        found["200:{}"] = None
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        of = {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
        for value in _values(node):
            if "code" in of and isinstance(value, int) and 200 <= value < 600:
                found[str(value)] = None
            if "body" in of and isinstance(value, (str, bytes)):
                text = value.decode("latin-1") if isinstance(value, bytes) else value
                found[f"200:{text}"] = None
    return list(found)


def _sent(headers: list[str], reason: str = "OK", body: str = "sent") -> str:
    return "\r\n".join([f"{AS_SENT}200 {reason}", *headers, "", body])


def _values(node: ast.Compare) -> list[object]:
    """The constants that something is compared with, also those of a tuple or a list."""
    values = [v for o in node.comparators for v in getattr(o, "elts", (o,))]
    return [v.value for v in values if isinstance(v, ast.Constant)]


def _numbered(names: Iterator[str]) -> dict[str, str]:
    """A number as a value for each name: it may be read as one, and tells which name it has."""
    return {name: str(number) for number, name in enumerate(dict.fromkeys(names), 1)}


def _headers(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Names of headers that are read: of a ``request``, a ``response``, or ``""`` for unknown."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Attribute(value=of, attr=read), [ast.Constant(value=str(name)), *_]):
                if read in READS:
                    yield from _header(of, name)
            case ast.Subscript(value=of, slice=ast.Constant(value=str(name)), ctx=ast.Load()):
                yield from _header(of, name)
            case ast.Compare(ast.Constant(value=str(name)), [ast.In() | ast.NotIn()], [of]):
                yield from _header(of, name)


def _header(of: ast.expr, name: str) -> Iterator[tuple[str, str]]:
    match of:
        case ast.Name(id="headers"):
            yield "", name
        case ast.Attribute(value=ast.Attribute(attr="request"), attr="headers"):
            yield "request", name
        case ast.Attribute(attr="headers"):
            yield "response", name
