"""What the tool makes of real handlers: 30 distributions from a package index, class by class.

``python benchmarks/corpus.py --handlers handlers.jsonl`` fetches the distributions that the file
names (nothing of them is kept in this repository), runs ``uncallback fix`` on a copy of each, and
prints for every class of handler what was converted, what was refused and with which code, and the
verdicts. It ends with the promises that no class may break: no crash, nothing *different* written,
no handler touched that is not to be touched, output that compiles, a second run without change.
The exit code is 1 if one of them is broken.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from oracle.sdist import FetchError, unpacked

FOREIGN = "FOREIGN"
UNTOUCHED = frozenset(
    {
        "ABSTRACT_OR_HANG",
        "EXECUTOR_LAMBDA",
        "GREENLET_WRAPPER",
        "LAMBDA_ONLY_TEST",
        "LONGPOLL_WAITER",
        "RAW_STREAM",
        "REGISTER_SELF",
        "THREAD",
        "THREADPOOL_BG",
        FOREIGN,
    }
)
DECLARATION = re.compile(r"declare it: (\[\[tool\.uncallback\.operations\]\]) (.*)$")
ROUNDS = 4
SECONDS_PER_RUN = 3600
CACHE = Path(__file__).resolve().parents[1] / ".cache" / "corpus"


@dataclass(frozen=True, slots=True)
class Row:
    """One decorated function of the corpus, as the list names it."""

    package: str
    path: str
    line: int
    handler: str
    parses: str
    kind: str
    group: str

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Row:
        return cls(**{("group" if k == "class" else k): v for k, v in data.items()})


@dataclass(slots=True)
class Result:
    """What became of one row: ``status`` is rewritten, kept, file-error or not-reported."""

    row: Row
    status: str
    code: str = ""
    verdict: str = ""


@dataclass(slots=True)
class Findings:
    """Everything the runs showed."""

    results: list[Result] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    extra: int = 0


def main() -> int:
    options = _options()
    rows = [Row.from_json(json.loads(line)) for line in options.handlers.open() if line.strip()]
    packages: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if not options.only or row.package.partition("==")[0] in options.only:
            packages[row.package].append(row)
    findings = Findings()
    for package, its in sorted(packages.items()):
        name, _, version = package.partition("==")
        try:
            source = unpacked(name, version, options.cache)
        except FetchError as error:
            findings.broken.append(f"{package}: {error}")
            continue
        _package(source, its, options, findings)
    _print(findings, options)
    return 1 if findings.broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--handlers", type=Path, required=True, help="the list, JSON lines")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where distributions are kept")
    parser.add_argument("--declare-unknown", action="store_true", help="declare what is unknown")
    parser.add_argument("--no-verify", action="store_true", help="do not run both versions")
    parser.add_argument("--style", default="coroutine")
    parser.add_argument("--seconds", default="5", help="for the check of one handler")
    parser.add_argument("--whole", action="store_true", help="every file, not only those listed")
    parser.add_argument("--only", nargs="*", default=[], help="distributions, by name")
    parser.add_argument("--details", action="store_true", help="a line for every handler")
    return parser.parse_args()


def _package(
    source: Path, rows: Sequence[Row], options: argparse.Namespace, findings: Findings
) -> None:
    """Convert a copy of one distribution and note what happened to its rows."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch).resolve() / source.name
        shutil.copytree(source, copy)
        (copy / ".git").mkdir(exist_ok=True)  # so that this folder is the project
        paths = ["."] if options.whole else sorted({row.path for row in rows})
        if options.declare_unknown:
            _declare_unknown(copy, paths, options)
        report = _run("fix", copy, paths, options, findings)
        if report is None:
            return
        files = {file["path"]: file for file in report["files"]}
        findings.results += [_result(row, files) for row in rows]
        _note_broken(rows, files, source, copy, findings)
        changed = [path for path, file in files.items() if file["status"] == "changed"]
        _check_second_run(copy, changed, options, findings)


def _declare_unknown(copy: Path, paths: Sequence[str], options: argparse.Namespace) -> None:
    """Declare the operations that the report asks for, until it asks for no more."""
    config = copy / "pyproject.toml"
    known: set[str] = set()
    for _ in range(ROUNDS):
        report = _run("diff", copy, paths, options, None, "--no-verify")
        wanted = set(_declarations(report)) - known if report else set()
        if not wanted:
            return
        with config.open("a") as file:
            for header, entry in sorted(wanted):
                file.write("\n" + "\n".join([header, *_entries(entry)]) + "\n")
        known |= wanted


def _declarations(report: dict[str, Any]) -> Iterable[tuple[str, str]]:
    for file in report["files"]:
        for handler in file["handlers"]:
            message = (handler["reason"] or {}).get("message", "")
            if found := DECLARATION.search(message):
                yield found[1], found[2]


def _entries(declaration: str) -> list[str]:
    """``a = 1, b = [2, 3]`` as lines."""
    return re.split(r",\s+(?=\w+ = )", declaration)


def _run(
    command: str,
    folder: Path,
    paths: Sequence[str],
    options: argparse.Namespace,
    findings: Findings | None,
    *more: str,
) -> dict[str, Any] | None:
    """Run the tool and read its report; a crash is a broken promise."""
    output = folder.parent / "report.json"
    output.unlink(missing_ok=True)
    arguments = [command, "--format", "json", "--output-file", str(output), *more]
    arguments += ["--style", options.style, "--seconds", options.seconds]
    if options.no_verify and "--no-verify" not in more:
        arguments.append("--no-verify")
    done = subprocess.run(
        [sys.executable, "-m", "uncallback.refactor.cli", *arguments, *paths],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=SECONDS_PER_RUN,
        check=False,
    )
    said = done.stderr.strip().splitlines()
    if "Traceback" in done.stderr or done.returncode not in (0, 1, 3) or not output.exists():
        if findings is not None:
            findings.broken.append(f"crash: {folder.name}: {said[-1] if said else done.returncode}")
        return None
    return json.loads(output.read_text("utf-8"))


def _result(row: Row, files: dict[str, Any]) -> Result:
    file = files.get(row.path)
    if file is None:
        return Result(row, "not-reported")
    if file["status"] == "error":
        return Result(row, "file-error", file["error"]["code"])
    named = [h for h in file["handlers"] if h["name"] == row.handler]
    if not named:
        return Result(row, "not-reported")
    handler = min(named, key=lambda h: abs(h["line"] - row.line))
    verdict = (handler["verdict"] or {}).get("result", "")
    return Result(row, handler["status"], (handler["reason"] or {}).get("code", ""), verdict)


def _note_broken(
    rows: Sequence[Row], files: dict[str, Any], source: Path, copy: Path, findings: Findings
) -> None:
    """The promises that can be read off the report and the written files."""
    listed = {(row.path, row.handler) for row in rows}
    for row in rows:
        result = _result(row, files)
        where = f"{source.name}: {row.path}: {row.handler}"
        if result.status == "rewritten" and result.verdict == "different":
            findings.broken.append(f"different, and written: {where}")
        if result.status == "rewritten" and row.group in UNTOUCHED:
            findings.broken.append(f"{row.group} touched: {where}")
        if row.group == FOREIGN and result.status not in ("not-reported", "file-error"):
            findings.broken.append(f"foreign, and reported: {where}")
    for path, file in files.items():
        for handler in file["handlers"]:
            findings.extra += (path, handler["name"]) not in listed
            if handler["reason"] and handler["reason"]["code"] == "UC904":
                findings.broken.append(f"crash: {source.name}: {path}: {handler['name']}")
        if file["status"] == "changed":
            try:
                ast.parse((copy / path).read_bytes())
            except SyntaxError as error:
                findings.broken.append(f"does not compile: {source.name}: {path}: {error}")


def _check_second_run(
    copy: Path, changed: Sequence[str], options: argparse.Namespace, findings: Findings
) -> None:
    if not changed:
        return
    written = {path: (copy / path).read_bytes() for path in changed}
    report = _run("fix", copy, changed, options, findings)
    if report is None:
        return
    for path, data in written.items():
        if (copy / path).read_bytes() != data:
            findings.broken.append(f"second run changes: {copy.name}: {path}")


def _print(findings: Findings, options: argparse.Namespace) -> None:
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in findings.results:
        groups[result.row.group].append(result)
    print(f"{'class':<20} rows  py3 converted  refused and otherwise; verdicts")
    for group, results in sorted(groups.items(), key=lambda item: (item[0] in UNTOUCHED, item[0])):
        readable = [r for r in results if r.row.parses == "py3"]
        converted = [r for r in results if r.status == "rewritten"]
        others = Counter(r.code or r.status for r in results if r.status != "rewritten")
        verdicts = Counter(r.verdict or "unchecked" for r in converted)
        counts = f"{len(results):>4} {len(readable):>4} {len(converted):>9}"
        print(f"{group:<20} {counts}  {_counted(others)}; {_counted(verdicts)}")
    _print_rate(findings.results)
    if options.details:
        for result in findings.results:
            row = result.row
            said = f"{result.status} {result.code} {result.verdict}"
            print(f"{row.group:<20} {said:<32} {row.package} {row.path}:{row.line} {row.handler}")
    print(f"handlers beyond the list: {findings.extra}")
    for promise in findings.broken:
        print(f"BROKEN: {promise}")
    print(f"{len(findings.broken)} broken promises")


def _print_rate(results: Sequence[Result]) -> None:
    """The share of the rows that parse as Python 3 and stand in a convertible class."""
    owed = [r for r in results if r.row.parses == "py3" and r.row.group not in UNTOUCHED]
    done = [r for r in owed if r.status == "rewritten"]
    share = 100 * len(done) / len(owed) if owed else 0.0
    print(f"convertible and Python 3: {len(done)} of {len(owed)} converted ({share:.0f} %)")


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common()) or "-"


if __name__ == "__main__":
    sys.exit(main())
