"""Values in a form that is the same for the same things on both sides."""

from __future__ import annotations

import re
from typing import Any


def describe(value: Any) -> Any:
    """Return ``value`` in a form that is the same for equal things on both sides."""
    if isinstance(value, BaseException):
        kind = "TimeoutError" if "Timeout" in type(value).__name__ else type(value).__name__
        return f"{kind}({', '.join(str(describe(a)) for a in value.args)})"
    if isinstance(value, (list, tuple)):
        return [describe(v) for v in value]
    if isinstance(value, dict):
        return {str(k): describe(v) for k, v in value.items()}
    if isinstance(value, str):
        value = re.sub(r"^[\w.<>]*\(\) takes ", "takes ", value)  # whose function it was
        return re.sub(r"<.*?>+", "<...>", value)
    if value is None or isinstance(value, (int, float, bool)):
        return value
    return "object"


def outcome(future: Any) -> Any:
    if not future.done():
        return "pending"
    try:
        return ["result", describe(future.result())]
    except BaseException as error:
        return ["error", describe(error)]
