"""The half of `RequestHandler` that reads the request: arguments and cookies."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

from . import generation
from ._signed import create_signed_value, decode_signed_value, get_signature_key_version
from ._weberrors import HTTPError, MissingArgumentError
from .escape import to_unicode

if TYPE_CHECKING:
    from ._application import Application
    from ._serverrequest import HTTPServerRequest

__all__ = ["RequestReader"]

_REQUIRED: Any = object()
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


class RequestReader:
    """Arguments and cookies of ``self.request``."""

    application: Application
    request: HTTPServerRequest

    _ARG_DEFAULT: Any = _REQUIRED

    def get_argument(self, name: str, default: Any = _REQUIRED, strip: bool = True) -> Any:
        """Return the last value of an argument in query or body.

        Raises MissingArgumentError if it is missing and there is no ``default``.
        """
        return self._get_argument(name, default, self.request.arguments, strip)

    def get_arguments(self, name: str, strip: bool = True) -> list[str]:
        """Return all values of an argument, query before body; maybe none."""
        assert isinstance(strip, bool)
        return self._get_arguments(name, self.request.arguments, strip)

    def get_body_argument(self, name: str, default: Any = _REQUIRED, strip: bool = True) -> Any:
        """Return the last value of an argument in the body; see `get_argument`."""
        return self._get_argument(name, default, self.request.body_arguments, strip)

    def get_body_arguments(self, name: str, strip: bool = True) -> list[str]:
        """Return all values of an argument in the body."""
        return self._get_arguments(name, self.request.body_arguments, strip)

    def get_query_argument(self, name: str, default: Any = _REQUIRED, strip: bool = True) -> Any:
        """Return the last value of an argument in the query; see `get_argument`."""
        return self._get_argument(name, default, self.request.query_arguments, strip)

    def get_query_arguments(self, name: str, strip: bool = True) -> list[str]:
        """Return all values of an argument in the query."""
        return self._get_arguments(name, self.request.query_arguments, strip)

    def _get_argument(
        self, name: str, default: Any, source: dict[str, list[bytes]], strip: bool = True
    ) -> Any:
        values = self._get_arguments(name, source, strip)
        if values:
            return values[-1]
        if default is _REQUIRED:
            raise MissingArgumentError(name)
        return default

    def _get_arguments(
        self, name: str, source: dict[str, list[bytes]], strip: bool = True
    ) -> list[str]:
        values = []
        for raw in source.get(name, ()):
            value = self.decode_argument(raw, name=name)
            if isinstance(value, str):
                value = _CONTROL.sub(" ", value)
            values.append(value.strip() if strip else value)
        return values

    def decode_argument(self, value: bytes, name: str | None = None) -> Any:
        """Turn an argument's bytes into text; HTTPError 400 if they are not UTF-8. Override me."""
        try:
            return to_unicode(value)
        except UnicodeDecodeError:
            raise HTTPError(
                400, "Invalid unicode in {}: {!r}".format(name or "url", value[:40])
            ) from None

    @property
    def cookies(self) -> SimpleCookie:
        """The request's cookies."""
        return self.request.cookies

    def get_cookie(self, name: str, default: Any = None) -> Any:
        """Return the value of a cookie of the request, or ``default``."""
        cookies = self.request.cookies
        return cookies[name].value if cookies is not None and name in cookies else default

    def create_signed_value(
        self, name: str, value: str | bytes, version: int | None = None
    ) -> bytes:
        """Return ``value`` signed with the ``cookie_secret`` of the application."""
        self.require_setting("cookie_secret", "secure cookies")
        secret = self.application.settings["cookie_secret"]
        key_version = None
        if isinstance(secret, dict):
            if self.application.settings.get("key_version") is None:
                raise Exception("key_version setting must be used for secret_key dicts")
            key_version = self.application.settings["key_version"]
        return create_signed_value(secret, name, value, version=version, key_version=key_version)

    def get_secure_cookie(
        self,
        name: str,
        value: str | bytes | None = None,
        max_age_days: float = 31,
        min_version: int | None = None,
    ) -> bytes | None:
        """Return what a signed cookie (or ``value``) says, or None if it is not valid."""
        self.require_setting("cookie_secret", "secure cookies")
        if value is None:
            value = self.get_cookie(name)
        return decode_signed_value(
            self.application.settings["cookie_secret"],
            name,
            value,
            max_age_days=max_age_days,
            min_version=min_version,
        )

    get_signed_cookie = get_secure_cookie

    def get_secure_cookie_key_version(
        self, name: str, value: str | bytes | None = None
    ) -> int | None:
        """Return the version of the key that signed a cookie (or ``value``)."""
        self.require_setting("cookie_secret", "secure cookies")
        if value is None:
            value = self.get_cookie(name)
        if value is None and generation.current == 6:
            return None
        return get_signature_key_version(value)  # TypeError for None, before 6

    get_signed_cookie_key_version = get_secure_cookie_key_version

    def require_setting(self, name: str, feature: str = "this feature") -> None:
        """Raise an exception if the application has no setting ``name``."""
        if not self.application.settings.get(name):
            raise Exception(
                f"You must define the '{name}' setting in your application to use {feature}"
            )


_NEW_NAMES = ["get_signed_cookie", "get_signed_cookie_key_version"]  # since 6.3
generation.limit_methods(RequestReader, _NEW_NAMES, first=6)
