"""``tornado.iostream`` in memory: what a peer sends, and whether it closes, are choices.

A callback gets the data and is never called if the stream closes; only the close callback tells. A
Future fails with `StreamClosedError` instead (SEMANTICS section 4, the table at its end). Nothing
is ever called before the method that was given it has returned. An error in a callback that nobody
else takes closes the stream (observed on 4.4.2 and 5.1.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from . import _current, _futures, _peers, choices, generation
from ._operations import refuse_callback
from ._questions import ask, numbered
from .ioloop import External, IOLoop
from .log import app_log, gen_log
from .stack_context import NullContext, wrap

__all__ = ["BaseIOStream", "IOStream", "StreamClosedError", "UnsatisfiableReadError"]


_MOST = 1 << 20
_SILENCE = "nothing comes"
_TOO_MUCH = "more than it takes"


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

    def __init__(self, stream: BaseIOStream, callback: Callable[..., Any] | None) -> None:
        if callback is not None:
            refuse_callback("IOStream method")
        self.callback = stream._guarded(callback) if callback is not None else None
        self.future = _futures.Future() if callback is None else None
        self.external: External | None = None

    def resolve(self, stream: BaseIOStream, *values: Any) -> None:
        if self.callback is not None:
            stream._call_later(self.callback, *values)
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
        self._close_callback = self._guarded(callback) if callback is not None else None
        if self._closed and generation.current < 6:
            self._tell_closed()

    def _guarded(self, callback: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a callback in the contexts of now; its error closes the stream if none takes it."""
        inner = wrap(callback)

        def call(*values: Any) -> None:
            try:
                inner(*values)
            except Exception as error:
                app_log.error("Uncaught exception, closing connection.", exc_info=True)
                self.close((type(error), error, error.__traceback__))
                raise

        return call

    def _call_later(self, callback: Callable[..., Any], *values: Any) -> None:
        with NullContext():
            self.io_loop.add_callback(callback, *values)

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
            self._call_later(callback)

    def write(self, data: bytes, callback: Callable[[], Any] | None = None) -> Any:
        """Send ``data``; ``callback`` is called without arguments, without it a Future comes back.

        It is complete at once, as on a socket whose buffer is not full, unless the peer has closed.
        Raises StreamClosedError if the stream is known to be closed.
        """
        self._check_closed()
        choices.record("stream", "write", bytes(data))
        waiter = _Waiter(self, callback)
        key = numbered(self.io_loop, "stream.write")
        if choices.choose(key, ("written", "closed by the peer")):
            waiter.fail(None)
            self.close()
        else:
            waiter.resolve(self)
        return waiter.future

    def read_bytes(
        self,
        num_bytes: int,
        callback: Callable[[bytes], Any] | None = None,
        streaming_callback: Callable[[bytes], Any] | None = None,
        partial: bool = False,
    ) -> Any:
        """Read ``num_bytes`` bytes, or fewer with ``partial``; more than a megabyte never come."""
        size = num_bytes if num_bytes <= _MOST else 0
        data = (b"0123456789abcdef" * (size // 16 + 1))[:size]
        fewer = (data[: (size + 1) // 2],) if partial and size > 1 else ()
        known = [
            each
            for each in _peers.values("read_bytes", data, *fewer)
            if len(each) == num_bytes or (partial and 0 < len(each) < num_bytes)
        ]
        return self._read(f"read_bytes {num_bytes}", known, callback, streaming_callback)

    def read_until(
        self,
        delimiter: bytes,
        callback: Callable[[bytes], Any] | None = None,
        max_bytes: int | None = None,
    ) -> Any:
        """Read up to and including ``delimiter``; ``max_bytes`` without it close the stream."""
        known = [
            each if each.endswith(delimiter) else each + delimiter
            for each in _peers.values("read_until", b"data" + delimiter)
            if delimiter not in each[: -len(delimiter)]
        ]
        what = f"delimiter {delimiter!r} not found"
        return self._read(f"read_until {delimiter!r}", known, callback, limit=(max_bytes, what))

    def read_until_regex(
        self,
        regex: bytes,
        callback: Callable[[bytes], Any] | None = None,
        max_bytes: int | None = None,
    ) -> Any:
        """Read until the data matches; what is read need not match here."""
        known = _peers.values("read_until_regex", b"data")
        what = f"delimiter re.compile({regex!r}) not found"
        return self._read(f"read_until_regex {regex!r}", known, callback, limit=(max_bytes, what))

    def read_until_close(
        self,
        callback: Callable[[bytes], Any] | None = None,
        streaming_callback: Callable[[bytes], Any] | None = None,
    ) -> Any:
        """Read everything until the peer closes; the stream is closed then."""
        waiter = self._begin_read(callback)

        known = [*dict.fromkeys([*_peers.values("read_until_close", b"data"), b""])]

        def deliver(answer: int) -> None:
            if answer == len(known):
                return
            self._reader = None
            self._stream_or_resolve(waiter, streaming_callback, known[answer])
            self.close()

        what = "stream.read_until_close"
        waiter.external = ask(self.io_loop, what, [*_shown(known), _SILENCE], deliver)
        return waiter.future

    def _read(
        self,
        what: str,
        data: Sequence[bytes],
        callback: Callable[[bytes], Any] | None,
        streaming_callback: Callable[[bytes], Any] | None = None,
        limit: tuple[int | None, str] = (None, ""),
    ) -> Any:
        waiter = self._begin_read(callback)
        known = [each for each in dict.fromkeys(data) if limit[0] is None or len(each) <= limit[0]]
        answers = [*_shown(known), "closed", _SILENCE]
        if limit[0] is not None:
            answers.append(_TOO_MUCH)

        def deliver(answer: int) -> None:
            if answer < len(known):
                self._reader = None
                self._stream_or_resolve(waiter, streaming_callback, known[answer])
            elif answers[answer] == "closed":
                self.close()
            elif answers[answer] == _TOO_MUCH:
                error = UnsatisfiableReadError(f"{limit[1]} within {limit[0]} bytes")
                gen_log.info("Unsatisfiable read, closing connection: %s", error)
                self.close((UnsatisfiableReadError, error, None))

        waiter.external = ask(self.io_loop, f"stream.{what}", answers, deliver)
        return waiter.future

    def _begin_read(self, callback: Callable[[bytes], Any] | None) -> _Waiter:
        assert self._reader is None, "Already reading"
        self._check_closed()
        self._reader = _Waiter(self, callback)
        return self._reader

    def _stream_or_resolve(
        self, waiter: _Waiter, streaming: Callable[[bytes], Any] | None, data: bytes
    ) -> None:
        if streaming is not None:
            if data:
                self._call_later(self._guarded(streaming), data)
            data = b""
        waiter.resolve(self, data)

    def _check_closed(self) -> None:
        if self._closed:
            raise StreamClosedError(real_error=self.error)


def _shown(values: Iterable[bytes]) -> list[str]:
    """What comes in, as answers to the question what does."""
    return [f"{value[:40]!r}" + "..." * (len(value) > 40) for value in values]


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
        waiter = self._connecting = _Waiter(self, callback)

        def deliver(answer: int) -> None:
            if answer == 1:
                refused = ConnectionRefusedError(111, "Connection refused")
                if callback is not None:
                    gen_log.warning("Connect error on fd %s: %s", "N", "ECONNREFUSED")
                self.close((type(refused), refused, None))
            elif answer == 0:
                self._connecting = None
                waiter.resolve(self, *([] if callback is not None else [self]))

        what = f"stream.connect {address}"
        waiter.external = ask(self.io_loop, what, ("connected", "refused", _SILENCE), deliver)
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
