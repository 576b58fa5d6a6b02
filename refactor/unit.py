"""One file while it is converted: what every stage needs to know of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from .catalogue import Catalogue
from .forms import Forms
from .imports import Imports
from .model import Options
from .workspace import Parsed, Workspace


@dataclass
class Unit:
    """The file, the project around it, and what the person asked for."""

    workspace: Workspace
    file: Parsed
    options: Options
    catalogue: Catalogue
    imports: Imports = field(init=False)
    forms: Forms = field(init=False)

    def __post_init__(self) -> None:
        self.imports = Imports(self.file)
        self.forms = Forms(self.options, self.imports)

    @cached_property
    def _lines(self) -> dict[int, int]:
        wrapper = MetadataWrapper(self.file.module, unsafe_skip_copy=True)
        return {id(n): r.start.line for n, r in wrapper.resolve(PositionProvider).items()}

    def line(self, node: cst.CSTNode | None, default: int = 1) -> int:
        """The 1-based line of a node of the original file."""
        return self._lines.get(id(node), default)
