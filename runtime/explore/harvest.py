"""What the code itself reveals about the world it expects.

Which exceptions it catches, which names it compares with what, how many values its callbacks take:
the world that a version is run in is built from these, taken from *both* versions together, so that
both are asked the same questions.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields

from .comparisons import compared, dotted, last

VERBS = frozenset({"get", "post", "put", "delete", "head", "options", "patch"})
_CHANGING = """
add append appendleft clear discard extend extendleft insert pop popitem popleft put put_nowait
remove reverse setdefault sort update notify notify_all set acquire release
set_result set_exception
"""
_MUTATORS = frozenset(_CHANGING.split())
_LISTENERS = frozenset(
    """
    on_message on_ping on_pong data_received check_origin select_subprotocol
    check_etag_header compute_etag set_etag_header
    """.split()  # noqa: SIM905
)
_ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_OF_FRAMES = frozenset({"tb_frame", "tb_next", "tb_lineno", "f_back", "f_code", "f_lineno"})
_MODULE_NAMES = frozenset(
    {"__name__", "__file__", "__doc__", "__package__", "__spec__", "__loader__", "__path__"}
)


@dataclass(frozen=True, slots=True)
class Harvest:
    """What was found in one source text, or in several (``merge``).

    ``exceptions``: last names of what is raised or caught (they must be exception classes).
    ``caught``: dotted names in ``except`` clauses. ``handler_bases``: last names of the bases of
    classes that define an HTTP verb. ``undefined``: global names that executing the file does not
    define. ``imported``: what is imported from where (``tornado.gen.Task``). ``attributes``: names
    read as ``something.name``; ``dotted``: chains of them. ``strings``: every string constant that
    can be a name. ``compared``: for a string such as an argument's name, what its value is compared
    with. ``arities``: for the last name of a callee, how many values the callback given to it
    takes. ``codes``: HTTP status codes that are compared; ``headers``: names looked up in headers.
    ``json``: whether JSON is read; ``blanks``: whether text is stripped, or is not on purpose;
    ``looked_up``: names that something is asked for; ``frames``: whether tracebacks are looked
    into; ``measures``: whether text is cut or counted; ``streams``: whether answers are
    taken in parts. ``mutated``: last names of what is changed
    in place. ``listeners``: methods that are given what a client sends, and ``method parameter``
    for the names that they give to it; also ``read_until line`` for the names of what a read gives,
    through variables and callbacks.
    """

    exceptions: frozenset[str] = frozenset()
    caught: frozenset[str] = frozenset()
    handler_bases: frozenset[str] = frozenset()
    undefined: frozenset[str] = frozenset()
    imported: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    dotted: frozenset[str] = frozenset()
    strings: frozenset[str] = frozenset()
    compared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    arities: Mapping[str, int] = field(default_factory=dict)
    codes: frozenset[int] = frozenset()
    headers: frozenset[str] = frozenset()
    json: bool = False
    blanks: bool = False
    looked_up: frozenset[str] = frozenset()
    frames: bool = False
    measures: bool = False
    streams: bool = False
    mutated: frozenset[str] = frozenset()
    listeners: frozenset[str] = frozenset()

    def texts(self, name: str) -> list[str]:
        """The texts to try for what is called ``name``, beside the plain ones."""
        numbers = ["2"] if self.reads_numbers else []
        return [*sorted(self.compared.get(name, ())), *numbers, *([LONG] if self.measures else [])]

    @property
    def reads_numbers(self) -> bool:
        """Whether text is read as a number somewhere."""
        return "1" in self.compared.get("body", ())

    def heard(self, method: str) -> frozenset[str]:
        """The texts that the code compares what ``method`` is given with."""
        names = {each.partition(" ")[2] for each in self.listeners if each.startswith(f"{method} ")}
        return frozenset().union(*(self.compared.get(name, ()) for name in names))

    def merge(self, other: Harvest) -> Harvest:
        """What either reveals; a callback's arity is the larger one."""
        compared = {
            name: self.compared.get(name, frozenset()) | other.compared.get(name, frozenset())
            for name in (*self.compared, *other.compared)
        }
        arities = {
            name: max(self.arities.get(name, 0), other.arities.get(name, 0))
            for name in (*self.arities, *other.arities)
        }
        sets = {
            f.name: getattr(self, f.name) | getattr(other, f.name)
            for f in fields(self)
            if f.name not in ("compared", "arities")
        }
        return Harvest(compared=compared, arities=arities, **sets)


NOTHING = Harvest()
LONG = "a text of some length " * 12
"""A value to try where lengths matter."""


def harvest(tree: ast.Module, source: bytes, path: str) -> Harvest:
    """Collect what ``tree``, the parsed ``source``, reveals."""
    nodes = list(ast.walk(tree))
    caught = {name for node in nodes for name in _caught(node)}
    raised = {name for node in nodes for name in _raised(node)}
    return Harvest(
        exceptions=frozenset(name.rpartition(".")[2] for name in caught | raised),
        caught=frozenset(caught - {"Exception", "BaseException"}),
        handler_bases=frozenset(_handler_bases(nodes)),
        undefined=_undefined(tree, source, path),
        imported=frozenset(
            f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
            for node in nodes
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for alias in node.names
        ),
        attributes=frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute)),
        dotted=frozenset(
            name for node in nodes if isinstance(node, ast.expr) and (name := dotted(node))
        ),
        strings=frozenset(
            node.value
            for node in nodes
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and 0 < len(node.value) < 60
        ),
        compared=_with_numbers(compared(nodes), _called(nodes)),
        arities=_arities(nodes),
        codes=frozenset(c for node in nodes for c in _codes(node) if 200 <= c < 600),
        headers=frozenset((*(n for node in nodes for n in _headers(node)), *_of_lines(nodes))),
        json=bool(_called(nodes) & {"loads", "json_decode"}),
        blanks=any(map(_strips, nodes)),
        looked_up=frozenset(name for node in nodes for name in _asked_for(node)),
        frames=any(isinstance(n, ast.Attribute) and n.attr in _OF_FRAMES for n in nodes),
        streams=any(map(_streams, nodes)),
        measures=any(map(_measures, nodes)),
        mutated=frozenset(name for node in nodes for name in _mutated(node)),
        listeners=frozenset((*(n for node in nodes for n in _listeners(node)), *_reads(nodes))),
    )


def names_only(found: Harvest) -> Harvest:
    """What a file beside the one under check adds: names, but no further values or failures."""
    return Harvest(
        exceptions=found.exceptions,
        handler_bases=found.handler_bases,
        attributes=found.attributes,
        strings=found.strings,
        json=found.json,
        blanks=found.blanks,
        mutated=found.mutated,
    )


def _with_numbers(found: dict[str, frozenset[str]], called: set[str]) -> dict[str, frozenset[str]]:
    """Where text is read as a number, an answer may hold one."""
    if called & {"int", "float"}:
        found["body"] = found.get("body", frozenset()) | {"1", "2"}
    return found


def _codes(node: ast.AST) -> Iterator[int]:
    """Status codes in ``response.code == 503`` and ``response.code in (502, 503)``."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        if {last(side) for side in sides} & {"code", "status_code", "status"}:
            for each in (inner for side in sides for inner in ast.walk(side)):
                value = each.value if isinstance(each, ast.Constant) else None
                if type(value) is int:
                    bounds = any(isinstance(op, _ORDERED) for op in node.ops)
                    yield from (value - 1, value, value + 1) if bounds else (value,)
    elif isinstance(node, (ast.Tuple, ast.List, ast.Set, ast.Assign)):
        parts = [node.value] if isinstance(node, ast.Assign) else node.elts
        yield from (p.value for p in parts if isinstance(p, ast.Constant) and type(p.value) is int)


def _headers(node: ast.AST) -> Iterator[str]:
    """Names in ``response.headers["Location"]`` and ``response.headers.get("Location")``."""
    key: ast.expr | None = None
    if isinstance(node, ast.Subscript) and last(node.value) == "headers":
        key = node.slice
    elif isinstance(node, ast.Compare) and last(node.comparators[0]) == "headers":
        key = node.left
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        of = node.func.value
        if node.args and isinstance(of, ast.Attribute) and of.attr == "headers":
            key = node.args[0]
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        yield key.value


def _of_lines(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Names of headers in ``line.startswith("Location:")``, where lines of headers are read."""
    if not any(isinstance(n, ast.keyword) and n.arg == "header_callback" for n in nodes):
        return
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            name, colon, _ = node.value.partition(":")
            if colon and name.replace("-", "").isalnum():
                yield name


def _mutated(node: ast.AST) -> Iterator[str]:
    """What a statement changes in place, or writes where another request can see it."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in _MUTATORS:
            yield last(node.func.value)
    elif isinstance(node, (ast.Subscript, ast.Attribute)) and not isinstance(node.ctx, ast.Load):
        yield last(node.value)
        if isinstance(node, ast.Attribute):
            yield node.attr
    elif isinstance(node, ast.Global):
        yield from node.names


def _listeners(node: ast.AST) -> Iterator[str]:
    """``on_message`` and ``on_message text`` for ``def on_message(self, text)``."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name in _LISTENERS:
        yield node.name
        for each in [*node.args.posonlyargs, *node.args.args][1:2]:
            yield f"{node.name} {each.arg}"


_GIVING = """
read_message read_until read_until_regex read_until_close read_bytes result set_exit_callback
wait_for_exit websocket_connect
"""
_READS = frozenset(_GIVING.split())


def _reads(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """``read_until line`` for ``line = yield stream.read_until(...)``, and for callbacks of it."""
    nodes = list(nodes)
    functions = {n.name: n for n in nodes if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))}
    for node in nodes:
        if isinstance(node, ast.Assign):
            calls = [n for n in ast.walk(node.value) if isinstance(n, ast.Call)]
            for name in filter(None, map(dotted, node.targets)):
                yield from (f"{last(n.func)} {name}" for n in calls if last(n.func) in _READS)
        elif isinstance(node, ast.Call) and last(node.func) in _READS:
            for given in (*node.args, *(each.value for each in node.keywords)):
                taken = given if isinstance(given, ast.Lambda) else functions.get(last(given))
                if taken is not None:
                    names = [each.arg for each in taken.args.args if each.arg != "self"]
                    yield from (f"{last(node.func)} {name}" for name in names)


def _asked_for(node: ast.AST) -> Iterator[str]:
    """Names in ``self.get_argument("name")`` and its like, and in ``arguments["name"]``."""
    key: ast.expr | None = None
    if isinstance(node, ast.Call) and node.args and last(node.func).startswith("get"):
        key = node.args[0]
    elif isinstance(node, ast.Subscript):
        key = node.slice
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        yield key.value


def _streams(node: ast.AST) -> bool:
    """Whether a streaming callback is named: as an argument, an attribute or in a text."""
    return "streaming_callback" in (getattr(node, each, None) for each in ("arg", "attr", "value"))


def _measures(node: ast.AST) -> bool:
    """Whether a text is cut or its length taken."""
    named = isinstance(node, ast.Call) and last(node.func) == "len"
    return named or isinstance(node, ast.Slice)


def _strips(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in ("strip", "lstrip", "rstrip")
    return isinstance(node, ast.keyword) and node.arg == "strip"


def _called(nodes: Iterable[ast.AST]) -> set[str]:
    return {last(node.func) for node in nodes if isinstance(node, ast.Call)}


def _caught(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ExceptHandler) and node.type is not None:
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        yield from (name for name in map(dotted, kinds) if name is not None)


def _raised(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Raise) and node.exc is not None:
        name = dotted(node.exc.func if isinstance(node.exc, ast.Call) else node.exc)
        if name is not None and name[0] != "_":
            yield name


def _handler_bases(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Last names of the bases of handlers, through classes of the same file."""
    classes = {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}
    wanted = [
        node
        for node in classes.values()
        if any(getattr(child, "name", "") in VERBS for child in node.body)
    ]
    seen: set[str] = set()
    while wanted:
        for name in map(last, wanted.pop().bases):
            if name and name not in seen:
                seen.add(name)
                yield name
                wanted.extend([classes[name]] if name in classes else [])


def _undefined(tree: ast.Module, source: bytes, path: str) -> frozenset[str]:
    """Global names that are read somewhere and not bound while the file is executed.

    What a function binds with ``global`` (``main``, say) is the work of somebody who calls it, what
    is bound where the file is run as a script of somebody who does.
    """
    table = symtable.symtable(source, path, "exec")  # type: ignore[arg-type]  # bytes are text
    read: set[str] = set()
    bound: set[str] = set()
    waiting = [table]
    while waiting:
        scope = waiting.pop()
        waiting.extend(scope.get_children())
        for symbol in scope.get_symbols():
            outermost = scope is table
            if not outermost and not symbol.is_global():
                continue
            binds = symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
            if outermost and binds:
                bound.add(symbol.get_name())
            if symbol.is_referenced():
                read.add(symbol.get_name())
    return frozenset(read - (bound - _of_scripts(tree)) - _MODULE_NAMES)


def _of_scripts(tree: ast.Module) -> set[str]:
    """Names that only the blocks under ``if __name__ == "__main__"`` bind."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for statement in tree.body:
        script = isinstance(statement, ast.If) and _asks_for_name(statement.test)
        waiting: list[ast.AST] = [statement]
        while waiting:
            node = waiting.pop()
            found[script].update(_bound(node))
            if not isinstance(node, _SCOPES):
                waiting.extend(ast.iter_child_nodes(node))
    return found[True] - found[False]


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def _asks_for_name(test: ast.expr) -> bool:
    """Whether a condition is ``__name__ == "__main__"``, nothing more."""
    sides = [test.left, *test.comparators] if isinstance(test, ast.Compare) else []
    return len(sides) == 2 and "__name__" in map(last, sides)


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a node itself binds."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.alias):
        yield node.asname or node.name.partition(".")[0]
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name


def _arities(nodes: Iterable[ast.AST]) -> dict[str, int]:
    """How many values the callbacks take that are given to a callee, by the callee's last name."""
    nodes = list(nodes)
    functions = {
        node.name: node
        for node in nodes
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    found: dict[str, int] = {}
    for node in nodes:
        if isinstance(node, ast.Call) and last(node.func):
            for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                count = _arity(argument, functions)
                if count is not None:
                    name = last(node.func)
                    found[name] = max(count, found.get(name, 0))
    return found


def _arity(node: ast.expr, functions: Mapping[str, ast.AST]) -> int | None:
    """Positional values that ``node`` takes when called back; ``None`` when that is not plain."""
    if isinstance(node, ast.Lambda):
        return len(node.args.args) - len(node.args.defaults)
    function = functions.get(last(node))
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    if function.args.vararg:
        return None
    bound = isinstance(node, ast.Attribute)
    return max(0, len(function.args.args) - len(function.args.defaults) - bound)
