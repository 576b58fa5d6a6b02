"""``tornado.web``: handlers, applications and what decorates them."""

from __future__ import annotations

from . import generation
from ._application import Application
from ._decorators import addslash, asynchronous, authenticated, removeslash, stream_request_body
from ._handler import RequestHandler
from ._rendering import TemplateModule, UIModule
from ._routes import URLSpec
from ._signed import (
    DEFAULT_SIGNED_VALUE_MIN_VERSION,
    DEFAULT_SIGNED_VALUE_VERSION,
    MAX_SUPPORTED_SIGNED_VALUE_VERSION,
    MIN_SUPPORTED_SIGNED_VALUE_VERSION,
    _create_signature_v1,
    _create_signature_v2,
    create_signed_value,
    decode_signed_value,
    get_signature_key_version,
)
from ._weberrors import Finish, HTTPError, MissingArgumentError
from ._webhandlers import (
    ErrorHandler,
    FallbackHandler,
    GZipContentEncoding,
    OutputTransform,
    RedirectHandler,
    StaticFileHandler,
)
from .log import access_log, app_log, gen_log

__all__ = [
    "DEFAULT_SIGNED_VALUE_MIN_VERSION",
    "DEFAULT_SIGNED_VALUE_VERSION",
    "MAX_SUPPORTED_SIGNED_VALUE_VERSION",
    "MIN_SUPPORTED_SIGNED_VALUE_VERSION",
    "Application",
    "ErrorHandler",
    "FallbackHandler",
    "Finish",
    "GZipContentEncoding",
    "HTTPError",
    "MissingArgumentError",
    "OutputTransform",
    "RedirectHandler",
    "RequestHandler",
    "StaticFileHandler",
    "TemplateModule",
    "UIModule",
    "URLSpec",
    "_create_signature_v1",
    "_create_signature_v2",
    "access_log",
    "addslash",
    "app_log",
    "asynchronous",
    "authenticated",
    "create_signed_value",
    "decode_signed_value",
    "gen_log",
    "get_signature_key_version",
    "removeslash",
    "stream_request_body",
    "url",
]

url = URLSpec

generation.limit(globals(), ["asynchronous"], last=5)
