"""``uncallback operations``: the catalogue as this project sees it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ..config import ConfigError, settings_for
from ..settings import Settings
from ..terminal import OneLine


@click.command()
@click.option("--config", type=click.Path(path_type=Path), help="Read the settings from this file.")
@click.option("--isolated", is_flag=True, help="Ignore all configuration files.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def operations(config: Path | None, isolated: bool, format_: str) -> int:
    """Show which calls take a callback, what the callback gets, and how each is awaited.

    The project's own entries, from [tool.uncallback.operations], come first.
    """
    try:
        settings = settings_for([Path.cwd()], config, isolated)
    except ConfigError as error:
        raise OneLine(str(error)) from None
    rows = _rows(settings)
    if format_ == "json":
        click.echo(json.dumps({"version": 1, "operations": rows}, indent=2))
    else:
        click.echo("".join(_line(row) for row in rows), nl=False)
    return 0


def _rows(settings: Settings) -> list[dict[str, Any]]:
    from ..catalogue import Catalogue

    catalogue = Catalogue.of(settings.operations)
    own = len(settings.operations)
    return [
        {**row, "source": "project" if number < own else "bundled"}
        for number, row in enumerate(catalogue.tables())
    ]


def _line(row: dict[str, Any]) -> str:
    """One entry: its name, how it is called, what comes back, and its awaitable forms."""
    call = row["call"] or f"{' | '.join(row['owner'])}.{row['method']}"
    place = row["callback"] if row["position"] is None else f"{row['callback']} ({row['position']})"
    facts = [
        f"callback {place} gets ({', '.join(row['passes'])})",
        f"errors: {row['errors']}",
        f"Tornado 5: {row['form5']}, 6: {row['form6']}",
    ]
    facts += [name for name in ("immediate", "repeats") if row[name]]
    mark = "  [project]" if row["source"] == "project" else ""
    return f"{row['name']}{mark}\n    {call}\n    {'; '.join(facts)}\n"
