"""One websocket as the server has it: between what a client sends and what a handler does.

What happens when, and who hears of which error, was observed over loopback on 4.4.2, 5.1.1 and
6.5.2. Up to 4.4 nobody waits for what ``open`` and ``on_message`` return; from 5 on a message waits
until they are done, and a coroutine that fails there leaves the websocket deaf (5) or ends it
without a word to the handler (6).
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from . import _current, _futures, choices, gen, generation, stack_context
from .log import app_log

if TYPE_CHECKING:
    from ._connection import MemoryConnection
    from .websocket import WebSocketHandler

__all__ = ["ServerSocket"]


class ServerSocket:
    """The server's end of one websocket, made when the handshake is done.

    ``message``, ``ping``, ``pong``, ``close`` and ``leave`` are what the client does; ``send``,
    ``send_ping`` and ``say_goodbye`` what the handler does. ``is_open`` is false once the
    connection is gone; ``is_closing`` is true while the server's ``goodbye``, code and reason,
    waits for its answer. ``over`` is resolved when nothing can come any more.
    """

    def __init__(self, handler: WebSocketHandler, connection: MemoryConnection) -> None:
        self.is_closing = False
        self.goodbye: tuple[int | None, str | None] = (None, None)
        self.over: Any = _futures.Future()
        self._handler = handler
        self._connection = connection
        self._inbox: deque[Callable[[], Any]] = deque()
        self._busy = False
        self._is_left = False
        self._refuses = False
        connection.being_delivered = False
        # Up to 4 an error in whatever the handler starts is the request's, as for a verb.
        outside = nullcontext() if generation.current == 4 else stack_context.NullContext()
        with outside:
            self._enter = stack_context.wrap(lambda function: function())
            connection.set_close_callback(self._lost)

    @property
    def is_open(self) -> bool:
        """Whether the connection is still there."""
        return not self._connection.closed

    def open(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run ``handler.open``; its error comes back as a Future in 6, as for a coroutine."""
        if generation.current == 6:
            return self._open_and_wait(args, kwargs)
        self._take(lambda: self._handler.open(*args, **kwargs))
        return None

    async def _open_and_wait(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._busy = True
        try:
            opening = self._handler.open(*args, **kwargs)
            if opening is not None:
                await opening
        except Exception:
            self._log_exception()
            self._end_silently()
            return
        self._busy = False
        self._proceed()

    # What the client does ------------------------------------------------------------------------

    def message(self, message: str | bytes) -> None:
        """A message arrives."""
        self._take(lambda: self._handler.on_message(message))

    def ping(self, data: bytes) -> None:
        """A ping arrives; it is answered by itself, and told to the handler from 5 on."""
        if generation.current >= 5:
            self._take(lambda: self._handler.on_ping(data))

    def pong(self, data: bytes) -> None:
        """A pong arrives."""
        self._take(lambda: self._handler.on_pong(data))

    def close(self, code: int | None, reason: str | None) -> None:
        """A closing frame arrives, or the answer to one."""

        def close() -> None:
            self._handler.close_code = code
            self._handler.close_reason = reason
            self._connection.close()

        self._arrive(close)

    def leave(self) -> None:
        """The connection ends without a closing frame."""
        self._is_left = True
        if generation.current == 5 and not self._inbox:
            self._connection.close()  # nothing that arrived before is unread
        else:
            self._arrive(self._connection.close)

    def _take(self, callback: Callable[[], Any]) -> None:
        self._arrive(lambda: self._enter(lambda: self._run(callback)))

    def _arrive(self, thing: Callable[[], Any]) -> None:
        self._inbox.append(thing)
        self._proceed()

    def _proceed(self) -> None:
        """Read what has arrived, as far as the handler is ready for it."""
        while self._inbox and not self._busy and self.is_open:
            self._inbox.popleft()()

    def _run(self, callback: Callable[[], Any]) -> None:
        try:
            result = callback()
        except Exception:
            self._failed()
            return
        if result is not None and generation.current >= 5:
            self._busy = True
            self._wait_for(result)

    def _wait_for(self, result: Any) -> None:
        try:
            future = gen.convert_yielded(result)
        except gen.BadYieldError:  # and nothing more is read
            if generation.current == 6:
                self._log_exception()
            return
        _current.loop().add_future(future, self._done)

    def _done(self, future: Any) -> None:
        if generation.current == 6 and future.exception() is not None:
            self._end_silently()
        future.result()  # its error is one of this callback
        self._busy = False
        self._proceed()

    def _failed(self) -> None:
        if generation.current == 4:
            app_log.error("Uncaught exception in %s", self._handler.request.path, exc_info=True)
        else:
            self._log_exception()
        self._connection.hang_up()

    def _log_exception(self) -> None:
        kind, error, trace = sys.exc_info()
        choices.record("hook", "log_exception", type(error).__name__)
        self._handler.log_exception(kind, error, trace)

    def _end_silently(self) -> None:
        self._connection.set_close_callback(None)
        self._connection.hang_up()
        self.over.set_result(None)

    def _lost(self) -> None:
        """Tell the handler that the connection is gone."""
        choices.record("hook", "on_connection_close")
        try:
            self._handler.on_connection_close()
        except Exception:
            if generation.current == 6:
                return  # it ends in a coroutine for which nobody waits
            if generation.current == 5:
                app_log.error("Uncaught exception, closing connection.", exc_info=True)
            raise
        finally:
            self.over.set_result(None)

    # What the handler does -----------------------------------------------------------------------

    def send(self, message: str | bytes) -> Any:
        """Send a message; the Future of its being written, False if that cannot be any more.

        The first message into a connection that is gone looks as if it were written.
        """
        if self._refuses:
            return False
        self._refuses = self._is_left or not self.is_open
        self._connection.note("websocket", "write", message)
        future = _futures.Future()
        future.set_result(None)
        return future

    def send_ping(self, data: bytes) -> None:
        """Send a ping."""
        self._connection.note("websocket", "ping", data)

    def say_goodbye(self, code: int | None, reason: str | None) -> None:
        """Send a closing frame, which the client should answer; a reason needs a code."""
        if code is None and reason is not None:
            code = 1000
        self.is_closing = True
        self.goodbye = (code, reason)
        self._connection.note("websocket", "close", (code, reason))

    def hang_up(self) -> None:
        """End the connection without a closing frame."""
        self._connection.hang_up()
