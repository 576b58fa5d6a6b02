"""The explorer over all fixtures: expected results are equivalent, naive conversions different."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from oracle.fixture import Fixture, fixtures
from uncallback.refactor.model import Verdict
from uncallback.refactor.verify import Verifier, VerifyOptions, Version

CASES = {fixture.name: fixture for fixture in fixtures()}
NAIVE = [(n, target) for n, f in CASES.items() for target in (5, 6) if f.naive(target) is not None]
EXPECTED = [
    (name, style, tornado)
    for name, fixture in CASES.items()
    for style in ("coroutine", "native")
    for tornado in (5, 6)
    if fixture.expected(style, tornado) is not None
]
HELD = {
    "trap-44-error-page-looks-at-frames": "the frames of tracebacks are a matter of spelling",
}
"""Naive conversions that the explorer says it cannot tell apart, and why."""

UNREACHED = {
    ("attack-metaclass-or-decorated-class", "H.get"): "a decorator replaces its callback",
    ("attack-monkeypatched-later", "H.get"): "its callback is replaced",
    ("attack-replaced-by-keyword", "Patched.get"): "its callback is replaced",
    ("callback-in-variable", "Alias.put"): "its callback does not exist",
    ("project-decorators", "B.head"): "its first line always raises",
    ("project-helper-patched", "Replaced.get"): "its helper is replaced",
    ("project-takes-callback", "A.put"): "what it looks up is always known",
}
"""Handlers of expected results whose operation or callback no run can reach, and why."""


class Verifiers:
    """One child for each target generation and declared operations, kept for all the cases."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, str], Verifier] = {}

    def of(self, fixture: Fixture, tornado: int) -> Verifier:
        operations = tuple(fixture.options.get("operations", ()))
        key = tornado, repr(operations)
        if key not in self._made:
            options = VerifyOptions(
                seconds=5,
                runs=400,
                operations=operations,
                after_tornado=6 if tornado == 6 else None,
            )
            self._made[key] = Verifier(options)
        return self._made[key]

    def close(self) -> None:
        for verifier in self._made.values():
            verifier.__exit__(None, None, None)


@pytest.fixture(scope="module")
def verifiers() -> Iterator[Verifiers]:
    made = Verifiers()
    yield made
    made.close()


def verdicts(
    verifier: Verifier, fixture: Fixture, source: bytes, style: str | None = None
) -> dict[str, Verdict]:
    before = Version(fixture.path, fixture.before, fixture.project())
    return verifier.verify_all(before, Version(fixture.path, source, fixture.project(style)))


@pytest.mark.parametrize(("name", "tornado"), NAIVE)
def test_naive_conversions_are_found(name: str, tornado: int, verifiers: Verifiers) -> None:
    fixture = CASES[name]
    naive = fixture.naive(tornado)
    assert naive is not None
    found = verdicts(verifiers.of(fixture, tornado), fixture, naive)
    if name in HELD:
        assert not any(v.result == "equivalent" and v.complete for v in found.values())
    else:
        assert "different" in {verdict.result for verdict in found.values()}


@pytest.mark.parametrize(("name", "style", "tornado"), EXPECTED)
def test_expected_results_are_never_different(
    name: str, style: str, tornado: int, verifiers: Verifiers
) -> None:
    fixture = CASES[name]
    source = fixture.expected(style, tornado)
    assert source is not None
    found = verdicts(verifiers.of(fixture, tornado), fixture, source, style)
    assert found
    for handler, verdict in found.items():
        wanted = "inconclusive" if (name, handler) in UNREACHED else "equivalent"
        assert verdict.result == wanted, (handler, verdict.reason)


@pytest.mark.parametrize("name", list(CASES)[::4])
def test_what_is_unchanged_is_never_different(name: str, verifiers: Verifiers) -> None:
    fixture = CASES[name]
    found = verdicts(verifiers.of(fixture, 5), fixture, fixture.before)
    assert "different" not in {verdict.result for verdict in found.values()}
