"""Signing requests as OAuth 1.0 wants it (RFC 5849 section 3.4)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from ._entropy import random_bytes
from .escape import utf8

__all__ = ["signed_parameters"]


def signed_parameters(
    consumer: Mapping[str, str],
    token: Mapping[str, str],
    method: str,
    url: str,
    parameters: Mapping[str, Any],
    escape_secrets: bool = True,
) -> dict[str, str]:
    """Return the ``oauth_*`` parameters of a request, the signature among them.

    ``consumer`` and ``token`` have ``key`` and ``secret``; 1.0 (``escape_secrets`` false) signs
    with the secrets as they are, 1.0a escapes them.
    """
    own = {
        "oauth_consumer_key": consumer["key"],
        "oauth_token": token["key"],
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(time.time())),
        "oauth_nonce": random_bytes(16).hex(),
        "oauth_version": "1.0",
    }
    secrets = [consumer["secret"], token["secret"]]
    if escape_secrets:
        secrets = [_escaped(secret) for secret in secrets]
    base = _base_string(method, url, {**own, **parameters})
    digest = hmac.new(utf8("&".join(secrets)), utf8(base), hashlib.sha1).digest()
    own["oauth_signature"] = base64.b64encode(digest).decode()
    return own


def _base_string(method: str, url: str, parameters: Mapping[str, Any]) -> str:
    parts = urlsplit(url)
    address = f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path}"
    pairs = [f"{name}={_escaped(value)}" for name, value in sorted(parameters.items())]
    return "&".join([method.upper(), _escaped(address), _escaped("&".join(pairs))])


def _escaped(value: Any) -> str:
    return quote(utf8(value if isinstance(value, (str, bytes)) else str(value)), safe="~")
