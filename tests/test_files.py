"""Which files are found, and how a file is written."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import libcst
import pytest
from commandline import tree
from uncallback.refactor.files import Collection, collect
from uncallback.refactor.outcome import Outcome
from uncallback.refactor.project import Project, find_root
from uncallback.refactor.report import View, render
from uncallback.refactor.settings import Settings
from uncallback.refactor.workspace import Workspace
from uncallback.refactor.write import WriteError, replace


def found(collection: Collection) -> list[str]:
    return [target.shown for _, targets in collection.projects for target in targets]


def skipped(collection: Collection) -> dict[str, str]:
    return {skip.shown: skip.reason for skip in collection.skips}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree with everything that a walk meets; the working directory is its root."""
    tree(
        tmp_path / "p",
        {
            "pyproject.toml": "",
            ".gitignore": "/secret.py\n*.gen.py\nignored/\n!keep.gen.py\n",
            "app/a.py": "",
            "app/b.pyw": "",
            "app/notes.txt": "",
            "app/keep.gen.py": "",
            "app/x.gen.py": "",
            "app/.gitignore": "local.py\n!again.gen.py\n",
            "app/local.py": "",
            "app/again.gen.py": "",
            "secret.py": "",
            "app/secret.py": "",
            "ignored/deep/c.py": "",
            ".venv/lib/d.py": "",
            "node_modules/e.py": "",
            "env/pyvenv.cfg": "",
            "env/f.py": "",
            "build/g.py": "",
            "script": "#!/usr/bin/env python3\n",
        },
    )
    tree(tmp_path / "outside", {"o.py": ""})
    root = tmp_path / "p"
    (root / "app/loop").symlink_to(root, target_is_directory=True)
    (root / "app/link.py").symlink_to(root / "app/a.py")
    (root / "app/out.py").symlink_to(tmp_path / "outside/o.py")
    (root / "app/gone.py").symlink_to("nowhere.py")
    (root / "app/self.py").symlink_to("self.py")
    monkeypatch.chdir(root)
    return root


def test_the_walk_takes_what_version_control_sees(project: Path) -> None:
    collection = collect(["."], Settings())
    assert found(collection) == [
        "app/a.py",
        "app/again.gen.py",
        "app/b.pyw",
        "app/keep.gen.py",
        "app/secret.py",
    ]
    assert skipped(collection) == {
        ".venv": "excluded by default",
        "app/gone.py": "dangling link",
        "app/local.py": "gitignored",
        "app/loop": "link to a directory",
        "app/out.py": "link outside the project",
        "app/self.py": "dangling link",
        "app/x.gen.py": "gitignored",
        "build": "excluded by default",
        "env": "virtual environment",
        "ignored": "gitignored",
        "node_modules": "excluded by default",
        "secret.py": "gitignored",
    }
    assert collection.faults == []


@pytest.mark.parametrize(
    ("settings", "arguments", "expected"),
    [
        (Settings(respect_gitignore=False), ["ignored"], ["ignored/deep/c.py"]),
        (Settings(extend_exclude=("app/*.py",)), ["app"], ["app/b.pyw"]),
        (Settings(extend_exclude=("app",)), ["."], []),
        (Settings(exclude=("app",)), ["build", "app"], ["build/g.py"]),
        (Settings(), ["script"], ["script"]),
        (Settings(), ["secret.py", ".venv/lib/d.py"], [".venv/lib/d.py", "secret.py"]),
        (Settings(force_exclude=True), ["secret.py", ".venv/lib/d.py", "app/a.py"], ["app/a.py"]),
        (
            Settings(force_exclude=True, extend_exclude=("a.py",)),
            ["app/a.py", "ignored/deep/c.py"],
            [],
        ),
        (Settings(), ["app/link.py"], ["app/link.py"]),
        (Settings(), ["app/a.py", "app", "app/link.py", "./app/../app/a.py"], None),
    ],
)
def test_excludes_and_explicit_paths(
    project: Path, settings: Settings, arguments: list[str], expected: list[str] | None
) -> None:
    files = found(collect(arguments, settings))
    if expected is None:
        assert files.count("app/a.py") == 1
        assert "app/link.py" not in files
    else:
        assert files == expected


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("nowhere", "UC001", "no such file or directory"),
        ("app/gone.py", "UC001", "dangling symbolic link"),
        ("app/self.py", "UC002", "Too many levels of symbolic links"),
        ("pipe", "UC002", "not a regular file"),
    ],
)
def test_a_path_that_leads_nowhere(project: Path, path: str, code: str, message: str) -> None:
    os.mkfifo(project / "pipe")
    collection = collect([path, "app/a.py"], Settings())
    (fault,) = collection.faults
    assert (fault.shown, fault.problem.code) == (path, code)
    assert message in fault.problem.message
    assert found(collection) == ["app/a.py"]


def test_a_directory_without_python(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    collection = collect([str(tmp_path / "empty")], Settings())
    assert found(collection) == []
    assert [skip.reason for skip in collection.skips] == ["no Python files in this directory"]


def test_unmarked_folders_share_one_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, {"one/a.py": "import b", "two/b.py": ""})
    if find_root(tmp_path) is not None:
        pytest.skip("the temporary folder stands in a project")
    collection = collect([str(tmp_path / "one"), str(tmp_path / "two/b.py")], Settings())
    ((project, targets),) = collection.projects
    assert project.root == tmp_path.resolve()
    assert sorted(target.path for target in targets) == ["one/a.py", "two/b.py"]


def test_version_control_is_the_root_above_a_nested_package(tmp_path: Path) -> None:
    tree(tmp_path, {".git/HEAD": "", "pkg/pyproject.toml": "", "pkg/src/a.py": ""})
    assert find_root(tmp_path / "pkg/src/a.py") == tmp_path


def test_a_folder_may_be_a_project_of_its_own(tmp_path: Path) -> None:
    table = "[tool.uncallback]\nroot = true\n"
    tree(tmp_path, {".git/HEAD": "", "a/pyproject.toml": table, "a/b/x.py": "", "c/x.py": ""})
    root = tmp_path.resolve()
    assert find_root(root / "a/b/x.py") == root / "a"
    assert find_root(root / "c/x.py") == root


def test_mentions_see_the_whole_project(project: Path) -> None:
    tree(
        project,
        {
            "app/a.py": "def on_feed(): pass\n",
            "other/caller.py": "getattr(self, 'on_feed')()\n",
            "other/longer.py": "on_feed_again = 1\n",
            "other/latin.py": b"# coding: latin-1\n# \xe9 on_feed\n",
            "other/broken.py": b"on_feed(\xff\n",
            "other/wide.py": "self.on_\N{FULLWIDTH LATIN SMALL LETTER F}eed()\n",
            "secret.py": "on_feed\n",
            ".venv/lib/d.py": "on_feed\n",
            "script": "#!/usr/bin/env python3\non_feed()\n",
            "page.html": "{{ handler.on_feed() }}",
            "text.html": "on_feed is a word here",
        },
    )
    assert Project(project).mentions("on_feed") == (
        "app/a.py",
        "other/broken.py",
        "other/caller.py",
        "other/latin.py",
        "other/wide.py",
        "script",
        "secret.py",
        "page.html",
    )


def test_what_stands_on_standard_input_counts_instead_of_the_file(project: Path) -> None:
    overlaid = Project(project, {"app/a.py": b"other = 1\n", "new.py": b"on_feed"})
    assert overlaid.mentions("on_feed") == ("new.py",)
    assert overlaid.read("app/a.py") == b"other = 1\n"
    assert "new.py" in overlaid.paths


# Writing.

OLD, NEW = b"old\n" * 10, b"new\n" * 40_000


def test_mode_and_link_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(OLD)
    file.chmod(0o750)
    link = tmp_path / "link.py"
    link.symlink_to("a.py")
    replace(link, OLD, NEW)
    assert link.is_symlink()
    assert file.read_bytes() == NEW
    assert stat.S_IMODE(file.stat().st_mode) == 0o750
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.py", "link.py"]


def test_hard_links_stay_together(tmp_path: Path) -> None:
    file, other = tmp_path / "a.py", tmp_path / "b.py"
    file.write_bytes(OLD)
    other.hardlink_to(file)
    replace(file, OLD, NEW)
    assert other.read_bytes() == NEW
    assert other.stat().st_ino == file.stat().st_ino
    replace(file, NEW, b"short\n")
    assert other.read_bytes() == b"short\n"


def test_equal_bytes_are_not_written(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(OLD)
    os.utime(file, ns=(1, 1))
    inode = file.stat().st_ino
    replace(file, OLD, OLD)
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (1, inode)


def test_a_read_only_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(OLD)
    file.chmod(0o444)
    with pytest.raises(WriteError) as caught:
        replace(file, OLD, NEW)
    assert caught.value.problem.code == "UC008"
    assert file.read_bytes() == OLD


def test_a_file_that_was_changed_meanwhile_stays(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"theirs\n")
    with pytest.raises(WriteError) as caught:
        replace(file, OLD, NEW)
    assert caught.value.problem.code == "UC009"
    assert file.read_bytes() == b"theirs\n"


def test_a_file_that_vanished(tmp_path: Path) -> None:
    with pytest.raises(WriteError) as caught:
        replace(tmp_path / "gone.py", OLD, NEW)
    assert caught.value.problem.code == "UC008"


@pytest.mark.parametrize("links", [1, 2])
def test_a_write_that_fails_half_way_loses_nothing(tmp_path: Path, links: int) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(OLD)
    if links == 2:
        (tmp_path / "b.py").hardlink_to(file)
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from uncallback.refactor.write import WriteError, replace\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n"
        "try:\n"
        f"    replace(Path({str(file)!r}), {OLD!r}, b'new\\n' * 40_000)\n"
        "except WriteError as error:\n"
        "    sys.exit(error.problem.code)\n"
    )
    assert resource.RLIMIT_FSIZE is not None
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert ended.stderr.strip() == b"UC008"
    assert file.read_bytes() == OLD
    assert len(list(tmp_path.iterdir())) == links


def test_only_files_that_import_from_a_module_are_parsed(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "app/a.py": "from tornado import gen, web\n",
            "app/__init__.py": "",
            "user.py": "from app.a import gen\n",
            "near.py": "from .app \\\n  .a \\\n import (web,\n x)\n",
            "package.py": "from app import a\na.spare()\n",
            "other.py": "def f(a, b):\n    return a\n",
        },
    )
    workspace = Workspace(Project(tmp_path.resolve()))
    file = workspace.add("app/a.py", libcst.parse_module("from tornado import gen, web\n"))
    assert workspace.imported_from(file) == {"gen", "web", "x", "spare"}
    assert sorted(workspace.parsed) == ["app/a.py", "near.py", "package.py", "user.py"]
    package = workspace.add("app/__init__.py", libcst.parse_module(""))
    assert "a" in workspace.imported_from(package)


def test_pipes_are_never_opened(tmp_path: Path) -> None:
    tree(tmp_path, {"a.py": "x = on_feed\n"})
    os.mkfifo(tmp_path / "pipe.py")
    os.mkfifo(tmp_path / "pipe")
    found = collect([str(tmp_path)], Settings())
    assert [target.path for _, targets in found.projects for target in targets] == ["a.py"]
    assert {skip.reason for skip in found.skips} == {"not a regular file"}
    assert Project(tmp_path.resolve()).mentions("on_feed") == ("a.py",)


def test_a_pattern_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    tree(tmp_path, {".git/HEAD": "", ".gitignore": "[z-a]\nb.py\n", "a.py": "", "b.py": ""})
    found = collect([str(tmp_path)], Settings())
    assert [target.path for _, targets in found.projects for target in targets] == ["a.py"]


def test_an_html_report_uses_no_name(tmp_path: Path) -> None:
    report = render("html", Outcome("diff", ()), View()).replace("<h1>", "self.on_feed <h1>")
    tree(tmp_path, {"report.html": report, "page.html": "{{ self.on_feed }}"})
    assert Project(tmp_path.resolve()).mentions("on_feed") == ("page.html",)


def test_two_names_of_one_file_are_both_written(tmp_path: Path) -> None:
    tree(tmp_path, {"a.py": "old"})
    os.link(tmp_path / "a.py", tmp_path / "b.py")
    for name in ("a.py", "b.py"):
        replace(tmp_path / name, b"old", b"new")
    assert (tmp_path / "b.py").read_bytes() == b"new"
