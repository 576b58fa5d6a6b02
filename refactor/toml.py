"""Settings as the text of a TOML file, which `config.load` reads again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from .config import KEYS, VERIFY_KEYS, Key
from .settings import Settings


def show(settings: Settings) -> str:
    """Return the tables that would give ``settings``, and as a comment the file they come from.

    A key that has no value, because its default is not a fixed one, is a comment too.
    """
    lines = [f"# from {settings.source}" if settings.source else "# defaults and command line only"]
    lines += ["[tool.uncallback]", *_lines(settings, KEYS)]
    lines += ["", "[tool.uncallback.verify]", *_lines(settings, VERIFY_KEYS)]
    return "\n".join(lines) + "\n"


def _lines(settings: Settings, keys: Mapping[str, Key]) -> list[str]:
    values = {key: getattr(settings, field) for key, (field, _) in keys.items()}
    return [
        f"# {key} is not set" if value is None else f"{key} = {_value(key, value)}"
        for key, value in values.items()
    ]


def _value(key: str, value: object) -> str:
    if key == "python":
        return '"{}.{}"'.format(*cast("tuple[int, int]", value))
    if isinstance(value, frozenset):
        value = sorted(value)
    if isinstance(value, Mapping):
        listed = (f"{json.dumps(name)} = {_value('', each)}" for name, each in value.items())
        return f"{{ {', '.join(listed)} }}" if value else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_value('', each) for each in value)}]"
    return json.dumps(value, ensure_ascii=False)
