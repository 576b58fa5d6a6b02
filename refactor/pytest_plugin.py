"""The pytest plugin: "these two are equivalent" as a test of a project's own.

As a fixture::

    def test_login(uncallback):
        uncallback("old/login.py", "new/login.py", "Login.get")

or as a marker, which checks before the test's own body runs::

    @pytest.mark.uncallback("old/login.py", "new/login.py", "Login.get")
    def test_login(): ...

Paths are relative to the test's own folder, then to pytest's root. Without a handler's name all
handlers of the two files are compared. Being installed costs a suite one import of this module.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .model import Verdict

MARKER = (
    "uncallback(before, after, *handlers, **options): "
    "the handlers of the two files behave the same (uncallback)"
)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, for suites with ``--strict-markers``."""
    config.addinivalue_line("markers", MARKER)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Check what a marked test claims before it runs."""
    for marker in item.iter_markers("uncallback"):
        Equivalence(item.path.parent, item.config.rootpath)(*marker.args, **marker.kwargs)


@pytest.fixture
def uncallback(request: pytest.FixtureRequest) -> Equivalence:
    """A function that fails the test unless two versions of handlers behave the same."""
    return Equivalence(request.path.parent, request.config.rootpath)


class Equivalence:
    """Compares two files; ``folders`` are where relative paths are looked for, in order."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders

    def __call__(
        self, before: str, after: str, *handlers: str, strict: bool = True, **options: Any
    ) -> dict[str, Verdict]:
        """Fail the test unless every handler is *equivalent*; the verdicts come back.

        ``strict=False`` accepts *inconclusive* too. ``options`` are fields of
        ``uncallback.refactor.verify.VerifyOptions``.
        """
        __tracebackhide__ = True
        from .verify import CheckError, Verifier, VerifyOptions

        options.setdefault("root", str(self._folders[-1]))
        old, new = self._version(before), self._version(after)
        try:
            with Verifier(VerifyOptions(**options)) as verifier:
                if handlers:
                    verifier.require(old, new, handlers)
                    verdicts = verifier.verify(old, new, handlers)
                else:
                    verdicts = verifier.verify_all(old, new)
        except CheckError as error:
            raise pytest.fail.Exception(f"uncallback: {error}", pytrace=False) from None
        accepted = {"equivalent"} if strict else {"equivalent", "inconclusive"}
        bad = [_story(n, v) for n, v in verdicts.items() if v.result not in accepted]
        if bad or not verdicts:
            text = "\n\n".join(bad) or f"no handler found in {before} or {after}"
            pytest.fail(f"uncallback: {text}", pytrace=False)
        return verdicts

    def _version(self, name: str) -> Any:
        from .verify import Version

        for folder in self._folders:
            path = folder / name
            if path.is_file():
                root = self._folders[-1]
                inside = path.is_relative_to(root)
                shown = path.relative_to(root).as_posix() if inside else path.name
                data = path.read_bytes()
                problem = _problem(name, data)
                if problem is not None:
                    pytest.fail(f"uncallback: {problem}", pytrace=False)
                return Version(shown, data)
        searched = " or ".join(dict.fromkeys(map(str, self._folders)))
        pytest.fail(f"uncallback: no file {name} in {searched}", pytrace=False)


def _problem(name: str, data: bytes) -> str | None:
    """The one line about a file that cannot be parsed."""
    from .source import SourceError, check, decode

    try:
        check(decode(name, data))
    except SourceError as error:
        found = error.problem
        return f"{name}:{found.line}:{found.column}: {found.code} {found.message}"
    return None


def _story(name: str, verdict: Verdict) -> str:
    text = f"{name} is {verdict.result}: {verdict.reason}"
    example = verdict.counterexample
    return f"{text}\n{example['text']}" if example else text
