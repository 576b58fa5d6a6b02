"""Locales as far as a handler sees them: a code, a name, and translations if somebody adds them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from . import choices
from ._localenames import NAMES

__all__ = [
    "Locale",
    "get",
    "get_supported_locales",
    "load_gettext_translations",
    "load_translations",
    "set_default_locale",
]

_default = "en_US"
_translations: dict[str, dict[str, dict[str, str]]] = {}


class Locale:
    """A language; ``code`` is like ``en_US``, ``name`` is the language's own name."""

    _cache: ClassVar[dict[str, Locale]] = {}

    def __init__(self, code: str, translations: dict[str, dict[str, str]] | None = None) -> None:
        self.code = code
        self.name = NAMES.get(code, "Unknown")
        self.rtl = code.startswith(("fa", "ar", "he"))
        self.translations = translations or {}

    @classmethod
    def get_closest(cls, *locale_codes: str) -> Locale:
        """Return the first of the codes that is supported, else the default locale."""
        for code in locale_codes:
            parts = code.replace("-", "_").split("_") if code else []
            if not 1 <= len(parts) <= 2:
                continue
            full = "_".join([parts[0].lower(), *[part.upper() for part in parts[1:]]])
            for candidate in (full, parts[0].lower()):
                if candidate in get_supported_locales():
                    return cls.get(candidate)
        return cls.get(_default)

    @classmethod
    def get(cls, code: str) -> Locale:
        """Return the locale of a supported code, always the same object."""
        if code not in cls._cache:
            assert code in get_supported_locales()
            cls._cache[code] = cls(code, _translations.get(code))
        return cls._cache[code]

    def translate(
        self, message: str, plural_message: str | None = None, count: int | None = None
    ) -> str:
        """Return the translation, or the message itself; the plural unless ``count`` is 1."""
        form = "singular"
        if plural_message is not None:
            assert count is not None
            if count != 1:
                message, form = plural_message, "plural"
        return self.translations.get(form, {}).get(message, message)

    def pgettext(
        self,
        context: str,
        message: str,
        plural_message: str | None = None,
        count: int | None = None,
    ) -> str:
        """Return the translation; the context is not known to these translations."""
        return self.translate(message, plural_message, count)

    def friendly_number(self, value: int) -> str:
        """Return a whole number with commas in English, plain elsewhere."""
        return f"{value:,}" if self.code.startswith("en") else str(value)

    def list(self, parts: Any) -> str:
        """Return ``A, B and C`` for a list of texts."""
        if len(parts) < 2:
            return str(parts[0]) if parts else ""
        comma = " \u0648 " if self.code.startswith("fa") else ", "
        return f"{comma.join(parts[:-1])} {self.translate('and')} {parts[-1]}"


def get(*locale_codes: str) -> Locale:
    """Return the locale closest to the codes, best first."""
    return Locale.get_closest(*locale_codes)


def set_default_locale(code: str) -> None:
    """Use ``code`` where no better locale is known."""
    global _default
    _default = code


def get_supported_locales() -> Iterable[str]:
    """Return the codes of all locales that are known."""
    return frozenset([*_translations, _default])


def load_translations(directory: str, encoding: str | None = None) -> None:
    """Record that the CSV files in ``directory`` are asked for; none is read, texts stay as is."""
    choices.record("locale", "load_translations", directory)


def load_gettext_translations(directory: str, domain: str) -> None:
    """Record that the catalogues of ``domain`` are asked for; none is read, texts stay as is."""
    choices.record("locale", "load_gettext_translations", (directory, domain))
