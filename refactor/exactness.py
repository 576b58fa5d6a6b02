"""Does a callback look at what only the longer form of ``fetch`` keeps?"""

from __future__ import annotations

import libcst as cst

from . import cst as tree
from .callbacks import CallbackRef, takes
from .responses import handed_on
from .unit import Unit


def looks_closely(unit: Unit, ref: CallbackRef) -> bool:
    """Whether a callback may look at what ``raise_error=False`` does not keep (SEMANTICS 1).

    For Tornado 6, where a failure's response is made by hand: at its time.
    """
    if unit.options.tornado >= 6:
        return _times(unit, ref)
    if unit.file.index.names & {"effective_url", "time_info"}:
        return True
    mentions = unit.workspace.files.mentions
    elsewhere = bool(mentions("effective_url") or mentions("time_info"))
    if ref.function is None:
        return elsewhere
    given = {p.name.value for p in takes(ref, 1) or ()}
    handed = (a.value for a in tree.find(ref.function.body, cst.Arg))
    if elsewhere and any(isinstance(v, cst.Name) and v.value in given for v in handed):
        return True
    for node in tree.find(ref.function.body, cst.Attribute):
        path = tree.dotted(node) or ""
        head, _, rest = path.partition(".")
        if head in given and (rest == "request" or rest.startswith(("request.", "error.response"))):
            return True
    opens = (
        c
        for c in tree.find(ref.function.body, cst.Call)
        if tree.dotted(c.func) in {"getattr", "vars"}
    )
    return any(
        isinstance(a.value, cst.Name) and a.value.value in given for c in opens for a in c.args
    )


def _times(unit: Unit, ref: CallbackRef) -> bool:
    """Whether somebody may ask a response how long it took."""
    if ref.function is None or "request_time" in unit.file.index.names:
        return True
    params = takes(ref, 1)
    return params is None or handed_on(ref.function.body, {p.name.value for p in params})
