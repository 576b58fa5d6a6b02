"""What keeps callers outside of the project working when a function's callback goes.

A function of a module that others can import stays callable as it was: with the callback, by name
or by position, or without it for its future. The callback gets the result through
``IOLoop.add_future``, so what it or the function raises goes to the caller's stack context as
before (SEMANTICS section 4), one pass of the event loop later.
"""

from __future__ import annotations

import libcst as cst

from . import cst as tree
from . import decorators
from .methods import Method
from .names import parameters
from .producers import Produced
from .refusal import Refused
from .unit import Unit


def split(
    unit: Unit, method: Method, own: Produced, new: cst.FunctionDef
) -> tuple[cst.FunctionDef, cst.FunctionDef]:
    """The function as its callers know it, and ``new``, the coroutine, under a name of its own.

    Raises Refused (UC414) where the callback cannot become optional, or where several classes
    define the method.
    """
    family = unit.workspace.family(method.cls)
    several = [each for each in family if method.name in each.methods]
    listed = [*method.node.params.posonly_params, *method.node.params.params]
    at = next(i for i, param in enumerate(listed) if param.name.value == own.parameter)
    if len(several) > 1 or any(param.default is None for param in listed[at + 1 :]):
        raise Refused("UC414", method.node, what=own.parameter)
    name = _private(unit, method)
    tight = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    optional = listed[at].with_changes(default=cst.Name("None"), equal=tight)
    front = decorators.without(method.node, method.node.decorators).with_changes(
        params=tree.replace(method.node.params, [(listed[at], optional)]),
        body=tree.suite(_forwarding(unit, method, own, name), method.node.body),
    )
    body = tree.suite(_undocumented(new), new.body)
    blank = cst.EmptyLine(indent=False)
    lines = [blank] if method.first else [blank, blank]
    hidden = new.with_changes(
        name=cst.Name(name), body=body, leading_lines=lines, lines_after_decorators=()
    )
    return front, hidden


def _undocumented(new: cst.FunctionDef) -> tree.Block:
    stmts = tree.block(new.body)
    return stmts[1:] if new.get_docstring() is not None else stmts


def _private(unit: Unit, method: Method) -> str:
    """A name with an underscore that nothing in the project has."""
    name, count = f"_{method.name}", 2
    while unit.workspace.files.mentions(name):
        name, count = f"_{method.name}_{count}", count + 1
    return name


def _forwarding(unit: Unit, method: Method, own: Produced, name: str) -> tree.Block:
    """Start the coroutine, hand its result to the callback if there is one, return its future."""
    params = method.node.params
    taken = {param.name.value for param in parameters(params)}
    future = tree.fresh("future", set(taken))
    loop = unit.imports.refer("tornado.ioloop", "IOLoop", taken)
    callee = f"{method.first}.{name}" if method.first else name
    started = cst.Call(cst.parse_expression(callee), _handed_on(method, own))
    value: cst.BaseExpression = started
    if unit.options.style == "native":
        convert = unit.imports.refer("tornado.gen", "convert_yielded", taken)
        value = cst.Call(cst.parse_expression(convert), [cst.Arg(started)])
    result = f"{future}.result()"
    given = {0: f"*({result} or ())", 1: result}.get(len(own.passes), f"*{result}")
    handing = f"lambda {future}: {own.parameter}({given})"
    test = cst.parse_expression(f"{own.parameter} is not None")
    add = tree.line(f"{loop}.current().add_future({future}, {handing})")
    docstring = tree.block(method.node.body)[:1] if method.node.get_docstring() else []
    return [
        *docstring,
        tree.line(f"{future} = VALUE", VALUE=value),
        cst.If(test=test, body=tree.suite([add])),
        tree.line(f"return {future}"),
    ]


def _handed_on(method: Method, own: Produced) -> list[cst.Arg]:
    """The arguments that the function hands on to its coroutine."""
    params = method.node.params
    listed = [*params.posonly_params, *params.params]
    listed = listed[1:] if method.first else listed
    args = [cst.Arg(cst.Name(p.name.value)) for p in listed if p.name.value != own.parameter]
    if isinstance(params.star_arg, cst.Param):
        args.append(cst.Arg(cst.Name(params.star_arg.name.value), star="*"))
    for param in params.kwonly_params:
        same = cst.Name(param.name.value)
        equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        args.append(cst.Arg(same, keyword=cst.Name(param.name.value), equal=equal))
    if params.star_kwarg is not None:
        args.append(cst.Arg(cst.Name(params.star_kwarg.name.value), star="**"))
    return args
