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

    Without CODE, list all codes; with the beginning of some (UC4), list those.
    """
    known = entries()
    name = f"UC{code}" if code and code.isdecimal() else (code or "").upper()
    if name in known:
        data = {"version": 1, "code": name, "title": known[name].title, "page": page(name)}
        click.echo(page(name) if format_ == "text" else _json(data), nl=False)
        return 0
    listed = {each: entry for each, entry in known.items() if each.startswith(name)}
    if not listed:
        raise click.UsageError(f"No such code '{code}'.{_close(name, list(known))}")
    rows = [{"code": each, "title": entry.title} for each, entry in listed.items()]
    text = "".join(f"{row['code']}  {row['title']}\n" for row in rows)
    click.echo(text if format_ == "text" else _json({"version": 1, "codes": rows}), nl=False)
    return 0


def _close(code: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(code, known, n=3)
    return f" Did you mean {', '.join(close)}?" if close else " 'uncallback explain' lists them."


def _json(data: object) -> str:
    return json.dumps(data, indent=2) + "\n"
