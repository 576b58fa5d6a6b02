"""``tornado.auth``: logging in somewhere else is an operation; a user or a denial comes back.

The protocols (OpenID, OAuth) are not carried out: what they send is between Tornado and the
provider, and no handler sees it. A callback gets the user, or None and a warning in the log; a
Future gets the user or fails with `AuthError`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any
from urllib.parse import urlencode

from . import _current, _futures, _peers, choices, generation, stack_context
from ._oauth1 import signed_parameters
from ._operations import Answer, operate, refuse_callback
from .httpclient import AsyncHTTPClient
from .httputil import url_concat
from .log import gen_log
from .util import ArgReplacer

__all__ = [
    "AuthError",
    "FacebookGraphMixin",
    "GoogleOAuth2Mixin",
    "OAuth2Mixin",
    "OAuthMixin",
    "OpenIdMixin",
    "TwitterMixin",
]

Callback = Callable[[Any], Any] | None


class AuthError(Exception):
    """The provider denied what was asked of it."""


def _ask_provider(
    what: str, detail: Any, value: Any, denial: str, callback: Callback, *others: Answer
) -> Any:
    """Ask for a user or a document; ``denial`` is the text of the AuthError."""
    choices.record("auth", what, detail)
    _peers.hold(f"what {what} gives, but for the answers tried")
    denied = Answer("denied", error=lambda: AuthError(denial))
    future = operate(what, (Answer("granted", value), denied, *others))
    _tell(future, callback, what)
    return future


_EMPTY = Answer("granted, an empty document", {})


def _tell(future: Any, callback: Callback, what: str) -> None:
    """Let ``callback`` have the result of ``future``, or None."""
    if callback is None:
        return
    refuse_callback(what)
    give = partial(_give, callback)
    # On 4.4 the callback runs inside set_result, which logs what it raises: no error page.
    future.add_done_callback(give if generation.current == 4 else stack_context.wrap(give))


def _give(callback: Callable[[Any], Any], future: Any) -> None:
    """Call back with the result, or with None after a warning (SEMANTICS trap 56)."""
    try:
        result = future.result()
    except AuthError as error:
        gen_log.warning(str(error))
        result = None
    callback(result)


def _auth_return_future(f: Callable[..., Any]) -> Callable[..., Any]:
    """Give a method whose ``callback`` argument is a Future to resolve the face of an operation.

    What it returns is that Future, and it takes a callback as the mixins do (up to Tornado 5;
    private, but mixins outside Tornado use it). What the method raises, at once or in anything that
    it has scheduled, resolves the Future as long as it is open.
    """
    replacer = ArgReplacer(f, "callback")

    @wraps(f)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        future = _futures.Future()

        def handle(typ: Any, value: Any, tb: Any) -> bool:
            open_ = not future.done()
            if open_:
                future.resolve_with_exc_info((typ, value, tb))
            return open_

        callback, args, kwargs = replacer.replace(future, args, kwargs)  # type: ignore[assignment]
        _tell(future, callback, f.__name__)
        with stack_context.ExceptionStackContext(handle):
            f(*args, **kwargs)
        return future

    return wrapper


def _redirected(callback: Callable[[], Any] | None = None) -> Any:
    """What a redirect that needs no answer of the provider returns."""
    if callback is not None:
        callback()
    future = _futures.Future()
    future.set_result(None)
    return future


class _Client:
    """What all mixins have: the handler's methods, and the client they would use."""

    request: Any
    redirect: Any
    set_cookie: Any
    settings: Any
    require_setting: Any

    def get_auth_http_client(self) -> Any:
        """Return the client for the provider; nothing is sent with it."""
        return AsyncHTTPClient()


class OpenIdMixin(_Client):
    """OpenID with attribute exchange."""

    _OPENID_ENDPOINT = ""

    def authenticate_redirect(
        self,
        callback_uri: str | None = None,
        ax_attrs: Any = ("name", "email", "language", "username"),
        callback: Callable[[], Any] | None = None,
    ) -> Any:
        """Send the client to the provider."""
        back = callback_uri or self.request.uri
        arguments = {"openid.return_to": back, "openid.mode": "checkid_setup"}
        self.redirect(f"{self._OPENID_ENDPOINT}?{urlencode(arguments)}")
        return _redirected(callback)

    def get_authenticated_user(self, callback: Callback = None, http_client: Any = None) -> Any:
        """Ask whether the login holds; the user is a dict."""
        user = {
            "name": "First User",
            "first_name": "First",
            "last_name": "User",
            "email": "user@example.com",
            "locale": "en",
            "username": "user",
            "claimed_id": "http://example.com/user",
        }
        return _ask_provider(
            "get_authenticated_user", None, user, "Invalid OpenID response", callback
        )


class OAuthMixin(_Client):
    """OAuth 1.0 and 1.0a; a subclass says who the user is in ``_oauth_get_user_future``."""

    _OAUTH_AUTHORIZE_URL = ""
    _OAUTH_VERSION = "1.0a"

    def authorize_redirect(
        self,
        callback_uri: str | None = None,
        extra_params: dict[str, Any] | None = None,
        http_client: Any = None,
        callback: Callable[[], Any] | None = None,
    ) -> Any:
        """Get a request token and send the client to the provider with it."""
        url = self._OAUTH_AUTHORIZE_URL
        return self._redirect_with_token(url, callback_uri, callback, extra_params)

    def _redirect_with_token(
        self,
        url: str,
        callback_uri: str | None,
        callback: Callable[[], Any] | None,
        extra_params: dict[str, Any] | None = None,
    ) -> Any:
        choices.record("auth", "request token", (callback_uri, extra_params))
        refusal = "Could not get request token"
        answers = (Answer("token", "token"), Answer("refused", error=lambda: Exception(refusal)))
        token = operate("request token", answers)
        future = _futures.Future()

        def go(done: Any) -> None:
            try:
                self.set_cookie("_oauth_request_token", f"{done.result()}|secret")
                self.redirect(f"{url}?{urlencode({'oauth_token': done.result()})}")
                if callback is not None:
                    callback()
            except Exception as error:
                future.set_exception(error)
            else:
                future.set_result(None)

        token.add_done_callback(stack_context.wrap(go))
        return future

    def get_authenticated_user(self, callback: Callback = None, http_client: Any = None) -> Any:
        """Get the access token, then the user; the user is a dict with ``access_token``."""
        future = _futures.Future()
        _tell(future, callback, "get_authenticated_user")
        token = _ask_provider(
            "access token",
            None,
            {"key": "key", "secret": "secret"},
            "Could not get access token",
            None,
        )

        def with_token(done: Any) -> None:
            try:
                user = self._oauth_get_user_future(done.result())
            except Exception as error:
                future.set_exception(error)
            else:
                _current.loop().add_future(user, partial(with_user, done.result()))

        def with_user(access_token: Any, done: Any) -> None:
            error = done.exception()
            user: Any = done.result() if error is None else None
            if error is None and not user:
                error = AuthError("Error getting user")
            if error is not None:
                future.set_exception(error)
                return
            user["access_token"] = access_token
            future.set_result(user)

        token.add_done_callback(stack_context.wrap(with_token))
        return future

    def _oauth_consumer_token(self) -> dict[str, str]:
        """Return the key and the secret of the application. Override me."""
        raise NotImplementedError()

    def _oauth_get_user_future(self, access_token: dict[str, str]) -> Any:
        """Return a Future of the user. Override me, or (up to 5) ``_oauth_get_user``."""
        future = _futures.Future()
        self._oauth_get_user(access_token, future.set_result)
        return future

    def _oauth_get_user(self, access_token: dict[str, str], callback: Callable[[Any], Any]) -> Any:
        """Call back with the user. Override me."""
        raise NotImplementedError()

    def _oauth_request_parameters(
        self,
        url: str,
        access_token: dict[str, str],
        parameters: dict[str, Any] | None = None,
        method: str = "GET",
    ) -> dict[str, str]:
        """Return the signed OAuth parameters of a request."""
        consumer = self._oauth_consumer_token()
        escape = getattr(self, "_OAUTH_VERSION", "1.0a") == "1.0a"
        return signed_parameters(consumer, access_token, method, url, parameters or {}, escape)


class OAuth2Mixin(_Client):
    """OAuth 2.0."""

    _OAUTH_AUTHORIZE_URL = ""
    _OAUTH_ACCESS_TOKEN_URL = ""

    def authorize_redirect(
        self,
        redirect_uri: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        extra_params: dict[str, Any] | None = None,
        callback: Callable[[], Any] | None = None,
        scope: list[str] | None = None,
        response_type: str = "code",
    ) -> Any:
        """Send the client to the provider."""
        arguments: dict[str, Any] = {"response_type": response_type}
        if redirect_uri is not None:
            arguments["redirect_uri"] = redirect_uri
        if client_id is not None:
            arguments["client_id"] = client_id
        arguments.update(extra_params or {})
        if scope:
            arguments["scope"] = " ".join(scope)
        self.redirect(url_concat(self._OAUTH_AUTHORIZE_URL, arguments))
        return _redirected(callback)

    def _oauth_request_token_url(
        self,
        redirect_uri: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        code: str | None = None,
        extra_params: dict[str, Any] | None = None,
    ) -> str:
        """Return the address that turns a code into an access token."""
        given = {
            "redirect_uri": redirect_uri,
            "code": code,
            "client_id": client_id,
            "client_secret": client_secret,
        }
        arguments = {name: value for name, value in given.items() if value is not None}
        return url_concat(self._OAUTH_ACCESS_TOKEN_URL, {**arguments, **(extra_params or {})})

    def oauth2_request(
        self,
        url: str,
        callback: Callback = None,
        access_token: str | None = None,
        post_args: dict[str, Any] | None = None,
        **args: Any,
    ) -> Any:
        """Ask the provider's API; what it answers is a dict."""
        detail = {"access_token": access_token, "post_args": post_args, **args}
        denial = f"Error response HTTP 400: Bad Request fetching {url}"
        document = {"id": "1", "name": "x"}
        return _ask_provider(f"request {url}", detail, document, denial, callback, _EMPTY)


class TwitterMixin(OAuthMixin):
    """Twitter."""

    _OAUTH_AUTHORIZE_URL = "https://api.twitter.com/oauth/authorize"
    _OAUTH_AUTHENTICATE_URL = "https://api.twitter.com/oauth/authenticate"
    _TWITTER_BASE_URL = "https://api.twitter.com/1.1"

    def _oauth_consumer_token(self) -> dict[str, str]:
        """Return what the settings say."""
        for name in ("twitter_consumer_key", "twitter_consumer_secret"):
            self.require_setting(name, "Twitter OAuth")
        settings = self.settings
        return {
            "key": settings["twitter_consumer_key"],
            "secret": settings["twitter_consumer_secret"],
        }

    def _oauth_get_user_future(self, access_token: dict[str, str]) -> Any:
        """Ask Twitter who the user is."""
        user = {"id": 1, "name": "First User", "screen_name": "first", "username": "first"}
        return _ask_provider("verify credentials", None, user, "Error getting user", None)

    def authenticate_redirect(
        self, callback_uri: str | None = None, callback: Callable[[], Any] | None = None
    ) -> Any:
        """Get a request token and send the client to Twitter with it."""
        return self._redirect_with_token(self._OAUTH_AUTHENTICATE_URL, callback_uri, callback)

    def twitter_request(
        self,
        path: str,
        callback: Callback = None,
        access_token: dict[str, str] | None = None,
        post_args: dict[str, Any] | None = None,
        **args: Any,
    ) -> Any:
        """Ask Twitter's API for a path, without ``.json``."""
        url = path if path.startswith("http") else f"{self._TWITTER_BASE_URL}{path}.json"
        detail = {"access_token": access_token, "post_args": post_args, **args}
        denial = f"Error response HTTP 400: Bad Request fetching {url}"
        document = {"id": 1, "name": "x"}
        return _ask_provider(f"request {url}", detail, document, denial, callback, _EMPTY)


class GoogleOAuth2Mixin(OAuth2Mixin):
    """Google."""

    _OAUTH_AUTHORIZE_URL = "https://accounts.google.com/o/oauth2/auth"
    _OAUTH_SETTINGS_KEY = "google_oauth"

    def get_authenticated_user(
        self, redirect_uri: str, code: str, callback: Callback = None
    ) -> Any:
        """Turn the code into an access token; a dict with ``access_token``."""
        return _ask_provider(
            "get_authenticated_user",
            (redirect_uri, code),
            {"access_token": "token", "token_type": "Bearer", "expires_in": 3600},
            "Google auth error: HTTP 400: Bad Request",
            callback,
        )


class FacebookGraphMixin(OAuth2Mixin):
    """Facebook."""

    _OAUTH_AUTHORIZE_URL = "https://www.facebook.com/dialog/oauth?"
    _FACEBOOK_BASE_URL = "https://graph.facebook.com"

    def get_authenticated_user(
        self,
        redirect_uri: str,
        client_id: str,
        client_secret: str,
        code: str,
        callback: Callback = None,
        extra_fields: Any = None,
    ) -> Any:
        """Turn the code into a user; a dict with ``access_token`` and the fields asked for."""
        fields = {"id", "name", "first_name", "last_name", "locale", "picture", "link"}
        user: dict[str, Any] = {name: name for name in sorted(fields | set(extra_fields or ()))}
        user.update({"access_token": "token", "session_expires": "3600"})
        return _ask_provider(
            "get_authenticated_user",
            (redirect_uri, client_id, client_secret, code, sorted(extra_fields or ())),
            user,
            "Facebook auth error: HTTP 400: Bad Request",
            callback,
        )

    def facebook_request(
        self,
        path: str,
        callback: Callback = None,
        access_token: str | None = None,
        post_args: dict[str, Any] | None = None,
        **args: Any,
    ) -> Any:
        """Ask the Graph API for a path."""
        url = self._FACEBOOK_BASE_URL + path
        return self.oauth2_request(url, callback, access_token, post_args, **args)


generation.limit(globals(), ["_auth_return_future"], last=5)
