"""What a handler raises to end its request: `HTTPError`, `MissingArgumentError`, `Finish`."""

from __future__ import annotations

from http.client import responses
from typing import Any

__all__ = ["Finish", "HTTPError", "MissingArgumentError"]


class HTTPError(Exception):
    """Ends the request with an error status.

    ``log_message`` (with ``%`` arguments) goes to the ``tornado.general`` log, never to the client;
    ``reason=`` replaces the standard reason phrase.
    """

    def __init__(
        self, status_code: int = 500, log_message: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        self.status_code = status_code
        self.log_message = log_message
        self.args = args
        self.reason: str | None = kwargs.get("reason")
        if log_message and not args:
            self.log_message = log_message.replace("%", "%%")

    def __str__(self) -> str:
        reason = self.reason or responses.get(self.status_code, "Unknown")
        message = f"HTTP {self.status_code}: {reason}"
        if self.log_message:
            return f"{message} ({self.log_message % self.args})"
        return message


class MissingArgumentError(HTTPError):
    """A required argument is not there: status 400; ``arg_name`` is its name."""

    def __init__(self, arg_name: str) -> None:
        super().__init__(400, f"Missing argument {arg_name}")
        self.arg_name = arg_name


class Finish(Exception):
    """Ends the request without an error page: what was written stands.

    An argument is passed to ``finish()``.
    """
