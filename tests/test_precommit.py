"""The hooks under real pre-commit, on a repository that needs the change."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from commandline import HANDLER, tree

PROJECT = Path(__file__).parents[1]
SHIPPED = ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")

pytestmark = pytest.mark.skipif(
    shutil.which("git") is None or find_spec("pre_commit") is None,
    reason="needs git and pre-commit",
)


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    command = ["git", *identity, *arguments]
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(folder: Path) -> str:
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "all")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project as a repository of its own, as pre-commit would clone it."""
    folder = tmp_path_factory.mktemp("hooks")
    for name in SHIPPED:
        shutil.copy(PROJECT / name, folder / name)
    for name in ("refactor", "runtime"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / name, folder / name, ignore=ignore)
    commit(folder)
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One home for pre-commit, so that the hooks are installed once."""
    home = tmp_path_factory.mktemp("pre-commit")
    dropped = {"PYTHONPATH", "VIRTUAL_ENV"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "PRE_COMMIT_HOME": str(home), "NO_COLOR": "1"}


def pre_commit(
    folder: Path, environment: dict[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


def test_both_hooks_in_a_repository_that_needs_them(
    hooks: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    tree(tmp_path, {"app/feed.py": HANDLER, "app/clean.py": "x = 1\n", "notes.md": "x\n"})
    commit(tmp_path)
    ended = pre_commit(tmp_path, environment, "try-repo", str(hooks), "--all-files", "--verbose")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    shown, fixed = ended.stdout.split("uncallback (fix)")
    assert "uncallback (show)" in shown
    assert "- exit code: 1" in shown
    assert "+++ b/app/feed.py" in shown
    assert "files were modified by this hook" not in shown
    assert "files were modified by this hook" in fixed
    assert "- exit code: 1" in fixed
    assert git(tmp_path, "status", "--short") == "M app/feed.py"
    assert "gen.coroutine" in (tmp_path / "app/feed.py").read_text()


def test_the_configured_hook_passes_the_second_time_and_sees_other_files(
    hooks: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    child = "from app.feed import Feed\n\n\nclass Child(Feed):\n    def on_feed(self, r): pass\n"
    config = f"""\
repos:
- repo: {hooks}
  rev: {git(hooks, "rev-parse", "HEAD")}
  hooks:
  - id: uncallback-fix
"""
    files = {"app/feed.py": HANDLER, "app/child.py": child, ".pre-commit-config.yaml": config}
    commit(tree(tmp_path, files))
    ended = pre_commit(tmp_path, environment, "run", "--files", "app/feed.py")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    text = (tmp_path / "app/feed.py").read_text()
    assert "def on_feed" in text, "the subclass was not seen because it was not passed"
    assert "self.on_feed(" in text
    again = pre_commit(tmp_path, environment, "run", "--all-files")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Passed" in again.stdout
    assert (tmp_path / "app/feed.py").read_text() == text
