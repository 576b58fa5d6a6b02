"""The part of `RequestHandler` about who asks: user, login, locale, XSRF protection."""

from __future__ import annotations

import binascii
import hmac
import re
import time
from typing import TYPE_CHECKING, Any

from . import locale as locales
from ._arguments import RequestReader
from ._entropy import random_bytes
from ._response import ResponseWriter
from ._weberrors import HTTPError
from .escape import utf8, xhtml_escape
from .log import gen_log

if TYPE_CHECKING:
    from .locale import Locale

__all__ = ["Visitor"]

_TOKEN_VERSION = re.compile(rb"([1-9][0-9]*)\|")
Token = tuple[int | None, bytes | None, float | None]


class Visitor(RequestReader, ResponseWriter):
    """User, login, locale and the XSRF token of a request."""

    @property
    def current_user(self) -> Any:
        """The authenticated user, asked of `get_current_user` once; may be set."""
        if not hasattr(self, "_current_user"):
            self._current_user = self.get_current_user()
        return self._current_user

    @current_user.setter
    def current_user(self, value: Any) -> None:
        self._current_user = value

    def get_current_user(self) -> Any:
        """Return the user, or something false. Override me; a coroutine will not do."""
        return None

    def get_login_url(self) -> str:
        """Return the address of the login page: the ``login_url`` setting. Override me."""
        self.require_setting("login_url", "@tornado.web.authenticated")
        return str(self.application.settings["login_url"])

    @property
    def locale(self) -> Locale:
        """The user's locale, asked of `get_user_locale` once; may be set."""
        if not hasattr(self, "_locale"):
            self._locale = self.get_user_locale() or self.get_browser_locale()
        return self._locale

    @locale.setter
    def locale(self, value: Locale) -> None:
        self._locale = value

    def get_user_locale(self) -> Locale | None:
        """Return the authenticated user's locale, None for the browser's. Override me."""
        return None

    def get_browser_locale(self, default: str = "en_US") -> Locale:
        """Return the locale that the Accept-Language header likes best."""
        scores: list[tuple[str, float]] = []
        for language in self.request.headers.get("Accept-Language", "").split(","):
            code, *parameters = language.strip().split(";")
            score = 1.0
            if parameters and parameters[0].startswith("q="):
                try:
                    score = float(parameters[0][2:])
                except (ValueError, TypeError):
                    score = 0.0
            if code:
                scores.append((code, score))
        scores.sort(key=lambda pair: pair[1], reverse=True)
        return locales.get(*[code for code, _ in scores]) if scores else locales.get(default)

    @property
    def xsrf_token(self) -> bytes:
        """The XSRF token; asking for it sets the ``_xsrf`` cookie if the request has none."""
        if not hasattr(self, "_xsrf_token"):
            version, token, timestamp = self._get_raw_xsrf_token()
            assert token is not None
            wanted = self.application.settings.get("xsrf_cookie_version", 2)
            if wanted == 1:
                self._xsrf_token = binascii.b2a_hex(token)
            elif wanted == 2:
                self._xsrf_token = _masked(token, timestamp or 0)
            else:
                raise ValueError(f"unknown xsrf cookie version {wanted}")
            if version is None:
                days = 30 if self.current_user else None
                options = self.application.settings.get("xsrf_cookie_kwargs", {})
                self.set_cookie("_xsrf", self._xsrf_token, expires_days=days, **options)
        return self._xsrf_token

    def _get_raw_xsrf_token(self) -> Token:
        """The (version, token, timestamp) of the cookie, or a new token with version None."""
        if not hasattr(self, "_raw_xsrf_token"):
            cookie = self.get_cookie("_xsrf")
            version, token, timestamp = (
                self._decode_xsrf_token(cookie) if cookie else (None, None, None)
            )
            if token is None:
                version, token, timestamp = None, random_bytes(16), time.time()
            self._raw_xsrf_token: Token = (version, token, timestamp)
        return self._raw_xsrf_token

    def _decode_xsrf_token(self, cookie: str) -> Token:
        """The (version, token, timestamp) in ``cookie``, three times None if it is none."""
        try:
            raw = utf8(cookie)
            match = _TOKEN_VERSION.match(raw)
            if match is None:
                return 1, _version_1_token(raw), int(time.time())
            if int(match.group(1)) != 2:
                raise Exception("Unknown xsrf cookie version")
            _, mask, masked, timestamp = raw.split(b"|")
            token = _xor(binascii.a2b_hex(mask), binascii.a2b_hex(masked))
            return 2, token, int(timestamp)
        except Exception:
            gen_log.debug("Uncaught exception in _decode_xsrf_token", exc_info=True)
            return None, None, None

    def check_xsrf_cookie(self) -> None:
        """Raise HTTPError 403 unless the request repeats the token of its ``_xsrf`` cookie."""
        headers = self.request.headers
        token = (
            self.get_argument("_xsrf", None)
            or headers.get("X-Xsrftoken")
            or headers.get("X-Csrftoken")
        )
        if not token:
            raise HTTPError(403, "'_xsrf' argument missing from POST")
        _, given, _ = self._decode_xsrf_token(token)
        _, expected, _ = self._get_raw_xsrf_token()
        if not given:
            raise HTTPError(403, "'_xsrf' argument has invalid format")
        if not hmac.compare_digest(given, utf8(expected or b"")):
            raise HTTPError(403, "XSRF cookie does not match POST argument")

    def xsrf_form_html(self) -> str:
        """Return the hidden form field with the XSRF token."""
        return f'<input type="hidden" name="_xsrf" value="{xhtml_escape(self.xsrf_token)}"/>'


def _masked(token: bytes, timestamp: float) -> bytes:
    """A version 2 token: masked anew every time, so that compression does not give it away."""
    mask = random_bytes(4)
    hexed = [binascii.b2a_hex(mask), binascii.b2a_hex(_xor(mask, token))]
    return b"|".join([b"2", *hexed, utf8(str(int(timestamp)))])


def _xor(mask: bytes, data: bytes) -> bytes:
    return bytes([byte ^ mask[index % 4] for index, byte in enumerate(data)])


def _version_1_token(raw: bytes) -> bytes:
    try:
        return binascii.a2b_hex(raw)
    except (binascii.Error, TypeError):
        return raw
