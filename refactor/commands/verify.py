"""``uncallback verify``: compares the handlers of two files, or of two directories."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..config import ConfigError, settings_for
from ..report import verdicts
from ..report.verdicts import Answer, Comparison
from ..settings import Settings
from ..terminal import OneLine, product, say, use_color
from ..tools import verify_options
from ..versions import Failure, Pair, pairs, root_of
from .options import generation

if TYPE_CHECKING:
    from ..verify import Verifier


@click.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--handler", "handlers", multiple=True, help="Compare this handler only: Login.get.")
@click.option("--before-tornado", callback=generation, metavar="[4|5|6]", help="Runs BEFORE on it.")
@click.option("--after-tornado", callback=generation, metavar="[4|5|6]", help="Runs AFTER on it.")
@click.option("--import", "imports", multiple=True, help="Load this module for real.")
@click.option("--assume-once", is_flag=True, help="Take unknown operations to call back once.")
@click.option("--seconds", type=click.FloatRange(min=0.01), help="Time to check one handler.")
@click.option("--runs", type=click.IntRange(min=1), help="Runs to check one handler.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of the sampling.")
@click.option("--replay", metavar="TAPE", help="Play one counterexample again (with --handler).")
@click.option(
    "--test",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a pytest file for the first difference of two files.",
)
@click.option("--config", type=click.Path(path_type=Path), help="Read the settings from this file.")
@click.option("--isolated", is_flag=True, help="Ignore all configuration files.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json", "markdown"]), default="text"
)
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colours."
)
def verify(before: Path, after: Path, **arguments: Any) -> int:
    """Compare the handlers of BEFORE and AFTER, two files or two directories.

    Both versions run on the bundled runtime, with the same answers from the outside. Exit codes: 0
    all equivalent, 1 some different, 3 some inconclusive and none different, or a file that could
    not be read.
    """
    if arguments["replay"] is not None and len(arguments["handlers"]) != 1:
        raise click.UsageError("--replay needs exactly one --handler.")
    settings = _settings(before, arguments)
    failures: list[Failure] = []
    found = list(pairs(before, after, failures))
    answers: list[Answer] = []
    if found:
        from ..verify import Verifier

        options = verify_options(settings, root_of(before), **_generations(arguments))
        with Verifier(options) as verifier:
            answers = [each for pair in found for each in _answers(verifier, pair, arguments)]
    if arguments["test"] is not None:
        _write_test(before, after, answers, arguments)
    comparison = Comparison((before, after), tuple(answers), tuple(failures))
    _print(comparison, arguments)
    return comparison.exit_code()


def _write_test(
    before: Path, after: Path, answers: list[Answer], arguments: dict[str, Any]
) -> None:
    """Write the first counterexample to the file that was asked for, if there is one."""
    from ..generated import as_test

    file: Path = arguments["test"]
    given = {**_generations(arguments)}
    if arguments["imports"]:
        given["imports"] = arguments["imports"]
    if arguments["assume_once"]:
        given["assume_once"] = True
    for answer in answers:
        example = answer.verdict.counterexample
        if example is not None and before.is_file() and after.is_file():
            text = as_test(before, after, answer.name, example, file.parent, **given)
            try:
                file.write_text(text, "utf-8")
            except OSError as error:
                raise OneLine(f"{file}: {error.strerror}") from None
            say(f"wrote {file}")
            return


def _generations(arguments: dict[str, Any]) -> dict[str, int]:
    names = ("before_tornado", "after_tornado")
    return {name: arguments[name] for name in names if arguments[name] is not None}


def _settings(before: Path, arguments: dict[str, Any]) -> Settings:
    folder = before.resolve()
    folder = folder if folder.exists() else folder.parent
    try:
        settings = settings_for([folder], arguments["config"], arguments["isolated"])
    except ConfigError as error:
        raise OneLine(str(error)) from None
    return settings.override(
        seconds=arguments["seconds"],
        runs=arguments["runs"],
        seed=arguments["seed"],
        imports=(*settings.imports, *arguments["imports"]),
        assume_once=arguments["assume_once"] or None,
    )


def _answers(verifier: Verifier, pair: Pair, arguments: dict[str, Any]) -> list[Answer]:
    from ..verify import CheckError

    handlers: tuple[str, ...] = arguments["handlers"]
    try:
        verifier.require(pair.before, pair.after, handlers)
        if arguments["replay"] is not None:
            verdict = verifier.replay(pair.before, pair.after, handlers[0], arguments["replay"])
            found = {handlers[0]: verdict}
        elif handlers:
            found = verifier.verify(pair.before, pair.after, handlers)
        else:
            found = verifier.verify_all(pair.before, pair.after)
    except CheckError as error:
        raise OneLine(f"{pair.shown}: {error}") from None
    return [Answer(pair.shown, name, verdict) for name, verdict in found.items()]


def _print(comparison: Comparison, arguments: dict[str, Any]) -> None:
    if arguments["format_"] == "text":
        text = verdicts.as_text(comparison, use_color(arguments["color"], sys.stdout))
        for failure in comparison.failures:
            say(failure.line)
    else:
        write = verdicts.as_json if arguments["format_"] == "json" else verdicts.as_markdown
        text = write(comparison)
    product(text.encode("utf-8", "surrogateescape"))
