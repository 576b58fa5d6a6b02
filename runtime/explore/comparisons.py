"""What the code compares with what: the values that an argument or a header may well have.

``if self.get_argument("sort") == "name"`` says that ``"name"`` is a value to try for ``sort``. The
text is found through a variable, a container, or the parameter of a function that is called with
it. Names are matched by their text alone: a value too many costs a few runs, nothing else.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_OF_TEXTS = frozenset(
    ("casefold", "decode", "encode", "lower", "lstrip", "rstrip", "strip", "upper")
)
_CASES = {"casefold": str.upper, "lower": str.upper, "upper": str.lower}
Constants = Mapping[str, Sequence[ast.expr]]


def dotted(node: ast.expr | None) -> str | None:
    """``a.b.c`` for a name or a chain of attributes, else ``None``."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        value = dotted(node.value)
        return value and f"{value}.{node.attr}"
    return None


def last(node: ast.expr) -> str:
    """``c`` for ``a.b.c``, ``c`` for ``c``, else an empty text."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def compared(nodes: Iterable[ast.AST]) -> dict[str, frozenset[str]]:
    """For a name, or a constant that is looked up, the strings its value is compared with."""
    nodes = list(nodes)
    source_of, constants = _variables(nodes)
    found: dict[str, set[str]] = {}
    for node in nodes:
        key, text = _split(node)
        if text:
            found.setdefault(source_of.get(key, key), set()).add(text)
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            values = {each for side in sides for each in _texts(side, constants)}
            values |= {change(each) for change in _changes(node) for each in values}
            for side in map(_bare, sides):
                key = _looked_up(side) or source_of.get(dotted(side) or "") or last(side)
                if key:
                    found.setdefault(key, set()).update(values)
    return {key: frozenset(values) for key, values in found.items() if values}


def _method(node: ast.AST) -> str:
    """The name of the method that is called."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr
    return ""


def _changes(node: ast.AST) -> set[Callable[[str], str]]:
    """What makes other texts of those that are compared, which compare alike all the same."""
    return {_CASES[name] for each in ast.walk(node) if (name := _method(each)) in _CASES}


def _variables(nodes: Sequence[ast.AST]) -> tuple[dict[str, str], dict[str, list[ast.expr]]]:
    """Variables by what they were looked up as, and variables and parameters by their values."""
    source_of: dict[str, str] = {}
    constants: dict[str, list[ast.expr]] = {}
    functions = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}
    loops: list[tuple[str, str]] = []
    for node in nodes:
        if isinstance(node, (ast.For, ast.comprehension)):
            key = _looked_up(node.iter) or _cut_from(node.iter)
            if key and isinstance(node.target, ast.Name):
                source_of.setdefault(node.target.id, key)
            elif isinstance(node.target, ast.Name):
                loops.append((node.target.id, dotted(node.iter) or ""))
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            key = _looked_up(node.value) or _cut_from(node.value)
            target = dotted(node.targets[0])
            if key and target:
                source_of[target] = key
            elif target:
                constants.setdefault(target, []).append(node.value)
        elif isinstance(node, (ast.For, ast.comprehension)):
            target, of = dotted(node.target), _called_on(node.iter)
            if target and of:
                source_of.setdefault(target, of)
        elif isinstance(node, ast.Call) and last(node.func) in functions:
            parameters = [each.arg for each in functions[last(node.func)].args.args]
            if isinstance(node.func, ast.Attribute):
                parameters = parameters[1:]
            for name, value in zip(parameters, node.args, strict=False):
                constants.setdefault(name, []).append(value)
    for name, of in loops:
        if of in source_of:
            source_of.setdefault(name, of)
    return {name: _origin(name, source_of) for name in source_of}, constants


def _origin(name: str, source_of: Mapping[str, str]) -> str:
    """Where a value came from in the end: ``body`` for a word of a line of ``response.body``."""
    seen = {name}
    while (before := source_of.get(name)) and before not in seen:
        seen.add(before)
        name = before
    return name


_SHAPING = frozenset({"strip", "lstrip", "rstrip", "lower", "upper", "decode", "encode"})
_CUTTING = _SHAPING | {"split", "rsplit", "splitlines", "partition", "rpartition"}


def _cut_from(node: ast.expr) -> str | None:
    """``"body"`` for ``response.body.decode().split()``: what the pieces of a text are cut from."""
    at = _bare(node)
    return None if at is node else _looked_up(at) or last(at) or None


_KEEPING = frozenset(
    ("to_unicode", "utf8", "native_str", "str", "list", "reversed", "set", "sorted", "tuple")
)


def _whole(node: ast.expr) -> ast.expr:
    """What ``node`` is a part or another shape of; itself, if that is not to be seen."""
    if isinstance(node, ast.BoolOp):
        return node.values[0]
    if _method(node) in _CUTTING:
        return node.func.value  # type: ignore[attr-defined, no-any-return]
    if isinstance(node, ast.Call) and node.args and last(node.func) in _KEEPING:
        return node.args[0]
    return node


def _bare(node: ast.expr) -> ast.expr:
    """``body`` for ``body.decode().split()``: what is compared in another shape, or in pieces."""
    while (whole := _whole(node)) is not node:
        node = whole
    return node


def _called_on(node: ast.expr) -> str:
    """``body`` for ``response.body.decode().split()``: what the items of a loop are parts of."""
    called = False
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node, called = node.func.value, True
    return last(node) if called else ""


def _split(node: ast.AST) -> tuple[str, str]:
    """What is split or looked into, by its name, and a text that fits; else two empty strings."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
        return "", ""
    at = node.args[0]
    if not isinstance(at, ast.Constant) or not isinstance(at.value, (str, bytes)):
        return "", ""
    text = at.value if isinstance(at.value, str) else at.value.decode("latin1")
    of = node.func.value
    name = _looked_up(of) or dotted(of) or ""
    if node.func.attr in ("split", "rsplit", "partition"):
        return name, f"1{text}2"
    return (name, text) if node.func.attr in ("startswith", "endswith") else ("", "")


def _looked_up(node: ast.expr) -> str | None:
    """``"page"`` for ``self.get_argument("page", 1)`` and for ``data["page"].lower()``."""
    argument: ast.expr | None = None
    if isinstance(node, ast.BoolOp):
        return next(filter(None, map(_looked_up, node.values)), None)
    if isinstance(node, ast.Call) and _method(node) in _OF_TEXTS:
        return _looked_up(node.func.value)  # type: ignore[attr-defined]
    if isinstance(node, ast.Call) and node.args:
        argument = node.args[0]
        if last(node.func) in ("int", "float", "str"):
            return _looked_up(argument)
    elif isinstance(node, ast.Subscript):
        argument = node.slice
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    return None


def _texts(node: ast.expr | None, constants: Constants) -> Iterator[str]:
    """The strings in a constant, a display, or a name that stands for one."""
    if isinstance(node, ast.Name):
        for value in constants.get(node.id, ()):
            yield from _texts(value, {})
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield from (str(node.value + step) for step in (-1, 0, 1))
    elif isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
        text = node.value
        yield text if isinstance(text, str) else text.decode("latin1")
    elif isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        for item in node.elts:
            yield from _texts(item, {})
    elif isinstance(node, ast.Dict):
        for key in node.keys:
            yield from _texts(key, {})
