"""Cookies whose name or value comes from outside: there it is one that a cookie can have.

The text of a stand-in says where it came from, and has characters in it that no cookie may have. To
let every such cookie fail would hide what the code does after it.
"""

from __future__ import annotations

import re
from typing import Any

from .._response import ResponseWriter
from ..escape import to_unicode
from .circumstances import now
from .standin import Standin

_NOT_IN_NAMES = re.compile(r"[^\w.-]+", re.ASCII)
_NOT_IN_VALUES = re.compile(r"[\x00-\x20]+")
_real_set_cookie = ResponseWriter.set_cookie


def set_cookie(self: Any, name: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
    """As ``RequestHandler.set_cookie``, for stand-ins too; a signed value has the name in it."""
    if type(name) is Standin:
        now().hold("names of cookies that come from outside, but for fitting ones")
        text = str.__str__(name)
        name = _NOT_IN_NAMES.sub("_", text).strip("_")
        value = value if type(value) is Standin else to_unicode(value).replace(text, name)
    if type(value) is Standin:
        now().hold("values of cookies that come from outside, but for fitting ones")
        value = _NOT_IN_VALUES.sub("_", str.__str__(value))
    return _real_set_cookie(self, name, value, *args, **kwargs)
