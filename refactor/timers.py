"""Timers as ``gen.sleep``: how long, when the deadline says so exactly."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from .catalogue import Operation
from .names import Names
from .receivers import Receivers

IOLOOP = "tornado.ioloop.IOLoop"
UNITS = {"seconds": 1, "milliseconds": 1000, "minutes": 60, "hours": 3600}


def duration(
    names: Names, receivers: Receivers, operation: Operation, args: Sequence[cst.Arg]
) -> cst.BaseExpression | None:
    """Seconds to sleep instead of the timer ``operation`` with ``args`` (without the callback).

    ``add_timeout`` takes a time on the loop's clock or a timedelta, ``call_later`` seconds
    (documentation of tornado.ioloop.IOLoop). None when it is another operation or not certain.
    """
    timer = IOLOOP in operation.owner and operation.method in {"add_timeout", "call_later"}
    if not timer or len(args) != 1 or args[0].star:
        return None
    given = args[0]
    if given.keyword is not None and given.keyword.value not in {"deadline", "delay"}:
        return None
    if operation.method == "call_later":
        return given.value
    value = given.value
    if isinstance(value, cst.Call):
        return _timedelta(names, value)
    return _from_now(names, receivers, value)


def _timedelta(names: Names, call: cst.Call) -> cst.BaseExpression | None:
    """The seconds of ``timedelta(seconds=x)`` and its like."""
    if names.qualified(call.func, call) != "datetime.timedelta" or len(call.args) != 1:
        return None
    (arg,) = call.args
    unit = arg.keyword.value if arg.keyword is not None else ""
    if unit == "seconds":
        return arg.value
    if unit not in UNITS or not isinstance(arg.value, cst.Integer | cst.Float):
        return None
    number = arg.value.evaluated_value
    seconds = number / 1000 if unit == "milliseconds" else number * UNITS[unit]
    return cst.parse_expression(repr(int(seconds) if seconds == int(seconds) else seconds))


def _from_now(
    names: Names, receivers: Receivers, value: cst.BaseExpression
) -> cst.BaseExpression | None:
    """``x`` of ``time.time() + x``."""
    if not isinstance(value, cst.BinaryOperation):
        return None
    if isinstance(value.operator, cst.Add):
        if _now(names, receivers, value.left):
            return value.right
        if _now(names, receivers, value.right):
            return value.left
    if isinstance(value.operator, cst.Add | cst.Subtract) and not value.left.lpar:
        left = _from_now(names, receivers, value.left)
        return value.with_changes(left=left) if left is not None else None
    return None


def _now(names: Names, receivers: Receivers, value: cst.BaseExpression) -> bool:
    if not isinstance(value, cst.Call) or value.args:
        return False
    if names.qualified(value.func, value) == "time.time":
        return True
    func = value.func
    if not isinstance(func, cst.Attribute) or func.attr.value != "time":
        return False
    return IOLOOP in receivers.owners(func.value, value)
