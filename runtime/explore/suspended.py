"""Where a run stands still at its end: the coroutines that nobody will resume."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from types import CoroutineType, GeneratorType


def waiting(locate: Mapping[str, str]) -> tuple[str, ...]:
    """The suspended generators and coroutines of a version, as ``"app.py:12 in get"``.

    ``locate`` maps the file names of its code objects to shown paths. Looks at every object there
    is, so it is for runs that are shown to a person. Nothing may be collected before, because what
    nobody will resume is often what nobody holds.
    """
    found = set()
    for thing in gc.get_objects():
        if isinstance(thing, GeneratorType):
            frame, code = thing.gi_frame, thing.gi_code
        elif isinstance(thing, CoroutineType):
            frame, code = thing.cr_frame, thing.cr_code
        else:
            continue
        path = locate.get(code.co_filename)
        if frame is not None and path is not None:
            found.add(f"{path}:{frame.f_lineno} in {code.co_name}")
    return tuple(sorted(found))
