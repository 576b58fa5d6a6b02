"""Reads the folders of ``fixtures/``: one folder a case.

=====================  ============================================================================
``before.py``          the handler module as somebody wrote it
``after.STYLE.py``     what the tool makes of it, ``coroutine`` or ``native``; ``after.STYLE.6.py``
                       for ``--tornado 6``
``refusal.toml``       instead of those: ``[[refusal]]`` tables with ``handler``, ``code``, ``line``
                       and ``message`` (a part of the sentence); the file stays as it is
``naive.py``           a plausible wrong conversion, which running it must show; ``naive.6.py`` one
                       for ``--tornado 6``
``case.toml``          ``about`` (why the case is here), ``traps`` (rows of the semantics
                       reference), ``accept`` (patterns of effects that do not count, for the
                       reason that ``about`` gives), ``tornado_6`` (the release, if the usual one
                       will not do), ``[options]`` of the tool, ``[oracle]`` (``explore.Wishes``)
``project/``           other files of the project; ``project.STYLE/`` those that change too
``modules/``           stand-ins for third-party packages, for real Tornado only
``world.py``           names that the module finds among its globals, for real Tornado only
=====================  ============================================================================
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from .explore import Wishes
from .install import TORNADO_6
from .loopback import Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).resolve().parents[2] / "fixtures"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the report has to say about a handler that stays."""

    handler: str
    code: str = ""
    line: int = 0
    message: str = ""


@dataclass(frozen=True)
class Fixture:
    """One case, read lazily."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @cached_property
    def case(self) -> Mapping[str, Any]:
        return _toml(self.folder / "case.toml")

    @cached_property
    def path(self) -> str:
        """Where ``before.py`` stands in the project."""
        return self.case.get("path", "handlers.py")

    @cached_property
    def before(self) -> bytes:
        return (self.folder / "before.py").read_bytes()

    def naive(self, tornado: int) -> bytes | None:
        """The wrong conversion for a target, or None."""
        file = self.folder / ("naive.py" if tornado == 5 else f"naive.{tornado}.py")
        return file.read_bytes() if file.exists() else None

    @property
    def traps(self) -> tuple[int, ...]:
        """The rows of the semantics reference that the case is about."""
        return tuple(self.case.get("traps", ()))

    @property
    def tornado_6(self) -> str:
        """The release of Tornado 6 that results for ``--tornado 6`` are run on."""
        return str(self.case.get("tornado_6", TORNADO_6))

    @cached_property
    def options(self) -> Mapping[str, Any]:
        return self.case.get("options", {})

    @cached_property
    def accepted(self) -> tuple[str, ...]:
        return tuple(self.case.get("accept", ()))

    @cached_property
    def wishes(self) -> Wishes:
        return Wishes.from_toml(self.case.get("oracle", {}))

    @cached_property
    def refusals(self) -> tuple[Refusal, ...]:
        found = _toml(self.folder / "refusal.toml").get("refusal", [])
        return tuple(Refusal(**table) for table in found)

    def expected(self, style: str, tornado: int) -> bytes | None:
        """The golden text for a style and a target, or None."""
        name = f"after.{style}.py" if tornado == 5 else f"after.{style}.{tornado}.py"
        file = self.folder / name
        return file.read_bytes() if file.exists() else None

    def project(self, style: str | None = None) -> dict[str, bytes]:
        """The other files of the project by their path: as they were, or after the tool."""
        folders = [self.folder / "project"]
        if style is not None:
            folders.append(self.folder / f"project.{style}")
        return {
            file.relative_to(folder).as_posix(): file.read_bytes()
            for folder in folders
            for file in sorted(folder.rglob("*.py"))
        }

    def version(self, source: bytes, project: Path | None = None) -> Version:
        """``source`` in the place of ``before.py``, as the oracle runs it.

        ``project`` is a folder whose files stand before those of ``project/``.
        """
        folders = [project] if project else []
        folders += [self.folder / name for name in ("project", "modules")]
        world = self.folder / "world.py"
        return Version(
            source=source.decode("utf-8"),
            path=self.path,
            folders=tuple(str(f) for f in folders if f.is_dir()),
            world=world.read_text("utf-8") if world.exists() else "",
        )


def _toml(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text("utf-8")) if file.exists() else {}


def fixtures() -> list[Fixture]:
    """All cases, by name."""
    return [Fixture(f.parent) for f in sorted(FOLDER.glob("*/before.py"))]
