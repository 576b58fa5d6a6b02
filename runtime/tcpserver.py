"""``tornado.tcpserver``: a class to inherit from; the bundled runtime accepts no connections."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["TCPServer"]


class TCPServer:
    """A server whose `handle_stream` a test may call; listening fails and says so."""

    def __init__(self, io_loop: Any = None, ssl_options: Any = None, **options: Any) -> None:
        self.io_loop = io_loop
        self.ssl_options = ssl_options

    def listen(self, port: int, address: str = "") -> NoReturn:
        """Refuse."""
        raise NotImplementedError("the bundled runtime accepts no connections (TCPServer)")

    def bind(self, port: int, *args: Any, **options: Any) -> NoReturn:
        """Refuse."""
        self.listen(port)

    def add_sockets(self, sockets: Any) -> NoReturn:
        """Refuse."""
        self.listen(0)

    def add_socket(self, socket: Any) -> NoReturn:
        """Refuse."""
        self.listen(0)

    def start(self, num_processes: int | None = 1) -> None:
        """Do nothing: nothing is listened to."""

    def stop(self) -> None:
        """Do nothing: nothing is listened to."""

    def handle_stream(self, stream: Any, address: Any) -> Any:
        """Take a new connection. Override me."""
        raise NotImplementedError()
