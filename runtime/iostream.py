"""``tornado.iostream`` in memory: what a peer sends, and whether it closes, are choices.

A callback gets the data and is never called if the stream closes; only the close callback tells. A
Future fails with `StreamClosedError` instead (SEMANTICS section 4, the table at its end). Nothing
is ever called before the method that was given it has returned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import _current, _futures, choices, generation
from ._operations import refuse_callback
from ._questions import ask, numbered
from .ioloop import External, IOLoop
from .stack_context import wrap

__all__ = ["BaseIOStream", "IOStream", "StreamClosedError", "UnsatisfiableReadError"]


class StreamClosedError(IOError):
    """A read or write on a stream that is closed; ``real_error`` says why, if known."""

    def __init__(self, real_error: BaseException | None = None) -> None:
        super().__init__("Stream is closed")
        self.real_error = real_error


class UnsatisfiableReadError(Exception):
    """A read that the stream can never satisfy."""


class StreamBufferFullError(Exception):
    """More data than the buffer takes."""


class _Waiter:
    """Who waits for an operation of a stream: a callback or a Future."""

    __slots__ = ("callback", "external", "future")

    def __init__(self, callback: Callable[..., Any] | None) -> None:
        if callback is not None:
            refuse_callback("IOStream method")
        self.callback = wrap(callback) if callback is not None else None
        self.future = _futures.Future() if callback is None else None
        self.external: External | None = None

    def resolve(self, loop: IOLoop, *values: Any) -> None:
        if self.callback is not None:
            loop.add_callback(self.callback, *values)
        elif self.future is not None and not self.future.done():
            self.future.set_result(values[0] if values else None)

    def fail(self, error: BaseException | None) -> None:
        if self.future is not None and not self.future.done():
            self.future.set_exception(StreamClosedError(real_error=error))
            self.future.exception()  # the close callback tells, too


class BaseIOStream:
    """A stream whose other end is the outside world."""

    def __init__(self, io_loop: IOLoop | None = None, *limits: Any, **options: Any) -> None:
        self.io_loop = io_loop or _current.loop()
        self.error: BaseException | None = None
        self._closed = False
        self._close_callback: Callable[[], Any] | None = None
        self._reader: _Waiter | None = None
        self._connecting: _Waiter | None = None

    def closed(self) -> bool:
        """Return True once either side has closed the stream."""
        return self._closed

    def reading(self) -> bool:
        """Return True while a read is under way."""
        return self._reader is not None

    def writing(self) -> bool:
        """Return False: writes are complete at once."""
        return False

    def set_nodelay(self, value: bool) -> None:
        """Accept what only concerns TCP."""

    def set_close_callback(self, callback: Callable[[], Any] | None) -> None:
        """Call ``callback`` when the stream is closed (up to 5 also when it is closed already)."""
        self._close_callback = wrap(callback) if callback is not None else None
        if self._closed and generation.current < 6:
            self._tell_closed()

    def close(self, exc_info: Any = False) -> None:
        """Close the stream: waiting Futures fail, waiting callbacks are forgotten."""
        if self._closed:
            return
        if isinstance(exc_info, tuple):
            self.error = exc_info[1]
        self._closed = True
        choices.record("stream", "close")
        waiters = (self._reader, self._connecting)
        self._reader = self._connecting = None
        for waiter in waiters:
            if waiter is not None:
                if waiter.external is not None:
                    self.io_loop.remove_external(waiter.external)
                waiter.fail(self.error)
        self._tell_closed()

    def _tell_closed(self) -> None:
        callback, self._close_callback = self._close_callback, None
        if callback is not None:
            self.io_loop.add_callback(callback)

    def write(self, data: bytes, callback: Callable[[], Any] | None = None) -> Any:
        """Send ``data``; ``callback`` is called without arguments, without it a Future comes back.

        It is complete at once, as on a socket whose buffer is not full, unless the peer has closed.
        Raises StreamClosedError if the stream is known to be closed.
        """
        self._check_closed()
        choices.record("stream", "write", bytes(data))
        waiter = _Waiter(callback)
        key = numbered(self.io_loop, "stream.write")
        if choices.choose(key, ("written", "closed by the peer")):
            waiter.fail(None)
            self.close()
        else:
            waiter.resolve(self.io_loop)
        return waiter.future

    def read_bytes(
        self,
        num_bytes: int,
        callback: Callable[[bytes], Any] | None = None,
        streaming_callback: Callable[[bytes], Any] | None = None,
        partial: bool = False,
    ) -> Any:
        """Read ``num_bytes`` bytes, or fewer with ``partial``."""
        data = (b"0123456789abcdef" * (num_bytes // 16 + 1))[:num_bytes]
        return self._read(f"read_bytes {num_bytes}", data, callback, streaming_callback)

    def read_until(
        self,
        delimiter: bytes,
        callback: Callable[[bytes], Any] | None = None,
        max_bytes: int | None = None,
    ) -> Any:
        """Read up to and including ``delimiter``."""
        return self._read(f"read_until {delimiter!r}", b"data" + delimiter, callback)

    def read_until_regex(
        self,
        regex: bytes,
        callback: Callable[[bytes], Any] | None = None,
        max_bytes: int | None = None,
    ) -> Any:
        """Read until the data matches; what is read need not match here."""
        return self._read(f"read_until_regex {regex!r}", b"data", callback)

    def read_until_close(
        self,
        callback: Callable[[bytes], Any] | None = None,
        streaming_callback: Callable[[bytes], Any] | None = None,
    ) -> Any:
        """Read everything until the peer closes; the stream is closed then."""
        waiter = self._begin_read(callback)

        def deliver(answer: int) -> None:
            self._reader = None
            self._stream_or_resolve(waiter, streaming_callback, (b"data", b"")[answer])
            self.close()

        what = "stream.read_until_close"
        waiter.external = ask(self.io_loop, what, ("data", "nothing"), deliver)
        return waiter.future

    def _read(
        self,
        what: str,
        data: bytes,
        callback: Callable[[bytes], Any] | None,
        streaming_callback: Callable[[bytes], Any] | None = None,
    ) -> Any:
        waiter = self._begin_read(callback)

        def deliver(answer: int) -> None:
            if answer:
                self.close()
                return
            self._reader = None
            self._stream_or_resolve(waiter, streaming_callback, data)

        waiter.external = ask(self.io_loop, f"stream.{what}", ("data", "closed"), deliver)
        return waiter.future

    def _begin_read(self, callback: Callable[[bytes], Any] | None) -> _Waiter:
        assert self._reader is None, "Already reading"
        self._check_closed()
        self._reader = _Waiter(callback)
        return self._reader

    def _stream_or_resolve(
        self, waiter: _Waiter, streaming: Callable[[bytes], Any] | None, data: bytes
    ) -> None:
        if streaming is not None:
            if data:
                self.io_loop.add_callback(streaming, data)
            data = b""
        waiter.resolve(self.io_loop, data)

    def _check_closed(self) -> None:
        if self._closed:
            raise StreamClosedError(real_error=self.error)


class IOStream(BaseIOStream):
    """A stream over a socket; the socket is kept and never used."""

    def __init__(self, socket: Any, *args: Any, **kwargs: Any) -> None:
        self.socket = socket
        super().__init__(*args, **kwargs)

    def connect(
        self,
        address: Any,
        callback: Callable[[], Any] | None = None,
        server_hostname: str | None = None,
    ) -> Any:
        """Connect; the Future's result is the stream. A refused connection closes the stream."""
        choices.record("stream", "connect", address)
        waiter = self._connecting = _Waiter(callback)

        def deliver(answer: int) -> None:
            if answer:
                refused = ConnectionRefusedError(111, "Connection refused")
                self.close((type(refused), refused, None))
                return
            self._connecting = None
            waiter.resolve(self.io_loop, *([] if callback is not None else [self]))

        what = f"stream.connect {address}"
        waiter.external = ask(self.io_loop, what, ("connected", "refused"), deliver)
        return waiter.future

    def fileno(self) -> Any:
        """Refuse: nothing here has a file descriptor."""
        raise NotImplementedError("the bundled runtime has no sockets (IOStream.fileno)")

    def start_tls(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: there is no TLS."""
        raise NotImplementedError("the bundled runtime has no TLS (IOStream.start_tls)")


class SSLIOStream(IOStream):
    """Stands where a TLS stream would be; making one fails and says so."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError("the bundled runtime has no TLS (SSLIOStream)")
