"""What Tornado had before 4.4, for code under check that was written for it.

Such code does not run on the generations that are compared: it is run as if they still had what its
first version names. Observed on Tornado 3.2.2, 4.0.2 and 4.1.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..auth import OpenIdMixin
from .circumstances import now

WRAPPER = "async_callback"
"""A method of handlers up to 3.2: it wraps a callback, and is of no use since 1.1 (its docs)."""


class GoogleMixin(OpenIdMixin):
    """Google's OpenID with OAuth in the same redirect, up to 4.1: an `OpenIdMixin` otherwise."""

    def authorize_redirect(
        self,
        oauth_scope: str,
        callback_uri: str | None = None,
        ax_attrs: Any = ("name", "email", "language", "username"),
        callback: Callable[[], Any] | None = None,
    ) -> Any:
        """Send the client to the provider; the scope is a part of the address."""
        return self.authenticate_redirect(f"{callback_uri}#{oauth_scope}", ax_attrs, callback)


_NAMES = {"tornado.auth.GoogleMixin": GoogleMixin}


def part_of_tornado(name: str) -> Any:
    """What ``name`` was (``tornado.auth.GoogleMixin``); ``None`` if that is not known."""
    return _NAMES.get(name)


def equip(handler: Any) -> None:
    """Give a handler what handlers had, unless it has its own."""
    if not any(WRAPPER in vars(kind) for kind in type(handler).__mro__):
        vars(handler)[WRAPPER] = _async_callback


def _async_callback(callback: Callable[..., Any] | None, *args: Any, **kwargs: Any) -> Any:
    """The callback with its first arguments; since 1.1 its errors are the request's anyway."""
    now().hold(f"{WRAPPER}, which Tornado 4 lacks: it hands the callback on, as in Tornado 3")
    if callback is None or not (args or kwargs):
        return callback
    return functools.partial(callback, *args, **kwargs)
