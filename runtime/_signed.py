"""Signed values: text that a client may keep but not change.

Two formats, both Tornado's: version 1 is ``base64|timestamp|hmac-sha1``, version 2 (since 3.2.1) is
``2|key version|timestamp|name|base64 value|hmac-sha256`` with ``length:`` before every field.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .escape import utf8
from .log import gen_log

__all__ = [
    "DEFAULT_SIGNED_VALUE_MIN_VERSION",
    "DEFAULT_SIGNED_VALUE_VERSION",
    "MAX_SUPPORTED_SIGNED_VALUE_VERSION",
    "MIN_SUPPORTED_SIGNED_VALUE_VERSION",
    "create_signed_value",
    "decode_signed_value",
    "get_signature_key_version",
]

MIN_SUPPORTED_SIGNED_VALUE_VERSION = 1
MAX_SUPPORTED_SIGNED_VALUE_VERSION = 2
DEFAULT_SIGNED_VALUE_VERSION = 2
DEFAULT_SIGNED_VALUE_MIN_VERSION = 1

_DAY = 86400
_VERSIONED = re.compile(rb"([1-9][0-9]*)\|")

Secret = str | bytes | Mapping[int, str | bytes]


class _Fields(NamedTuple):
    """The fields of a version 2 value, and the part of it that its signature covers."""

    key_version: int
    timestamp: bytes
    name: bytes
    value: bytes
    signature: bytes
    signed: bytes


def create_signed_value(
    secret: Secret,
    name: str,
    value: str | bytes,
    version: int | None = None,
    clock: Callable[[], float] | None = None,
    key_version: int | None = None,
) -> bytes:
    """Return ``value`` signed for ``name``; ``clock`` gives the seconds since 1970.

    ``secret`` may be a mapping of key versions to secrets; then ``key_version`` says which signs.
    Raises ValueError for a ``version`` that is neither 1 nor 2.
    """
    version = DEFAULT_SIGNED_VALUE_VERSION if version is None else version
    timestamp = utf8(str(int((clock or time.time)())))
    encoded = base64.b64encode(utf8(value))
    if version == 1:
        assert not isinstance(secret, Mapping)
        signature = _create_signature_v1(secret, name, encoded, timestamp)
        return b"|".join([encoded, timestamp, signature])
    if version != 2:
        raise ValueError(f"Unsupported version {version}")
    fields = [utf8(str(key_version or 0)), timestamp, utf8(name), encoded]
    signed = b"2|" + b"".join([b"%d:%b|" % (len(field), field) for field in fields])
    if isinstance(secret, Mapping):
        assert key_version is not None, "Key version must be set when sign key dict is used"
        secret = secret[key_version]
    return signed + _create_signature_v2(secret, signed)


def decode_signed_value(
    secret: Secret,
    name: str,
    value: str | bytes | None,
    max_age_days: float = 31,
    clock: Callable[[], float] | None = None,
    min_version: int | None = None,
) -> bytes | None:
    """Return what was signed for ``name``, or None if it is not valid or too old.

    Raises ValueError for a ``min_version`` above 2.
    """
    min_version = DEFAULT_SIGNED_VALUE_MIN_VERSION if min_version is None else min_version
    if min_version > 2:
        raise ValueError(f"Unsupported min_version {min_version}")
    if not value:
        return None
    raw = utf8(value)
    version = _version(raw)
    if version < min_version:
        return None
    oldest = (clock or time.time)() - max_age_days * _DAY
    if version == 1:
        assert not isinstance(secret, Mapping)
        return _decode_v1(secret, name, raw, oldest, clock or time.time)
    return _decode_v2(secret, name, raw, oldest) if version == 2 else None


def get_signature_key_version(value: str | bytes) -> int | None:
    """Return the key version of a version 2 value, None for anything else."""
    raw = utf8(value)
    if _version(raw) != 2:
        return None
    fields = _fields(raw)
    return fields.key_version if fields else None


def _version(value: bytes) -> int:
    """The format's version; a first field above 999 is a version 1 value that looks like one."""
    match = _VERSIONED.match(value)
    version = int(match.group(1)) if match else 1
    return version if version <= 999 else 1


def _decode_v1(
    secret: str | bytes, name: str, value: bytes, oldest: float, clock: Callable[[], float]
) -> bytes | None:
    parts = value.split(b"|")
    if len(parts) != 3:
        return None
    encoded, timestamp, signature = parts
    if not hmac.compare_digest(signature, _create_signature_v1(secret, name, encoded, timestamp)):
        gen_log.warning("Invalid cookie signature %r", value)
        return None
    if int(timestamp) < oldest:
        gen_log.warning("Expired cookie %r", value)
        return None
    if int(timestamp) > clock() + 31 * _DAY:
        # Digits may have moved from the value to the timestamp: the signature cannot tell.
        gen_log.warning("Cookie timestamp in future; possible tampering %r", value)
        return None
    if timestamp.startswith(b"0"):
        gen_log.warning("Tampered cookie %r", value)
        return None
    return _decoded(encoded)


def _decode_v2(secret: Secret, name: str, value: bytes, oldest: float) -> bytes | None:
    fields = _fields(value)
    if fields is None:
        return None
    if isinstance(secret, Mapping):
        if fields.key_version not in secret:
            return None
        secret = secret[fields.key_version]
    if not hmac.compare_digest(fields.signature, _create_signature_v2(secret, fields.signed)):
        return None
    if fields.name != utf8(name) or int(fields.timestamp) < oldest:
        return None
    return _decoded(fields.value)


def _fields(value: bytes) -> _Fields | None:
    rest = value[2:]
    found: list[bytes] = []
    try:
        for _ in range(4):
            length, colon, rest = rest.partition(b":")
            size = int(length)
            if not colon or rest[size : size + 1] != b"|":
                return None
            found.append(rest[:size])
            rest = rest[size + 1 :]
        key_version = int(found[0])
    except ValueError:
        return None
    signed = value[: len(value) - len(rest)]
    return _Fields(key_version, found[1], found[2], found[3], rest, signed)


def _decoded(value: bytes) -> bytes | None:
    try:
        return base64.b64decode(value)
    except Exception:
        return None


def _create_signature_v1(secret: str | bytes, *parts: Any) -> bytes:
    digest = hmac.new(utf8(secret), digestmod=hashlib.sha1)
    for part in parts:
        digest.update(utf8(part))
    return utf8(digest.hexdigest())


def _create_signature_v2(secret: str | bytes, signed: bytes) -> bytes:
    return utf8(hmac.new(utf8(secret), utf8(signed), hashlib.sha256).hexdigest())
