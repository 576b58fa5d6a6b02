"""The codemod: finds Tornado callback handlers, plans, rewrites and reports."""

__version__ = "0.1.0"
