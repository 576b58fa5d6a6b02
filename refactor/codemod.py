"""The codemod: bytes in, bytes out, and for every handler what became of it and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import libcst as cst

from . import cst as tree
from .bodies import own_comments
from .catalogue import Catalogue
from .delegates import Delegates
from .edit import Rewrite
from .findings import findings
from .group import Groups
from .legacy import bare_returns
from .methods import Methods
from .model import Conversion, HandlerId, Options, Reason
from .opened import Editable
from .outcomes import Run
from .settling import Changed, together, unsettled
from .suspects import Suspects
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
    written. Converting the result again changes nothing. A file that cannot be read or parsed gives
    a Conversion with an error. Raises ``CatalogueError`` for a bad entry in ``options.operations``.
    """
    kept = keep or {}
    done = last = _pass(project, paths, options, kept)
    while unsettled(last, kept):
        changed = {each.path: each.after for each in done if each.after != each.before}
        last = _pass(Changed(project, changed), paths, options, kept)
        done = together(done, last)
    return done


def _pass(
    project: Files, paths: Sequence[str], options: Options, keep: Mapping[HandlerId, Reason]
) -> tuple[Conversion, ...]:
    """Convert everything that can be converted as the project stands."""
    workspace = Workspace(project)
    catalogue = Catalogue.of(options.operations)
    delegates = Delegates(Methods(workspace), catalogue, options)
    units = Editable(delegates, paths, options)
    suspects = Suspects(workspace)
    holding = units.holding()
    suspects.look(holding)
    further = units.naming(suspects.appliers(holding))
    suspects.look(further)
    run = Run(Groups(units, delegates), keep, suspects)
    for unit in (*holding, *further):
        run.file(unit)
    return tuple(_conversion(path, units, run) for path in paths)


def _conversion(path: str, units: Editable, run: Run) -> Conversion:
    if path in units.closed:
        return units.closed[path]
    if path not in units.opened:
        data = units.delegates.methods.workspace.files.read(path)
        return Conversion(path, data, data)
    opened = units.opened[path]
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
    module = bare_returns(done) if unit.options.python < (3,) else done
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
            before = cst.ensure_type(original_node, cst.IndentedBlock).body
            if id(before[0]) in self.gone:
                updated_node = _closed_up(updated_node)
            if any(id(stmt) in self.gone for stmt in before):
                return self._with_headings(updated_node, before)
        return self.swaps.get(id(original_node), updated_node)

    def _with_headings(
        self, block: cst.IndentedBlock, before: Sequence[cst.CSTNode]
    ) -> cst.IndentedBlock:
        """``block`` with the comments above what is gone that an empty line parts from it.

        They go to what follows; ``before`` are the statements that were there.
        """
        body = list(block.body)
        kept = 0
        waiting: list[cst.EmptyLine] = []
        for stmt in before:
            if id(stmt) in self.gone:
                waiting += _heading(stmt) if isinstance(stmt, cst.FunctionDef) else []
                continue
            if waiting:
                body[kept] = tree.lift_comments([body[kept]], waiting)[0]
                waiting = []
            kept += 2 if id(stmt) in self.added else 1
        return block.with_changes(body=body, footer=[*waiting, *block.footer])


def _heading(function: cst.FunctionDef) -> list[cst.EmptyLine]:
    above = function.leading_lines[: len(function.leading_lines) - len(own_comments(function))]
    commented = any(line.comment is not None for line in above)
    lines = list(above) if commented else []
    while lines and lines[-1].comment is None:
        lines.pop()
    return lines


def _closed_up(block: cst.IndentedBlock) -> cst.IndentedBlock:
    """A block whose first statement went, without the empty lines in front of the next."""
    first, *others = block.body
    lines = list(getattr(first, "leading_lines", ()))
    while lines and lines[0].comment is None:
        lines.pop(0)
    return block.with_changes(body=[first.with_changes(leading_lines=lines), *others])
