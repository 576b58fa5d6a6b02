"""The options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..config import GENERATIONS, PLACEMENTS, STYLES, parse_python
from ..report import FORMATS

Function = TypeVar("Function", bound=Callable[..., Any])

# Options whose value replaces the setting of the same name where it was given.
SETTING_NAMES = (
    "style",
    "tornado",
    "python",
    "placement",
    "assume_once",
    "strict",
    "seconds",
    "runs",
    "seed",
    "imports",
    "select",
    "ignore",
    "force_exclude",
    "jobs",
)


def _python(ctx: click.Context, param: click.Parameter, value: str | None) -> Any:
    try:
        return None if value is None else parse_python(value)
    except ValueError as error:
        raise click.BadParameter(f"must be {error}") from None


def _codes(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> frozenset[str]:
    from ..problems import entries

    codes = frozenset(code.strip() for each in value for code in each.split(",") if code.strip())
    for code in codes:
        if not any(known.startswith(code) for known in entries()):
            raise click.BadParameter(f"no such code: {code}; 'uncallback explain' lists them")
    return codes


def _integer(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    return None if value is None else int(value)


_GENERATIONS = click.Choice([str(each) for each in GENERATIONS])
_PATH = click.Path(path_type=Path)
_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.argument("paths", nargs=-1, required=True, metavar="PATHS..."),
    click.option("--style", type=click.Choice(STYLES), help="gen.coroutine and yield, or async."),
    click.option(
        "--tornado", type=_GENERATIONS, callback=_integer, help="The generation to write for."
    ),
    click.option(
        "--python", callback=_python, metavar="X.Y", help="The oldest Python the result runs on."
    ),
    click.option(
        "--placement", type=click.Choice(PLACEMENTS), help="Move a callback's body, or call it."
    ),
    click.option("--assume-once", is_flag=True, help="Take unknown operations to call back once."),
    click.option("--verify/--no-verify", default=None, help="Run both versions and compare them."),
    click.option("--strict", is_flag=True, help="Write only what was found equivalent."),
    click.option("--seconds", type=click.FloatRange(min=0.01), help="Time to check one handler."),
    click.option("--runs", type=click.IntRange(min=1), help="Runs to check one handler."),
    click.option("--seed", type=click.IntRange(min=0), help="Seed of the check's sampling."),
    click.option("--import", "imports", multiple=True, help="Load this module for real."),
    click.option("--select", multiple=True, callback=_codes, help="Report only these codes."),
    click.option("--ignore", multiple=True, callback=_codes, help="Do not report these codes."),
    click.option("--exclude", multiple=True, help="Leave out, instead of the default excludes."),
    click.option("--extend-exclude", multiple=True, help="Leave out, besides the excludes."),
    click.option("--force-exclude", is_flag=True, help="Excludes count for explicit paths too."),
    click.option("--respect-gitignore/--no-respect-gitignore", default=None, help="Or read all."),
    click.option("--config", type=_PATH, help="Read the settings from this file."),
    click.option("--isolated", is_flag=True, help="Ignore all configuration files."),
    click.option("--show-settings", is_flag=True, help="Print the settings and stop."),
    click.option("--show-files", is_flag=True, help="Print the files to convert and stop."),
    click.option("--stdin-filename", help="The name of what standard input holds."),
    click.option("--format", "format_", type=click.Choice(list(FORMATS)), default="text"),
    click.option("--output-file", type=_PATH, help="Write the report to this file."),
    click.option("--statistics", is_flag=True, help="Count the codes."),
    click.option("--jobs", "-j", type=click.IntRange(min=1), help="Checks at a time."),
    click.option(
        "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colours."
    ),
    click.option("--quiet", "-q", is_flag=True, help="Only the diff and the problems."),
    click.option("--verbose", "-v", count=True, help="Every skipped and unchanged file too."),
    click.option("--debug", is_flag=True, help="Show the traceback of an internal error."),
)


def common_options(function: Function) -> Function:
    """Add the arguments and options of ``diff`` and ``fix`` to a command's function."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def generation(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Read a Tornado generation that the bundled runtime can play: 4, 5 or 6."""
    if value not in (None, "4", "5", "6"):
        raise click.BadParameter("must be 4, 5 or 6")
    return None if value is None else int(value)
