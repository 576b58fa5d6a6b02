"""The project's modules as trees, and its classes with their bases, subclasses and methods.

Files are parsed only when a question leads to them. A base class that is not in the project is
known by its qualified name alone (``tornado.web.RequestHandler``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Protocol

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from . import cst as tree
from .index import Index
from .names import Elsewhere, Names


class Files(Protocol):
    """What the workspace wants from a project: its paths, their bytes, and a text search."""

    @property
    def paths(self) -> tuple[str, ...]: ...

    def read(self, path: str) -> bytes: ...

    def mentions(self, name: str) -> tuple[str, ...]: ...


@dataclass(frozen=True, eq=False)
class Parsed:
    """One module of the project."""

    path: str
    module: cst.Module
    elsewhere: Elsewhere | None = None

    @cached_property
    def names(self) -> Names:
        """The module's name resolution, with relative imports resolved by its place."""
        parts = PurePosixPath(self.path).with_suffix("").parts[:-1]
        return Names(self.module, ".".join(parts), self.elsewhere)

    @cached_property
    def index(self) -> Index:
        """The module's nodes by the name that they carry."""
        return Index(self.module)

    @cached_property
    def _lines(self) -> dict[int, int]:
        wrapper = MetadataWrapper(self.module, unsafe_skip_copy=True)
        return {id(n): r.start.line for n, r in wrapper.resolve(PositionProvider).items()}

    def line(self, node: cst.CSTNode | None, default: int = 1) -> int:
        """The 1-based line of a node; ``default`` for one that is not in this file."""
        return self._lines.get(id(node), default)

    @cached_property
    def toplevel(self) -> Class:
        """The owner of the functions outside of classes: a class without name, bases or methods."""
        empty = cst.ClassDef(cst.Name("_"), cst.IndentedBlock([cst.parse_statement("pass")]))
        return Class(self, empty, "")

    @cached_property
    def classes(self) -> dict[str, Class]:
        """The classes by dotted name; the last of several with one name wins."""
        found: dict[str, Class] = {}
        for node in tree.find(self.module, cst.ClassDef):
            outer = [
                each.name.value
                for each in self.names.ancestors(node)
                if isinstance(each, cst.ClassDef)
            ]
            name = ".".join([*reversed(outer), node.name.value])
            found[name] = Class(self, node, name)
        return found


@dataclass(frozen=True, eq=False)
class Class:
    """One class of the project."""

    file: Parsed
    node: cst.ClassDef
    name: str

    @cached_property
    def methods(self) -> dict[str, cst.FunctionDef]:
        """The functions defined in the body, also below ``if`` and ``try``; the last one wins."""
        return {
            each.name.value: each
            for each in tree.walk(self.node.body, into_functions=False)
            if isinstance(each, cst.FunctionDef)
        }

    @cached_property
    def repeated(self) -> frozenset[str]:
        """Names of functions that the body defines more than once, or only on a condition.

        Nobody can tell what counts. The setters of a property are no second definition.
        """
        defined = [
            each.name.value
            for each in tree.walk(self.node.body, into_functions=False)
            if isinstance(each, cst.FunctionDef)
            and not any(
                isinstance(d.decorator, cst.Attribute)
                and tree.dotted(d.decorator.value) == each.name.value
                for d in each.decorators
            )
        ]
        sure = {id(each) for each in _certain(self.node.body)}
        conditional = {n for n, each in self.methods.items() if id(each) not in sure}
        return frozenset(conditional | {name for name in defined if defined.count(name) > 1})

    @cached_property
    def attributes(self) -> frozenset[str]:
        """Names assigned in the class body or on ``self`` (any first parameter) in a method."""
        found = set(self.file.names.bindings(self.node).bound) - set(self.methods)
        for method in self.methods.values():
            first = first_parameter(method)
            for node in tree.walk(method):
                if isinstance(node, cst.AssignTarget | cst.AnnAssign | cst.AugAssign):
                    found |= _stored_on(first, node.target)
        return frozenset(found)

    @cached_property
    def stores(self) -> dict[str, list[cst.AssignTarget | cst.AnnAssign | cst.AugAssign]]:
        """The places in methods where an attribute of ``self`` is stored, by its name."""
        found: dict[str, list[cst.AssignTarget | cst.AnnAssign | cst.AugAssign]] = {}
        for method in self.methods.values():
            first = first_parameter(method)
            for place in tree.walk(method):
                if isinstance(place, cst.AssignTarget | cst.AnnAssign | cst.AugAssign):
                    holder, _, name = (tree.dotted(place.target) or "").rpartition(".")
                    if name and holder == first:
                        found.setdefault(name, []).append(place)
        return found

    @property
    def is_module(self) -> bool:
        """Whether this stands for the functions outside of classes, see :attr:`Parsed.toplevel`."""
        return not self.name

    def __repr__(self) -> str:
        return f"<{self.file.path}:{self.name}>"


@dataclass(frozen=True, eq=False)
class Patched(Class):
    """What a class is while ``function`` stands in for one of its methods, see `patches`.

    ``file`` is that of the function.
    """

    base: Class
    method: str
    function: cst.FunctionDef

    @cached_property
    def methods(self) -> dict[str, cst.FunctionDef]:
        return {self.method: self.function}

    @cached_property
    def repeated(self) -> frozenset[str]:
        return frozenset()

    @cached_property
    def attributes(self) -> frozenset[str]:
        return frozenset(self.stores)


def _certain(suite: cst.BaseSuite) -> Iterator[cst.CSTNode]:
    """The statements that run whenever ``suite`` does; nothing suppresses what fails above them."""
    for stmt in suite.body:
        yield stmt
        if isinstance(stmt, cst.With) and "suppress" not in "".join(map(tree.code, stmt.items)):
            yield from _certain(stmt.body)


def first_parameter(method: tree.Function) -> str | None:
    """The name of a method's ``self``; None without a plain first parameter."""
    if isinstance(method, cst.FunctionDef) and is_static(method):
        return None
    listed = [*method.params.posonly_params, *method.params.params]
    return listed[0].name.value if listed else None


def is_static(function: cst.FunctionDef) -> bool:
    """Whether a method gets no ``self``."""
    return any(tree.dotted(each.decorator) == "staticmethod" for each in function.decorators)


def _stored_on(first: str | None, target: cst.CSTNode) -> set[str]:
    return {
        each.attr.value
        for each in tree.find(target, cst.Attribute)
        if isinstance(each.value, cst.Name) and each.value.value == first
    }


@dataclass(eq=False)
class Workspace:
    """The project while one run of the codemod looks at it."""

    files: Files
    parsed: dict[str, Parsed | None] = field(default_factory=dict)
    _descendants: dict[int, tuple[Class, ...]] = field(default_factory=dict)
    stored: dict[str, bool] = field(default_factory=dict)
    storing: dict[str, tuple[Parsed, ...]] = field(default_factory=dict)
    _matches: dict[re.Pattern[bytes], bool] = field(default_factory=dict)
    _onward: dict[str, str] = field(default_factory=dict)
    _modules: dict[str, list[str]] = field(default_factory=dict)

    def add(self, path: str, module: cst.Module) -> Parsed:
        """Enter a module that was parsed already."""
        self.parsed[path] = entered = Parsed(path, module, self)
        return entered

    def file(self, path: str) -> Parsed | None:
        """The module at ``path``, None when it cannot be read or parsed."""
        if path not in self.parsed:
            self.parsed[path] = None
            if PurePosixPath(path).suffix not in {".py", ".pyw", ""}:
                return None
            try:
                module = cst.parse_module(self.files.read(path))
                self.parsed[path] = Parsed(path, module, self)
            except (OSError, ValueError, RecursionError, cst.ParserSyntaxError):
                return None
        return self.parsed[path]

    def module_path(self, dotted: str) -> str | None:
        """The project file of a dotted module name; None when none or several fit."""
        fits = self.module_paths(dotted)
        return fits[0] if len(fits) == 1 else None

    def module_paths(self, dotted: str) -> list[str]:
        """Every project file that may be the module called ``dotted``."""
        if dotted not in self._modules:
            stem = dotted.replace(".", "/")
            ends = (f"{stem}.py", f"{stem}/__init__.py")
            fits = [p for p in self.files.paths if p in ends]
            fits = fits or [p for p in self.files.paths if p.endswith(tuple("/" + e for e in ends))]
            self._modules[dotted] = fits
        return self._modules[dotted]

    def lookup(self, qualified: str, depth: int = 0) -> Class | str:
        """The project class that ``qualified`` names, following re-exports; else the name."""
        if qualified.startswith("tornado."):
            return qualified  # known by its documentation, also where its source is at hand
        module, _, name = qualified.rpartition(".")
        path = self.module_path(module) if module else None
        parsed = self.file(path) if path is not None else None
        if parsed is None or depth > 8:
            return qualified
        if name in parsed.classes:
            return parsed.classes[name]
        onward = (
            parsed.names.qualified(cst.Name(name), at=parsed.module.body[0])
            if parsed.module.body
            else None
        )
        return self.lookup(onward, depth + 1) if onward and onward != qualified else qualified

    def lacks(self, module: str, name: str) -> bool:
        """Whether a star import of ``module`` certainly does not give ``name``."""
        path = None if module.partition(".")[0] == "tornado" else self.module_path(module)
        file = self.file(path) if path is not None else None
        if file is None:
            return False
        bindings = file.names.bindings(file.module)
        return name not in bindings.bound | file.names.declared_global and not bindings.stars

    def onward(self, qualified: str) -> str:
        """Tornado's name for what a module of the project hands on; else ``qualified`` itself."""
        if qualified.startswith("tornado.") or "." not in qualified:
            return qualified
        if qualified not in self._onward:
            self._onward[qualified] = qualified
            found = self._handed_on(qualified)
            if found is not None and found.startswith("tornado."):
                self._onward[qualified] = found
        return self._onward[qualified]

    def _handed_on(self, qualified: str) -> str | None:
        """What a name of a module of the project was imported as there, or assigned once."""
        parts = qualified.split(".")
        for end in range(len(parts) - 1, 0, -1):
            path = self.module_path(".".join(parts[:end]))
            file = self.file(path) if path is not None else None
            if file is None or not file.module.body:
                continue
            first = file.module.body[0]
            bound = file.names.bindings(file.module).assigned.get(parts[end], [])
            value: cst.CSTNode = cst.Name(parts[end])
            if bound:
                assigned = file.names.parents.get(id(bound[0]))
                if len(bound) > 1 or not isinstance(assigned, cst.Assign):
                    return None
                value = assigned.value
            found = file.names.qualified(value, at=first)
            return None if found is None else ".".join([found, *parts[end + 1 :]])
        return None

    def imported_from(self, file: Parsed) -> set[str]:
        """The names that other files of the project take from ``file``, in any of their places."""
        path = PurePosixPath(file.path)
        stem = path.parent.name if path.stem == "__init__" else path.stem
        found: set[str] = set()
        for user in self.files.mentions(stem) if stem else ():
            other = self.file(user) if user != file.path and self._takes(user, stem) else None
            if other is not None:
                found |= _taken(other.module, stem)
        return found

    def _takes(self, path: str, stem: str) -> bool:
        """Whether the text of ``path`` may take names from a module called ``stem``.

        A module's short name stands in many files, and to parse them costs more than all else.
        """
        if not stem.isascii():
            return True
        pattern = (
            rb"\bfrom\b[\s\\.\w]*?\b%(stem)s[\s\\]+import\b"
            rb"|\b%(stem)s\b(?:[\s\\)]|#[^\r\n]*[\r\n])*\."
        ) % {b"stem": stem.encode()}
        return re.search(pattern, self.data(path)) is not None

    def data(self, path: str) -> bytes:
        """What a file holds; nothing where it cannot be read."""
        try:
            return self.files.read(path)
        except OSError:
            return b""

    def matches(self, name: str, pattern: re.Pattern[bytes]) -> bool:
        """Whether ``pattern`` is found in a file that mentions ``name``; looked for once."""
        if pattern not in self._matches:
            texts = (self.data(path) for path in self.files.mentions(name))
            self._matches[pattern] = any(pattern.search(text) for text in texts)
        return self._matches[pattern]

    def resolve(self, file: Parsed, expression: cst.CSTNode) -> Class | str | None:
        """What a class expression of ``file`` names: a project class, a qualified name or None."""
        path = tree.dotted(expression)
        if path is None:
            return None
        qualified = file.names.qualified(expression)
        if qualified is not None:
            return self.lookup(qualified)
        return file.classes.get(path)

    def bases(self, cls: Class) -> list[Class | str | None]:
        """The direct bases in order, without ``object``; None for one that cannot be told."""
        if isinstance(cls, Patched):
            return [cls.base]
        given = [arg.value for arg in cls.node.bases if arg.keyword is None]
        return [self.resolve(cls.file, base) for base in given if tree.dotted(base) != "object"]

    def ancestry(self, cls: Class) -> list[Class | str | None]:
        """The class, its bases and theirs, nearest first, each once (None may repeat)."""
        seen: list[Class | str | None] = []
        queue: list[Class | str | None] = [cls]
        while queue:
            at = queue.pop(0)
            if at is not None and at in seen:
                continue
            seen.append(at)
            if isinstance(at, Class):
                queue += self.bases(at)
        return seen

    def method(self, cls: Class, name: str) -> tuple[Class, cst.FunctionDef] | None:
        """Where ``name`` is defined for instances of ``cls`` in the project; None if nowhere."""
        for at in self.ancestry(cls):
            if isinstance(at, Class) and name in at.methods:
                return at, at.methods[name]
        return None

    def descendants(self, cls: Class) -> tuple[Class, ...]:
        """The project's classes below ``cls``, found by searching the text for its name.

        Among them is what the classes become where their methods are replaced.
        """
        if cls.is_module or isinstance(cls, Patched):
            return ()
        if id(cls.node) not in self._descendants:
            from .patches import patched

            self._descendants[id(cls.node)] = ()
            below: list[Class] = []
            for path in sorted(self.files.mentions(cls.node.name.value)):
                parsed = self.file(path)
                for other in parsed.classes.values() if parsed else ():
                    if (
                        other.node is not cls.node
                        and cls in self.bases(other)
                        and other not in below
                    ):
                        below += [other, *self.descendants(other)]
            below += patched(self, cls)
            self._descendants[id(cls.node)] = tuple(dict.fromkeys(below))
        return self._descendants[id(cls.node)]

    def family(self, cls: Class) -> set[Class]:
        """Every project class whose instances may also be instances of ``cls`` or share its bases'
        methods: ancestors, descendants, and the other bases of descendants."""
        related: set[Class] = set()
        for each in (cls, *self.descendants(cls)):
            related.update(at for at in self.ancestry(each) if isinstance(at, Class))
        return related


def _taken(module: cst.Module, stem: str) -> set[str]:
    """The names that a module imports from the module called ``stem``, or asks it for."""
    found: set[str] = set()
    for node in tree.find(module, cst.ImportFrom):
        origin = tree.dotted(node.module) or "" if node.module is not None else ""
        if origin.rpartition(".")[2] == stem:
            if isinstance(node.names, cst.ImportStar):
                found |= tree.names(module)
            else:
                found |= {tree.dotted(alias.name) or "" for alias in node.names}
    for asked in tree.find(module, cst.Attribute):
        if (tree.dotted(asked.value) or "").rpartition(".")[2] == stem:
            found.add(asked.attr.value)
    return found
