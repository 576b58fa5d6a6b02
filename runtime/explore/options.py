"""``tornado.options`` for the code under check: fresh every time, deaf to the command line."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from .. import options as runtime_options
from ..log import define_logging_options
from .standin import part

_FROM_PARSER = (
    "define",
    "parse_command_line",
    "parse_config_file",
    "print_help",
    "add_parse_callback",
)


class _Options(runtime_options.OptionParser):
    """Options of the code under check; those that another module defines are stand-ins."""

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name.startswith("_"):
                raise
            return part(f"options.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self:
            super().__setattr__(name, value)

    def parse_command_line(self, args: list[str] | None = None, final: bool = True) -> list[str]:
        """Leave everything at its default."""
        return []

    def parse_config_file(self, path: str, final: bool = True) -> None:
        """Leave everything at its default."""


def fresh_options() -> ModuleType:
    """The module with no options defined but its own."""
    made = ModuleType("tornado.options")
    made.__dict__.update(vars(runtime_options))
    options = _Options()
    define_logging_options(options)
    made.__dict__.update(options=options, OptionParser=_Options)
    made.__dict__.update({name: getattr(options, name) for name in _FROM_PARSER})
    return made
