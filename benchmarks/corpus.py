"""What the tool makes of real handlers: 30 distributions from a package index, class by class.

``python benchmarks/corpus.py --handlers handlers.jsonl`` fetches the distributions that the file
names (nothing of them is kept in this repository) and runs ``uncallback fix`` on copies of each:
with and without the check, as the project stands and with its unknown operations declared. It
prints for every class of handler what was converted, what was refused and with which code, and the
verdicts, then the shares, and last the promises that no run may break: no crash, nothing
*different* written, no handler touched that is not to be touched, output that compiles, a second
run without change. The exit code is 1 if one of them is broken.

Unknown operations are declared as the report asks for it, for handlers of convertible classes only:
whoever declares knows that the call is an operation.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
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
DECLARATION = re.compile(r"declare it:\n(\[\[tool\.uncallback\.operations\]\].*)", re.DOTALL)
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


@dataclass(frozen=True, slots=True)
class Mode:
    """One way of running the tool over everything."""

    declared: bool
    checked: bool

    def __str__(self) -> str:
        return f"{'declared' if self.declared else 'plain'}, {'' if self.checked else 'un'}checked"


@dataclass(slots=True)
class Result:
    """What became of one row: ``status`` is rewritten, kept, file-error or not-reported."""

    row: Row
    status: str
    code: str = ""
    verdict: str = ""
    reason: str = ""


@dataclass(slots=True)
class Findings:
    """Everything that the runs of one mode showed."""

    results: list[Result] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    extra: int = 0

    def __iadd__(self, other: Findings) -> Findings:
        self.results += other.results
        self.broken += other.broken
        self.extra += other.extra
        return self


def main() -> int:
    options = _options()
    rows = [Row.from_json(json.loads(line)) for line in options.handlers.open() if line.strip()]
    packages: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if not options.only or row.package.partition("==")[0] in options.only:
            packages[row.package].append(row)
    checks = [False] if options.no_verify else [False, True]
    modes = [Mode(declared, checked) for checked in checks for declared in (False, True)]
    total = {mode: Findings() for mode in modes}
    with ThreadPoolExecutor(options.jobs) as pool:
        work = [pool.submit(_package, name, its, modes, options) for name, its in packages.items()]
        for each in work:
            for mode, findings in each.result().items():
                total[mode] += findings
    _print(total, options)
    return 1 if any(findings.broken for findings in total.values()) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--handlers", type=Path, required=True, help="the list, JSON lines")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where distributions are kept")
    parser.add_argument("--no-verify", action="store_true", help="only the runs without the check")
    parser.add_argument("--style", default="coroutine")
    parser.add_argument("--seconds", default="5", help="of computing, for the check of one handler")
    parser.add_argument("--whole", action="store_true", help="every file, not only those listed")
    parser.add_argument("--only", nargs="*", default=[], help="distributions, by name")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="at a time")
    parser.add_argument("--details", action="store_true", help="a line for every handler")
    return parser.parse_args()


def _package(
    package: str, rows: Sequence[Row], modes: Sequence[Mode], options: argparse.Namespace
) -> dict[Mode, Findings]:
    """Convert copies of one distribution, in every mode; what nobody has to declare runs once."""
    began = time.monotonic()
    name, _, version = package.partition("==")
    try:
        source = unpacked(name, version, options.cache)
    except FetchError as error:
        return {mode: Findings(broken=[f"{package}: {error}"]) for mode in modes}
    found: dict[Mode, Findings] = {}
    with tempfile.TemporaryDirectory() as scratch:
        config = _declarations(_copy(source, scratch), rows, options)
        for mode in modes:
            plain = Mode(False, mode.checked)
            if mode.declared and not config:
                found[mode] = found[plain]
                continue
            copy = _copy(source, scratch)
            if mode.declared:
                with (copy / "pyproject.toml").open("a") as file:
                    file.write(config)
            found[mode] = _converted(source, copy, rows, mode, options)
    print(f"{package}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return found


def _copy(source: Path, scratch: str) -> Path:
    """A fresh copy of a distribution, marked as a project of its own."""
    copy = Path(tempfile.mkdtemp(dir=scratch)).resolve() / source.name
    shutil.copytree(source, copy)
    (copy / ".git").mkdir(exist_ok=True)
    return copy


def _paths(rows: Sequence[Row], options: argparse.Namespace) -> list[str]:
    return ["."] if options.whole else sorted({row.path for row in rows})


def _converted(
    source: Path, copy: Path, rows: Sequence[Row], mode: Mode, options: argparse.Namespace
) -> Findings:
    """Convert a copy and note what happened to its rows."""
    findings = Findings()
    run = partial(_run, "fix", copy, options=options, checked=mode.checked)
    report = run(paths=_paths(rows, options), findings=findings)
    if report is not None:
        files = {file["path"]: file for file in report["files"]}
        findings.results += [_result(row, files) for row in rows]
        _note_broken(rows, files, source, copy, findings)
        changed = [path for path, file in files.items() if file["status"] == "changed"]
        written = {path: (copy / path).read_bytes() for path in changed}
        if changed and run(paths=_paths(rows, options), findings=findings) is not None:
            for path, data in written.items():
                if (copy / path).read_bytes() != data:
                    findings.broken.append(f"second run changes: {copy.name}: {path}")
    findings.broken = [f"{each} ({mode})" for each in findings.broken]
    return findings


def _declarations(copy: Path, rows: Sequence[Row], options: argparse.Namespace) -> str:
    """The configuration that declares what the report asks for, until it asks for no more."""
    owed = {(row.path, row.handler) for row in rows if row.group not in UNTOUCHED}
    known: set[str] = set()
    for _ in range(ROUNDS):
        report = _run("diff", copy, _paths(rows, options), options, None, checked=False)
        wanted = set(_wanted(report, owed)) - known if report else set()
        if not wanted:
            break
        with (copy / "pyproject.toml").open("a") as file:
            file.write(_config(wanted))
        known |= wanted
    return _config(known)


def _config(declarations: Iterable[str]) -> str:
    return "".join(f"\n{table}\n" for table in sorted(declarations))


def _wanted(report: dict[str, Any], owed: set[tuple[str, str]]) -> Iterable[str]:
    for file in report["files"]:
        for handler in file["handlers"]:
            message = (handler["reason"] or {}).get("message", "")
            found = DECLARATION.search(message)
            if found and (file["path"], handler["name"]) in owed:
                yield found[1]


def _run(
    command: str,
    folder: Path,
    paths: Sequence[str],
    options: argparse.Namespace,
    findings: Findings | None,
    checked: bool,
) -> dict[str, Any] | None:
    """Run the tool and read its report; a crash is a broken promise."""
    output = folder.parent / "report.json"
    output.unlink(missing_ok=True)
    arguments = [command, "--format", "json", "--output-file", str(output)]
    arguments += ["--style", options.style, "--seconds", options.seconds, "--jobs", "1"]
    if not checked:
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
    # A row names only the class; the report says in which function or method that stands.
    wanted = "." + row.handler.lstrip(".")
    named = [h for h in file["handlers"] if f".{h['name']}".endswith(wanted)]
    if not named:
        return Result(row, "not-reported")
    handler = min(named, key=lambda h: abs(h["line"] - row.line))
    verdict = handler["verdict"] or {}
    code = (handler["reason"] or {}).get("code", "")
    result, reason = verdict.get("result", ""), verdict.get("reason") or ""
    return Result(row, handler["status"], code, result, reason)


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


def _print(total: dict[Mode, Findings], options: argparse.Namespace) -> None:
    """A table for each mode, the shares, and what was broken."""
    for mode, findings in total.items():
        print(f"\n{mode}")
        _print_classes(findings)
        if options.details:
            _print_details(findings)
    print()
    for mode, findings in total.items():
        owed = [
            r for r in findings.results if r.row.parses == "py3" and r.row.group not in UNTOUCHED
        ]
        done = [r for r in owed if r.status == "rewritten"]
        share = 100 * len(done) / len(owed) if owed else 0.0
        verdicts = _counted(Counter(r.verdict or "unchecked" for r in done))
        share_text = f"{len(done)} of {len(owed)} ({share:.0f} %)"
        print(f"convertible and Python 3, {mode}: {share_text} converted; {verdicts}")
    extra = max((findings.extra for findings in total.values()), default=0)
    print(f"handlers beyond the list: {extra}")
    broken = list(dict.fromkeys(each for findings in total.values() for each in findings.broken))
    for promise in broken:
        print(f"BROKEN: {promise}")
    print(f"{len(broken)} broken promises")


def _print_classes(findings: Findings) -> None:
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


def _print_details(findings: Findings) -> None:
    for result in findings.results:
        row = result.row
        said = f"{result.status} {result.code} {result.verdict}"
        where = f"{row.package} {row.path}:{row.line} {row.handler}"
        print(f"{row.group:<20} {said:<32} {where}  {' '.join(result.reason.split())[:160]}")


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common()) or "-"


if __name__ == "__main__":
    sys.exit(main())
