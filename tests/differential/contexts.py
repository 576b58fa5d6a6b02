"""The stack contexts that programs enter."""

from __future__ import annotations

import contextlib
import functools
from typing import Any

from statements import ProgramError


class Contexts:
    """The part of an interpreter that makes contexts."""

    log: Any
    note: Any

    def context(self, which: str, label: int) -> Any:
        from tornado import stack_context

        if which == "null":
            return stack_context.NullContext()
        if which in ("stack", "off"):
            return stack_context.StackContext(functools.partial(self.named, label))
        if which in ("suppress", "fail_on_exit", "fail_on_reentry"):
            entries = iter(range(1000))
            return stack_context.StackContext(lambda: self.odd(which, label, next(entries)))
        return stack_context.ExceptionStackContext(functools.partial(self.handle, which, label))

    @contextlib.contextmanager
    def named(self, label: int) -> Any:
        self.log("enter", label)
        try:
            yield
        except BaseException as error:
            self.log("leave", label, error)
            raise
        self.log("leave", label)

    @contextlib.contextmanager
    def odd(self, which: str, label: int, entry: int) -> Any:
        self.log("enter", which, label, entry)
        if which == "fail_on_reentry" and entry:
            raise ProgramError(which, label)
        try:
            yield
        except Exception as error:
            self.log("leave", which, label, error)
            if which != "suppress":
                raise
        else:
            self.log("leave", which, label)
        if which == "fail_on_exit" and entry:
            raise ProgramError(which, label)

    def handle(self, which: str, label: int, typ: Any, value: Any, tb: Any) -> bool:
        self.note(value)
        self.log("handle", which, label, value)
        if which == "replace":
            raise ProgramError("replaced", label)
        return which == "swallow"
