"""What bad input gets: one line each, the right exit code, nothing written, the others done."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from commandline import HANDLER, SYNTAX_ERROR, snapshot, tree, uncallback

# Name -> (bytes, code, place).
BAD: dict[str, tuple[bytes, str, str]] = {
    "syntax.py": (SYNTAX_ERROR.encode(), "UC004", "4:7"),
    "syntax_far_from_tornado.py": (b"def f(:\n", "UC004", "1:7"),
    "print.py": (b"import tornado\nprint 'x'\n", "UC005", "2:1"),
    "chevron.py": (b"import tornado\nprint >>f, 'x'\n", "UC005", "2:1"),
    "except_comma.py": (
        b"import tornado\ntry:\n    pass\nexcept E, e:\n    pass\n",
        "UC005",
        "4:",
    ),
    "async_name.py": (b"import tornado\nf(async=True)\n", "UC005", "2:"),
    "nul.py": (b"import tornado\nx = '\0'\n", "UC003", "2:6"),
    "utf16.py": ("import tornado\n".encode("utf-16"), "UC003", "1:1"),
    "cookie.py": (b"# coding: klingon\nimport tornado\n", "UC003", "1:1"),
    "latin.py": (b"import tornado\nx = '\xe9'\n", "UC003", "2:6"),
    "cr.py": (HANDLER.replace("\n", "\r").encode(), "UC007", ""),
    "deep.py": (b"import tornado\nx = 1" + b" + 1" * 30_000 + b"\n", "UC006", "1:1"),
    "deep_brackets.py": (b"import tornado\nx = " + b"-" * 100_000 + b"1\n", "UC006", "1:1"),
}


@pytest.mark.parametrize("name", BAD)
def test_one_line_with_its_place(tmp_path: Path, name: str) -> None:
    data, code, place = BAD[name]
    tree(tmp_path, {name: data})
    ended = uncallback("fix", name, "--no-verify", "-q", cwd=tmp_path)
    assert ended.returncode == 3
    assert ended.stdout == b""
    (line,) = ended.stderr.decode().splitlines()
    assert line.startswith(f"{name}:{place}"), line
    assert f" {code} " in line
    assert (tmp_path / name).read_bytes() == data


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All bad files in one tree, with two good ones around them."""
    folder = tree(tmp_path_factory.mktemp("everything"), {n: d for n, (d, _, _) in BAD.items()})
    tree(folder, {"aaa.py": HANDLER, "zzz/good.py": HANDLER, "empty.py": "", "blank.py": "  \n"})
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "dangling.py").symlink_to("nowhere.py")
    (folder / "selfish.py").symlink_to("selfish.py")
    outside = tree(tmp_path_factory.mktemp("outside"), {"out.py": HANDLER})
    (folder / "outside.py").symlink_to(outside / "out.py")
    return folder


def test_a_tree_with_everything_at_once(everything: Path) -> None:
    before = snapshot(everything)
    arguments = ("--no-verify", "--isolated", "--format", "json")
    ended = uncallback("diff", ".", *arguments, cwd=everything)
    assert ended.returncode == 3
    assert ended.stderr == b""
    report = json.loads(ended.stdout)
    status = {file["path"]: file["status"] for file in report["files"]}
    assert {path for path, each in status.items() if each == "error"} == set(BAD)
    assert {path for path, each in status.items() if each == "changed"} == {
        "aaa.py",
        "zzz/good.py",
    }
    assert status["empty.py"] == status["blank.py"] == "unchanged"
    codes = {file["path"]: file["error"]["code"] for file in report["files"] if file["error"]}
    assert codes == {name: code for name, (_, code, _) in BAD.items()}
    assert report["skipped"] == [
        {"path": "dangling.py", "reason": "dangling link"},
        {"path": "loop", "reason": "link to a directory"},
        {"path": "outside.py", "reason": "link outside the project"},
        {"path": "selfish.py", "reason": "dangling link"},
    ]
    assert snapshot(everything) == before


def test_each_is_one_line_and_none_is_a_traceback(everything: Path) -> None:
    ended = uncallback("diff", ".", "--no-verify", "--isolated", cwd=everything)
    lines = ended.stderr.decode().splitlines()
    for name in [*BAD, "dangling.py", "loop", "outside.py", "selfish.py"]:
        mine = [line for line in lines if line.startswith(f"{name}:")]
        assert len(mine) == 1, (name, mine)
    assert not any("Traceback" in line or line.startswith(" ") for line in lines)


def test_fix_does_the_others(tmp_path: Path) -> None:
    files = {name: data for name, (data, _, _) in BAD.items()}
    tree(tmp_path, {**files, "aaa.py": HANDLER, "zzz.py": HANDLER})
    (tmp_path / "read_only.py").write_text(HANDLER)
    (tmp_path / "read_only.py").chmod(0o444)
    ended = uncallback("fix", ".", "--no-verify", "--isolated", cwd=tmp_path)
    assert ended.returncode == 3
    assert b"read_only.py:1:1: UC008 not written: the file is read-only" in ended.stderr
    after = snapshot(tmp_path)
    assert {name: after[name] for name in files} == files
    assert after["read_only.py"] == HANDLER.encode()
    assert b"asynchronous" not in after["aaa.py"] + after["zzz.py"]


def test_what_needs_a_file_that_cannot_be_written_stays(tmp_path: Path) -> None:
    """A file set aside takes part in nothing: the others are converted as if it were not named."""
    tree(tmp_path, {"aaa.py": HANDLER, "zzz.py": HANDLER})
    (tmp_path / "aaa.py").chmod(0o444)
    ended = uncallback("fix", ".", "--no-verify", "--isolated", cwd=tmp_path)
    assert ended.returncode == 3
    assert b"+++ b/aaa.py" not in ended.stdout
    assert b"+++ b/zzz.py" in ended.stdout
    shown = uncallback("diff", ".", "--no-verify", "--isolated", cwd=tmp_path)
    assert (shown.returncode, b"+++ b/aaa.py" in shown.stdout) == (1, True)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
@pytest.mark.parametrize("directory", [False, True])
def test_what_may_not_be_read(tmp_path: Path, directory: bool) -> None:
    tree(tmp_path, {"good.py": HANDLER, "secret/a.py": HANDLER})
    locked = tmp_path / ("secret" if directory else "secret/a.py")
    locked.chmod(0)
    try:
        ended = uncallback("diff", ".", "--no-verify", "--isolated", cwd=tmp_path)
    finally:
        locked.chmod(0o755)
    assert ended.returncode == 3
    assert b"UC002" in ended.stderr
    assert b"+++ b/good.py" in ended.stdout


@pytest.mark.parametrize("command", ["diff", "fix"])
def test_a_missing_path_does_not_stop_the_others(tmp_path: Path, command: str) -> None:
    tree(tmp_path, {"good.py": HANDLER})
    ended = uncallback(command, "nowhere.py", "good.py", "--no-verify", cwd=tmp_path)
    assert ended.returncode == 3
    assert ended.stderr.decode().splitlines()[1] == (
        "nowhere.py:1:1: UC001 no such file or directory"
    )
    assert b"+++ b/good.py" in ended.stdout


def test_a_directory_without_python_and_an_empty_file(tmp_path: Path) -> None:
    tree(tmp_path, {"docs/readme.md": "x", "empty.py": ""})
    ended = uncallback("diff", "docs", cwd=tmp_path)
    assert ended.returncode == 0
    assert b"docs: skipped: no Python files in this directory" in ended.stderr
    ended = uncallback("diff", "empty.py", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, b"")
    ended = uncallback("fix", "-", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, b"")


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.py"
    Path(os.fsdecode(name)).write_text(HANDLER)
    for format_ in ("text", "json", "sarif", "github", "markdown", "html"):
        ended = uncallback(
            "diff", ".", "--no-verify", "--isolated", "--format", format_, cwd=tmp_path
        )
        assert ended.returncode == 1, ended.stderr.decode()
        assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("name", ["syntax.py", "print.py", "nul.py", "deep.py", "nowhere.py"])
def test_verify_with_a_bad_file(tmp_path: Path, name: str, side: str) -> None:
    tree(tmp_path, {"good.py": HANDLER, **({name: BAD[name][0]} if name in BAD else {})})
    paths = (name, "good.py") if side == "before" else ("good.py", name)
    ended = uncallback("verify", *paths, cwd=tmp_path)
    assert ended.returncode == 3
    assert ended.stdout == b""
    (line,) = ended.stderr.decode().splitlines()
    assert line.startswith(f"{name}:")
