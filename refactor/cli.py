"""The command ``uncallback``: which commands there are, and what their ends mean to the shell.

Exit codes: 0 nothing to do, or done; 1 something would change, was changed, or is different;
2 usage or configuration; 3 something could not be answered; 130 interrupted. A closed pipe ends
silently. The commands are imported on demand, so ``--version`` costs no more than Click.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from . import __version__

EXIT_USAGE = 2
EXIT_UNANSWERED = 3
EXIT_INTERRUPTED = 130

# Command -> (module, one line for the overview).
_COMMANDS = {
    "diff": ("convert", "Show what would be rewritten; write nothing."),
    "fix": ("convert", "The same, and write what may be written."),
    "verify": ("verify", "Compare the handlers of two files."),
    "explain": ("explain", "Tell what a code means and what to do."),
    "operations": ("operations", "Show the operations that take a callback."),
}


class _Commands(click.Group):
    """A group that knows its commands by name and imports them when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module = import_module(f".commands.{_COMMANDS[name][0]}", __package__)
        command = getattr(module, name)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; an interrupt is one line, without the empty one that Click writes."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _say_interrupted()
            ctx.exit(EXIT_INTERRUPTED)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-"):
            from difflib import get_close_matches

            close = get_close_matches(name, _COMMANDS, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            ctx.fail(f"No such command '{name}'.{hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 nothing to do or done, 1 would change (diff), changed"
    " (fix --exit-non-zero-on-fix) or different (verify), 2 usage or configuration,"
    " 3 something could not be answered, 130 interrupted.",
)
@click.version_option(__version__, "--version", prog_name="uncallback")
def cli() -> None:
    """Turn legacy Tornado callback handlers into coroutines, and check that nothing changed."""


def _say_interrupted() -> None:
    from .terminal import say

    say("uncallback: interrupted")


def _told(error: Exception) -> str:
    """One line about what nobody expected: a stream that takes no more, or a mistake of ours."""
    if isinstance(error, OSError) and error.filename is None:
        return f"the output could not be written: {error.strerror or error}"
    text = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return f"internal error: {text} (UNCALLBACK_DEBUG=1 shows more)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code and never raises for a person's mistake."""
    from .terminal import ignore_broken_pipe, open_missing_streams, say

    open_missing_streams()
    try:
        code = cli.main(args=arguments, prog_name="uncallback", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        _say_interrupted()
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        ignore_broken_pipe()
        return 0
    except Exception as error:
        if os.environ.get("UNCALLBACK_DEBUG"):
            raise
        say(f"uncallback: {_told(error)}")
        ignore_broken_pipe()
        return EXIT_UNANSWERED
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(main())
