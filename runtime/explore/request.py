"""The request that a run serves: what it carries is asked when the handler looks for it.

An argument, a header, a cookie or an uploaded file that nobody reads costs no question. One that is
read is present or absent, and its value may be one that the code compares it with.
"""

from __future__ import annotations

import sys
from collections.abc import Container, Iterable, Iterator, Sequence
from http.cookies import Morsel
from typing import Any, ClassVar

from .. import generation
from .._headers import HTTPHeaders, normalized
from .._serverrequest import HTTPServerRequest
from .._signed import create_signed_value
from ..web import Application
from .circumstances import now
from .shown import shown
from .standin import Standin, part
from .values import ETAGS, looks_at_etags, texts

SECRET = "a secret of the application under check"
BODIES = frozenset({"POST", "PUT", "PATCH"})
"""Methods of requests that may have a body."""

_SIGNED = frozenset({"get_secure_cookie", "get_signed_cookie"})
_ALIKE = "as in the first request"
_UNNAMED = "x-other"
"""A name that no code has heard of, for code that looks at whatever there is."""

_PLACED = frozenset(
    f"{get}{place}_argument{s}"
    for get in ("", "get_")
    for place in ("body", "query")
    for s in ("", "s")
)
"""What code calls or reads to whom it matters where an argument stands."""

_PLURAL = frozenset({"get_arguments", "get_query_arguments", "get_body_arguments", "arguments"})


def _settle(of: str, key: str, options: Sequence[str]) -> int:
    """The answer for a request: a further one has the first one's, or one of its own."""
    if of and (own := now().settle(f"{key} of {of}", [_ALIKE, *options])):
        return own - 1
    return now().settle(key, options)


def request_of(connection: object) -> str:
    """Which of the further requests comes over a connection; "" for the one under check."""
    return getattr(connection, "tag", "")


def _value(of: str, kind: str, name: str) -> str | None:
    """Ask for the value of something named; ``None`` if it is absent."""
    here = now()
    here.hold(f"the value of {kind} {name}, but for those tried")
    values = texts(kind, name, here.harvest)
    if here.harvest.json:
        text = f'{{"from": "{kind} {name}"}}'
        here.bodies[text] = f"{kind} {name}"
        values.insert(0 if kind == "cookie" else len(values), text)
    taken = _settle(of, f"{kind} {name}", [repr(values[0]), "absent", *map(repr, values[1:])])
    if taken == 1:
        return None
    return values[0] if taken == 0 else values[taken - 1]


def _named(of: str, what: str, kind: Container[str]) -> list[str]:
    """The names of what is there, for code that looks at all of it: known ones, maybe another."""
    here = now()
    here.hold(f"the names of {what} that the code does not name")
    known = [name for name in sorted(here.harvest.looked_up) if name in kind]
    other = _settle(of, f"{what} that the code does not name", ("none", "one"))
    return [*known, _UNNAMED] if other else known


class _AskedFor(dict[str, Any]):
    """What comes with a request by name, asked for one by one; ``of`` says of which request."""

    __slots__ = ("of",)

    what: ClassVar[str]
    """In the plural, for the report."""

    def __init__(self, of: str) -> None:
        self.of = of

    def __iter__(self) -> Iterator[str]:
        return iter(_named(self.of, self.what, self))

    def __len__(self) -> int:
        return len(_named(self.of, self.what, self))

    def keys(self) -> Any:
        """Those that the code names, as far as they are there, and maybe one more."""
        return dict.fromkeys(self).keys()

    def values(self) -> Any:
        """As ``keys``."""
        return {name: self[name] for name in self}.values()

    def items(self) -> Any:
        """As ``keys``."""
        return {name: self[name] for name in self}.items()


class _Arguments(_AskedFor):
    """Arguments of the query or the body: lists of what was given, in bytes.

    Of the two ``places`` the first is the usual one; ``only`` is the one that these stand in.
    """

    __slots__ = ("only", "places")
    what = "arguments"

    def __init__(self, of: str, places: tuple[str, str], only: str = "") -> None:
        super().__init__(of)
        self.places, self.only = places, only

    def get(self, name: str, default: Any = None) -> Any:
        if name in dict.keys(self):
            return dict.__getitem__(self, name)
        harvest = now().harvest
        value = _value(self.of, "argument", name)
        if value is None or not self._is_here(name):
            return default
        sent = value.encode("utf-8", "surrogateescape")
        times = ("once", "twice") if harvest.attributes & _PLURAL else ("once",)
        if len(times) > 1 and _settle(self.of, f"argument {name} is given", times):
            return [sent, b"text"]
        return [sent]

    def _is_here(self, name: str) -> bool:
        if not self.only or not _PLACED & now().harvest.attributes:
            return True
        taken = _settle(self.of, f"argument {name} stands in", self.places)
        return self.places[taken] == self.only

    def __contains__(self, name: object) -> bool:
        return self.get(str(name)) is not None

    def __getitem__(self, name: str) -> list[bytes]:
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found  # type: ignore[no-any-return]


class _Headers(HTTPHeaders):
    """Headers that the code under check reads are asked for; the runtime finds the others only."""

    __slots__ = ("of",)

    def __init__(self, of: str) -> None:
        super().__init__()
        self.of = of

    def _asked(self, name: str) -> str | None:
        here, name = now(), normalized(name)
        of_code = sys._getframe(2).f_code.co_filename in here.files
        if not of_code and (name != ETAGS or not looks_at_etags(here.harvest)):
            return None
        return _value(self.of, "header", name)

    def get(self, name: str, default: Any = None) -> Any:
        if normalized(name) in self._values:
            return HTTPHeaders.get(self, name, default)
        value = self._asked(name)
        return default if value is None else value

    def __contains__(self, name: object) -> bool:
        return normalized(str(name)) in self._values or self._asked(str(name)) is not None

    def __getitem__(self, name: str) -> str:
        if normalized(name) in self._values:
            return HTTPHeaders.__getitem__(self, name)
        value = self._asked(name)
        if value is None:
            raise KeyError(name)
        return value

    def get_list(self, name: str) -> list[str]:
        value = self.get(name) if normalized(name) in self._values else self._asked(name)
        return [] if value is None else [value]


class _Cookies(_AskedFor):
    """Cookies by name; where the code reads signed ones they are, or else are not."""

    __slots__ = ()
    what = "cookies"

    def __contains__(self, name: object) -> bool:
        return name in now().harvest.strings and _value(self.of, "cookie", str(name)) is not None

    def __getitem__(self, name: str) -> Morsel[str]:
        here = now()
        known = name in here.harvest.strings or name == _UNNAMED
        value = _value(self.of, "cookie", name) if known else None
        if value is None:
            raise KeyError(name)
        if _SIGNED & here.harvest.attributes and not _settle(
            self.of, f"cookie {name} is", ("signed", "not signed")
        ):
            value = create_signed_value(SECRET, name, value).decode()
        morsel: Morsel[str] = Morsel()
        morsel.set(name, value, value)
        return morsel

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default


class _Files(dict[str, Any]):
    """Uploaded files: stand-ins by the name of the form's field."""

    __slots__ = ()

    def __missing__(self, name: str) -> Any:
        return Standin.named(f"request.files[{name!r}]")


def _path(of: str) -> str:
    """The path: with a slash at its end or without, where the code has decorators for that."""
    here = now()
    harvest = here.harvest
    adds = "addslash" in harvest.attributes or "addslash" in harvest.dotted
    removes = "removeslash" in harvest.attributes or "removeslash" in harvest.dotted
    if not adds and not removes:
        return "/here"
    paths = ("/here", "/here/") if removes else ("/here/", "/here")
    return paths[_settle(of, "the path's last slash", paths)]


def _chosen(name: str, *others: str) -> Any:
    """An attribute of the request that code under check finds to be one of several values.

    The runtime, whose log lines show some of them, goes on seeing the first.
    """
    inner = f"_plain_{name}"

    def read(self: Any) -> Any:
        plain = self.__dict__[inner]
        here = now()
        if sys._getframe(1).f_code.co_filename not in here.files:
            return plain
        here.hold(f"the request's {name}, but for the values tried")
        values = list(dict.fromkeys([plain, *others, *sorted(here.harvest.compared.get(name, ()))]))
        return values[_settle(request_of(self.connection), f"the request's {name}", values)]

    def write(self: Any, value: Any) -> None:
        self.__dict__[inner] = value

    return property(read, write)


class ExploredRequest(HTTPServerRequest):
    """A request without anything in it that was not asked for."""

    _path: str
    streamed: Any = None
    """Where the body comes in parts: what is resolved at its end."""

    def __init__(self, method: str, connection: Any) -> None:
        of = request_of(connection)
        host, headers = "127.0.0.1", _Headers(of)
        super().__init__(method, _path(of), "HTTP/1.1", headers, None, host, None, connection)
        self.files = _Files()
        places = ("the body", "the query") if method in BODIES else ("the query", "the body")
        self.arguments = _Arguments(of, places)
        self.query_arguments = _Arguments(of, places, "the query")
        self.body_arguments = _Arguments(of, places, "the body")

    @property
    def path(self) -> str:
        """The path, which is a choice where the code compares it with something."""
        here = now()
        paths = [self._path, *sorted(here.harvest.compared.get("path", ()))]
        if len(paths) == 1 or sys._getframe(1).f_code.co_filename not in here.files:
            return self._path
        self._path = paths[_settle(request_of(self.connection), "the request's path", paths)]
        return self._path

    @path.setter
    def path(self, value: str) -> None:
        self._path = value

    def full_url(self) -> str:
        """As ``HTTPServerRequest.full_url``."""
        now().hold("the request's address")
        return super().full_url()

    @property
    def cookies(self) -> Any:
        """The request's cookies."""
        return _Cookies(request_of(self.connection))

    @property
    def body(self) -> bytes:
        """The body: text whose JSON has the shape that the code looks for, or nothing."""
        if self.streamed is not None:
            return self.streamed if generation.current < 6 else b""
        if self.method not in BODIES:
            return b""
        here = now()
        text = '{"body of": "the request"}'
        here.bodies[text] = "the request's body"
        of = request_of(self.connection)
        return (text.encode(), b"")[_settle(of, "the request's body", ("present", "empty"))]

    @body.setter
    def body(self, value: bytes) -> None:
        """Nobody gives this request another body."""


class _SeenRequest(ExploredRequest):
    """A request into which the code looks further than at arguments, headers and the like."""

    remote_ip = _chosen("remote_ip", "10.1.2.3")
    protocol = _chosen("protocol", "https")
    host = _chosen("host", "example.com")
    uri = _chosen("uri", "/here?a=1")
    query = _chosen("query", "a=1")
    version = _chosen("version", "HTTP/1.0")


_SEEN = frozenset(name for name in vars(_SeenRequest) if not name.startswith("_"))


def explored_request(method: str, connection: Any) -> ExploredRequest:
    """The request of a run; properties cost time, so it has only those that code asks for."""
    seen = not _SEEN.isdisjoint(now().harvest.attributes)
    return (_SeenRequest if seen else ExploredRequest)(method, connection)


class _Settings(dict[str, Any]):
    """Settings of the application; those that nobody set are parts of the outside."""

    def __missing__(self, name: str) -> Any:
        if sys._getframe(1).f_code.co_filename not in now().files:
            raise KeyError(name)
        return Standin.named(f"settings[{name!r}]")

    def get(self, name: str, default: Any = None) -> Any:
        if name in self or sys._getframe(1).f_code.co_filename not in now().files:
            return dict.get(self, name, default)
        if now().settle(f"setting {name}", ("present", "absent")):
            return default
        return Standin.named(f"settings[{name!r}]")


class ExploredApplication(Application):
    """The application around the handler; whatever the project hangs on it is a stand-in."""

    def __init__(self) -> None:
        super().__init__(cookie_secret=SECRET, login_url="/login", template_path="/templates")
        self.settings = _Settings(self.settings)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in now().harvest.attributes:
            raise AttributeError(name)
        return part(f"application.{name}")

    def reverse_url(self, name: str, *args: Any) -> str:
        """The address of a route: its name and arguments."""
        return Standin.named(f"reverse_url({', '.join(map(shown, (name, *args)))})")


def path_arguments(names: Iterable[tuple[str, bool]]) -> list[bytes]:
    """Values for the groups of the route; ``names`` are (name, required) in order."""
    here = now()
    values: list[bytes] = []
    for name, required in names:
        here.hold(f"the value of path argument {name}, but for those tried")
        options = ["1", "text", *here.harvest.texts(name)]
        labels = [repr(each) for each in options]
        if not required:
            labels.append("absent")
        taken = here.ask(f"path argument {name}", labels) if len(labels) > 1 else 0
        if taken == len(options):
            break
        values.append(options[taken].encode())
    return values
