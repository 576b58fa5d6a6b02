"""Pairs that were made to fool the check get the right verdict, either way round.

``attacks.txt`` holds them: the lines that all modules begin with, then for each pair what is true
of it and its name, the first version, and behind ``---`` the second. *same* and *different* were
seen on real Tornado 4.4.2 and 5.1.1 (``benchmarks/attacks.py`` asks them again); *unseen* is
different in a case that is not among the values tried, so that the verdict must not be called
complete. A pair that once got a wrong verdict stays there for good.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from uncallback.refactor.verify import Verifier, VerifyOptions, Version

HEAD, *PARTS = Path(__file__).with_name("attacks.txt").read_text("utf-8").split("\n=== ")
PAIRS = [part.split("\n", 1) for part in PARTS]


@pytest.fixture(scope="module")
def verifier() -> Iterator[Verifier]:
    options = VerifyOptions(seconds=4, runs=800, before_tornado=4, confirm=False)
    with Verifier(options) as made:
        yield made


@pytest.mark.parametrize(("title", "text"), PAIRS, ids=[title for title, _ in PAIRS])
def test_it_is_not_fooled(verifier: Verifier, title: str, text: str) -> None:
    truth = title.partition(":")[0]
    versions = [Version("app.py", f"{HEAD}\n{part}".encode()) for part in text.split("\n---\n")]
    name = "Main.get" if "def get(" in text else "Main.post"
    for first, second in (versions, versions[::-1]):
        verdict = verifier.verify(first, second, [name])[name]
        wanted = "different" if truth == "different" else "equivalent"
        assert verdict.result == wanted, verdict.reason
        if truth == "unseen":
            assert not verdict.complete
            assert verdict.details["held"]


def test_what_a_process_did_before_changes_nothing() -> None:
    """The first verdict of a child is the one that it gives again later."""
    (text,) = (text for title, text in PAIRS if title == "same: a thread pool")
    versions = [Version("app.py", f"{HEAD}\n{part}".encode()) for part in text.split("\n---\n")]
    with Verifier(VerifyOptions(before_tornado=4)) as fresh:
        first, again = (fresh.verify(*versions, ["Main.get"])["Main.get"] for _ in range(2))
    assert first == again
