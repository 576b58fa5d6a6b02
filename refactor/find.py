"""Finds the handlers of a module: methods under Tornado's ``@asynchronous``."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from . import cst as tree
from .names import Names
from .workspace import Class, Parsed

ASYNCHRONOUS = "tornado.web.asynchronous"
COROUTINE = "tornado.gen.coroutine"
ENGINE = "tornado.gen.engine"
TASK = "tornado.gen.Task"
_DEFINITIONS = (cst.ClassDef, cst.FunctionDef)


@dataclass(frozen=True, eq=False)
class Handler:
    """One decorated method: its definition, its class, its decorator, and its dotted name."""

    name: str
    node: cst.FunctionDef
    cls: Class | None
    decorator: cst.Decorator


def handlers(file: Parsed) -> list[Handler]:
    """The handlers of ``file`` in source order."""
    found: list[Handler] = []
    by_node = {id(cls.node): cls for cls in file.classes.values()}
    for node in tree.find(file.module, cst.FunctionDef):
        decorator = decorated(file.names, node, ASYNCHRONOUS)
        if decorator is None:
            continue
        around = file.names.enclosing(node, cst.ClassDef, cst.FunctionDef)
        cls = by_node.get(id(around))
        found.append(Handler(title(file.names, node), node, cls, decorator))
    return found


def title(names: Names, node: cst.FunctionDef | cst.ClassDef) -> str:
    """The name by which a report and the check know a definition: ``make.Login.get``."""
    around = (each for each in names.ancestors(node) if isinstance(each, _DEFINITIONS))
    return ".".join([*reversed([each.name.value for each in around]), node.name.value])


def decorated(names: Names, node: cst.FunctionDef, qualified: str) -> cst.Decorator | None:
    """The decorator of ``node`` that is ``qualified``, if there is one."""
    return next(
        (each for each in node.decorators if names.qualified(each.decorator, node) == qualified),
        None,
    )
