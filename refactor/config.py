"""Settings: the defaults, ``[tool.uncallback]`` in ``pyproject.toml``, then the command line.

Every mistake in a file is a `ConfigError` that names the file, the line and the column; an unknown
key is a mistake, because a key that is silently ignored is a setting that silently does not count.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from .problems import entries
from .settings import Settings
from .walk import is_pattern

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

STYLES = ("coroutine", "native")
PLACEMENTS = ("inline", "call")
GENERATIONS = (5, 6)


class ConfigError(Exception):
    """A setting that cannot be used: ``path:line:col: message`` where it has a place."""


def parse_python(value: object) -> tuple[int, int]:
    """Read ``"3.6"`` or ``"2.7"``; raises `ValueError` for everything else."""
    match = re.fullmatch(r"([23])\.(\d{1,2})", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("a Python version as text, such as '3.6' or '2.7'")
    return int(match[1]), int(match[2])


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _number(least: float, kind: type) -> Callable[[object], Any]:
    def read(value: object) -> Any:
        number = isinstance(value, (int, float) if kind is float else int)
        if not number or isinstance(value, bool) or cast(float, value) < least:
            noun = "a number" if kind is float else "a whole number"
            raise ValueError(f"{noun}, at least {least:g}")
        return kind(value)

    return read


def _one_of(*choices: object) -> Callable[[object], Any]:
    def read(value: object) -> Any:
        if value not in choices or isinstance(value, bool):
            raise ValueError("one of " + ", ".join(repr(each) for each in choices))
        return value

    return read


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError("a list of strings")
    return tuple(value)


def _patterns(value: object) -> tuple[str, ...]:
    lines = _texts(value)
    for line in lines:
        if not is_pattern(line):
            raise ValueError(f"a list of patterns as in .gitignore, not {line!r}")
    return lines


def _codes(value: object) -> frozenset[str]:
    codes = frozenset(_texts(value))
    for code in sorted(codes):
        if not any(known.startswith(code) for known in entries()):
            raise ValueError(f"a list of codes such as 'UC701' or 'UC7', not {code!r}")
    return codes


def _ignores(value: object) -> dict[str, frozenset[str]]:
    if not isinstance(value, dict):
        raise ValueError("a table of pattern = [codes]")
    try:
        return {pattern: _codes(codes) for pattern, codes in value.items()}
    except ValueError as error:
        raise ValueError(f"a table of pattern = [codes], each {error}") from None


def _operations(value: object) -> tuple[Mapping[str, Any], ...]:
    """Accept ``[[tool.uncallback.operations]]`` and one table for each name alike."""
    if isinstance(value, dict):
        if not all(isinstance(each, dict) for each in value.values()):
            raise ValueError("one table for each operation")
        return tuple({"name": name, **entry} for name, entry in value.items())
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError("an array of tables")
    return tuple(value)


# The field of Settings, and a reader that raises ValueError with what it wants.
Key = tuple[str, Callable[[object], Any]]

KEYS: dict[str, Key] = {
    "style": ("style", _one_of(*STYLES)),
    "tornado": ("tornado", _one_of(*GENERATIONS)),
    "python": ("python", parse_python),
    "placement": ("placement", _one_of(*PLACEMENTS)),
    "assume-once": ("assume_once", _boolean),
    "strict": ("strict", _boolean),
    "select": ("select", _codes),
    "ignore": ("ignore", _codes),
    "per-file-ignores": ("per_file_ignores", _ignores),
    "exclude": ("exclude", _patterns),
    "extend-exclude": ("extend_exclude", _patterns),
    "force-exclude": ("force_exclude", _boolean),
    "respect-gitignore": ("respect_gitignore", _boolean),
    "jobs": ("jobs", _number(1, int)),
    "operations": ("operations", _operations),
    "root": ("root", _boolean),
}
VERIFY_KEYS: dict[str, Key] = {
    "enabled": ("verify", _boolean),
    "seconds": ("seconds", _number(0.01, float)),
    "runs": ("runs", _number(1, int)),
    "seed": ("seed", _number(0, int)),
    "import": ("imports", _texts),
}


def load(path: Path) -> Settings:
    """Read the settings of one TOML file.

    In ``pyproject.toml`` they stand in ``[tool.uncallback]``; a file of another name may have them
    at its top. Raises `ConfigError` for unreadable files, bad TOML, unknown keys and bad values.
    """
    text, document = _document(path)
    table = _table_of(document)
    prefix = "tool.uncallback"
    if table is None and path.name != "pyproject.toml":
        table, prefix = document, ""
    if table is None:
        return Settings(source=path)
    if not isinstance(table, dict):
        raise _at(path, text, "tool", "uncallback", "'tool.uncallback' must be a table")
    table = dict(table)
    verify = table.pop("verify", {})
    values = _read(path, text, prefix, table, KEYS)
    if not isinstance(verify, dict):
        message = "'verify' must be a table; 'enabled = false' in it switches the check off"
        raise _at(path, text, prefix, "verify", message)
    values |= _read(path, text, f"{prefix}.verify".lstrip("."), verify, VERIFY_KEYS)
    _check_operations(path, text, f"{prefix}.operations".lstrip("."), values.get("operations", ()))
    return Settings(**values, source=path)


def _table_of(document: Mapping[str, Any]) -> object:
    """What stands at ``tool.uncallback``; ``None``: nothing."""
    tool = document.get("tool")
    return tool.get("uncallback") if isinstance(tool, dict) else None


def _check_operations(
    path: Path, text: str, table: str, entries: Sequence[Mapping[str, Any]]
) -> None:
    """Read the catalogue entries once, so that a mistake is told with its place."""
    if not entries:
        return
    from .catalogue import CatalogueError, operation

    for number, entry in enumerate(entries):
        try:
            operation(entry)
        except CatalogueError as error:
            line, column = _place(text, table, str(entry.get("name")), number)
            raise ConfigError(f"{path}:{line}:{column}: {error}") from None


def _document(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_bytes().decode("utf-8")
        return text, tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}:1:1: not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line, column = match.groups() if match else _end(text)
        message = re.sub(r"\s*\(at [^)]*\)$", "", str(error))
        raise ConfigError(f"{path}:{line}:{column}: {message}") from None


def _end(text: str) -> tuple[str, str]:
    """The place of an error "at end of document"."""
    lines = text.split("\n")
    return str(len(lines)), str(len(lines[-1]) + 1)


def _read(
    path: Path,
    text: str,
    prefix: str,
    table: Mapping[str, Any],
    keys: Mapping[str, Key],
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = f"{prefix}.{key}".lstrip(".")
        if key not in keys:
            raise _at(path, text, prefix, key, f"unknown key '{name}'{_suggest(key, keys)}")
        target, reader = keys[key]
        try:
            values[target] = reader(value)
        except ValueError as error:
            raise _at(path, text, prefix, key, f"'{name}' must be {error}") from None
    return values


def _suggest(key: str, known: Mapping[str, object]) -> str:
    import difflib

    close = difflib.get_close_matches(key, [*known, "verify"], n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""


def _at(path: Path, text: str, table: str, key: str, message: str) -> ConfigError:
    line, column = _place(text, table, key)
    return ConfigError(f"{path}:{line}:{column}: {message}")


def _place(text: str, table: str, key: str, number: int = 0) -> tuple[int, int]:
    """Find ``key`` of ``table`` in TOML text: as a key, as a header, or as part of a dotted key.

    Where there is no such key, the place is the table itself, the one with ``number`` (0-based) in
    an array of tables.
    """
    full = f"{table}.{key}".lstrip(".")
    current, tables = "", [(1, 1)]
    for row, line in enumerate(text.split("\n"), 1):
        header = re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]", line)
        if header:
            current = _plain(header[1])
            if current == full or current.startswith(full + "."):
                return row, header.start(1) + 1
            if current == table:
                tables.append((row, header.start(1) + 1))
            continue
        entry = re.match(r"\s*([\w\"'.\s-]+?)\s*=", line)
        if entry:
            name = f"{current}.{_plain(entry[1])}".lstrip(".")
            if name == full or name.startswith(full + "."):
                return row, entry.start(1) + 1
            if name == table:
                tables.append((row, entry.start(1) + 1))
    return tables[min(number + 1, len(tables) - 1)]


def _plain(name: str) -> str:
    """A key or a header without quotes and blanks."""
    return re.sub(r"[\s\"']", "", name)


def discover(folder: Path) -> Path | None:
    """Find the ``pyproject.toml`` that speaks for ``folder``: the closest with our table.

    The search ends at the folder that version control starts in. A file that is no TOML is
    returned too, so that its mistake is reported and not skipped.
    """
    for parent in (folder, *folder.parents):
        candidate = parent / "pyproject.toml"
        if candidate.is_file():
            try:
                if _table_of(_document(candidate)[1]) is not None:
                    return candidate
            except ConfigError:
                return candidate
        if (parent / ".git").exists() or (parent / ".hg").exists():
            return None
    return None


def settings_for(paths: Sequence[Path], config: Path | None, isolated: bool) -> Settings:
    """Return the settings for ``paths`` (resolved): an explicit file, a discovered one, or none."""
    if config is not None:
        return load(config)
    if isolated or not paths:
        return Settings()
    found = discover(common_folder(paths))
    return load(found) if found else Settings()


@lru_cache(maxsize=1024)
def is_root(folder: Path) -> bool:
    """Whether the ``pyproject.toml`` of ``folder`` says ``root = true`` in our table."""
    try:
        table = _table_of(_document(folder / "pyproject.toml")[1])
    except ConfigError:
        return False
    return isinstance(table, dict) and table.get("root") is True


def common_folder(paths: Sequence[Path]) -> Path:
    """The innermost folder that holds all of ``paths`` (resolved)."""
    folders = [path if path.is_dir() else path.parent for path in paths]
    common = folders[0]
    for folder in folders[1:]:
        while common != folder and common not in folder.parents:
            common = common.parent
    return common
