"""``tornado.template`` without an engine: generating a template is an effect with its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import choices
from .escape import utf8

__all__ = ["BaseLoader", "DictLoader", "Loader", "Template"]


class ParseError(Exception):
    """A template that cannot be parsed; never raised here, where none is."""


class Template:
    """A template, known by its name."""

    def __init__(
        self, template_string: str | bytes, name: str = "<string>", **options: Any
    ) -> None:
        self.name = name
        self.source = template_string

    def generate(self, **kwargs: Any) -> bytes:
        """Record the arguments; a line that names the template comes back."""
        choices.record("render", self.name, kwargs)
        return utf8(f"<!-- template {self.name} -->")


class BaseLoader:
    """Gives templates by name; the same object for the same name."""

    def __init__(self, **options: Any) -> None:
        self.templates: dict[str, Template] = {}

    def reset(self) -> None:
        """Forget the templates made so far."""
        self.templates = {}

    def load(self, name: str, parent_path: str | None = None) -> Template:
        """Return the template ``name``."""
        if name not in self.templates:
            self.templates[name] = self._create_template(name)
        return self.templates[name]

    def _create_template(self, name: str) -> Template:
        return Template("", name=name)


class Loader(BaseLoader):
    """Templates of a folder; no file is read."""

    def __init__(self, root_directory: str, **options: Any) -> None:
        super().__init__(**options)
        self.root = root_directory


class DictLoader(BaseLoader):
    """Templates of a dict; KeyError for a name that it does not have."""

    def __init__(self, dict: Mapping[str, str], **options: Any) -> None:
        super().__init__(**options)
        self.dict = dict

    def _create_template(self, name: str) -> Template:
        return Template(self.dict[name], name=name)
