"""The pytest plugin, run by a pytest of its own in a project of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HANDLER = """
from tornado.httpclient import AsyncHTTPClient
from tornado import gen, web

class Main(web.RequestHandler):
"""
BEFORE = (
    HANDLER
    + """
    @web.asynchronous
    def get(self):
        AsyncHTTPClient().fetch("http://example.com", callback=self.on_fetch)

    def on_fetch(self, response):
        self.finish(str(response.code))
"""
)
AFTER = (
    HANDLER
    + """
    @gen.coroutine
    def get(self):
        response = yield AsyncHTTPClient().fetch("http://example.com", raise_error=False)
        self.finish(str(response.code))
"""
)
NAIVE = AFTER.replace(", raise_error=False", "")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, source in (("before", BEFORE), ("after", AFTER), ("naive", NAIVE)):
        (tmp_path / f"{name}.py").write_text(source)
    return tmp_path


def run(project: Path, test: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one test file with the plugin."""
    (project / "test_it.py").write_text(test)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "uncallback.refactor.pytest_plugin", *arguments],
        cwd=project,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_fixture_passes_for_equivalent_files(project: Path) -> None:
    done = run(
        project,
        "def test_it(uncallback):\n"
        "    verdicts = uncallback('before.py', 'after.py', 'Main.get')\n"
        "    assert verdicts['Main.get'].complete\n",
    )
    assert done.returncode == 0, done.stdout


def test_the_fixture_shows_the_difference(project: Path) -> None:
    done = run(project, "def test_it(uncallback):\n    uncallback('before.py', 'naive.py')\n")
    assert done.returncode == 1
    assert "Main.get is different" in done.stdout
    assert "fetch GET http://example.com: 304" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_marker_checks_before_the_test(project: Path) -> None:
    source = (
        "import pytest\n"
        "@pytest.mark.uncallback('before.py', '{}.py', 'Main.get')\n"
        "def test_it():\n"
        "    print('body ran')\n"
    )
    good = run(project, source.format("after"), "--strict-markers", "-s")
    assert good.returncode == 0, good.stdout
    assert "body ran" in good.stdout
    bad = run(project, source.format("naive"), "--strict-markers", "-s")
    assert bad.returncode == 1
    assert "body ran" not in bad.stdout


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("uncallback('before.py', 'nowhere.py')", "no file nowhere.py"),
        ("uncallback('before.py', 'after.py', 'Main.gte')", "no handler Main.gte"),
        ("uncallback('test_it.py', 'test_it.py')", "no handler found"),
        ("uncallback('before.py', 'broken.py')", "broken.py:1:7: UC004"),
    ],
)
def test_misuse_gets_one_line(project: Path, call: str, text: str) -> None:
    (project / "broken.py").write_text("def f(:\n")
    done = run(project, f"def test_it(uncallback):\n    {call}\n")
    assert done.returncode == 1
    assert text in done.stdout
    assert "another exception" not in done.stdout


def test_the_generated_test_fails_while_the_versions_differ(project: Path) -> None:
    (project / "tests").mkdir()
    (project / "names.py").write_text("def shown(response):\n    return str(response.code)\n")
    for name in ("before", "after", "naive"):
        file = project / f"{name}.py"
        source = file.read_text().replace("str(response.code)", "shown(response)")
        file.write_text(f"from names import shown\n{source}")
    generated = project / "tests" / "test_main.py"
    command = ["verify", "before.py", "naive.py", "--test", "tests/test_main.py"]
    arguments = [sys.executable, "-m", "uncallback.refactor.cli", *command]
    told = subprocess.run(arguments, cwd=project, capture_output=True, text=True, timeout=120)
    assert told.stderr == "wrote tests/test_main.py\n"
    bad = run(project / "tests", generated.read_text())
    assert bad.returncode == 1
    assert "agreed for 1 step" in bad.stdout
    (project / "naive.py").write_bytes((project / "after.py").read_bytes())
    good = run(project / "tests", generated.read_text())
    assert good.returncode == 0, good.stdout
