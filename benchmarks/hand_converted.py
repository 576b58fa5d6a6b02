"""Handlers that people converted by hand, and what the tool makes of the same originals.

``python benchmarks/hand_converted.py`` fetches releases from the package index before and after
their authors moved from callbacks to coroutines (nothing of them is kept in this repository). For
each handler it prints what ``uncallback diff`` does and says, what ``uncallback verify`` says of
the authors' version, and whether the two texts of the handler's class are the same; ``--texts``
prints in what they differ. The authors also changed other things between their releases, so
*different* is no reproach: the headline says what was seen first.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from oracle.sdist import FetchError, unpacked

CACHE = Path(__file__).resolve().parents[1] / ".cache" / "corpus"
SECONDS_PER_RUN = 900

CLIENT = """\
[[tool.uncallback.operations]]
call = "client.fetch"
callback = "callback"
passes = ["response"]
errors = "response"
returns = "future"
form5 = "fetch"
form6 = "fetch"
"""
"""nbconvert keeps its client among the application's settings, where nobody can see its class."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two releases of a distribution, the files to look at, and what its users would declare."""

    name: str
    before: str
    after: str
    paths: tuple[str, ...]
    declared: str = ""
    tornado: int = 4
    """The generation that both versions run on."""


PAIRS = (
    Pair("nbconvert", "5.4.0", "5.4.1", ("nbconvert/postprocessors/serve.py",), CLIENT),
    Pair("flower", "0.9.2", "0.9.3", ("flower/views/auth.py", "flower/api/tasks.py"), tornado=5),
    Pair("tornado", "4.0", "5.1", ("demos/blog/blog.py", "demos/facebook/facebook.py"), tornado=5),
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One handler: what the tool says of its own result, of the authors', and both texts."""

    handler: str
    ours: str
    theirs: str
    differing: tuple[str, ...] | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison of every pair; 1 if a release could not be fetched or read."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--texts", action="store_true", help="show in what the texts differ")
    parser.add_argument("--style", choices=["coroutine", "native"], default="coroutine")
    parser.add_argument("--cache", type=Path, default=CACHE)
    chosen = parser.parse_args(arguments)
    total = {"handlers": 0, "rewritten": 0, "theirs different": 0, "theirs equivalent": 0}
    for pair in PAIRS:
        try:
            folders = [unpacked(pair.name, v, chosen.cache) for v in (pair.before, pair.after)]
        except FetchError as error:
            print(f"{pair.name}: {error}", file=sys.stderr)
            return 1
        for path in pair.paths:
            print(f"{pair.name} {pair.before} -> {pair.after}: {path}")
            for each in compared(pair, folders[0], folders[1], path, chosen.style):
                _show(each, chosen.texts)
                total["handlers"] += 1
                total["rewritten"] += each.ours.startswith("rewritten")
                for result in ("different", "equivalent"):
                    total[f"theirs {result}"] += each.theirs.startswith(result)
    print(", ".join(f"{count} {what}" for what, count in total.items()))
    return 0


def _show(each: Comparison, texts: bool) -> None:
    print(f"  {each.handler}")
    print(f"    ours:   {each.ours}")
    print(f"    theirs: {each.theirs}")
    if each.differing is not None:
        same = "the same" if not each.differing else f"{len(each.differing)} lines differ"
        print(f"    texts:  {same}")
        if texts:
            print("".join(f"      {line}\n" for line in each.differing), end="")


def compared(pair: Pair, before: Path, after: Path, path: str, style: str) -> Iterator[Comparison]:
    """What becomes of each callback handler of a file, ours beside the authors'."""
    with tempfile.TemporaryDirectory() as name:
        root, old, new = (Path(name).resolve() / each for each in ("ours", "before", "after"))
        for copy, release in ((root, before), (old, before), (new, after)):
            shutil.copytree(release, copy)
            (copy / ".git").mkdir(exist_ok=True)  # a project of its own, whatever is above it
        settings = Path(name) / "settings.toml"
        settings.write_text(f"[tool.uncallback]\n{pair.declared}")
        common = ("--config", str(settings), "--seconds", "10")
        report = _asked("fix", *common, "--style", style, str(root / path))
        generation = str(pair.tornado)
        both = ("--before-tornado", generation, "--after-tornado", generation)
        theirs = _asked("verify", *common, *both, str(old / path), str(new / path))
        verdicts = {each["name"]: each["verdict"] for each in theirs["handlers"]}
        classes = [_classes(folder / path) for folder in (root, after)]
        for handler in report["files"][0]["handlers"]:
            whole = verdicts.get(handler["name"]) or verdicts.get("*")
            mine, other = (found.get(handler["name"].partition(".")[0]) for found in classes)
            differing = None
            if handler["status"] == "rewritten" and mine is not None and other is not None:
                differing = tuple(_lines_apart(mine, other))
            yield Comparison(handler["name"], _ours(handler), _verdict(whole), differing)


def _asked(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "uncallback.refactor.cli", *arguments, "--format", "json"],
        capture_output=True,
        text=True,
        timeout=SECONDS_PER_RUN,
        check=False,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _ours(handler: dict[str, Any]) -> str:
    if handler["status"] == "kept":
        reason = handler["reason"]
        return f"kept, {reason['code']} {reason['message']}; {_verdict(handler['verdict'])}"
    return f"rewritten, {_verdict(handler['verdict'])}"


def _verdict(verdict: dict[str, Any] | None) -> str:
    """The verdict with its headline, the place, and what the world has to answer for it."""
    if verdict is None:
        return "no such handler any more"
    extent = ", complete" if verdict["complete"] else ""
    said = f"{verdict['result']}{extent}, {verdict['runs']} runs"
    if verdict["reason"]:
        said += f": {verdict['reason'][:300]}"
    example = verdict.get("counterexample") or {}
    choices = example.get("choices", ())
    said += _place(example)
    matter = [f"{c['asked']}: {c['answer']}" for c in choices if c["matters"] and not c["plain"]]
    return f"{said} [{'; '.join(matter)}]" if matter else said


def _place(example: dict[str, Any]) -> str:
    """Where the two versions part: the line of either, as far as code of theirs ran there."""
    parted = next((step for step in example.get("steps", ()) if not step["same"]), {})
    lines = (
        f"{side} line {parted[side]['line']}"
        for side in ("before", "after")
        if parted.get(side) and parted[side]["line"]
    )
    found = ", ".join(lines)
    return f" ({found})" if found else ""


def _classes(file: Path) -> dict[str, str]:
    """The classes of a file by name, without what a parser does not see."""
    tree = ast.parse(file.read_text("utf-8"))
    return {node.name: ast.unparse(node) for node in tree.body if isinstance(node, ast.ClassDef)}


def _lines_apart(mine: str, other: str) -> Iterator[str]:
    for line in difflib.ndiff(mine.splitlines(), other.splitlines()):
        if line[0] in "+-":
            yield line


if __name__ == "__main__":
    sys.exit(main())
