"""The codemod: bytes in, bytes out, and for every handler what became of it and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import libcst as cst

from . import cst as tree
from .catalogue import Catalogue
from .find import Handler, handlers
from .handler import Rewrite, rewrite
from .model import Conversion, HandlerId, HandlerOutcome, Options, Problem, Reason
from .reasons import sentence
from .refusal import Refused
from .source import SourceError, decode, parse
from .unit import Unit
from .workspace import Files, Workspace


def convert(
    project: Files,
    paths: Sequence[str],
    options: Options,
    keep: Mapping[HandlerId, Reason] | None = None,
) -> tuple[Conversion, ...]:
    """Convert the handlers of ``paths``; handlers in ``keep`` stay, with the reason given there.

    Nothing is read but through ``project`` and nothing is written. A file that cannot be read or
    parsed gives a Conversion with an error. Raises ``CatalogueError`` for a bad entry in
    ``options.operations``.
    """
    workspace = Workspace(project)
    catalogue = Catalogue.of(options.operations)
    kept = dict(keep or {})
    return tuple(_file(workspace, catalogue, path, options, kept) for path in paths)


def _file(
    workspace: Workspace,
    catalogue: Catalogue,
    path: str,
    options: Options,
    keep: Mapping[HandlerId, Reason],
) -> Conversion:
    try:
        before = workspace.files.read(path)
        source = decode(path, before)
        module = parse(source)
    except SourceError as error:
        return Conversion(path, b"", b"", error=error.problem)
    except OSError as error:
        return Conversion(path, b"", b"", error=Problem("UC002", str(error)))
    unit = Unit(workspace, workspace.add(path, module), options, catalogue)
    outcomes: list[HandlerOutcome] = []
    rewrites: list[Rewrite] = []
    for handler in handlers(unit.file):
        reason = keep.get(HandlerId(path, handler.name))
        outcome, done = _handler(unit, handler, reason)
        outcomes.append(outcome)
        rewrites += [done] if done is not None else []
    after = source.encode(_applied(unit, rewrites).code) if rewrites else before
    return Conversion(path, before, after, tuple(outcomes))


def _handler(
    unit: Unit, handler: Handler, keep: Reason | None
) -> tuple[HandlerOutcome, Rewrite | None]:
    line = unit.line(handler.node.name)
    if keep is not None:
        return HandlerOutcome(handler.name, line, "kept", keep), None
    wanted = dict(unit.imports.wanted)
    try:
        done = rewrite(unit, handler)
    except Refused as refused:
        unit.imports.wanted = wanted
        reason = Reason(refused.code, str(refused), unit.line(refused.node, line))
        return HandlerOutcome(handler.name, line, "kept", reason), None
    except RecursionError:
        raise
    except Exception as error:  # one handler's trouble must not cost the others
        unit.imports.wanted = wanted
        text = sentence("UC904", what=f"{type(error).__name__}: {error}")
        return HandlerOutcome(handler.name, line, "kept", Reason("UC904", text, line)), None
    return HandlerOutcome(handler.name, line, "rewritten", None, done.callbacks, done.notes), done


def _applied(unit: Unit, rewrites: Sequence[Rewrite]) -> cst.Module:
    swaps = [pair for each in rewrites for pair in each.replaced]
    gone = {id(node) for each in rewrites for node in each.removed}
    module = tree.replace(unit.file.module, swaps)
    if gone:
        module = _without_methods(unit.file.module, swaps, gone)
    return unit.imports.apply(module)


def _without_methods(
    module: cst.Module, swaps: list[tuple[cst.CSTNode, cst.CSTNode]], gone: set[int]
) -> cst.Module:
    done = module.visit(_Apply({id(old): new for old, new in swaps}, gone))
    assert isinstance(done, cst.Module)
    return done


class _Apply(cst.CSTTransformer):
    """Swaps and removes nodes by identity."""

    def __init__(self, swaps: dict[int, cst.CSTNode], gone: set[int]) -> None:
        super().__init__()
        self.swaps = swaps
        self.gone = gone

    def on_leave(  # type: ignore[override]
        self, original_node: cst.CSTNode, updated_node: cst.CSTNode
    ) -> cst.CSTNode | cst.RemovalSentinel:
        if id(original_node) in self.gone:
            return cst.RemoveFromParent()
        return self.swaps.get(id(original_node), updated_node)
