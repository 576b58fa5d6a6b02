"""The report as one page without any other file: totals, tables, diffs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from string import Template

from .. import __version__
from ..outcome import File, Handler, Outcome
from ..pages import page
from ..problems import title
from . import View, words

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="uncallback">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>uncallback</title>
<style>
:root { color-scheme: light dark; --line: #8884; --add: #2da44e33; --del: #cf222e33; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.1rem; margin-top: 2rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left;
         vertical-align: top; white-space: pre-line; }
td.number { text-align: right; }
pre { border: 1px solid var(--line); overflow-x: auto; padding: .6rem; font-size: .85rem; }
pre span { display: block; min-height: 1.2em; }
.add { background: var(--add); } .del { background: var(--del); } .hunk { color: #0969da; }
.equivalent { color: #1a7f37; } .different, .error { color: #cf222e; }
.inconclusive, .kept { color: #9a6700; }
footer { margin-top: 3rem; font-size: .8rem; opacity: .7; }
</style>
</head>
<body>
<h1>uncallback</h1>
<p>$summary</p>
$overview
$files
$codes
<footer>uncallback $version</footer>
</body>
</html>
""")


def render(outcome: Outcome, view: View) -> str:
    """Return a complete HTML document."""
    shown = [file for file in outcome.files if file.error or file.handlers or file.findings]
    return _PAGE.substitute(
        summary="<br>\n".join(escape(line) for line in words.summary(outcome, view)),
        overview=_overview(shown) if len(shown) > 1 else "",
        files="\n".join(_file(file, view, number) for number, file in enumerate(shown)),
        codes="\n".join(_explained(code) for code in sorted(view.codes(outcome))),
        version=escape(__version__),
    )


def _overview(files: Sequence[File]) -> str:
    """A table of the files, each with a link to its part of the page."""
    rows = ["<tr><th>file</th><th>rewritten</th><th>kept</th><th></th></tr>"]
    for number, file in enumerate(files):
        done = sum(handler.rewritten for handler in file.handlers)
        counts = (done, len(file.handlers) - done)
        cells = "".join(f'<td class="number">{count or ""}</td>' for count in counts)
        problem = f'<td class="error">{file.error.code}</td>' if file.error else "<td></td>"
        link = f'<a href="#file-{number}">{escape(file.shown)}</a>'
        rows.append(f"<tr><td>{link}</td>{cells}{problem}</tr>")
    return "<table>\n" + "\n".join(rows) + "\n</table>"


def _explained(code: str) -> str:
    """The page of ``code``, folded away."""
    heading = f"{code}: {title(code)}"
    body = page(code).partition("\n")[2].strip()
    return (
        f'<details id="{code}"><summary>{escape(heading)}</summary>'
        f"<pre>{escape(body)}</pre></details>"
    )


def _file(file: File, view: View, number: int) -> str:
    parts = [f'<h2 id="file-{number}">{escape(file.shown)}</h2>']
    rows = []
    if file.error:
        place = f"{file.error.line}:{file.error.column}"
        rows.append(_row("error", place, _code(file.error.code), file.error.message))
    rows += [_handler(handler) for handler in view.handlers(file)]
    rows += [
        _row("finding", each.line, _code(each.code), each.message) for each in view.findings(file)
    ]
    if rows:
        head = "<tr><th>line</th><th></th><th>what</th><th>verdict</th></tr>"
        parts.append(f"<table>\n{head}\n" + "\n".join(rows) + "\n</table>")
    for handler in view.handlers(file):
        text = words.counterexample(handler.verdict)
        if text:
            parts.append(f"<pre>{escape(text)}</pre>")
    if file.diff:
        parts.append(_diff(file.diff.decode(file.encoding, "replace").rstrip("\n").split("\n")))
    return "\n".join(parts)


def _code(code: str) -> str:
    return f'<a href="#{code}">{code}</a>'


def _handler(handler: Handler) -> str:
    verdict = words.verdict(handler.verdict)
    kind = handler.verdict.result if handler.verdict else ""
    if handler.reason is not None:
        text = f"{handler.name}: {handler.reason.message}"
        return _row("kept", handler.reason.line, _code(handler.reason.code), text, verdict, kind)
    status = "rewritten" if handler.rewritten else "kept"
    return _row("", handler.line, status, words.rewritten(handler), verdict, kind)


def _row(
    style: str, line: int | str, label: str, text: str, verdict: str = "", kind: str = ""
) -> str:
    """One row; ``label`` is markup, everything else is text."""
    return (
        f'<tr><td>{line}</td><td class="{style}">{label}</td>'
        f'<td>{escape(text)}</td><td class="{escape(kind)}">{escape(verdict)}</td></tr>'
    )


def _diff(lines: Iterable[str]) -> str:
    marked = []
    for line in lines:
        heading = line.startswith(("--- ", "+++ ", "@@"))
        style = "hunk" if heading else {"+": "add", "-": "del"}.get(line[:1], "")
        marked.append(f'<span class="{style}">{escape(line)}\n</span>')
    return "<pre>" + "".join(marked) + "</pre>"
