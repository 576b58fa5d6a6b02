"""The settings of one invocation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from .model import Options, Style


@dataclass(frozen=True, slots=True)
class Settings:
    """What one invocation does; ``source`` is the file that had a say, if any.

    ``seconds`` and ``runs`` bound the check of one handler (``None``: the checker's own bound),
    ``imports`` are modules the check loads for real, ``per_file_ignores`` maps a pattern to codes.
    ``root`` says that the folder of ``source`` is a project of its own (see `project.find_root`).
    """

    style: Style = "coroutine"
    tornado: Literal[5, 6] = 5
    python: tuple[int, int] = (3, 6)
    placement: Literal["inline", "call"] = "inline"
    assume_once: bool = False
    strict: bool = False
    verify: bool = True
    seconds: float | None = None
    runs: int | None = None
    seed: int = 0
    imports: tuple[str, ...] = ()
    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    per_file_ignores: Mapping[str, frozenset[str]] = field(default_factory=dict)
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    respect_gitignore: bool = True
    jobs: int | None = None
    operations: tuple[Mapping[str, Any], ...] = ()
    root: bool = False
    source: Path | None = None

    def options(self) -> Options:
        """The part that the codemod needs."""
        return Options(
            style=self.style,
            tornado=self.tornado,
            python=self.python,
            placement=self.placement,
            assume_once=self.assume_once,
            operations=self.operations,
            select=self.select,
            ignore=self.ignore,
        )

    def override(self, **values: Any) -> Settings:
        """These settings with every value that is not ``None`` put in place."""
        return replace(self, **{name: each for name, each in values.items() if each is not None})
