"""Small helpers of ``tornado.util`` that applications and the other modules use."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from importlib import import_module
from typing import Any, NoReturn

from . import generation

PY3 = True
unicode_type = str
basestring_type = str
bytes_type = bytes


class _TimeoutError(Exception):
    """An operation took too long (the one TimeoutError of Tornado 5; 6 has the built-in one)."""


_TimeoutError.__name__ = _TimeoutError.__qualname__ = "TimeoutError"
generation.vary(globals(), "TimeoutError", {5: _TimeoutError, 6: asyncio.TimeoutError})


class ObjectDict(dict[str, Any]):
    """A dictionary whose keys are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


def import_object(name: str) -> Any:
    """Return the object with a dotted ``name``: ``import_object("os.path.join")``.

    Raises ``ImportError`` when there is no such module or attribute.
    """
    if "." not in name:
        return import_module(name)
    module_name, _, attribute = name.rpartition(".")
    module = import_module(module_name)
    try:
        return getattr(module, attribute)
    except AttributeError:
        try:
            return import_module(name)
        except ImportError:
            raise ImportError(f"No module named {attribute}") from None


def exec_in(code: Any, glob: dict[str, Any], loc: Mapping[str, Any] | None = None) -> None:
    """Execute source text or a code object in the namespaces given."""
    if isinstance(code, str):
        code = compile(code, "<string>", "exec", dont_inherit=True)
    exec(code, glob, loc)


def raise_exc_info(exc_info: Sequence[Any]) -> NoReturn:
    """Raise the exception of a ``sys.exc_info()`` triple with its traceback."""
    try:
        raise exc_info[1].with_traceback(exc_info[2])
    finally:
        del exc_info


def errno_from_exception(e: BaseException) -> int | None:
    """Return the ``errno`` of an exception, or its first argument, or ``None``."""
    number = getattr(e, "errno", None)
    if number is None and e.args:
        number = e.args[0]
    return number


_ALPHANUMERIC = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def re_unescape(s: str) -> str:
    """Undo ``re.escape``; ``ValueError`` for a pattern that it cannot have made."""

    def plain(match: re.Match[str]) -> str:
        if match.group(1) in _ALPHANUMERIC:
            raise ValueError(f"cannot unescape {match.group(0)!r}")
        return match.group(1)

    return re.sub(r"\\(.)", plain, s, flags=re.DOTALL)


def timedelta_to_seconds(td: timedelta) -> float:
    """Return the length of ``td`` in seconds."""
    return td.total_seconds()


class Configurable:
    """A class whose constructor makes an instance of a subclass that can be chosen.

    A base class names itself in :meth:`configurable_base` and its usual implementation in
    :meth:`configurable_default`; instances set themselves up in :meth:`initialize`.
    """

    _implementation: type[Any] | None = None
    _settings: dict[str, Any] | None = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Return an instance of the implementation chosen by :meth:`configure`."""
        base = cls.configurable_base()
        settings: dict[str, Any] = {}
        implementation: type[Any] = cls
        if cls is base:
            implementation = cls.configured_class()
            settings.update(base._settings or {})
        settings.update(kwargs)
        if implementation is not cls and implementation.configurable_base() is not base:
            return implementation(*args, **settings)
        instance = super().__new__(implementation)
        instance.initialize(*args, **settings)
        return instance

    @classmethod
    def configurable_base(cls) -> type[Any]:
        """Return the class at which the choice is made."""
        raise NotImplementedError

    @classmethod
    def configurable_default(cls) -> type[Any]:
        """Return the implementation in use when none was chosen."""
        raise NotImplementedError

    def initialize(self) -> None:
        """Set the new instance up; takes the place of ``__init__``."""

    @classmethod
    def configure(cls, impl: Any, **kwargs: Any) -> None:
        """Choose the implementation, a class or its dotted name, and keyword defaults for it."""
        base = cls.configurable_base()
        if isinstance(impl, str):
            impl = import_object(impl)
        if impl is not None and not issubclass(impl, cls):
            raise ValueError(f"Invalid subclass of {cls}")
        base._implementation = impl
        base._settings = kwargs

    @classmethod
    def configured_class(cls) -> type[Any]:
        """Return the implementation chosen, or the default."""
        base = cls.configurable_base()
        if base._implementation is None:
            base._implementation = cls.configurable_default()
        chosen: type[Any] = base._implementation
        return chosen

    @classmethod
    def _save_configuration(cls) -> tuple[type[Any] | None, dict[str, Any] | None]:
        base = cls.configurable_base()
        return base._implementation, base._settings

    @classmethod
    def _restore_configuration(cls, saved: tuple[type[Any] | None, dict[str, Any] | None]) -> None:
        base = cls.configurable_base()
        base._implementation, base._settings = saved


class ArgReplacer:
    """Finds and replaces one argument of calls to a function, wherever the caller puts it."""

    def __init__(self, func: Callable[..., Any], name: str) -> None:
        """Look for the parameter ``name`` of ``func``."""
        self.name = name
        self.arg_pos: int | None = None
        code = getattr(inspect.unwrap(func), "__code__", None)
        if code is not None:
            names = code.co_varnames[: code.co_argcount]
            if name in names:
                self.arg_pos = names.index(name)

    def get_old_value(
        self, args: Sequence[Any], kwargs: Mapping[str, Any], default: Any = None
    ) -> Any:
        """Return the argument of a call, ``default`` if it was not given."""
        if self.arg_pos is not None and len(args) > self.arg_pos:
            return args[self.arg_pos]
        return kwargs.get(self.name, default)

    def replace(
        self, new_value: Any, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> tuple[Any, Sequence[Any], dict[str, Any]]:
        """Return the old value and the arguments of the call with ``new_value`` in its place."""
        if self.arg_pos is not None and len(args) > self.arg_pos:
            replaced = list(args)
            old, replaced[self.arg_pos] = replaced[self.arg_pos], new_value
            return old, replaced, kwargs
        old = kwargs.get(self.name)
        kwargs[self.name] = new_value
        return old, args, kwargs
