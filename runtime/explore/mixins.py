"""Handlers made of classes that are none themselves, but have methods of handlers: mixins.

What they are mixed into is somebody else's business; the plainest handler shows what they do.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from types import ModuleType
from typing import Any

from ..web import RequestHandler


def mixed_in(
    classes: dict[str, type], marked: Iterable[str], module: ModuleType
) -> dict[str, type]:
    """Put a handler in the place of each such class, by name; return the classes themselves.

    ``marked``: dotted names of methods that are decorated as a handler's. The handlers are left in
    ``module``, below names that no code can have, so that their state is watched.
    """
    mixins: dict[str, type] = {}
    for name in sorted({each.rpartition(".")[0] for each in marked} & classes.keys()):
        kind = classes[name]
        if issubclass(kind, RequestHandler):
            continue
        body = {"__module__": module.__name__, "__qualname__": kind.__qualname__}
        with suppress(TypeError):  # of its metaclass, or of ``__init_subclass__``
            make: Any = type(kind)
            made = make(kind.__name__, (kind, RequestHandler), body)
            mixins[name], classes[name] = kind, made
            module.__dict__[f"{name} in a handler"] = made
    return mixins
