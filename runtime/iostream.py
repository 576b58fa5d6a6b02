"""Streams: the errors a handler sees. (Widened below.)"""

from __future__ import annotations

__all__ = ["StreamClosedError", "UnsatisfiableReadError"]


class StreamClosedError(IOError):
    """A read or write on a stream that is closed; ``real_error`` says why, if known."""

    def __init__(self, real_error: BaseException | None = None) -> None:
        super().__init__("Stream is closed")
        self.real_error = real_error


class UnsatisfiableReadError(Exception):
    """A read that the stream can never satisfy."""
