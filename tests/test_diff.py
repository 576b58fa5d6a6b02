"""The diff: what ``git apply`` makes of it is what ``fix`` writes, byte for byte."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from commandline import HANDLER, snapshot, tree, uncallback
from hypothesis import given, settings
from hypothesis import strategies as st
from uncallback.refactor.diff import unified

MIXED = b"".join(
    line + (b"\r\n" if number % 3 else b"\n")
    for number, line in enumerate(HANDLER.encode().split(b"\n"))
)
ODD_FILES: dict[str, bytes] = {
    "plain.py": HANDLER.encode(),
    "crlf.py": HANDLER.replace("\n", "\r\n").encode(),
    "mixed.py": MIXED,
    "mark.py": b"\xef\xbb\xbf" + HANDLER.encode(),
    "mark_crlf.py": b"\xef\xbb\xbf" + HANDLER.replace("\n", "\r\n").encode(),
    "latin.py": b"# coding: latin-1\n" + HANDLER.encode() + b"name = 'caf\xe9'\n",
    "cyrillic.py": "# coding: cp1251\r\n# ж\r\n".encode("cp1251")
    + HANDLER.replace("\n", "\r\n").encode(),
    "no_end.py": HANDLER.encode().rstrip(b"\n"),
    "form_feed.py": HANDLER.encode() + b"\x0c\nx = 1\n",
    "separators.py": HANDLER.encode() + "x = 'a\u2028b\x85c'  # \x0b \x1c\n".encode(),
    "tabs.py": HANDLER.replace("    ", "\t").encode(),
    "sub/dir/deep.py": HANDLER.encode(),
    "with space/and more.py": HANDLER.encode(),
    "ünïcode/日本.py": HANDLER.encode(),
    'quote"d/back\\slash.py': HANDLER.encode(),
}

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes, Path]:
    """A tree, its diff, and the same tree after ``fix``."""
    before = tree(tmp_path_factory.mktemp("before"), ODD_FILES)
    after = tree(tmp_path_factory.mktemp("after"), ODD_FILES)
    shown = uncallback("diff", ".", "--no-verify", "--isolated", cwd=before)
    assert shown.returncode == 1, shown.stderr.decode()
    assert snapshot(before) == ODD_FILES
    written = uncallback("fix", ".", "--no-verify", "--isolated", cwd=after)
    assert written.returncode == 0, written.stderr.decode()
    assert written.stdout == shown.stdout
    return before, shown.stdout, after


@needs_git
@pytest.mark.parametrize("repository", [True, False])
def test_git_apply_equals_fix(
    converted: tuple[Path, bytes, Path], tmp_path: Path, repository: bool
) -> None:
    before, patch, after = converted
    tree(tmp_path, snapshot(before))
    if repository:
        subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    command = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"]
    subprocess.run(command, cwd=tmp_path, input=patch, check=True)
    assert snapshot(tmp_path) == snapshot(after)


@needs_git
def test_the_diff_of_a_subdirectory_applies_there(tmp_path: Path) -> None:
    tree(tmp_path, {"pkg/app/h.py": HANDLER})
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    patch = uncallback("diff", "app", "--no-verify", cwd=tmp_path / "pkg").stdout
    assert patch.startswith(b"--- a/app/h.py\n+++ b/app/h.py\n@@")
    subprocess.run(["git", "apply", "-"], cwd=tmp_path / "pkg", input=patch, check=True)
    assert b"asynchronous" not in (tmp_path / "pkg/app/h.py").read_bytes()


def test_all_files_are_changed_and_keep_their_encoding(
    converted: tuple[Path, bytes, Path],
) -> None:
    _, _, after = converted
    for name, old in ODD_FILES.items():
        new = (after / name).read_bytes()
        assert b"asynchronous" not in new, name
        assert new.startswith(b"\xef\xbb\xbf") == old.startswith(b"\xef\xbb\xbf"), name
        if b"\r\n" in old and name != "mixed.py":
            assert new.count(b"\n") == new.count(b"\r\n"), name
        text = old.removeprefix(b"\xef\xbb\xbf")
        kept = [line for line in text.splitlines(keepends=True) if b"import" in line]
        assert all(line in new for line in kept), name
    assert b"caf\xe9" in (after / "latin.py").read_bytes()
    assert not (after / "no_end.py").read_bytes().endswith(b"\n")


def test_the_diff_is_sorted_and_always_the_same(converted: tuple[Path, bytes, Path]) -> None:
    before, patch, _ = converted
    again = uncallback("diff", ".", "--no-verify", "--isolated", "--jobs", "2", cwd=before)
    assert again.stdout == patch
    headers = [line for line in patch.split(b"\n") if line.startswith(b"--- ")]
    names = sorted(ODD_FILES)
    assert len(headers) == len(names)
    assert b"b'" not in patch.split(b"@@")[0]


lines = st.lists(
    st.sampled_from([b"a\n", b"b\r\n", b"\x0c\n", b"c\r", b"\n", b"d"]), max_size=12
).map(b"".join)


@needs_git
@given(before=lines, after=lines)
@settings(max_examples=40, deadline=None)
def test_any_diff_applies(
    tmp_path_factory: pytest.TempPathFactory, before: bytes, after: bytes
) -> None:
    patch = unified("f.py", before, after)
    assert (patch == b"") == (before == after)
    if not patch or not before or not after:  # creating and deleting is nothing we do
        return
    folder = tree(tmp_path_factory.mktemp("any"), {"f.py": before})
    command = ["git", "apply", "--whitespace=nowarn", "--unidiff-zero", "-"]
    subprocess.run(command, cwd=folder, input=patch, check=True)
    assert (folder / "f.py").read_bytes() == after
