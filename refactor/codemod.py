"""The codemod: bytes in, bytes out, and for every handler what became of it and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from .catalogue import Catalogue
from .delegates import Delegates
from .edit import Rewrite
from .findings import findings
from .group import Groups
from .methods import Methods
from .model import Conversion, HandlerId, Options, Problem, Reason
from .outcomes import Run
from .source import Source, SourceError, decode, parse
from .unit import Unit
from .workspace import Files, Workspace


def convert(
    project: Files,
    paths: Sequence[str],
    options: Options,
    keep: Mapping[HandlerId, Reason] | None = None,
) -> tuple[Conversion, ...]:
    """Convert the handlers of ``paths``; handlers in ``keep`` stay, with the reason given there.

    Handlers that depend on each other are converted together or not at all, also across files, and
    only files of ``paths`` are edited. Nothing is read but through ``project`` and nothing is
    written. A file that cannot be read or parsed gives a Conversion with an error. Raises
    ``CatalogueError`` for a bad entry in ``options.operations``.
    """
    workspace = Workspace(project)
    catalogue = Catalogue.of(options.operations)
    delegates = Delegates(Methods(workspace), catalogue, options)
    opened = {path: _open(delegates, path, options) for path in dict.fromkeys(paths)}
    units = {path: each.unit for path, each in opened.items() if isinstance(each, Opened)}
    run = Run(Groups(units, delegates), keep or {})
    for path in sorted(units):
        run.file(units[path])
    return tuple(_conversion(opened[path], run) for path in paths)


@dataclass(frozen=True)
class Opened:
    """A file that can be converted: its bytes, its text, and what the stages need."""

    before: bytes
    source: Source
    unit: Unit


def _open(delegates: Delegates, path: str, options: Options) -> Opened | Conversion:
    workspace = delegates.methods.workspace
    try:
        before = workspace.files.read(path)
        source = decode(path, before)
        module = parse(source)
    except SourceError as error:
        return Conversion(path, b"", b"", error=error.problem)
    except OSError as error:
        return Conversion(path, b"", b"", error=Problem("UC002", str(error)))
    file = workspace.add(path, module)
    return Opened(before, source, Unit(workspace, file, options, delegates.catalogue, delegates))


def _conversion(opened: Opened | Conversion, run: Run) -> Conversion:
    if isinstance(opened, Conversion):
        return opened
    path = opened.unit.file.path
    rewrites = run.rewrites.get(path, [])
    after, module = opened.before, opened.unit.file.module
    if rewrites:
        module = _applied(opened.unit, rewrites)
        after = opened.source.encode(module.code)
    outcomes = [run.outcomes[each] for each in run.order.get(path, [])]
    found = findings(opened.unit, rewrites, module)
    return Conversion(path, opened.before, after, tuple(outcomes), found)


def _applied(unit: Unit, rewrites: Sequence[Rewrite]) -> cst.Module:
    swaps = [pair for each in rewrites for pair in each.replaced]
    gone = {id(node) for each in rewrites for node in each.removed}
    added = {id(old): new for each in rewrites for old, new in each.added}
    done = unit.file.module.visit(_Apply({id(old): new for old, new in swaps}, gone, added))
    assert isinstance(done, cst.Module)
    module = done
    return unit.imports.apply(module, unit.workspace.imported_from(unit.file))


class _Apply(cst.CSTTransformer):
    """Swaps and removes nodes by identity, and puts functions behind others."""

    def __init__(
        self, swaps: dict[int, cst.CSTNode], gone: set[int], added: dict[int, cst.FunctionDef]
    ) -> None:
        super().__init__()
        self.swaps = swaps
        self.gone = gone
        self.added = added

    def on_leave(  # type: ignore[override]
        self, original_node: cst.CSTNode, updated_node: cst.CSTNode
    ) -> cst.CSTNode | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNode]:
        if id(original_node) in self.gone:
            return cst.RemoveFromParent()
        if id(original_node) in self.added:
            return cst.FlattenSentinel(
                [self.swaps[id(original_node)], self.added[id(original_node)]]
            )
        if isinstance(updated_node, cst.IndentedBlock) and updated_node.body:
            (first, *_) = cst.ensure_type(original_node, cst.IndentedBlock).body
            if id(first) in self.gone:
                return _closed_up(updated_node)
        return self.swaps.get(id(original_node), updated_node)


def _closed_up(block: cst.IndentedBlock) -> cst.IndentedBlock:
    """A block whose first statement went, without the empty lines in front of the next."""
    first, *others = block.body
    lines = list(getattr(first, "leading_lines", ()))
    while lines and lines[0].comment is None:
        lines.pop(0)
    return block.with_changes(body=[first.with_changes(leading_lines=lines), *others])
