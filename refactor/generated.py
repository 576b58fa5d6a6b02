"""A counterexample as a test of a project's own: a pytest file that fails while two files differ.

``as_test`` writes the file, which calls ``replay_files``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .model import Verdict

_FILE = '''\
"""Fails as long as {handler} behaves differently in the two files."""

from pathlib import Path

from uncallback.refactor.generated import replay_files

HERE = Path(__file__).resolve().parent


def test_{name}_behaves_as_before():
{story}    tape = {tape!r}
    verdict = replay_files({arguments})
    assert verdict.details.get("agreed"), verdict.reason
'''


def as_test(
    before: Path,
    after: Path,
    handler: str,
    example: Mapping[str, Any],
    folder: Path,
    **options: Any,
) -> str:
    """A pytest file that plays a counterexample to two files and fails while they differ.

    It is to stand in ``folder``, from which it finds the files. ``options`` are fields of
    ``VerifyOptions`` that the settings of the project do not hold.
    """
    story = "".join(f"    {line}".rstrip() + "\n" for line in example["text"].splitlines())
    paths = [os.path.relpath(path.resolve(), folder.resolve()) for path in (before, after)]
    arguments = [f"HERE / {Path(path).as_posix()!r}" for path in paths]
    arguments += [repr(handler), "tape", *(f"{key}={value!r}" for key, value in options.items())]
    return _FILE.format(
        handler=handler,
        name="".join(char if char.isalnum() else "_" for char in handler).lower(),
        story=f'    r"""\n{story}    """\n' if '"""' not in story else "",
        tape=example["replay"],
        arguments=", ".join(arguments),
    )


def replay_files(before: Path, after: Path, handler: str, tape: str, **options: Any) -> Verdict:
    """Play one tape to two files, in their project and with its settings.

    ``options`` are fields of ``VerifyOptions``. The verdict is *different*, or *inconclusive*: one
    tape proves nothing more. Its ``details["agreed"]`` says whether both versions did the same.
    Raises ``ValueError`` for a file that cannot be read or parsed, with its line.
    """
    from dataclasses import replace

    from .config import settings_for
    from .tools import verify_options
    from .verify import Verifier
    from .versions import Failure, pairs, root_of

    failures: list[Failure] = []
    found = list(pairs(before, after, failures))
    if not found:
        raise ValueError("; ".join(failure.line for failure in failures))
    settings = settings_for([before.resolve()], None, isolated=False)
    chosen = replace(verify_options(settings, root_of(before)), **options)
    with Verifier(chosen) as verifier:
        return verifier.replay(found[0].before, found[0].after, handler, tape)
