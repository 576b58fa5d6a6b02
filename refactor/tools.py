"""The real converter and the real checker, for everything that runs the line."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .project import Project
from .rounds import Checker, Tools
from .settings import Settings

if TYPE_CHECKING:
    from .verify import Verifier, VerifyOptions


def convert(*arguments: Any) -> Any:
    """Call `codemod.convert`; LibCST is imported when the first file really needs it."""
    from .codemod import convert as work

    return work(*arguments)


def verify_options(settings: Settings, root: Path, **generations: int) -> VerifyOptions:
    """Return the checker's options; what is not set keeps the checker's own default.

    ``generations`` are ``before_tornado`` and ``after_tornado``.
    """
    from .catalogue import Catalogue
    from .verify import VerifyOptions

    given: dict[str, Any] = {"seconds": settings.seconds, "runs": settings.runs, **generations}
    return VerifyOptions(
        seed=settings.seed,
        root=str(root),
        imports=settings.imports,
        operations=tuple(Catalogue.of(settings.operations).tables()),
        assume_once=settings.assume_once,
        **{name: value for name, value in given.items() if value is not None},
    )


def tools_for(settings: Settings, **others: Callable[[Any], Any]) -> tuple[Tools, list[Verifier]]:
    """Return the tools that ``settings`` ask for, and the list that open checkers are entered in.

    ``others`` are further fields of `Tools`. Whoever is interrupted ends the checkers in the list,
    because their threads cannot.
    """
    opened: list[Verifier] = []
    target = {"after_tornado": 6} if settings.tornado == 6 else {}

    def checker(project: Project) -> AbstractContextManager[Checker]:
        from .verify import Verifier

        verifier = Verifier(verify_options(settings, project.root, **target))
        opened.append(verifier)
        return verifier

    return Tools(convert, checker if settings.verify else None, **others), opened
