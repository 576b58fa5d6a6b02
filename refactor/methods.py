"""Which methods a call reaches, and who calls a method: dispatch over the project's classes.

Both questions are answered with more than is true where the order of bases decides (every most
derived definition counts), so whoever needs *all* targets or *all* callers may rely on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import libcst as cst

from . import cst as tree
from .find import title
from .functions import LOOKUPS, definition, places
from .receivers import Receivers
from .usage import is_path
from .workspace import Class, Parsed, Patched, Workspace, first_parameter, is_static

VERBS = frozenset({"get", "head", "post", "delete", "patch", "put", "options"})
"""The methods a request is dispatched to (``RequestHandler.SUPPORTED_METHODS``)."""


@dataclass(frozen=True, eq=False)
class Method:
    """A method of a class of the project, or a function of one of its modules."""

    cls: Class
    node: cst.FunctionDef

    @property
    def name(self) -> str:
        return self.node.name.value

    @property
    def file(self) -> Parsed:
        return self.cls.file

    @property
    def first(self) -> str:
        """The name of self; empty for a function that has none."""
        if self.is_function or is_static(self.node):
            return ""
        return first_parameter(self.node) or "self"

    @property
    def on_class(self) -> bool:
        """Whether it is called on the class itself."""
        marks = {tree.dotted(each.decorator) for each in self.node.decorators}
        return bool(marks & {"staticmethod", "classmethod"})

    @property
    def is_function(self) -> bool:
        """Whether it stands outside of classes."""
        return self.cls.is_module

    @property
    def title(self) -> str:
        """The dotted name of reports, ``Login.get``."""
        return title(self.cls.file.names, self.node)


@dataclass(frozen=True, eq=False)
class Use:
    """A place that names a method: its file (None where it is not Python), its node, and the
    method whose body it stands in, nested functions included."""

    path: str
    file: Parsed | None
    node: cst.CSTNode | None
    inside: Method | None


@dataclass(eq=False)
class Methods:
    """The methods of one project; answers are remembered."""

    workspace: Workspace
    _known: dict[tuple[int, bool], Method] = field(default_factory=dict)
    _uses: dict[int, tuple[Use, ...]] = field(default_factory=dict)
    _called: dict[int, tuple[Method, ...]] = field(default_factory=dict)

    def at(self, cls: Class, node: cst.FunctionDef) -> Method:
        """The one ``Method`` for a definition."""
        return self._known.setdefault((id(node), isinstance(cls, Patched)), Method(cls, node))

    def around(self, file: Parsed, node: cst.CSTNode) -> Method | None:
        """The method or function whose body ``node`` stands in, through nested functions."""
        found: Method | None = None
        outermost: cst.FunctionDef | None = None
        for each in (node, *file.names.ancestors(node)):
            if isinstance(each, cst.FunctionDef):
                outermost = each
                cls = self._class_of(file, each)
                found = self.at(cls, each) if cls is not None else found
            elif isinstance(each, cst.ClassDef):
                if found is not None:
                    break
                outermost = None
        if found is None and outermost is not None:
            return self.at(file.toplevel, outermost)
        return found

    def _class_of(self, file: Parsed, function: cst.FunctionDef) -> Class | None:
        around = file.names.enclosing(function, cst.ClassDef, cst.FunctionDef)
        return next((each for each in file.classes.values() if each.node is around), None)

    def below(self, cls: Class) -> tuple[Class, ...]:
        """The class and its descendants."""
        return (cls, *self.workspace.descendants(cls))

    def virtual(self, cls: Class, name: str) -> tuple[Method, ...]:
        """What ``self.name`` may be in a method of ``cls``."""
        if name.startswith("__") and not name.endswith("__"):
            return self.exactly(cls, name) if name in cls.methods else ()
        found = [m for each in self.below(cls) for m in self._derived(self._line(each), name)]
        return tuple(dict.fromkeys(found))

    def above(self, cls: Class, name: str) -> tuple[Method, ...]:
        """What ``super().name`` may be in a method of ``cls``."""
        found: list[Method] = []
        for each in self.below(cls):
            line = [at for at in self._line(each) if cls not in self._line(at)]
            found += self._derived(line, name)
            for at in line:
                found += self._replaced(at, name)
        return tuple(dict.fromkeys(found))

    def exactly(self, cls: Class, name: str) -> tuple[Method, ...]:
        """What ``Class.name`` is."""
        found = [*self._derived(self._line(cls), name), *self._replaced(cls, name)]
        return tuple(dict.fromkeys(found))

    def _replaced(self, cls: Class, name: str) -> list[Method]:
        """The functions that stand in for a method of ``cls`` or of its bases."""
        below = self.workspace.descendants(cls)
        patches = (at for at in below if isinstance(at, Patched) and at.base is cls)
        return [self.at(at, at.function) for at in patches if at.method == name]

    def _line(self, cls: Class) -> list[Class]:
        return [at for at in self.workspace.ancestry(cls) if isinstance(at, Class)]

    def _derived(self, line: list[Class], name: str) -> Iterator[Method]:
        """The definitions in ``line`` that no class of the line below them hides."""
        having = [at for at in line if name in at.methods]
        for at in having:
            if not any(at in self._line(other) for other in having if other is not at):
                yield self.at(at, at.methods[name])

    def named(self, file: Parsed, node: cst.Attribute) -> tuple[Method, ...] | None:
        """The methods ``node`` (``holder.name``) may stand for; None when the holder is unknown.

        Empty when it certainly stands for nothing of the project.
        """
        name, holder = node.attr.value, node.value
        mine = self._self_class(file, node, holder)
        if mine is not None:
            return self.virtual(mine, name)
        if isinstance(holder, cst.Call) and tree.dotted(holder.func) == "super":
            inside = self.around(file, node)
            return self.above(inside.cls, name) if inside is not None else None
        resolved = self.workspace.resolve(file, holder)
        if isinstance(resolved, Class):
            return self.exactly(resolved, name)
        if isinstance(resolved, str) and self._outside(resolved):
            return ()
        kind = Receivers(self.workspace, file).type_of(holder, node)
        if isinstance(kind, Class):
            return self.virtual(kind, name)
        return () if isinstance(kind, str) else None

    def called(self, file: Parsed, func: cst.BaseExpression) -> tuple[Method, ...]:
        """What a call of ``func`` may reach; empty when that cannot be told."""
        known = id(func) in file.names.parents
        if known and id(func) in self._called:
            return self._called[id(func)]
        found = definition(self.workspace, file, func)
        if found is not None:
            reached: tuple[Method, ...] = (self.at(found[0].toplevel, found[1]),)
        else:
            reached = self.named(file, func) or () if isinstance(func, cst.Attribute) else ()
        if known:
            self._called[id(func)] = reached
        return reached

    def on_self(self, call: cst.Call, file: Parsed, first: str) -> tuple[Method, ...]:
        """What ``self.m()``, ``super().m()`` or ``Base.m(self)`` may reach; () for other calls."""
        func = call.func
        if not isinstance(func, cst.Attribute):
            return ()
        if not is_own(func.value, first):
            given = bool(call.args) and tree.dotted(call.args[0].value) == first
            if not given or not isinstance(self.workspace.resolve(file, func.value), Class):
                return ()
        return self.named(file, func) or ()

    def own(self, file: Parsed, node: cst.Attribute) -> bool:
        """Whether ``node`` is ``self.name`` or ``super().name``."""
        holder = node.value
        if isinstance(holder, cst.Call):
            return tree.dotted(holder.func) == "super"
        return self._self_class(file, node, holder) is not None

    def _self_class(
        self, file: Parsed, node: cst.CSTNode, holder: cst.BaseExpression
    ) -> Class | None:
        """The class when ``holder`` is the first parameter of a method around ``node``."""
        if not isinstance(holder, cst.Name):
            return None
        owner = file.names.owner(node, holder.value)
        if not isinstance(owner, cst.FunctionDef) or first_parameter(owner) != holder.value:
            return None
        rebound = len(file.names.bindings(owner).assigned[holder.value]) > 1
        return None if rebound else self._class_of(file, owner)

    def _outside(self, qualified: str) -> bool:
        """Whether an imported name certainly is no object of the project."""
        parts = qualified.split(".")
        inside = any(
            self.workspace.module_path(".".join(parts[:end])) for end in range(1, len(parts) + 1)
        )
        return not inside or self.workspace.module_path(qualified) is not None

    def uses(self, method: Method) -> tuple[Use, ...]:
        """Every place in the project that may name ``method``, definitions left out."""
        if id(method.node) not in self._uses:
            self._uses[id(method.node)] = tuple(self._search(method))
        return self._uses[id(method.node)]

    def is_verb_alias(self, method: Method, use: Use) -> bool:
        """Whether ``use`` only makes ``method`` another verb of its class: ``post = get``.

        Tornado waits for a verb under each of its names; code that calls the other name might not.
        """
        file, node = use.file, use.node
        assigned = file.names.parents.get(id(node)) if file is not None else None
        if file is None or use.inside is not None or not isinstance(assigned, cst.Assign):
            return False
        targets = [tree.dotted(each.target) for each in assigned.targets]
        around = file.names.enclosing(assigned, cst.ClassDef, cst.FunctionDef)
        if around is not method.cls.node or not all(each in VERBS for each in targets):
            return False
        files = {each.file.path: each.file for each in self.workspace.family(method.cls)}
        return not any(
            isinstance(each, cst.Attribute) and self._may_be(at, each, method)
            for at in files.values()
            for name in targets
            for each in at.index.named_or_looked_up(name or "")
        )

    def _may_be(self, file: Parsed, node: cst.Attribute, method: Method) -> bool:
        """Whether an attribute is that of an object that may have ``method``."""
        resolved = self.workspace.resolve(file, node.value)
        return self.own(file, node) or resolved in self.workspace.family(method.cls)

    def _search(self, method: Method) -> Iterator[Use]:
        if method.is_function:
            for each in places(self.workspace, method.file, method.node):
                inside = None
                if each.file is not None and each.node is not None:
                    inside = self.around(each.file, each.node)
                yield Use(each.path, each.file, each.node, inside)
            return
        related = self.workspace.family(method.cls)
        verb = method.name in VERBS
        for path in self._paths(method, related, verb):
            file = self.workspace.file(path)
            if file is None:
                yield Use(path, None, None, None)
                continue
            for node in file.index.named_or_looked_up(method.name):
                if self._names(file, node, method, related, verb):
                    yield Use(path, file, node, self.around(file, node))

    def _paths(self, method: Method, related: Iterable[Class], verb: bool) -> list[str]:
        """The files that can name the method.

        The verbs' names are those of every dictionary, so only files that name a class of the
        family count for them.
        """
        paths = set(self.workspace.files.mentions(method.name))
        if verb:
            close = {each.file.path for each in related}
            for each in self.below(method.cls):
                close.update(self.workspace.files.mentions(each.node.name.value))
            paths &= {path for path in close if self.workspace.file(path) is not None}
        paths |= {each.file.path for each in self.below(method.cls)}
        return sorted(paths)

    def _names(
        self, file: Parsed, node: cst.CSTNode, method: Method, related: set[Class], verb: bool
    ) -> bool:
        if isinstance(node, cst.Attribute) and node.attr.value == method.name:
            found = self.named(file, node)
            if found is not None:
                return method in found
            return not verb or _looks_like_handler(node.value)
        if isinstance(node, cst.SimpleString) and node.raw_value == method.name:
            return self._looks_up(file, node, method)
        if isinstance(node, cst.SimpleString) and is_path(node, method.name, related):
            return True
        if isinstance(node, cst.Name) and node.value == method.name:
            return self._in_class_body(file, node, related)
        if not isinstance(node, cst.Call) or not self._computed(file, node, related):
            return False
        return method.name.startswith(_literal_start(node.args[1].value))

    def _looks_up(self, file: Parsed, node: cst.CSTNode, method: Method) -> bool:
        """Whether a text that equals a method's name may be used to find the method.

        It may in a table of names and in ``getattr``; not where another function gets it, where it
        is compared or is a key, and not in ``__all__``.
        """
        parent = file.names.parents.get(id(node))
        if isinstance(parent, cst.Comparison | cst.ComparisonTarget | cst.Index | cst.DictElement):
            return isinstance(parent, cst.DictElement) and parent.value is node
        if _is_exported(file, node):
            return False
        call = file.names.parents.get(id(parent)) if isinstance(parent, cst.Arg) else None
        if not isinstance(call, cst.Call):
            return method.name not in VERBS
        if (tree.dotted(call.func) or "").rpartition(".")[2] not in LOOKUPS:
            return False
        mine = self._self_class(file, call, call.args[0].value)
        if mine is not None:
            return method in self.virtual(mine, method.name)
        holder = self.workspace.resolve(file, call.args[0].value)
        return not isinstance(holder, Class) or method in self.exactly(holder, method.name)

    def _in_class_body(self, file: Parsed, node: cst.Name, related: set[Class]) -> bool:
        """Whether a bare name is the method, read in the body of a class of its family."""
        parent = file.names.parents.get(id(node))
        if isinstance(parent, cst.Attribute | cst.FunctionDef | cst.Param):
            return False
        owner = file.names.owner(node, node.value)
        return any(owner is each.node for each in related)

    def _computed(self, file: Parsed, call: cst.Call, related: set[Class]) -> bool:
        """``getattr(self, name)`` with a computed name, in a class of the family."""
        if tree.dotted(call.func) != "getattr" or len(call.args) < 2:
            return False
        if isinstance(call.args[1].value, cst.SimpleString):
            return False
        cls = self._self_class(file, call, call.args[0].value)
        return cls is not None and cls in related


def is_own(holder: cst.BaseExpression, first: str) -> bool:
    """Whether ``holder`` is ``super()`` or self, whose name is ``first``."""
    if isinstance(holder, cst.Call):
        return tree.dotted(holder.func) == "super"
    return isinstance(holder, cst.Name) and holder.value == first


def _is_exported(file: Parsed, node: cst.CSTNode) -> bool:
    """Whether a text stands in the list of a module's ``__all__``."""
    parents = file.names.parents
    listed = parents.get(id(parents.get(id(node))))
    holder = parents.get(id(listed))
    targets = holder.targets if isinstance(holder, cst.Assign) else ()
    return any(tree.dotted(each.target) == "__all__" for each in targets)


def _literal_start(value: cst.CSTNode) -> str:
    """What a computed text certainly begins with: ``"do_" + x``, ``"do_%s" % x``, ``f"do_{x}"``."""
    if isinstance(value, cst.BinaryOperation):
        return _literal_start(value.left).partition("%")[0]
    if isinstance(value, cst.Call) and isinstance(value.func, cst.Attribute):
        is_format = value.func.attr.value == "format"
        return _literal_start(value.func.value).partition("{")[0] if is_format else ""
    if isinstance(value, cst.FormattedString) and value.parts:
        text = value.parts[0]
        return text.value if isinstance(text, cst.FormattedStringText) else ""
    return value.raw_value if isinstance(value, cst.SimpleString) else ""


def _looks_like_handler(holder: cst.BaseExpression) -> bool:
    """Whether an object of unknown class may be a request handler, by what it is called."""
    last = (tree.dotted(holder) or tree.code(holder)).rpartition(".")[2].lower()
    return "handler" in last or last in {"that", "this", "me", "view", "cls", "klass"}
