"""The codemod for people who run LibCST's own tool.

::

    python -m libcst.tool codemod -x uncallback.refactor.command.UncallbackCommand PATH --no-format

It does what ``uncallback fix`` does for each file, the check included; what is kept and why is a
warning. ``--no-format`` keeps LibCST's tool from reformatting the whole file afterwards.
"""

from __future__ import annotations

import argparse

import libcst as cst
from libcst.codemod import CodemodCommand, CodemodContext, SkipFile

from .files import from_text
from .report import words
from .run import run
from .settings import Settings
from .source import on_deep_stack
from .tools import tools_for


class UncallbackCommand(CodemodCommand):
    """Rewrites Tornado callback handlers as coroutines and checks that nothing changed."""

    DESCRIPTION: str = "Turn Tornado callback handlers into coroutines, checked on both versions."

    @staticmethod
    def add_args(arg_parser: argparse.ArgumentParser) -> None:
        arg_parser.add_argument("--style", choices=["coroutine", "native"], default="coroutine")
        arg_parser.add_argument("--tornado", type=int, choices=[5, 6], default=5)
        arg_parser.add_argument("--no-verify", dest="verify", action="store_false")

    def __init__(
        self,
        context: CodemodContext,
        style: str = "coroutine",
        tornado: int = 5,
        verify: bool = True,
    ) -> None:
        super().__init__(context)
        self.settings = Settings().override(style=style, tornado=tornado, verify=verify)

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        """Return the converted module; raises `SkipFile` for a file that must not be edited."""
        collection = from_text(tree.bytes, self.context.filename)
        tools, _ = tools_for(self.settings)
        outcome = on_deep_stack(lambda: run("fix", collection, self.settings, tools))
        for skip in outcome.skips:
            raise SkipFile(skip.reason)
        (file,) = outcome.files
        if file.error is not None:
            raise SkipFile(f"{file.error.code} {file.error.message}")
        for handler in file.handlers:
            if handler.reason is not None:
                self.warn(f"line {handler.reason.line}: {words.kept(handler, handler.reason)}")
        return cst.parse_module(file.after) if file.status == "changed" else tree

    def should_allow_multiple_passes(self) -> bool:
        """One pass is enough, and a second would check everything again."""
        return False
