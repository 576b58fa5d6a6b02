"""Calls that keep a function for somebody else to call: containers, registries, threads.

What they get is no callback of an operation: it may be called never, often, or by another thread,
so no future stands for it (SEMANTICS traps 39, 52).
"""

from __future__ import annotations

import re

import libcst as cst

from .names import Names

_STARTERS = frozenset(
    {
        "threading.Thread",
        "threading.Timer",
        "_thread.start_new_thread",
        "thread.start_new_thread",
        "multiprocessing.Process",
    }
)
_CONTAINERS = frozenset({"append", "appendleft", "add", "push", "put", "put_nowait"})
_REGISTRIES = re.compile(
    r"on|on_.+|register|subscribe|psubscribe|observe|set_\w*callback"
    r"|(add|register|set)_\w*(listener|observer|subscriber|handler|hook|waiter)s?"
)


def kept(names: Names, call: cst.Call) -> str | None:
    """Who calls the function that ``call`` was given, in words; None for an ordinary call."""
    qualified = names.qualified(call.func, call)
    if qualified in _STARTERS:
        return f"a thread or process of '{qualified.rpartition('.')[2]}'"
    if not isinstance(call.func, cst.Attribute):
        return None
    name = call.func.attr.value
    alone = len(call.args) == 1 and call.args[0].keyword is None
    if (alone and name in _CONTAINERS) or _REGISTRIES.fullmatch(name):
        return f"whoever calls what '{name}' keeps"
    return None
