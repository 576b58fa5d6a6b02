"""Settings: where they come from, which wins, and how a mistake is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from commandline import HANDLER, tree, uncallback
from uncallback.refactor.config import KEYS, VERIFY_KEYS, ConfigError, load, settings_for
from uncallback.refactor.settings import Settings
from uncallback.refactor.toml import show

EVERYTHING = """\
[project]
name = "x"

[tool.uncallback]
style = "native"
tornado = 6
python = "3.8"
placement = "call"
assume-once = true
strict = true
select = ["UC2"]
ignore = ["UC204"]
exclude = ["old"]
extend-exclude = ["gen"]
force-exclude = true
respect-gitignore = false
jobs = 3
root = true

[tool.uncallback.per-file-ignores]
"tests/*" = ["UC7"]

[tool.uncallback.verify]
enabled = false
seconds = 2.5
runs = 100
seed = 7
import = ["app.settings"]

[[tool.uncallback.operations]]
name = "find_user"
call = "*.find_user"
"""


def test_every_key_is_read(tmp_path: Path) -> None:
    path = tree(tmp_path, {"pyproject.toml": EVERYTHING}) / "pyproject.toml"
    settings = load(path)
    assert settings == Settings(
        style="native",
        tornado=6,
        python=(3, 8),
        placement="call",
        assume_once=True,
        strict=True,
        verify=False,
        seconds=2.5,
        runs=100,
        seed=7,
        imports=("app.settings",),
        select=frozenset({"UC2"}),
        ignore=frozenset({"UC204"}),
        per_file_ignores={"tests/*": frozenset({"UC7"})},
        exclude=("old",),
        extend_exclude=("gen",),
        force_exclude=True,
        respect_gitignore=False,
        jobs=3,
        root=True,
        operations=({"name": "find_user", "call": "*.find_user"},),
        source=path,
    )
    assert all(f"{key} = " in EVERYTHING or f".{key}]" in EVERYTHING for key in KEYS)
    assert all(f"{key} = " in EVERYTHING for key in VERIFY_KEYS)
    assert settings.options().style == "native"


@pytest.mark.parametrize(
    "text",
    [
        '[tool]\nuncallback.style = "native"\n',
        '[tool.uncallback]\nstyle = "native"\n',
        '[tool."uncallback"]\n"style" = "native"\n',
        'tool = { uncallback = { style = "native" } }\n',
    ],
)
def test_every_spelling_of_toml(tmp_path: Path, text: str) -> None:
    assert load(tree(tmp_path, {"pyproject.toml": text}) / "pyproject.toml").style == "native"


def test_operations_may_be_named_tables(tmp_path: Path) -> None:
    text = '[tool.uncallback.operations.find_user]\ncall = "*.find_user"\n'
    settings = load(tree(tmp_path, {"pyproject.toml": text}) / "pyproject.toml")
    assert settings.operations == ({"name": "find_user", "call": "*.find_user"},)


MISTAKES = {
    "unknown key": ("[tool.uncallback]\nstile = 'native'\n", 2, 1, "did you mean 'style'?"),
    "unknown table": ("[tool.uncallback.other]\nx = 1\n", 1, 2, "'tool.uncallback.other'"),
    "unknown verify key": (
        "[tool.uncallback]\n[tool.uncallback.verify]\n  sede = 1\n",
        3,
        3,
        "did you mean 'seed'?",
    ),
    "unknown dotted key": ("[tool]\nuncallback.stile = 1\n", 2, 1, "unknown key"),
    "bad choice": ("[tool.uncallback]\n\nstyle = 'async'\n", 3, 1, "'coroutine', 'native'"),
    "bad type": ("[tool.uncallback]\nstrict = 'yes'\n", 2, 1, "true or false"),
    "bad number": ("[tool.uncallback.verify]\nruns = 0\n", 2, 1, "at least 1"),
    "boolean number": ("[tool.uncallback.verify]\nseconds = true\n", 2, 1, "a number"),
    "bad version": ("[tool.uncallback]\npython = 3.8\n", 2, 1, "as text"),
    "unknown code": ("[tool.uncallback]\nselect = ['UC999']\n", 2, 1, "'UC999'"),
    "bad pattern": ("[tool.uncallback]\nexclude = ['ok', '[z-a]']\n", 2, 1, "'[z-a]'"),
    "bad ignores": ("[tool.uncallback.per-file-ignores]\n'x' = 'UC2'\n", 1, 2, "pattern ="),
    "no table of the check": ("[tool.uncallback]\nverify = false\n", 2, 1, "enabled = false"),
    "bad list": ("[tool.uncallback]\nexclude = 'x'\n", 2, 1, "a list of strings"),
    "bad code": ("[tool.uncallback]\nselect = ['E501']\n", 2, 1, "'E501'"),
    "no table": ("[tool]\nuncallback = 3\n", 2, 1, "must be a table"),
    "bad TOML": ("[tool.uncallback\nstyle = 1\n", 1, 17, "Expected"),
    "cut TOML": ("[tool.uncallback]\nstyle = ", 2, 9, ""),
    "bad operation": (
        "[[tool.uncallback.operations]]\nname = 'a'\ncall = '*.a'\n"
        "[[tool.uncallback.operations]]\nname = 'b'\ncall = '*.b'\nform7 = 'x'\n",
        4,
        3,
        "form7",
    ),
    "bad named operation": ("[tool.uncallback.operations.a]\ncal = 'x'\n", 1, 2, "cal"),
}


@pytest.mark.parametrize(("text", "line", "column", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_has_a_place(
    tmp_path: Path, text: str, line: int, column: int, words: str
) -> None:
    path = tree(tmp_path, {"pyproject.toml": text}) / "pyproject.toml"
    with pytest.raises(ConfigError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}:{column}: "), message
    assert words in message
    assert "\n" not in message


def test_no_table_of_tools(tmp_path: Path) -> None:
    tree(tmp_path, {"pyproject.toml": "tool = 3\n"})
    assert settings_for([tmp_path], None, False).style == "coroutine"


def test_not_utf_8_and_not_there(tmp_path: Path) -> None:
    tree(tmp_path, {"pyproject.toml": b"# \xff\n"})
    for name in ("pyproject.toml", "nowhere.toml"):
        with pytest.raises(ConfigError, match=name):
            load(tmp_path / name)


def test_the_closest_table_counts_and_version_control_is_the_border(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "pyproject.toml": "[tool.uncallback]\ntornado = 6\n",
            "repo/.git/HEAD": "",
            "repo/pyproject.toml": "[tool.uncallback]\nstyle = 'native'\n",
            "repo/pkg/pyproject.toml": "[project]\nname = 'pkg'\n",
            "repo/pkg/a.py": "",
            "bare/.git/HEAD": "",
            "bare/a.py": "",
        },
    )
    assert settings_for([tmp_path / "repo/pkg/a.py"], None, False).style == "native"
    assert settings_for([tmp_path / "bare/a.py"], None, False) == Settings()
    assert settings_for([tmp_path / "repo/pkg/a.py"], None, True) == Settings()
    both = [tmp_path / "repo/pkg/a.py", tmp_path / "bare/a.py"]
    assert settings_for(both, None, False).tornado == 6


@pytest.mark.parametrize("text", ["", EVERYTHING], ids=["defaults", "everything"])
def test_shown_settings_can_be_read_again(tmp_path: Path, text: str) -> None:
    first, second = tmp_path / "pyproject.toml", tmp_path / "again.toml"
    first.write_text(text)
    settings = load(first)
    shown = show(settings)
    assert shown.startswith(f"# from {first}\n")
    second.write_text(shown)
    assert load(second) == replace(settings, source=second)


# The same from the outside.


@pytest.mark.parametrize("command", ["diff", "fix"])
def test_a_bad_file_ends_with_2_and_one_line(tmp_path: Path, command: str) -> None:
    tree(tmp_path, {"pyproject.toml": "[tool.uncallback]\nstile = 1\n", "a.py": HANDLER})
    ended = uncallback(command, "a.py", cwd=tmp_path)
    assert ended.returncode == 2
    assert ended.stdout == b""
    (line,) = ended.stderr.decode().splitlines()
    assert line.endswith(
        "pyproject.toml:2:1: unknown key 'tool.uncallback.stile' (did you mean 'style'?)"
    )
    assert (tmp_path / "a.py").read_text() == HANDLER
    assert uncallback(command, "a.py", "--isolated", "--no-verify", cwd=tmp_path).returncode < 2


def test_the_command_line_wins(tmp_path: Path) -> None:
    tree(tmp_path, {"pyproject.toml": EVERYTHING, "a.py": HANDLER})
    shown = uncallback(
        *("diff", "a.py", "--show-settings", "--style", "coroutine", "--tornado", "5"),
        *("--verify", "--seed", "0", "--extend-exclude", "more"),
        cwd=tmp_path,
    )
    assert shown.returncode == 0
    text = shown.stdout.decode()
    for line in (
        'style = "coroutine"',
        "tornado = 5",
        "enabled = true",
        "seed = 0",
        "strict = true",
        'extend-exclude = ["gen", "more"]',
    ):
        assert line in text.splitlines(), line


def test_an_explicit_file_of_any_name(tmp_path: Path) -> None:
    tree(tmp_path, {"mine.toml": 'style = "native"\n[verify]\nenabled = false\n', "a.py": HANDLER})
    ended = uncallback("diff", "a.py", "--config", "mine.toml", cwd=tmp_path)
    assert ended.returncode == 1, ended.stderr.decode()
    assert b"async def get" in ended.stdout
    missing = uncallback("diff", "a.py", "--config", "nowhere.toml", cwd=tmp_path)
    assert missing.returncode == 2
    assert missing.stderr.decode().splitlines() == ["nowhere.toml: No such file or directory"]
