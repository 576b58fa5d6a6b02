"""The guarded world of the code under check: builtins and the modules with side effects.

Every module of the standard library has a status, which ``status`` tells: *real* (it computes),
*guarded* (a module here answers in its place: the clock, ``random``, ``os``, threads), or
*stand-in* (everything that would reach outside: sockets, processes, files).
"""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import ModuleType
from typing import Any

from . import aio, clock, machine, patterns, threads
from .circumstances import now
from .elapsed import SECONDS
from .instrument import CLASS, LINES, STEP
from .ordered import OrderedSet
from .shown import Text, arguments, shown
from .standin import Standin, part
from .steps import step

_COMPUTING = """
__future__ abc argparse array ast base64 binascii bisect builtins bz2 calendar cgi cmath codecs
collections colorsys configparser contextlib contextvars copy copyreg csv dataclasses decimal
difflib dis email encodings enum errno fnmatch fractions functools gc getopt gettext graphlib gzip
hashlib heapq hmac html http imghdr inspect io ipaddress itertools json keyword linecache locale
logging lzma marshal math mimetypes numbers opcode operator optparse pickle pkgutil platform
plistlib posixpath pprint quopri reprlib sched shlex stat statistics string stringprep struct
symtable textwrap token tokenize types typing unicodedata unittest urllib uu warnings weakref xml
zipfile zlib zoneinfo
"""
REAL = frozenset(_COMPUTING.split())
"""Modules that compute and leave the world alone."""

_RENAMED = {
    "urlparse": "urllib.parse", "cPickle": "pickle", "StringIO": "io", "cStringIO": "io",
    "ConfigParser": "configparser", "HTMLParser": "html.parser", "Cookie": "http.cookies",
    "simplejson": "json", "ujson": "json", "cjson": "json", "__builtin__": "builtins",
}  # fmt: skip
"""Modules of Python 2, and other writers of JSON: the module that does the same today."""

_GUARDED: Mapping[str, Callable[[], ModuleType]] = {
    "time": clock.time_module,
    "datetime": clock.datetime_module,
    "random": machine.random_module,
    "uuid": machine.uuid_module,
    "secrets": machine.secrets_module,
    "os": machine.os_module,
    "os.path": machine.path_module,
    "sys": machine.sys_module,
    "asyncio": aio.asyncio_module,
    "concurrent": machine.concurrent_module,
    "concurrent.futures": machine.futures_module,
    "re": patterns.re_module,
    "threading": threads.threading_module,
    "traceback": machine.traceback_module,
    "urllib": machine.urllib_module,
}


def status(name: str) -> str:
    """``"real"``, ``"guarded"`` or ``"stand-in"``: what the module ``name`` is under check."""
    if name in _GUARDED:
        return "guarded"
    name = _RENAMED.get(name, name)
    if name.startswith(("http.client", "http.server", "urllib.request", "logging.config")):
        return "stand-in"
    return "real" if name.partition(".")[0] in REAL else "stand-in"


@lru_cache(maxsize=512)
def guarded_module(name: str) -> Any:
    """What ``import name`` gives for a module of the standard library, else ``None``."""
    if name in _GUARDED:
        return _GUARDED[name]()
    renamed = _RENAMED.get(name)
    top = (renamed or name).partition(".")[0]
    if top not in sys.stdlib_module_names:
        return None
    if status(name) == "stand-in":
        return Standin.named(name)
    try:
        return importlib.import_module(renamed or name)
    except ImportError:
        return Standin.named(name)


def guarded_builtins(
    import_: Callable[..., Any],
    lines: dict[int, None],
    found_class: Callable[[type], None],
    unknown: frozenset[str],
) -> dict[str, Any]:
    """The builtins for one module: guarded, with ``unknown`` global names as stand-ins.

    ``lines`` takes the lines that run, ``found_class`` hears of classes that functions define.
    """
    names = dict(_BUILTINS)
    for name in unknown:
        if name not in names:
            names[name] = part(name)
    names["__import__"] = import_
    names[LINES] = lines
    names[CLASS] = found_class
    return names


def _asked(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """``isinstance`` or ``issubclass``; with a stand-in on either side the answer is a choice."""

    def answer(value: Any, kinds: Any) -> bool:
        group = kinds if isinstance(kinds, tuple) else (kinds,)
        known = tuple(kind for kind in group if type(kind) is not Standin)
        if type(value) is not Standin:
            if test(value, known):
                return True
            if len(known) == len(group):
                return False
        names = ", ".join(shown(kind) for kind in group)
        asked = f"{test.__name__}({shown(value)}, {names})"
        return now().settle(asked, ("false", "true")) == 1

    return answer


def _hasattr(value: object, name: str) -> bool:
    if type(value) is Standin:
        return now().settle(f"hasattr({shown(value)}, {name!r})", ("true", "false")) == 0
    return hasattr(value, name)


def _print(*values: object, **options: Any) -> None:
    now().record("print", "print", Text(arguments(values, {})))


_BUILTINS: dict[str, Any] = {
    **builtins.__dict__,
    STEP: step,
    SECONDS: clock.seconds,
    "isinstance": _asked(isinstance),
    "issubclass": _asked(issubclass),
    "hasattr": _hasattr,
    "print": _print,
    "set": OrderedSet,
    "open": Standin.named("open"),
    "input": Standin.named("input"),
    "breakpoint": Standin.named("breakpoint"),
    # Python 2 names that code written for both has behind a check of the version
    "unicode": str,
    "basestring": str,
    "long": int,
    "unichr": chr,
    "xrange": range,
    "raw_input": Standin.named("raw_input"),
}
