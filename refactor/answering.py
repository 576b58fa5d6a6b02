"""Errors that today only reach the log, while the request stays open, and that get an answer now.

The future of a coroutine that nobody waits for keeps its error to itself, and Tornado 4 logs what a
callback of the auth mixins raises (SEMANTICS sections 2 and 3). Whoever waits instead answers the
request with the error, so each such place is told, and the check may find this and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from . import cst as tree
from .sites import Site
from .unit import Unit


def answered(unit: Unit, sites: Iterable[Site]) -> tuple[str, ...]:
    """A sentence for each function whose errors are answered from now on."""
    found: dict[str, None] = {}
    for site in sites:
        if site.argument is None and _dropped(unit, site):
            what = f"{tree.code(site.call.func)}()"
            found[f"an error in {what} is answered with 500 now; today the request hangs"] = None
        elif site.argument is not None and site.operation.form(5) == "auth":
            what = site.callback.name
            found[f"an error in {what} is answered now; today the request hangs on Tornado 4"] = (
                None
            )
    return tuple(found)


def _dropped(unit: Unit, site: Site) -> bool:
    """Whether the call may be a coroutine's already, so that its future was dropped."""
    func = site.call.func
    if not isinstance(func, cst.Attribute):
        return False
    targets = unit.delegates.methods.named(unit.file, func) or ()
    return any(unit.delegates.kind(each) == "coroutine" for each in targets)
