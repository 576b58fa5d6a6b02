"""``tornado.netutil`` in memory: ports are numbers, resolving a name is a question."""

from __future__ import annotations

import ipaddress
import itertools
import socket
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from . import choices
from ._operations import Answer, call_with_result, operate
from .util import Configurable

__all__ = [
    "BlockingResolver",
    "ExecutorResolver",
    "MemorySocket",
    "OverrideResolver",
    "Resolver",
    "ThreadedResolver",
    "bind_sockets",
    "is_valid_ip",
]

_FIRST_PORT = 49152  # the first of the ports that nobody registers (RFC 6335)
_free_ports = itertools.count(_FIRST_PORT)


class MemorySocket:
    """What `bind_sockets` returns: a port number of this process, no socket."""

    def __init__(self, port: int, address: str = "127.0.0.1") -> None:
        self.address = address
        self.port = port

    def getsockname(self) -> tuple[str, int]:
        """Return address and port."""
        return (self.address, self.port)

    def close(self) -> None:
        """Give the port back; there is nothing to give."""

    def fileno(self) -> NoReturn:
        """Refuse: nothing here has a file descriptor."""
        raise NotImplementedError("the bundled runtime has no sockets (MemorySocket.fileno)")


def bind_sockets(port: int, address: str | None = None, *args: Any, **options: Any) -> list[Any]:
    """Return one socket for a port of this process; port 0 is a free one."""
    return [MemorySocket(port or next(_free_ports), address or "127.0.0.1")]


def add_accept_handler(sock: Any, callback: Any, io_loop: Any = None) -> NoReturn:
    """Refuse: only `httpserver.HTTPServer` is served in memory."""
    raise NotImplementedError("the bundled runtime accepts no connections (add_accept_handler)")


def is_valid_ip(ip: str) -> bool:
    """Return True for an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(ip)
    except ValueError:
        return False
    return True


class Resolver(Configurable):
    """Turns names into addresses: an operation."""

    @classmethod
    def configurable_base(cls) -> type[Resolver]:
        """Return the class that `configure` is about."""
        return Resolver

    @classmethod
    def configurable_default(cls) -> type[Resolver]:
        """Return the class that is used when none is configured."""
        return BlockingResolver

    def initialize(self, io_loop: Any = None, **options: Any) -> None:
        """Take a loop and options that have no effect."""

    def resolve(
        self,
        host: str,
        port: int,
        family: int = socket.AF_UNSPEC,
        callback: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Return a Future of (family, address) pairs; gaierror for an unknown name.

        ``callback`` gets the pairs; an error goes to the stack context instead.
        """
        choices.record("resolve", host, port)

        def unknown() -> BaseException:
            return socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        found = [(int(socket.AF_INET), ("127.0.0.1", port))]
        answers = (Answer("found", found), Answer("unknown", error=unknown))
        return call_with_result(operate(f"resolve {host}:{port}", answers), callback)

    def close(self) -> None:
        """Close nothing."""


class ExecutorResolver(Resolver):
    """The resolver that would use an executor."""


class BlockingResolver(ExecutorResolver):
    """The resolver that would block."""


class ThreadedResolver(ExecutorResolver):
    """The resolver that would use threads."""


class OverrideResolver(Resolver):
    """Looks into ``mapping`` first (host, or (host, port)), then asks ``resolver``."""

    def initialize(  # type: ignore[override]
        self, resolver: Any, mapping: Mapping[Any, Any]
    ) -> None:
        """Take the other resolver and the mapping."""
        self.resolver = resolver
        self.mapping = mapping

    def resolve(self, host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        """See `Resolver.resolve`."""
        if (host, port) in self.mapping:
            host, port = self.mapping[(host, port)]
        elif host in self.mapping:
            host = self.mapping[host]
        return self.resolver.resolve(host, port, *args, **kwargs)
