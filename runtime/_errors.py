"""The errors of ``tornado.gen``, shared by the modules it is made of."""

from __future__ import annotations

import asyncio

from . import generation, util


class KeyReuseError(Exception):
    """``yield Callback(key)`` with a key that is still pending."""


class UnknownKeyError(Exception):
    """``yield Wait(key)`` with a key that no Callback has registered."""


class LeakedCallbackError(Exception):
    """A generator ended without waiting for all of its Callbacks."""


class BadYieldError(Exception):
    """Something was yielded that cannot be waited for."""


class ReturnValueIgnoredError(Exception):
    """A function under ``@gen.engine`` returned a value, which nobody could receive."""


class _GenTimeoutError(Exception):
    """An operation under ``with_timeout`` took too long (Tornado 4)."""


_GenTimeoutError.__name__ = _GenTimeoutError.__qualname__ = "TimeoutError"


_TIMEOUT_ERRORS: dict[int, type[Exception]] = {
    4: _GenTimeoutError,
    5: util._TimeoutError,
    6: asyncio.TimeoutError,  # the built-in one from Python 3.11 on
}


def timeout_error(*args: str) -> Exception:
    """Return what is raised at a timeout in the current generation: ``gen.TimeoutError(*args)``."""
    return _TIMEOUT_ERRORS[generation.current](*args)
