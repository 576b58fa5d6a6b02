"""``tornado.netutil`` in memory: ports are numbers, resolving a name is a question."""

from __future__ import annotations

import ipaddress
import itertools
from typing import Any, NoReturn

__all__ = ["MemorySocket", "bind_sockets", "is_valid_ip"]

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
