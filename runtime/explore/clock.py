"""The clock of the code under check: ``time`` and ``datetime`` show virtual time, in UTC."""

from __future__ import annotations

import datetime as real_datetime
import time as real_time
from types import ModuleType
from typing import Any

from .. import _current
from .circumstances import now
from .standin import Standin

_CLOCKS = frozenset(
    ("time.time", "time.monotonic", "datetime.now", "datetime.utcnow", "datetime.datetime.now",
     "datetime.datetime.utcnow")
)  # fmt: skip


def is_looked_at() -> bool:
    """Whether the code under check, in either version, looks at another clock than its loop's."""
    harvest = now().harvest
    return not _CLOCKS.isdisjoint(harvest.dotted) or "time.time" in harvest.imported


def seconds() -> float:
    """What the clock shows: seconds since 1970."""
    loop = _current.current.loop
    return loop.time() if loop is not None else 1_500_000_000.0


def read() -> float:
    """What the code sees when it looks: from the second time on, it may have got late."""
    here = now()
    here.hold("the clock, but for an hour that may pass")
    here.looked = _moment_of_run()
    here.looks += 1
    if here.together:  # which look comes after which is nobody's promise there
        here.hold("the clock, while requests that came at the same time are served")
    elif here.looks > 1 and here.ask(
        f"clock, look {here.looks}", ("no time has passed", "an hour")
    ):
        here.late += 3600.0
    return seconds() + here.late


def read_again() -> float:
    """The same, where nothing can have happened since the last look: no other question then."""
    here = now()
    unchanged = here.looks and here.looked == _moment_of_run()
    return seconds() + here.late if unchanged else read()


def _moment_of_run() -> tuple[float, int]:
    """Where the run stands: what the clock would show, and how many answers have come."""
    return seconds(), getattr(_current.current.loop, "deliveries", 0)


def _moment(given: float | None) -> real_time.struct_time:
    return real_time.gmtime(read() if given is None else given)


def _sleep(duration: float) -> None:
    """Blocking sleep: an effect, and the clock moves."""
    now().record("call", "time.sleep", duration)
    loop: Any = _current.current.loop
    if loop is not None and now().live and isinstance(duration, (int, float)):
        loop._now += duration


def time_module() -> ModuleType:
    """``time`` on virtual time."""
    made = ModuleType("time")
    made.__dict__.update(real_time.__dict__)
    for name in ("time", "monotonic", "perf_counter", "clock", "process_time"):
        setattr(made, name, read)
    names: dict[str, Any] = {
        "sleep": _sleep,
        "time_ns": lambda: int(read() * 1e9),
        "gmtime": lambda given=None: _moment(given),
        "localtime": lambda given=None: _moment(given),
        "ctime": lambda given=None: real_time.asctime(_moment(given)),
        "asctime": lambda moment=None: real_time.asctime(moment or _moment(None)),
        "strftime": lambda form, moment=None: real_time.strftime(form, moment or _moment(None)),
    }
    made.__dict__.update(names)
    return made


class _Like(type):
    """Lets real dates pass for instances of the guarded classes."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.__mro__[1])


class _DateTime(real_datetime.datetime, metaclass=_Like):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return cls.fromtimestamp(read(), tz or real_datetime.timezone.utc).replace(tzinfo=tz)

    @classmethod
    def utcnow(cls) -> Any:
        return cls.now()

    @classmethod
    def today(cls) -> Any:
        return cls.now()


class _Date(real_datetime.date, metaclass=_Like):
    @classmethod
    def today(cls) -> Any:
        return cls(*_moment(None)[:3])


class _Duration(real_datetime.timedelta, metaclass=_Like):
    """Makes real durations, of numbers from outside too."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        named = {name: _number(value) for name, value in kwargs.items()}
        return real_datetime.timedelta(*map(_number, args), **named)


def _number(value: Any) -> Any:
    return int(value) if type(value) is Standin else value


for _made, _name in ((_DateTime, "datetime"), (_Date, "date"), (_Duration, "timedelta")):
    _made.__name__ = _made.__qualname__ = _name
    _made.__module__ = "datetime"


def datetime_module() -> ModuleType:
    """``datetime`` whose ``now`` and ``today`` are virtual, and that computes with stand-ins."""
    made = ModuleType("datetime")
    made.__dict__.update(real_datetime.__dict__)
    made.__dict__.update(datetime=_DateTime, date=_Date, timedelta=_Duration)
    return made
