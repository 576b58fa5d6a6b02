"""The machine around the code under check: ``os``, ``sys``, ``random``, ``uuid``, executors."""

from __future__ import annotations

import builtins
import os as real_os
import random as real_random
import sys as real_sys
import traceback as real_traceback
import urllib.parse
import uuid as real_uuid
from collections.abc import Iterator, MutableMapping
from types import ModuleType
from typing import Any

from .. import _futures, concurrent
from .circumstances import now
from .shown import Text
from .standin import Standin, part

_DRAWS = (0.5, 0.0, 0.999999)
DRAWN = frozenset({"random", "random text", "uuid"})
"""What ``Circumstances.counts`` calls things of which no two are alike."""


class Guarded(ModuleType):
    """A module of which only some names are real; the others are parts of the outside."""

    def __init__(self, name: str, real: dict[str, Any]) -> None:
        super().__init__(name)
        self.__dict__.update(real)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return part(f"{self.__name__}.{name}")


class _Random(real_random.Random):
    """Every draw is a choice: the middle, the low end, the high end."""

    def random(self) -> float:
        here = now()
        return _DRAWS[here.ask(here.nth("random"), ("middle", "low", "high"))]

    def seed(self, *args: Any, **kwargs: Any) -> None:
        """Seeding changes nothing: each draw is asked for."""

    def __reduce__(self) -> Any:
        return _Random, ()


def random_module() -> ModuleType:
    """``random`` whose draws are choices."""
    source = _Random()
    names = {name: getattr(source, name) for name in real_random.__all__ if hasattr(source, name)}
    names.update(Random=_Random, SystemRandom=_Random)
    return Guarded("random", names)


def _number(kind: str) -> int:
    """1 for the first number of a kind in this run, 2 for the second."""
    here = now()
    here.hold(f"what is in a {kind}: they are numbered")
    here.counts[kind] = here.counts.get(kind, 0) + 1
    return here.counts[kind]


def uuid_module() -> ModuleType:
    """``uuid`` whose random identifiers are numbered."""

    def identifier(*_: Any) -> real_uuid.UUID:
        return real_uuid.UUID(int=(0x4 << 76) | (0x8 << 60) | _number("uuid"))

    names = {name: value for name, value in vars(real_uuid).items() if not name.startswith("_")}
    return Guarded("uuid", {**names, "uuid1": identifier, "uuid4": identifier})


def _bytes(count: int | None = None) -> bytes:
    return _number("random text").to_bytes(count or 32, "big") if count != 0 else b""


def secrets_module() -> ModuleType:
    """``secrets`` whose tokens are numbered."""
    import hmac

    return Guarded(
        "secrets",
        {
            "token_bytes": _bytes,
            "token_hex": lambda count=None: _bytes(count).hex(),
            "token_urlsafe": lambda count=None: _bytes(count).hex(),
            "compare_digest": hmac.compare_digest,
            **{name: getattr(_Random(), name) for name in ("choice",)},
        },
    )


class _Environ(MutableMapping[str, str]):
    """Environment variables: present or absent is a choice."""

    def __getitem__(self, name: str) -> str:
        here = now()
        written = here.attributes.get(("os.environ", name))
        if isinstance(written, str):
            return written
        here.hold(f"the value of environment variable {name}, but for those tried")
        values = ["1", *here.harvest.texts(name)]
        key = f"environment variable {name}"
        if not here.live:
            here.fixed.add(name)
        if name in here.fixed and key not in here.answers:
            here.hold(f"{key}, which is read at import")
            return values[0]
        taken = here.settle(key, [*map(repr, values), "absent"])
        if taken == len(values):
            raise KeyError(name)
        return values[taken]

    def __setitem__(self, name: str, value: str) -> None:
        here = now()
        here.record("set", f"os.environ[{name!r}]", value)
        here.attributes["os.environ", name] = value

    def __delitem__(self, name: str) -> None:
        now().record("delete", f"os.environ[{name!r}]")

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


_PURE_PATH = """
basename commonpath commonprefix dirname expanduser expandvars isabs join normcase normpath relpath
split splitdrive splitext sep pardir curdir altsep extsep pathsep
"""


def path_module() -> ModuleType:
    """``os.path``: names of files are computed, files are stand-ins."""
    names = {name: getattr(real_os.path, name) for name in _PURE_PATH.split()}
    names["realpath"] = real_os.path.normpath
    names["abspath"] = lambda path: real_os.path.normpath(real_os.path.join("/", path))
    return Guarded("os.path", names)


def os_module() -> ModuleType:
    """``os`` with stand-ins for whatever touches files and processes."""
    environ = _Environ()
    return Guarded("os", {
        "path": path_module(),
        "environ": environ,
        "getenv": environ.get,
        "getpid": lambda: 4242,
        "urandom": _bytes,
        "getcwd": lambda: "/",
        "error": OSError,
        **{name: getattr(real_os, name) for name in ("sep", "linesep", "name", "pathsep", "curdir",
           "pardir", "extsep", "devnull", "fspath", "fsencode", "fsdecode", "PathLike", "O_RDONLY",
           "O_WRONLY", "O_CREAT", "SEEK_SET", "SEEK_END")},
    })  # fmt: skip


class _Output:
    """``sys.stdout`` and ``sys.stderr``: what is written to them is an effect."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def write(self, text: str) -> int:
        now().record("print", self._name, text)
        return len(text)

    def flush(self) -> None:
        """Nothing is buffered."""

    def isatty(self) -> bool:
        return False


class _Modules(dict[str, Any]):
    """``sys.modules``: everything is imported, nothing is real."""

    def __missing__(self, name: str) -> Any:
        return Standin.named(f"sys.modules[{name!r}]")


_OF_SYS = """
byteorder exc_info exit float_info getrecursionlimit getsizeof hexversion implementation int_info
intern maxsize maxunicode platform version version_info getdefaultencoding getfilesystemencoding
prefix executable copyright api_version getrefcount flags
"""


def sys_module() -> ModuleType:
    """``sys`` without the parts that change the interpreter."""
    shared = _OF_SYS.split()
    names = {name: getattr(real_sys, name) for name in shared if hasattr(real_sys, name)}
    names.update(
        argv=["app"],
        path=[],
        modules=_Modules(builtins=builtins),
        maxint=real_sys.maxsize,
        stdout=_Output("sys.stdout"),
        stderr=_Output("sys.stderr"),
        stdin=Standin.named("sys.stdin"),
    )
    return Guarded("sys", names)


def futures_module() -> ModuleType:
    """``concurrent.futures`` with executors on virtual time."""
    return Guarded(
        "concurrent.futures",
        {
            "ThreadPoolExecutor": concurrent.VirtualExecutor,
            "ProcessPoolExecutor": concurrent.VirtualExecutor,
            "Executor": concurrent.VirtualExecutor,
            "Future": _futures.Future,
        },
    )


def concurrent_module() -> ModuleType:
    """``concurrent``, the package around it."""
    return Guarded("concurrent", {"futures": futures_module(), "__path__": []})


def urllib_module() -> ModuleType:
    """``urllib`` with what Python 2 had there."""
    names = {name: getattr(urllib.parse, name) for name in urllib.parse.__all__}
    return Guarded("urllib", {**names, "parse": urllib.parse, "__path__": []})


def traceback_module() -> ModuleType:
    """``traceback`` that shows exceptions without frames, which are a matter of spelling."""

    def texts(*args: Any, **_: Any) -> list[str]:
        now().hold("the frames of tracebacks")
        error = next((each for each in args if isinstance(each, BaseException)), None)
        return real_traceback.format_exception_only(type(error), error) if error else []

    def current(*_: Any, **__: Any) -> str:
        return "".join(texts(real_sys.exc_info()[1]))

    def print_current(*_: Any, **__: Any) -> None:
        now().record("print", "traceback", Text(current()))

    def no_frames(*_: Any, **__: Any) -> list[Any]:
        now().hold("the frames of tracebacks")
        return []

    frames = ("extract_stack", "extract_tb", "format_stack", "format_tb", "format_list")
    return Guarded(
        "traceback",
        {
            **dict.fromkeys(frames, no_frames),
            "format_exc": current,
            "format_exception": texts,
            "format_exception_only": texts,
            "print_exc": print_current,
            "print_exception": print_current,
            "print_stack": lambda *_, **__: None,
        },
    )
