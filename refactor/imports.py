"""How a rewritten handler refers to Tornado's names, and the import statements that needs.

The file's own habits are followed: an existing import is used, an existing ``from`` import is
extended, and a file that writes ``tornado.web.x`` gets ``import tornado.gen``.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import libcst as cst

from . import cst as tree
from .refusal import Refused
from .removed import is_removed
from .workspace import Parsed


@dataclass
class Imports:
    """The names one file can use, and the imports it still needs."""

    file: Parsed
    wanted: dict[tuple[str, str], None] = field(default_factory=dict)

    def refer(self, module: str, name: str, taken: Collection[str] = ()) -> str:
        """How to write ``module.name`` in this file, adding an import if there is none.

        ``taken`` are the names used at the place. Raises Refused (UC502) when every way of
        importing it would collide with another name.
        """
        for written, needed in self._ways(module, name):
            first = written.partition(".")[0]
            new = needed is not None and needed not in self.wanted
            if first in taken and (new or first in self._locals):
                continue
            if needed is None:
                return written
            if self._free(first, needed):
                self.wanted[needed] = None
                return written
        raise Refused("UC502", None, what=name)

    @cached_property
    def _locals(self) -> set[str]:
        """The names that some function of the file binds for itself."""
        functions = tree.find(self.file.module, cst.FunctionDef)
        return {name for each in functions for name in self.file.names.bindings(each).bound}

    def _ways(self, module: str, name: str) -> Iterator[tuple[str, tuple[str, str] | None]]:
        """Spellings in order of preference, each with the import it needs (module, name)."""
        imported = self.file.names.bindings(self.file.module).imported
        parent, _, last = module.rpartition(".")
        for local, targets in imported.items():
            if targets == {f"{module}.{name}"} and self._only(local):
                yield local, None
        for local, targets in imported.items():
            if targets == {module} and self._only(local):
                yield f"{local}.{name}", None
        if module in self._submodules() and self._only(module.partition(".")[0]):
            yield f"{module}.{name}", None
        direct = module != "tornado.gen" and (name[:1].isupper() or last == "log")
        if (parent, last) in self.wanted:
            yield f"{last}.{name}", None
        plain = f"{module}.{name}", (module, "")
        if self._writes_full_names():
            yield plain
        if direct:
            yield name, (module, name)
        elif parent:
            yield f"{last}.{name}", (parent, last)
        yield plain

    def _only(self, local: str) -> bool:
        return local not in self.file.names.bindings(self.file.module).assigned

    def _submodules(self) -> set[str]:
        return {
            tree.dotted(alias.name) or ""
            for node in _top_imports(self.file.module, cst.Import)
            for alias in node.names
            if alias.asname is None
        }

    def _writes_full_names(self) -> bool:
        froms = [n for n in _top_imports(self.file.module, cst.ImportFrom) if n.module is not None]
        return any(m.startswith("tornado.") for m in self._submodules()) and not any(
            tree.dotted(n.module) == "tornado" for n in froms if n.module is not None
        )

    def _free(self, local: str, needed: tuple[str, str]) -> bool:
        bindings = self.file.names.bindings(self.file.module)
        if local in bindings.assigned:
            return False
        module, name = needed
        target = f"{module}.{name}" if name else local
        return bindings.imported.get(local, {target}) == {target}

    def apply(self, module: cst.Module, kept: Collection[str]) -> cst.Module:
        """``module`` with the wanted imports added and unused ``asynchronous`` imports removed.

        ``kept`` are names that other files import from this one.
        """
        module = _without_unused(module, self.file, kept)
        for needed in self.wanted:
            module = _with_import(module, *needed)
        return module


def _top_imports(module: cst.Module, kind: type[tree.NodeT]) -> Iterator[tree.NodeT]:
    for stmt in module.body:
        small = tree.small(stmt)
        if isinstance(small, kind):
            yield small


def _with_import(module: cst.Module, origin: str, name: str) -> cst.Module:
    for node in _top_imports(module, cst.ImportFrom) if name else ():
        if node.module is None or node.relative or isinstance(node.names, cst.ImportStar):
            continue
        if tree.dotted(node.module) == origin:
            return tree.replace(module, [(node, _extended(node, name))])
    text = f"from {origin} import {name}" if name else f"import {origin}"
    new = cst.ensure_type(cst.parse_statement(text), cst.SimpleStatementLine)
    body = list(module.body)
    at, in_front = _place(module, origin)
    if in_front:
        follower = body[at]
        assert isinstance(follower, cst.SimpleStatementLine)
        lines = follower.leading_lines
        blank = [line for line in lines if line.comment is None]
        if _kind(origin) == _kind(dict(_written_imports(module))[at]):
            new = new.with_changes(leading_lines=lines)
            body[at] = follower.with_changes(leading_lines=())
        else:
            new = new.with_changes(leading_lines=blank)
            apart = [cst.EmptyLine(indent=False), *(each for each in lines if each.comment)]
            body[at] = follower.with_changes(leading_lines=apart)
    body.insert(at, new)
    return module.with_changes(body=body)


def _extended(node: cst.ImportFrom, name: str) -> cst.ImportFrom:
    assert not isinstance(node.names, cst.ImportStar)
    aliases = list(node.names)
    spelled = [tree.dotted(a.name) or "" for a in aliases]
    at = len(aliases)
    if spelled == sorted(spelled):
        at = next((i for i, each in enumerate(spelled) if each > name), at)
    new = cst.ImportAlias(cst.Name(name))
    comma = next(
        (a.comma for a in aliases if isinstance(a.comma, cst.Comma)),
        cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")),
    )
    if at < len(aliases):
        aliases.insert(at, new.with_changes(comma=comma))
    else:
        last = aliases[-1]
        aliases[-1] = last.with_changes(comma=comma)
        aliases.append(new.with_changes(comma=last.comma))
    return node.with_changes(names=aliases)


def _place(module: cst.Module, origin: str) -> tuple[int, bool]:
    """Where an import of ``origin`` goes, and whether it takes the place of another import.

    It stands in order among the imports of its kind (Tornado's, or the standard library's), else
    in front of all others (the standard library's), else behind the last import, else on top.
    """
    written = _written_imports(module)
    kind = _kind(origin)
    mine = [(index, name) for index, name in written if _kind(name) == kind]
    later = next((index for index, name in mine if name > origin), None)
    if later is not None:
        return later, True
    if mine:
        return mine[-1][0] + 1, False
    first = next((index for index, name in written if _kind(name) != "__future__"), None)
    if kind == STANDARD and first is not None:
        return first, True
    if written:
        return written[-1][0] + 1, False
    return (1 if module.body and _is_docstring(module.body[0]) else 0), False


def _kind(module: str) -> str:
    top = module.partition(".")[0]
    if top in ("tornado", "__future__"):
        return top
    return STANDARD if top in sys.stdlib_module_names else "other"


STANDARD = "the standard library"


def _written_imports(module: cst.Module) -> list[tuple[int, str]]:
    """The top-level imports: the index of the statement, and the module it names (first)."""
    found: list[tuple[int, str]] = []
    for index, stmt in enumerate(module.body):
        small = tree.small(stmt)
        if isinstance(small, cst.Import):
            found.append((index, tree.dotted(small.names[0].name) or ""))
        elif isinstance(small, cst.ImportFrom):
            absolute = small.module is not None and not small.relative
            found.append(
                (index, (tree.dotted(small.module) or "") if absolute and small.module else ".")
            )
    return found


def _is_docstring(stmt: cst.CSTNode) -> bool:
    small = tree.small(stmt)
    return isinstance(small, cst.Expr) and isinstance(
        small.value, cst.SimpleString | cst.ConcatenatedString
    )


def _without_unused(module: cst.Module, file: Parsed, kept: Collection[str]) -> cst.Module:
    """Drop top-level imports of what the conversion took out, when nothing names them now.

    That is ``gen`` and what Tornado 6 removed; names in ``kept`` stay, others import them here.
    """
    bindings = file.names.bindings(file.module)
    gone = {
        local
        for local, targets in bindings.imported.items()
        if targets and all(is_removed(each) or each == "tornado.gen" for each in targets)
    }
    used = _used_names(module)
    was_used = _used_names(file.module)
    gone = {name for name in gone if name not in used and name in was_used and name not in kept}
    return module.visit(_DropImports(gone)) if gone else module


def _used_names(module: cst.Module) -> set[str]:
    """Names that code outside of imports mentions, strings such as ``__all__`` included."""
    found: set[str] = set()
    stack: list[cst.CSTNode] = [module]
    while stack:
        node = stack.pop()
        if isinstance(node, cst.Import | cst.ImportFrom):
            continue
        if isinstance(node, cst.Name):
            found.add(node.value)
        elif isinstance(node, cst.SimpleString):
            found.add(node.raw_value)
        stack += tree.children(node)
    return found


class _DropImports(cst.CSTTransformer):
    def __init__(self, gone: set[str]) -> None:
        super().__init__()
        self.gone = gone

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False

    def leave_ImportFrom(
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom | cst.RemovalSentinel:
        if isinstance(updated_node.names, cst.ImportStar):
            return updated_node
        aliases = list(updated_node.names)
        kept = [a for a in aliases if self._local(a) not in self.gone]
        if len(kept) == len(aliases):
            return updated_node
        if not kept:
            return cst.RemoveFromParent()
        if kept[-1] is not aliases[-1]:
            kept[-1] = kept[-1].with_changes(comma=aliases[-1].comma)
        return updated_node.with_changes(names=kept)

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:
        """What stood above an import that is gone stands above the next statement."""
        body = list(updated_node.body)
        at, waiting = 0, list[cst.EmptyLine]()
        for stmt in original_node.body:
            if self._vanishes(stmt):
                waiting += cst.ensure_type(stmt, cst.SimpleStatementLine).leading_lines
                continue
            own = list(getattr(body[at], "leading_lines", ()))
            if any(line.comment for line in waiting) or not own:
                body[at] = body[at].with_changes(leading_lines=[*waiting, *own])
            at, waiting = at + 1, []
        return updated_node.with_changes(body=body)

    def _vanishes(self, stmt: cst.CSTNode) -> bool:
        small = tree.small(stmt)
        if not isinstance(small, cst.ImportFrom) or isinstance(small.names, cst.ImportStar):
            return False
        return all(self._local(alias) in self.gone for alias in small.names)

    def _local(self, alias: cst.ImportAlias) -> str:
        named = alias.asname.name if alias.asname is not None else alias.name
        return tree.dotted(named) or ""
