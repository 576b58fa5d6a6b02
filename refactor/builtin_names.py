"""Builtins that the written code uses: whoever gives such a name a meaning of his own stays."""

from __future__ import annotations

import libcst as cst

from .names import Names
from .refusal import Refused
from .sites import Site

USED = frozenset({"Exception", "StopIteration", "isinstance"})
LOGGED = USED | {"str"}
"""Those of the form for the auth mixins, which logs the error's text."""


def check_builtins(site: Site, names: Names) -> None:
    """Refuse (UC502) where a builtin is hidden around the call, or in the callback."""
    used = LOGGED if site.operation.form5 == "auth" else USED
    around = names.enclosing(site.call, cst.FunctionDef)
    for function in (around, site.callback.function):
        if isinstance(function, cst.FunctionDef | cst.Lambda):
            hidden = [each for each in sorted(used) if names.owner(function.body, each) is not None]
            if hidden:
                raise Refused("UC502", site.call, what=hidden[0])
