"""``fetch(url, callback=self.on_x, **options)``: what the unpacked dictionary must not hold.

The callback got a response whatever ``raise_error`` was. The converted call gives it by itself, and
given twice it would be a TypeError.
"""

from __future__ import annotations

import libcst as cst

from . import cst as tree
from .refusal import Refused
from .sites import Site
from .workspace import Parsed, Workspace

KEYWORD = "raise_error"


def check_unpacked(site: Site, workspace: Workspace, tornado: int) -> None:
    """Refuse (UC205) a fetch that may be given ``raise_error`` already.

    It may where code of the project makes that name a key; ``tornado`` is the target generation.
    """
    if site.operation.form(tornado) != "fetch" or not any(a.star == "**" for a in site.call.args):
        return
    files = (workspace.file(path) for path in workspace.files.mentions(KEYWORD))
    if any(file is not None and _makes_key(file) for file in files):
        raise Refused("UC205", site.call, what=site.operation.name)


def _makes_key(file: Parsed) -> bool:
    """Whether a module has the name as a text, or as a keyword of anything but ``fetch``."""
    for node in tree.walk(file.module):
        if isinstance(node, cst.SimpleString) and node.raw_value == KEYWORD:
            return True
        if isinstance(node, cst.Call) and not _is_fetch(node):
            given = (arg.keyword.value for arg in node.args if arg.keyword is not None)
            if KEYWORD in given:
                return True
    return False


def _is_fetch(call: cst.Call) -> bool:
    return isinstance(call.func, cst.Attribute) and call.func.attr.value == "fetch"
