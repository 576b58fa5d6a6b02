"""``uncallback diff`` and ``uncallback fix``: the same line, without and with the writing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click

from ..config import ConfigError, settings_for
from ..files import Collection, Target, collect, from_text
from ..outcome import Outcome
from ..report import View, render
from ..run import apply, run
from ..settings import Settings
from ..source import on_deep_stack
from ..terminal import OneLine, Progress, painted_diff, product, say, use_color
from ..toml import show
from ..tools import tools_for
from ..write import obstacle
from .options import SETTING_NAMES, SectionedCommand, common_options

Command = Literal["diff", "fix"]


@click.command(cls=SectionedCommand)
@common_options
def diff(**arguments: Any) -> int:
    """Show what would be rewritten in PATHS, what stays and why, and the verdicts.

    The diff goes to standard output, in the bytes of the source, as "git apply" takes it; the
    report goes to standard error. Nothing is written. PATHS are files and directories; "-" reads
    standard input.
    """
    return _main("diff", arguments)


@click.command(cls=SectionedCommand)
@common_options
@click.option(
    "--exit-non-zero-on-fix", is_flag=True, help="Exit with 1 when a file was changed (for hooks)."
)
def fix(**arguments: Any) -> int:
    """The same as diff, and write what may be written.

    A handler is written when its verdict is equivalent, or inconclusive for a stated reason (not
    with --strict); never when the two versions behaved differently. With "-" the result goes to
    standard output.
    """
    return _main("fix", arguments)


@dataclass(frozen=True, slots=True)
class _Request:
    """One invocation, read from the command line."""

    command: Command
    paths: tuple[str, ...]
    settings: Settings
    format: str
    output: Path | None
    color: Literal["auto", "always", "never"]
    view: View
    debug: bool

    @property
    def from_stdin(self) -> bool:
        return self.paths == ("-",)


def _main(command: Command, arguments: dict[str, Any]) -> int:
    paths: tuple[str, ...] = arguments["paths"]
    if "-" in paths and len(paths) > 1:
        raise click.UsageError("'-' (standard input) cannot be combined with other paths.")
    if Path(arguments["stdin_filename"] or "<stdin>").is_dir():
        raise click.UsageError("--stdin-filename is a directory.")
    settings = _settings(paths, arguments)
    if arguments["show_settings"]:
        product(show(settings).encode())
        return 0
    view = View(
        color=False,
        verbosity=-1 if arguments["quiet"] else arguments["verbose"],
        statistics=arguments["statistics"],
        select=settings.select,
        ignore=settings.ignore,
        per_file_ignores=settings.per_file_ignores,
    )
    request = _Request(
        command,
        paths,
        settings,
        arguments["format_"],
        arguments["output_file"],
        arguments["color"],
        view,
        arguments["debug"],
    )
    name = arguments["stdin_filename"]
    collection = from_text(sys.stdin.buffer.read(), name) if request.from_stdin else None
    collection = collection or collect(paths, settings)
    if arguments["show_files"]:
        return _show_files(collection)
    outcome, targets = _run(request, collection)
    if command == "fix" and not request.from_stdin:
        outcome = apply(outcome, targets)
    _report(request, outcome)
    return outcome.exit_code(exit_non_zero_on_fix=arguments.get("exit_non_zero_on_fix", False))


def _settings(paths: Sequence[str], arguments: dict[str, Any]) -> Settings:
    """Merge the files' settings with those of the command line."""
    named = [arguments["stdin_filename"] or "." if path == "-" else path for path in paths]
    resolved = [Path(path).resolve() for path in named]
    existing = [path if path.exists() else path.parent for path in resolved]
    try:
        settings = settings_for(existing, arguments["config"], arguments["isolated"])
    except ConfigError as error:
        raise OneLine(str(error)) from None
    return settings.override(**{name: _given(arguments[name]) for name in SETTING_NAMES}).override(
        verify=arguments["verify"],
        respect_gitignore=arguments["respect_gitignore"],
        exclude=arguments["exclude"] or None,
        extend_exclude=(*settings.extend_exclude, *arguments["extend_exclude"]),
    )


def _given(value: Any) -> Any:
    """The value of an option, or ``None`` where it was not given."""
    return None if value is False or value == () or value == frozenset() else value


def _show_files(collection: Collection) -> int:
    lines = sorted(target.shown for _, targets in collection.projects for target in targets)
    product("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
    for fault in collection.faults:
        say(f"{fault.shown}:1:1: {fault.problem.code} {fault.problem.message}")
    return 3 if collection.faults else 0


def _run(request: _Request, collection: Collection) -> tuple[Outcome, dict[str, Target]]:
    """Run the line on a deep stack; an interrupt ends the checking processes."""
    settings = request.settings
    line = Progress(request.view.verbosity >= 0)
    others: dict[str, Any] = {"progress": line.show}
    if request.command == "fix" and not request.from_stdin:
        others["obstacle"] = obstacle
    if request.debug:
        others["complain"] = say
    tools, open_checkers = tools_for(settings, **others)
    try:
        outcome = on_deep_stack(lambda: run(request.command, collection, settings, tools))
    except KeyboardInterrupt:
        for checker in open_checkers:
            checker.__exit__(None, None, None)
        raise
    finally:
        line.clear()
    targets = {target.shown: target for _, found in collection.projects for target in found}
    return outcome, targets


def _report(request: _Request, outcome: Outcome) -> None:
    """Write the product to standard output and the talk to standard error."""
    if request.from_stdin and request.command == "fix":
        file = next(iter(outcome.files), None)
        if file is None or file.status != "error":
            product(file.after if file else b"")
    elif request.format == "text" and request.view.verbosity >= -1:
        painted = use_color(request.color, sys.stdout)
        for each in outcome.files:
            product(painted_diff(each.diff) if painted else each.diff)
    text = _rendered(request, outcome)
    if request.output is not None:
        try:
            request.output.write_text(text, "utf-8", errors="surrogateescape")
        except OSError as error:
            raise OneLine(f"{request.output}: {error.strerror}") from None
    elif request.format == "text" or (request.from_stdin and request.command == "fix"):
        if text:
            say(text.rstrip("\n"))
    else:
        product(text.encode("utf-8", "surrogateescape"))


def _rendered(request: _Request, outcome: Outcome) -> str:
    from dataclasses import replace

    color = request.output is None and use_color(request.color, sys.stderr)
    return render(request.format, outcome, replace(request.view, color=color))
