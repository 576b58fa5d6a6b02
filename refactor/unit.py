"""One file while it is converted: what every stage needs to know of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import libcst as cst

from .catalogue import Catalogue
from .delegates import Delegates
from .finish import Finishing
from .forms import Forms
from .imports import Imports
from .model import Options
from .sites import SiteFinder
from .workspace import Class, Parsed, Workspace


@dataclass
class Unit:
    """The file, the project around it, and what the person asked for."""

    workspace: Workspace
    file: Parsed
    options: Options
    catalogue: Catalogue
    delegates: Delegates
    imports: Imports = field(init=False)
    forms: Forms = field(init=False)

    def __post_init__(self) -> None:
        self.imports = Imports(self.file)
        self.forms = Forms(self.options, self.imports)

    def finder(self, cls: Class) -> SiteFinder:
        """What recognises operations in the methods of ``cls``, a class of this file."""
        return SiteFinder(
            self.workspace,
            self.file,
            cls,
            self.catalogue,
            self.options.assume_once,
            self.delegates,
        )

    def finishing(self, cls: Class, children: Collection[int] = ()) -> Finishing:
        """The must-finish analysis for ``cls``, with the methods that were converted so far.

        ``children`` are methods that become coroutines beside their caller, by node.
        """
        beside = {*children, *self.delegates.beside}
        return Finishing(self.workspace, cls, self.delegates.converted, beside)

    def line(self, node: cst.CSTNode | None, default: int = 1) -> int:
        """The 1-based line of a node of the original file."""
        return self.file.line(node, default)
