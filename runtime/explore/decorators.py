"""Decorators from the outside, applied while a module is executed.

Nobody knows what they do around the call, so that is a choice: pass everything through (the plain
case), drop the result (a future that nobody waits for), raise, or not call at all.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .circumstances import now
from .outside import OutsideError

_WAYS = ("passes the call through", "drops the result", "does not call", "raises")


def seen_through(name: str, decorated: Any) -> Any:
    """What the stand-in ``name`` makes of the function or class that it decorates."""
    if isinstance(decorated, type):
        return decorated
    function: Callable[..., Any] = decorated

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        here = now()
        key = here.nth(f"@{name} around {function.__name__}")
        here.record("call", f"@{name}", function.__name__)
        way = here.ask(key, _WAYS)
        if way == 3:
            raise OutsideError(f"@{name} failed")
        if way == 2:
            return None
        result = function(*args, **kwargs)
        return None if way == 1 else result

    return wrapper
