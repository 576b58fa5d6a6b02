"""Options that modules define and the command line or a file sets (``tornado.options``)."""

from __future__ import annotations

import datetime
import os
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from .log import define_logging_options

_TIME_FORMATS = (
    "%a %b %d %H:%M:%S %Y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y%m%d %H:%M:%S",
    "%Y%m%d %H:%M",
    "%Y-%m-%d",
    "%Y%m%d",
    "%H:%M:%S",
    "%H:%M",
)
_UNITS = {
    "h": "hours",
    "hour": "hours",
    "hours": "hours",
    "m": "minutes",
    "min": "minutes",
    "minute": "minutes",
    "minutes": "minutes",
    "s": "seconds",
    "sec": "seconds",
    "second": "seconds",
    "seconds": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "d": "days",
    "day": "days",
    "days": "days",
    "w": "weeks",
    "week": "weeks",
    "weeks": "weeks",
}
_DURATION = re.compile(r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*([a-z]*)\s*", re.IGNORECASE)


class Error(Exception):
    """An option is defined twice, not defined, or has a value of the wrong form."""


def _parse_datetime(value: str) -> datetime.datetime:
    for form in _TIME_FORMATS:
        try:
            return datetime.datetime.strptime(value, form)
        except ValueError:
            continue
    raise Error(f"Unrecognized date/time format: {value!r}")


def _parse_timedelta(value: str) -> datetime.timedelta:
    total, position = datetime.timedelta(), 0
    while position < len(value):
        match = _DURATION.match(value, position)
        if match is None or (match.group(2) or "seconds").lower() not in _UNITS:
            raise Error(f"Unrecognized time span: {value!r}")
        unit = _UNITS[(match.group(2) or "seconds").lower()]
        total += datetime.timedelta(**{unit: float(match.group(1))})
        position = match.end()
    return total


def _parse_bool(value: str) -> bool:
    return value.lower() not in ("false", "0", "f")


_PARSERS: dict[Any, Callable[[str], Any]] = {
    datetime.datetime: _parse_datetime,
    datetime.timedelta: _parse_timedelta,
    bool: _parse_bool,
    str: str,
}


class _Option:
    """One option: what it may be, and what it is."""

    def __init__(
        self,
        name: str,
        default: Any,
        type: Any,
        help: str | None,
        metavar: str | None,
        multiple: bool,
        group: str,
        callback: Callable[[Any], Any] | None,
    ) -> None:
        self.name = name
        self.default = [] if default is None and multiple else default
        self.type = type
        self.help = help
        self.metavar = metavar
        self.multiple = multiple
        self.group_name = group
        self.callback = callback
        self.set_value: Any = None
        self.is_set = False

    def value(self) -> Any:
        return self.set_value if self.is_set else self.default

    def set(self, value: Any) -> None:
        if self.multiple and not isinstance(value, list):
            raise Error(f"Option {self.name!r} is required to be a list of {self._type_name()}")
        for item in value if self.multiple else [value]:
            if item is not None and not isinstance(item, self.type):
                raise Error(
                    f"Option {self.name!r} is required to be a {self._type_name()} "
                    f"({item.__class__!r} given)"
                )
        self._accept(value)

    def parse(self, text: str) -> Any:
        parse = _PARSERS.get(self.type, self.type)
        if not self.multiple:
            self._accept(parse(text))
        elif issubclass(self.type, int) and self.type is not bool:
            self._accept([number for part in text.split(",") for number in _range(part, parse)])
        else:
            self._accept([parse(part) for part in text.split(",")])
        return self.value()

    def _accept(self, value: Any) -> None:
        self.set_value = value
        self.is_set = True
        if self.callback is not None:
            self.callback(value)

    def _type_name(self) -> str:
        return str(self.type.__name__)


def _range(text: str, parse: Callable[[str], int]) -> list[int]:
    low, colon, high = text.partition(":")
    return list(range(parse(low), parse(high) + 1)) if colon else [parse(low)]


class OptionParser:
    """A collection of options, each an attribute."""

    _options: dict[str, _Option]

    def __init__(self) -> None:
        vars(self)["_options"] = {}
        vars(self)["_parse_callbacks"] = []
        self.define("help", type=bool, help="show this help information", callback=self._help)

    def __getattr__(self, name: str) -> Any:
        option = self._options.get(_normal(name))
        if option is None:
            raise AttributeError(f"Unrecognized option {name!r}")
        return option.value()

    def __setattr__(self, name: str, value: Any) -> None:
        option = self._options.get(_normal(name))
        if option is None:
            raise AttributeError(f"Unrecognized option {name!r}")
        option.set(value)

    def __iter__(self) -> Iterator[str]:
        return iter([option.name for option in self._options.values()])

    def __contains__(self, name: str) -> bool:
        return _normal(name) in self._options

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    def items(self) -> list[tuple[str, Any]]:
        """Return names and values."""
        return [(option.name, option.value()) for option in self._options.values()]

    def as_dict(self) -> dict[str, Any]:
        """Return the values by name."""
        return dict(self.items())

    def groups(self) -> set[str]:
        """Return the names of the groups."""
        return {option.group_name for option in self._options.values()}

    def group_dict(self, group: str) -> dict[str, Any]:
        """Return the values of one group, all if ``group`` is empty."""
        return {
            option.name: option.value()
            for option in self._options.values()
            if not group or option.group_name == group
        }

    def define(
        self,
        name: str,
        default: Any = None,
        type: Any = None,
        help: str | None = None,
        metavar: str | None = None,
        multiple: bool = False,
        group: str | None = None,
        callback: Callable[[Any], Any] | None = None,
    ) -> None:
        """Define an option; ``Error`` if there is one of that name.

        ``type`` is that of ``default``, else ``str``. Several values, separated by commas on the
        command line, make a list if ``multiple``. ``callback`` hears of every new value. The
        ``group`` is the file of the caller if none is given.
        """
        if _normal(name) in self._options:
            raise Error(f"Option {_normal(name)!r} already defined")
        if type is None:
            type = default.__class__ if default is not None and not multiple else str
        if group is None:
            file = sys._getframe(1).f_code.co_filename
            group = "" if file == __file__ else file
        option = _Option(name, default, type, help, metavar, multiple, group, callback)
        self._options[_normal(name)] = option

    def parse_command_line(self, args: list[str] | None = None, final: bool = True) -> list[str]:
        """Set options from ``args`` (``sys.argv``; the first is the program), return the rest.

        Raises ``Error`` for an option that is not defined or has no value.
        """
        args = sys.argv if args is None else args
        for position, arg in enumerate(args[1:], 1):
            if not arg.startswith("-"):
                return self._parsed(args[position:], final)
            if arg == "--":
                return self._parsed(args[position + 1 :], final)
            self._parse_argument(arg.lstrip("-"))
        return self._parsed([], final)

    def _parse_argument(self, arg: str) -> None:
        name, equals, text = arg.partition("=")
        option = self._options.get(_normal(name))
        if option is None:
            self.print_help()
            raise Error(f"Unrecognized command line option: {name!r}")
        if not equals:
            if option.type is not bool:
                raise Error(f"Option {name!r} requires a value")
            text = "true"
        option.parse(text)

    def parse_config_file(self, path: str, final: bool = True) -> None:
        """Run the Python file at ``path``; its names that are options set them."""
        config: dict[str, Any] = {"__file__": os.path.abspath(path)}
        with open(path, encoding="utf-8") as file:
            exec(compile(file.read(), path, "exec"), config)
        for name, value in config.items():
            if _normal(name) in self._options:
                self._options[_normal(name)].set(value)
        self._parsed([], final)

    def _parsed(self, rest: list[str], final: bool) -> list[str]:
        if final:
            self.run_parse_callbacks()
        return rest

    def print_help(self, file: TextIO | None = None) -> None:
        """Write a line for every option to ``file`` (standard error)."""
        file = file or sys.stderr
        print(f"Usage: {sys.argv[0]} [OPTIONS]\n\nOptions:\n", file=file)
        for option in sorted(self._options.values(), key=lambda option: option.name):
            prefix = f"--{_normal(option.name)}" + (f"={option.metavar}" if option.metavar else "")
            print(f"  {prefix:<30} {option.help or ''}", file=file)

    def _help(self, value: Any) -> None:
        if value:
            self.print_help()
            sys.exit(0)

    def add_parse_callback(self, callback: Callable[[], Any]) -> None:
        """Call ``callback()`` whenever options have been parsed."""
        vars(self)["_parse_callbacks"].append(callback)

    def run_parse_callbacks(self) -> None:
        """Call the callbacks of :meth:`add_parse_callback`."""
        for callback in vars(self)["_parse_callbacks"]:
            callback()

    def mockable(self) -> _Mockable:
        """Return a view of the options whose attributes ``mock.patch.object`` can replace."""
        return _Mockable(self)


class _Mockable:
    def __init__(self, options: OptionParser) -> None:
        vars(self)["_options"] = options
        vars(self)["_originals"] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self)["_options"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        vars(self)["_originals"].setdefault(name, getattr(self, name))
        setattr(vars(self)["_options"], name, value)

    def __delattr__(self, name: str) -> None:
        setattr(vars(self)["_options"], name, vars(self)["_originals"].pop(name))


def _normal(name: str) -> str:
    return name.replace("_", "-")


options = OptionParser()
define_logging_options(options)

define = options.define
parse_command_line = options.parse_command_line
parse_config_file = options.parse_config_file
print_help = options.print_help
add_parse_callback = options.add_parse_callback
