"""The command from the outside: exit codes, streams, standard input, colours, signals."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from functools import partial
from pathlib import Path

import pytest
from commandline import HANDLER, KEPT, SYNTAX_ERROR, command, environment, tree, uncallback
from uncallback.refactor import __version__
from uncallback.refactor.problems import entries
from uncallback.refactor.terminal import ColorMode, use_color

CLEAN = "import tornado.web\n\nx = 1\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return tree(
        tmp_path,
        {"clean.py": CLEAN, "dirty.py": HANDLER, "kept.py": KEPT, "bad.py": SYNTAX_ERROR},
    )


EXIT_CODES = [
    (("diff", "clean.py"), 0),
    (("diff", "kept.py"), 0),
    (("diff", "dirty.py"), 1),
    (("diff", "bad.py"), 3),
    (("diff", "dirty.py", "bad.py", "clean.py"), 3),
    (("diff", "nowhere.py"), 3),
    (("fix", "clean.py"), 0),
    (("fix", "kept.py", "--exit-non-zero-on-fix"), 0),
    (("fix", "dirty.py"), 0),
    (("fix", "dirty.py", "--exit-non-zero-on-fix"), 1),
    (("fix", "dirty.py", "bad.py", "--exit-non-zero-on-fix"), 3),
    (("diff",), 2),
    (("diff", "--flag-that-is-not", "clean.py"), 2),
    (("diff", "--style", "yield", "clean.py"), 2),
    (("diff", "--tornado", "4", "clean.py"), 2),
    (("diff", "--python", "three", "clean.py"), 2),
    (("diff", "--select", "UC999", "clean.py"), 2),
    (("diff", "-", "clean.py"), 2),
    (("undo", "clean.py"), 2),
    (("explain", "UC999"), 2),
    (("verify", "clean.py"), 2),
    (("verify", "clean.py", "dirty.py", "--before-tornado", "7"), 2),
    (("verify", "clean.py", "dirty.py", "--replay", "{}"), 2),
    ((), 2),
    (("--version",), 0),
    (("-h",), 0),
    (("diff", "-h"), 0),
]


@pytest.mark.parametrize(("arguments", "code"), EXIT_CODES)
def test_exit_codes(files: Path, arguments: tuple[str, ...], code: int) -> None:
    check = ["--no-verify"] if arguments[:1] in (("diff",), ("fix",)) else []
    ended = uncallback(*arguments, *check, cwd=files)
    assert ended.returncode == code, ended.stderr.decode()
    assert b"Traceback" not in ended.stderr
    if code == 2:
        assert ended.stdout == b""


def test_diff_writes_nothing_and_fix_is_idempotent(files: Path) -> None:
    dirty = files / "dirty.py"
    before = dirty.stat()
    assert uncallback("diff", ".", "--no-verify", cwd=files).returncode == 3
    assert (dirty.stat().st_mtime_ns, dirty.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    clean = (files / "clean.py").stat()
    assert uncallback("fix", ".", "--no-verify", cwd=files).returncode == 3
    assert "gen.coroutine" in dirty.read_text()
    assert (files / "clean.py").stat().st_mtime_ns == clean.st_mtime_ns
    assert (files / "clean.py").stat().st_ino == clean.st_ino
    once = dirty.stat()
    again = uncallback("fix", "dirty.py", "--no-verify", "--exit-non-zero-on-fix", cwd=files)
    assert (again.returncode, again.stdout) == (0, b"")
    assert (dirty.stat().st_mtime_ns, dirty.stat().st_ino) == (once.st_mtime_ns, once.st_ino)


def test_a_folder_names_every_file_below_it(tmp_path: Path) -> None:
    """A method that has to change with a handler may stand where nothing names Tornado."""
    page = """        from loader import Loader
        from tornado.httpclient import AsyncHTTPClient
        from tornado.web import RequestHandler, asynchronous

        class Page(Loader, RequestHandler):
            @asynchronous
            def get(self):
                self.load()

            def start(self):
                AsyncHTTPClient().fetch("http://feed.example.com/", callback=self.on_feed)

            def on_feed(self, response):
                self.finish(response.body)
        """
    loader = "class Loader(object):\n    def load(self):\n        self.start()\n"
    tree(tmp_path, {"page.py": textwrap.dedent(page), "loader.py": loader})
    assert uncallback("fix", "page.py", "--no-verify", cwd=tmp_path).returncode == 0
    assert (tmp_path / "loader.py").read_text() == loader
    assert uncallback("fix", ".", "--no-verify", cwd=tmp_path).returncode == 0
    assert "yield self.start()" in (tmp_path / "loader.py").read_text()


def test_would_and_did_in_the_same_words(files: Path) -> None:
    would = uncallback("diff", "dirty.py", "--no-verify", cwd=files).stderr.decode()
    did = uncallback("fix", "dirty.py", "--no-verify", cwd=files).stderr.decode()
    assert "Would change 1 file: 1 handler rewritten, 0 kept." in would.splitlines()
    hint = "To write this: the same command with 'fix' instead of 'diff'.\n"
    assert hint in would
    assert would.replace("Would change", "Changed").replace(hint, "") == did
    assert "Nothing was checked (--no-verify)." in would


def test_the_checked_line_end_to_end(tmp_path: Path) -> None:
    tree(tmp_path, {"dirty.py": HANDLER})
    ended = uncallback("diff", "dirty.py", cwd=tmp_path)
    assert ended.returncode == 1
    line = ended.stderr.decode().splitlines()[0]
    assert re.fullmatch(
        r"dirty.py:\d+: rewritten Feed.get \(inline on_feed\) equivalent, complete, \d+ runs", line
    ), line


def test_verify_tells_a_difference_and_replays_it(tmp_path: Path) -> None:
    naive = (
        HANDLER.replace("@tornado.web.asynchronous", "@gen.coroutine")
        .replace("import tornado.web\n", "import tornado.web\nfrom tornado import gen\n")
        .replace(
            "        AsyncHTTPClient().fetch(", "        response = yield AsyncHTTPClient().fetch("
        )
        .replace(", callback=self.on_feed)\n\n    def on_feed(self, response):", ")")
    )
    tree(tmp_path, {"a.py": HANDLER, "b.py": naive})
    ended = uncallback("verify", "a.py", "b.py", cwd=tmp_path)
    text = ended.stdout.decode()
    assert ended.returncode == 1, text + ended.stderr.decode()
    assert text.startswith("a.py: Feed.get: different")
    assert "before" in text
    assert "after" in text
    report = uncallback("verify", "a.py", "b.py", "--format", "json", cwd=tmp_path)
    assert report.returncode == 1
    (handler,) = json.loads(report.stdout)["handlers"]
    example = handler["verdict"]["counterexample"]
    assert handler["name"] == "Feed.get"
    assert {"choices", "steps", "replay"} <= set(example)
    again = uncallback(
        *("verify", "a.py", "b.py", "--handler", "Feed.get", "--replay", example["replay"]),
        cwd=tmp_path,
    )
    assert again.returncode == 1, again.stdout.decode() + again.stderr.decode()
    assert again.stdout.startswith(b"a.py: Feed.get: different")
    same = uncallback("verify", "a.py", "a.py", cwd=tmp_path)
    assert same.returncode == 0, same.stdout.decode()
    markdown = uncallback("verify", "a.py", "b.py", "--format", "markdown", cwd=tmp_path)
    assert b"| `a.py: Feed.get` | different" in markdown.stdout


def test_verify_of_two_directories(tmp_path: Path) -> None:
    other = HANDLER.replace("self.write(str(response.code))", "self.write('x')")
    tree(
        tmp_path,
        {
            "old/app/a.py": HANDLER,
            "old/app/same.py": HANDLER,
            "old/only_old.py": HANDLER,
            "new/app/a.py": other,
            "new/app/same.py": HANDLER,
        },
    )
    ended = uncallback("verify", "old", "new", "--format", "json", cwd=tmp_path)
    assert ended.returncode == 1, ended.stderr.decode()
    found = {
        each["path"]: each["verdict"]["result"] for each in json.loads(ended.stdout)["handlers"]
    }
    assert found == {"app/a.py": "different", "only_old.py": "inconclusive"}


def test_verify_of_two_directories_asks_for_what_went(tmp_path: Path) -> None:
    tree(tmp_path, {"old/a.py": HANDLER, "old/b.py": "", "new/b.py": "x = 1\n"})
    ended = uncallback("verify", "old", "new", cwd=tmp_path)
    assert ended.returncode == 3
    (line,) = ended.stdout.decode().splitlines()
    assert line.startswith("a.py: Feed.get: inconclusive: no handler Feed.get in the second")


def test_verify_of_a_handler_that_is_not_there(tmp_path: Path) -> None:
    tree(tmp_path, {"a.py": HANDLER})
    ended = uncallback("verify", "a.py", "a.py", "--handler", "Feed.post", cwd=tmp_path)
    assert ended.returncode == 2
    (line,) = ended.stderr.decode().splitlines()
    assert "Feed.post" in line


def test_assume_once_is_assumed_by_the_check_too(tmp_path: Path) -> None:
    tree(tmp_path, {"kept.py": KEPT})
    before = uncallback("diff", "kept.py", cwd=tmp_path)
    assert (before.returncode, before.stdout) == (0, b"")
    ended = uncallback("diff", "kept.py", "--assume-once", cwd=tmp_path)
    assert ended.returncode == 1, ended.stderr.decode()
    assert b"rewritten Many.get (inline on_done) equivalent, complete" in ended.stderr
    assert b"note: 'unknown_thing' is taken to call back exactly once" in ended.stderr
    after = uncallback("fix", "-", "--assume-once", cwd=tmp_path, input=KEPT.encode()).stdout
    tree(tmp_path, {"after.py": after})
    wary = uncallback("verify", "kept.py", "after.py", cwd=tmp_path)
    assert wary.returncode == 1
    assert b"calls back: twice" in wary.stdout
    told = uncallback("verify", "kept.py", "after.py", "--assume-once", cwd=tmp_path)
    assert told.returncode == 0, told.stdout.decode()


# Standard input.


@pytest.mark.parametrize(
    "data",
    [
        HANDLER.encode(),
        HANDLER.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + HANDLER.encode(),
        b"# coding: latin-1\n# \xe9\n" + HANDLER.encode(),
        HANDLER.encode().rstrip(b"\n"),
    ],
    ids=["plain", "crlf", "mark", "latin-1", "no final newline"],
)
def test_standard_input_is_byte_faithful(tmp_path: Path, data: bytes) -> None:
    on_disk = tree(tmp_path, {"h.py": data}) / "h.py"
    piped = uncallback(
        "fix", "-", "--stdin-filename", "h.py", "--no-verify", cwd=tmp_path, input=data
    )
    assert piped.returncode == 0, piped.stderr.decode()
    assert on_disk.read_bytes() == data
    uncallback("fix", "h.py", "--no-verify", cwd=tmp_path)
    assert piped.stdout == on_disk.read_bytes()
    again = uncallback("fix", "-", "--no-verify", cwd=tmp_path, input=piped.stdout)
    assert again.stdout == piped.stdout


def test_standard_input_has_a_name(tmp_path: Path) -> None:
    tree(tmp_path, {"app/.keep": ""})
    name = "app/new.py"
    ended = uncallback(
        *("diff", "-", "--stdin-filename", name, "--no-verify"),
        cwd=tmp_path,
        input=HANDLER.encode(),
    )
    assert ended.returncode == 1
    assert ended.stdout.startswith(b"--- a/app/new.py\n+++ b/app/new.py\n")
    assert b"app/new.py:7: rewritten Feed.get" in ended.stderr
    nameless = uncallback("diff", "-", "--no-verify", cwd=tmp_path, input=HANDLER.encode())
    assert nameless.stdout.startswith(b"--- a/<stdin>\n")
    bad = uncallback("fix", "-", cwd=tmp_path, input=SYNTAX_ERROR.encode())
    assert (bad.returncode, bad.stdout) == (3, b"")
    assert bad.stderr.startswith(b"<stdin>:4:7: UC004 ")


def test_standard_input_knows_the_project_around_it(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "pyproject.toml": "",
            "base.py": HANDLER,
            "child.py": "from base import Feed\nFeed.on_feed\n",
        },
    )
    ended = uncallback(
        *("diff", "-", "--stdin-filename", "base.py", "--no-verify", "--format", "json"),
        cwd=tmp_path,
        input=HANDLER.encode(),
    )
    (file,) = json.loads(ended.stdout)["files"]
    (handler,) = file["handlers"]
    assert [each["placement"] for each in handler["callbacks"]] == ["call"]


# Words on the screen.

ESCAPE = b"\x1b["


@pytest.mark.parametrize(
    ("mode", "variables", "terminal", "colored"),
    [
        ("auto", {}, False, False),
        ("auto", {}, True, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "0"}, False, False),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ("auto", {"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_who_gets_colours(
    monkeypatch: pytest.MonkeyPatch,
    mode: ColorMode,
    variables: dict[str, str],
    terminal: bool,
    colored: bool,
) -> None:
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", **variables}.items():
        monkeypatch.setenv(name, value)
    assert use_color(mode, Stream()) == colored


def test_colours_only_colour(files: Path) -> None:
    arguments = ("diff", "dirty.py", "kept.py", "bad.py", "--no-verify")
    plain = uncallback(*arguments, cwd=files)
    colored = uncallback(*arguments, "--color", "always", cwd=files)
    for with_colour, without in ((colored.stdout, plain.stdout), (colored.stderr, plain.stderr)):
        assert ESCAPE in with_colour
        assert ESCAPE not in without
        assert re.sub(rb"\x1b\[\d*m", b"", with_colour) == without


@pytest.mark.parametrize(("term", "colored"), [("xterm", True), ("dumb", False)])
def test_colours_on_a_terminal(files: Path, term: str, colored: bool) -> None:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    subprocess.run(
        command("diff", "dirty.py", "--no-verify"),
        cwd=files,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env=environment({"TERM": term}),
        check=False,
    )
    os.close(theirs)
    assert (ESCAPE in os.read(ours, 65536)) == colored
    os.close(ours)


def test_quiet_and_verbose(files: Path) -> None:
    quiet = uncallback("diff", ".", "--no-verify", "-q", cwd=files)
    assert quiet.stdout.startswith(b"--- a/dirty.py")
    assert [line[:7] for line in quiet.stderr.decode().splitlines()] == ["bad.py:"]
    tree(files, {".venv/x.py": ""})
    usual = uncallback("diff", ".", "--no-verify", cwd=files).stderr.decode()
    assert "Skipped: 1 excluded by default." in usual
    assert ".venv: skipped" not in usual
    verbose = uncallback("diff", ".", "--no-verify", "-v", cwd=files).stderr.decode()
    assert ".venv: skipped: excluded by default" in verbose
    assert "clean.py: unchanged" in verbose


def test_select_ignore_and_statistics(files: Path) -> None:
    def codes(*arguments: str) -> set[str]:
        ended = uncallback("diff", "kept.py", "dirty.py", "--no-verify", *arguments, cwd=files)
        return set(re.findall(r"UC\d{3}", ended.stderr.decode()))

    assert codes() == {"UC201"}
    assert codes("--ignore", "UC2") == set()
    assert codes("--select", "UC7") == set()
    assert codes("--select", "UC2,UC7") == {"UC201"}
    assert codes("--ignore", "UC2", "--select", "UC201") == {"UC201"}
    ended = uncallback("diff", "kept.py", "--no-verify", "--statistics", cwd=files)
    assert "    1  UC201  unknown operation" in ended.stderr.decode().splitlines()


@pytest.mark.parametrize(
    "call",
    [
        "unknown(self.request, self.on_done)",
        'self.settings["pool"].run(max, callback=self.on_done)',
    ],
)
def test_the_declaration_that_the_report_prints_is_enough(tmp_path: Path, call: str) -> None:
    code = KEPT.replace("unknown_thing(self.request, callback=self.on_done)", call)
    tree(tmp_path, {"kept.py": code, ".git/HEAD": ""})
    asked = uncallback("diff", "kept.py", "--no-verify", cwd=tmp_path).stderr.decode()
    table = "".join(re.findall(r"^    (.*\n)", asked, re.MULTILINE))
    tree(tmp_path, {"pyproject.toml": table})
    done = uncallback("diff", "kept.py", "--no-verify", cwd=tmp_path)
    assert "1 handler rewritten, 0 kept" in done.stderr.decode()


def test_per_file_ignores(files: Path) -> None:
    tree(files, {"pyproject.toml": "[tool.uncallback.per-file-ignores]\n'kept*' = ['UC201']\n"})
    ended = uncallback("diff", "kept.py", "--no-verify", cwd=files)
    assert b"UC201" not in ended.stderr


def test_show_files_and_output_file(files: Path) -> None:
    shown = uncallback("diff", ".", "--show-files", cwd=files)
    assert shown.stdout.decode().split() == ["bad.py", "clean.py", "dirty.py", "kept.py"]
    ended = uncallback(
        *("diff", ".", "--no-verify", "--format", "json", "--output-file", "r.json"), cwd=files
    )
    assert (ended.returncode, ended.stdout) == (3, b"")
    assert json.loads((files / "r.json").read_text())["version"] == 1
    ended = uncallback("diff", ".", "--no-verify", "--output-file", "no/such/r.txt", cwd=files)
    assert ended.returncode == 2
    assert ended.stderr.decode().splitlines() == ["no/such/r.txt: No such file or directory"]


@pytest.mark.parametrize("at", ["asynchronous", "(self):", "on_feed)", "response):"])
def test_a_comment_keeps_a_handler(files: Path, at: str) -> None:
    """At the decorator, the header, the operation, and the callback."""
    text = HANDLER.replace(f"{at}\n", f"{at}  # noqa  # uncallback: skip\n")
    tree(files, {"skip.py": text})
    ended = uncallback("fix", "skip.py", "--no-verify", "--exit-non-zero-on-fix", cwd=files)
    assert ended.returncode == 0
    assert b"skip.py:7: UC903 Feed.get: " in ended.stderr
    assert (files / "skip.py").read_text() == text


# explain, operations, version, completion.


def test_every_code_has_a_page(tmp_path: Path) -> None:
    from uncallback.refactor.pages import page, sections

    assert set(sections()) == set(entries())
    for code, entry in entries().items():
        text = page(code)
        assert text.startswith(f"# {code}: {entry.title}\n")
        assert "\n    " in text, f"{code} has no example"
        assert "What to do: " in text, f"{code} does not say what to do"
        assert max(map(len, text.splitlines())) <= 100


def test_explain(tmp_path: Path) -> None:
    page = uncallback("explain", "uc204", cwd=tmp_path)
    assert page.returncode == 0
    assert page.stdout.startswith(b"# UC204: value used\n")
    data = json.loads(uncallback("explain", "UC204", "--format", "json", cwd=tmp_path).stdout)
    assert (data["code"], data["title"]) == ("UC204", "value used")
    listed = uncallback("explain", cwd=tmp_path).stdout.decode().splitlines()
    assert [line.split()[0] for line in listed] == list(entries())
    number = uncallback("explain", "204", cwd=tmp_path)
    assert number.stdout == page.stdout
    group = uncallback("explain", "uc7", cwd=tmp_path).stdout.decode().splitlines()
    assert group == [line for line in listed if line.startswith("UC7")]
    close = uncallback("explain", "UC2O4", cwd=tmp_path)
    assert b"Did you mean" in close.stderr


def test_the_page_of_convertible_handlers_shows_what_the_tool_does(tmp_path: Path) -> None:
    from uncallback.refactor.pages import sections

    text = sections()["UC000"]
    blocks = re.findall(r"(?:^(?:    .*)?\n)+", text, re.MULTILINE)
    before, after = ("\n".join(line[4:] for line in b.splitlines()) for b in blocks if b.strip())
    heads = (
        "import tornado.web\nfrom tornado.httpclient import AsyncHTTPClient\nURL = 'http://a/'\n"
    )
    tree(tmp_path, {"a.py": heads + before})
    uncallback("fix", "a.py", "--no-verify", cwd=tmp_path)
    assert (tmp_path / "a.py").read_text().strip().endswith(after.strip())


def test_operations_as_the_project_sees_them(tmp_path: Path) -> None:
    text = "[[tool.uncallback.operations]]\nname = 'find_user'\ncall = '*.find_user'\n"
    tree(tmp_path, {"pyproject.toml": text})
    rows = json.loads(uncallback("operations", "--format", "json", cwd=tmp_path).stdout)
    first, *others = rows["operations"]
    assert (first["name"], first["source"]) == ("find_user", "project")
    assert {row["source"] for row in others} == {"bundled"}
    assert "AsyncHTTPClient.fetch" in {row["name"] for row in others}
    shown = uncallback("operations", cwd=tmp_path).stdout.decode()
    assert shown.startswith("find_user  [project]\n    *.find_user\n")
    plain = uncallback("operations", "--isolated", cwd=tmp_path).stdout.decode()
    assert "find_user" not in plain.splitlines()[0]


def test_version_imports_nothing_heavy(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "uncallback.refactor.cli", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == f"uncallback, version {__version__}\n"
    for heavy in ("libcst", "pathspec", "tomllib", "asyncio", "difflib"):
        assert not re.search(rf"\| +{heavy}$", ended.stderr, re.MULTILINE), heavy


def test_libcst_is_only_imported_for_a_candidate(tmp_path: Path) -> None:
    tree(tmp_path, {"clean.py": "x = 1\n"})
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "uncallback.refactor.cli", "diff", "clean.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "libcst" not in ended.stderr


def test_a_big_tree_without_tornado_is_quick(tmp_path: Path) -> None:
    text = "def function(argument):\n    return argument + 1\n\n\n" * 125
    tree(tmp_path, {f"p{number // 20}/m{number}.py": text for number in range(300)})
    started = time.monotonic()
    assert uncallback("diff", ".", cwd=tmp_path).returncode == 0
    assert time.monotonic() - started < 10  # 150,000 lines; about a second alone on a machine


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_shell_completion(tmp_path: Path, shell: str) -> None:
    ended = uncallback(cwd=tmp_path, env={"_UNCALLBACK_COMPLETE": f"{shell}_source"})
    assert ended.returncode == 0
    assert b"_UNCALLBACK_COMPLETE" in ended.stdout


def test_typing_mistakes_get_a_hint(tmp_path: Path) -> None:
    assert b"'diff'" in uncallback("dif", "x.py", cwd=tmp_path).stderr
    assert b"--no-verify" in uncallback("diff", "--no-verfy", "x.py", cwd=tmp_path).stderr


# Signals and pipes.


def test_an_interrupt_ends_at_once_with_one_line(tmp_path: Path) -> None:
    endless = HANDLER + "\n\nwhile True:\n    pass\n"
    tree(tmp_path, {"a.py": endless, "b.py": endless})
    process = subprocess.Popen(
        command("fix", ".", "--seconds", "60"),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        start_new_session=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # shells may ignore it
    )
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)  # far below the 60 seconds
    assert process.returncode == 130
    assert errors.decode().splitlines() == ["uncallback: interrupted"]
    assert (tmp_path / "a.py").read_text() == endless
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.py", "b.py"]


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
@pytest.mark.parametrize("arguments", ["diff . --no-verify", "operations", "explain", "-h"])
def test_a_closed_pipe_is_silent(tmp_path: Path, arguments: str) -> None:
    tree(tmp_path, {f"m{number:03}.py": HANDLER for number in range(40)})
    shell = f"{sys.executable} -m uncallback.refactor.cli {arguments} 2>errors | head -n 1"
    subprocess.run(shell, shell=True, cwd=tmp_path, env=environment(), check=True)
    errors = (tmp_path / "errors").read_text()
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors


# LibCST's own tool.


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_output_that_goes_nowhere(files: Path) -> None:
    arguments = shlex.join(command("diff", "dirty.py", "--no-verify"))
    full = subprocess.run(
        f"{arguments} > /dev/full", shell=True, cwd=files, capture_output=True, check=False
    )
    assert full.returncode == 3
    assert full.stderr == b"uncallback: the output could not be written: No space left on device\n"
    closed = subprocess.run(
        f"{arguments} >&-", shell=True, cwd=files, capture_output=True, check=False
    )
    assert closed.returncode == 1
    assert b"rewritten" in closed.stderr


def test_the_help_has_sections(tmp_path: Path) -> None:
    text = uncallback("fix", "--help", cwd=tmp_path).stdout.decode()
    heads = [line for line in text.splitlines() if line.endswith(":") and line[0] != " "]
    assert heads == ["Result:", "Check:", "Files:", "Settings:", "Report:"]
    assert text.index("--jobs") < text.index("Files:")


def test_the_libcst_command(tmp_path: Path) -> None:
    tree(tmp_path, {"a.py": HANDLER, "kept.py": KEPT})
    line = [sys.executable, "-m", "libcst.tool", "codemod", "-x"]
    line += ["uncallback.refactor.command.UncallbackCommand", "a.py", "kept.py", "--no-format"]
    ended = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "UC201 Many.get" in ended.stderr or "unknown_thing" in ended.stderr
    assert "gen.coroutine" in (tmp_path / "a.py").read_text()
    assert (tmp_path / "kept.py").read_text() == KEPT
    ours = tree(tmp_path / "ours", {"a.py": HANDLER})
    uncallback("fix", "a.py", cwd=ours)
    assert (ours / "a.py").read_text() == (tmp_path / "a.py").read_text()
    stamp = (tmp_path / "a.py").stat().st_mtime_ns
    subprocess.run(line, cwd=tmp_path, capture_output=True, check=True)
    assert (tmp_path / "a.py").stat().st_mtime_ns == stamp
