"""The options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..config import GENERATIONS, PLACEMENTS, STYLES, parse_python
from ..report import FORMATS
from ..walk import is_pattern

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


def _patterns(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> tuple[str, ...]:
    for line in value:
        if not is_pattern(line):
            raise click.BadParameter(f"not a pattern as in .gitignore: {line}")
    return value


def _integer(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    return None if value is None else int(value)


class _Option(click.Option):
    """An option with the heading under which the help shows it."""

    def __init__(self, *names: Any, section: str, **attributes: Any) -> None:
        super().__init__(*names, **attributes)
        self.section = section


class SectionedCommand(click.Command):
    """A command whose help shows its options by section, in their order."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx)
            if record is not None and isinstance(option, click.Option):
                sections.setdefault(getattr(option, "section", _REPORT), []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


def _option(section: str, *names: str, **attributes: Any) -> Callable[[Any], Any]:
    return click.option(*names, cls=_Option, section=section, **attributes)


_GENERATIONS = click.Choice([str(each) for each in GENERATIONS])
_PATH = click.Path(path_type=Path)
_WRITES, _CHECK, _FILES, _SETTINGS, _REPORT = "Result", "Check", "Files", "Settings", "Report"
# fmt: off
_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.argument("paths", nargs=-1, required=True, metavar="PATHS..."),
    _option(_WRITES, "--style", type=click.Choice(STYLES),
            help="@gen.coroutine and yield (default), or async def and await."),
    _option(_WRITES, "--tornado", type=_GENERATIONS, callback=_integer,
            help="For Tornado 4.1 to 5.1 (5, the default), or for 6."),
    _option(_WRITES, "--python", callback=_python, metavar="X.Y",
            help="The oldest Python that the result runs on (default 3.6)."),
    _option(_WRITES, "--placement", type=click.Choice(PLACEMENTS),
            help="Move a callback's body where that is safe (default), or always call it."),
    _option(_WRITES, "--assume-once", is_flag=True,
            help="Take operations outside the catalogue to call back once."),
    _option(_CHECK, "--verify/--no-verify", default=None,
            help="Run both versions and compare them (default)."),
    _option(_CHECK, "--strict", is_flag=True,
            help="Keep a handler unless it was found equivalent."),
    _option(_CHECK, "--seconds", type=click.FloatRange(min=0.01), metavar="N",
            help="Computing time for one handler (default 10)."),
    _option(_CHECK, "--runs", type=click.IntRange(min=1), metavar="N",
            help="Most runs for one handler (default 6000)."),
    _option(_CHECK, "--seed", type=click.IntRange(min=0), metavar="N",
            help="Seed of the sampling (default 0)."),
    _option(_CHECK, "--import", "imports", multiple=True, metavar="MODULE",
            help="Load this module for real; repeatable."),
    _option(_CHECK, "--jobs", "-j", type=click.IntRange(min=1), metavar="N",
            help="Checks at a time (default: one for each processor)."),
    _option(_FILES, "--exclude", multiple=True, callback=_patterns, metavar="PATTERN",
            help="Leave out, instead of the default excludes; repeatable."),
    _option(_FILES, "--extend-exclude", multiple=True, callback=_patterns, metavar="PATTERN",
            help="Leave out, besides the excludes; repeatable."),
    _option(_FILES, "--force-exclude", is_flag=True,
            help="Let excludes count for files named as arguments too."),
    _option(_FILES, "--respect-gitignore/--no-respect-gitignore", default=None,
            help="Leave out what .gitignore names (default)."),
    _option(_FILES, "--stdin-filename", metavar="PATH",
            help="Where in the project the text of '-' belongs."),
    _option(_FILES, "--show-files", is_flag=True, help="Print the files to convert and stop."),
    _option(_SETTINGS, "--config", type=_PATH, metavar="FILE",
            help="Read the settings from this file, not from a pyproject.toml."),
    _option(_SETTINGS, "--isolated", is_flag=True, help="Ignore all configuration files."),
    _option(_SETTINGS, "--show-settings", is_flag=True, help="Print the settings and stop."),
    _option(_REPORT, "--format", "format_", type=click.Choice(list(FORMATS)), default="text",
            help="How the report is written (default text)."),
    _option(_REPORT, "--output-file", type=_PATH, metavar="FILE",
            help="Write the report to this file."),
    _option(_REPORT, "--select", multiple=True, callback=_codes, metavar="CODES",
            help="Report only these codes or beginnings of codes."),
    _option(_REPORT, "--ignore", multiple=True, callback=_codes, metavar="CODES",
            help="Do not report these codes or beginnings of codes."),
    _option(_REPORT, "--statistics", is_flag=True, help="Count the codes."),
    _option(_REPORT, "--color", type=click.Choice(["auto", "always", "never"]), default="auto",
            help="Colours (default: on a terminal)."),
    _option(_REPORT, "--quiet", "-q", is_flag=True, help="Only the diff and the problems."),
    _option(_REPORT, "--verbose", "-v", count=True,
            help="Skipped and unchanged files and all steps of differences too."),
    _option(_REPORT, "--debug", is_flag=True, help="Show the traceback of an internal error."),
)
# fmt: on


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
