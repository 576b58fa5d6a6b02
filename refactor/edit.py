"""What the conversion of one handler changes in the tree of its file."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from .model import Callback
from .sites import Site


@dataclass(frozen=True, eq=False)
class Rewrite:
    """``replaced`` pairs old and new nodes; ``removed`` are methods whose bodies moved.

    ``handled`` are the operations that are waited for now; ``block`` are the statements of the
    converted method. ``added`` are new functions, each with the one it stands behind.
    """

    replaced: tuple[tuple[cst.CSTNode, cst.CSTNode], ...]
    removed: tuple[cst.FunctionDef, ...]
    callbacks: tuple[Callback, ...]
    notes: tuple[str, ...] = ()
    answers: bool = False
    handled: tuple[Site, ...] = ()
    block: tuple[cst.BaseStatement, ...] = ()
    added: tuple[tuple[cst.FunctionDef, cst.FunctionDef], ...] = ()
