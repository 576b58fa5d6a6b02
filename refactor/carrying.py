"""What no form of a wait could carry over from a call with its callback."""

from __future__ import annotations

import libcst as cst

from . import cst as tree
from .bodies import is_generator
from .builtin_names import check_builtins
from .given_back import GivenBack
from .order import check_order
from .refusal import Refused
from .sites import Site
from .unit import Unit
from .unpacked import check_unpacked
from .workspace import Class


def check_site(unit: Unit, cls: Class, site: Site, first: str) -> None:
    """Refuse ``site`` for its arguments (UC205, UC213), a name (UC502), or its value (UC215).

    So is one whose lambda is a generator (UC209). ``first`` is the name of self at the call, in a
    method of ``cls``.
    """
    function = site.callback.function
    if isinstance(function, cst.Lambda) and is_generator(function):
        raise Refused("UC209", site.call, what=tree.code(function))
    check_order(site, first, unit.file.names)
    check_builtins(site, unit.file.names)
    check_unpacked(site, unit.workspace, unit.options.tornado)
    GivenBack(unit.workspace, cls, unit.catalogue).check(site, unit.file)
