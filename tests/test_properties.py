"""What must hold for every handler, whatever stands in it."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uncallback.refactor.codemod import convert
from uncallback.refactor.model import Conversion, Options, Style
from uncallback.refactor.project import Project

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))

from random_handlers import module

HANDLERS = st.integers(0, 2**32).map(lambda seed: module(Random(seed)))
STYLES: list[Style] = ["coroutine", "native"]
relaxed = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder, so that nobody else uses a name."""
    return tmp_path_factory.mktemp("project")


def converted(folder: Path, text: str | bytes, style: Style, tornado: int = 5) -> Conversion:
    """``text`` after the codemod."""
    data = text if isinstance(text, bytes) else text.encode()
    options = Options(style=style, tornado=6 if tornado == 6 else 5)
    (found,) = convert(Project(folder, {"h.py": data}), ["h.py"], options)
    assert found.error is None, found.error
    return found


@relaxed
@given(HANDLERS, st.sampled_from(STYLES), st.sampled_from([5, 6]))
def test_output_compiles_and_nothing_fails(
    folder: Path, text: str, style: Style, tornado: int
) -> None:
    found = converted(folder, text, style, tornado)
    compile(found.after, "h.py", "exec")
    codes = [h.reason.code for h in found.handlers if h.reason is not None]
    assert not {"UC904", "UC905"} & set(codes), found.handlers


@relaxed
@given(HANDLERS, st.sampled_from(STYLES))
def test_a_second_run_changes_nothing(folder: Path, text: str, style: Style) -> None:
    once = converted(folder, text, style).after
    assert converted(folder, once, style).after == once


@relaxed
@given(HANDLERS)
def test_a_kept_handler_leaves_every_byte(folder: Path, text: str) -> None:
    found = converted(folder, text, "coroutine")
    rewritten = [h for h in found.handlers if h.status == "rewritten"]
    assert (found.after == found.before) == (not rewritten)


@relaxed
@given(HANDLERS)
def test_bytes_around_the_handler_stay(folder: Path, text: str) -> None:
    above = "'''Kept  as it is.'''\nX = {  'odd' :1}  # layout\n"
    below = "\n\nclass Other (object) :\n    def on_1( self ) : return  1\n"
    found = converted(folder, above + text + below, "coroutine").after.decode()
    assert found.startswith(above)
    assert found.endswith(below)


@relaxed
@given(HANDLERS)
def test_line_ends_are_kept(folder: Path, text: str) -> None:
    plain = converted(folder, text, "coroutine").after
    windows = converted(folder, text.encode().replace(b"\n", b"\r\n"), "coroutine").after
    assert windows == plain.replace(b"\n", b"\r\n")
