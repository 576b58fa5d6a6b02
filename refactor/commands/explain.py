"""``uncallback explain``: the page of a code, or the list of all codes."""

from __future__ import annotations

import json

import click

from ..pages import page
from ..problems import entries


@click.command()
@click.argument("code", required=False)
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def explain(code: str | None, format_: str) -> int:
    """Tell what the code of a refusal, a finding or a problem means, and what to do.

    Without CODE, list all codes.
    """
    known = entries()
    if code is None:
        rows = [{"code": each, "title": entry.title} for each, entry in known.items()]
        text = "".join(f"{row['code']}  {row['title']}\n" for row in rows)
        click.echo(text if format_ == "text" else _json({"version": 1, "codes": rows}), nl=False)
        return 0
    code = code.upper()
    if code not in known:
        raise click.UsageError(f"No such code '{code}'.{_close(code, list(known))}")
    data = {"version": 1, "code": code, "title": known[code].title, "page": page(code)}
    click.echo(page(code) if format_ == "text" else _json(data), nl=False)
    return 0


def _close(code: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(code, known, n=3)
    return f" Did you mean {', '.join(close)}?" if close else " 'uncallback explain' lists them."


def _json(data: object) -> str:
    return json.dumps(data, indent=2) + "\n"
