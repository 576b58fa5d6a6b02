"""The line with stand-ins for converter and checker: what is kept, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from commandline import tree
from uncallback.refactor import rounds
from uncallback.refactor.files import collect
from uncallback.refactor.model import (
    Callback,
    Conversion,
    HandlerId,
    HandlerOutcome,
    Options,
    Problem,
    Reason,
    Verdict,
)
from uncallback.refactor.outcome import Outcome
from uncallback.refactor.project import Project
from uncallback.refactor.rounds import Tools
from uncallback.refactor.run import run
from uncallback.refactor.settings import Settings
from uncallback.refactor.verify import Version

OLD = b"# tornado\ndef one(): pass\ndef two(): pass\n"


def convert(
    project: Project,
    paths: Sequence[str],
    options: Options,
    keep: Mapping[HandlerId, Reason],
) -> list[Conversion]:
    """A converter for which every ``def NAME`` is a handler, rewritten as ``def NAME_new``."""
    return [_converted(path, project.read(path), keep) for path in paths]


def _converted(path: str, before: bytes, keep: Mapping[HandlerId, Reason]) -> Conversion:
    if b"crash" in before:
        raise LookupError("no such\nthing")
    after, handlers = before, []
    for line, text in enumerate(before.decode().splitlines(), 1):
        if text.startswith("def "):
            name = text[4:].split("(")[0]
            reason = keep.get(HandlerId(path, name))
            status: Any = "kept" if reason else "rewritten"
            handlers.append(HandlerOutcome(name, line, status, reason))
            if reason is None:
                after = after.replace(f"def {name}(".encode(), f"def {name}_new(".encode())
    if b"garbled" in before:
        after += b"(\n"
    return Conversion(path, before, after, tuple(handlers))


@dataclass
class Judge:
    """A checker with fixed verdicts by handler name; it notes what it was asked."""

    results: Mapping[str, Verdict] = field(default_factory=dict)
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def verify(
        self, before: Version, after: Version, handlers: Sequence[str]
    ) -> dict[str, Verdict]:
        self.asked.append((before.path, tuple(handlers)))
        assert before.source != after.source
        good = Verdict("equivalent", complete=True, runs=4, coverage=1.0)
        return {name: self.results.get(name, good) for name in handlers}


def go(
    folder: Path,
    judge: Any,
    command: Any = "diff",
    complaints: list[str] | None = None,
    **settings: Any,
) -> Outcome:
    noted = complaints if complaints is not None else []

    def checker(project: Project) -> AbstractContextManager[Any]:
        return nullcontext(judge)

    tools = Tools(convert, checker if judge is not None else None, noted.append)
    chosen = Settings().override(**{"jobs": 1, **settings})
    return run(command, collect([str(folder)], chosen), chosen, tools)


def statuses(outcome: Outcome) -> dict[str, str]:
    return {handler.name: handler.outcome.status for handler in outcome.handlers}


def test_what_is_equivalent_is_rewritten(tmp_path: Path) -> None:
    outcome = go(tree(tmp_path, {"a.py": OLD}), Judge())
    (file,) = outcome.files
    assert file.status == "changed"
    assert b"one_new" in file.after
    assert b"+def two_new" in file.diff
    assert outcome.exit_code() == 1
    assert [h.verdict.result for h in file.handlers if h.verdict] == ["equivalent"] * 2


def test_what_differs_is_kept_and_the_rest_checked_again(tmp_path: Path) -> None:
    judge = Judge({"one": Verdict("different", runs=9, reason="a 404 is told from a 200")})
    outcome = go(tree(tmp_path, {"a.py": OLD, "b.py": OLD.replace(b"one", b"three")}), judge)
    first, second = outcome.files
    assert statuses(outcome) == {"one": "kept", "two": "rewritten", "three": "rewritten"}
    assert b"one_new" not in first.after
    assert b"two_new" in first.after
    kept = first.handlers[0]
    assert kept.reason is not None
    assert kept.verdict is not None
    assert (kept.reason.code, kept.reason.line) == ("UC901", 2)
    assert kept.verdict.result == "different"
    assert outcome.different == 1
    # The file that did not change meanwhile is not checked a second time.
    assert [(path.rpartition("/")[2], *names) for path, names in judge.asked] == [
        ("a.py", "one"),
        ("a.py", "two"),
        ("b.py", "three"),
        ("b.py", "two"),
        ("a.py", "two"),
    ]
    assert second.status == "changed"


def test_a_difference_in_the_last_handler_leaves_the_file(tmp_path: Path) -> None:
    bad = Verdict("different", reason="x")
    outcome = go(tree(tmp_path, {"a.py": OLD}), Judge({"one": bad, "two": bad}))
    assert outcome.files[0].status == "unchanged"
    assert outcome.files[0].diff == b""
    assert outcome.exit_code() == 0


@pytest.mark.parametrize(("strict", "status"), [(False, "rewritten"), (True, "kept")])
def test_strict_wants_equivalent(tmp_path: Path, strict: bool, status: str) -> None:
    judge = Judge({"one": Verdict("inconclusive", reason="an object cannot be compared")})
    outcome = go(tree(tmp_path, {"a.py": OLD}), judge, strict=strict)
    assert statuses(outcome) == {"one": status, "two": "rewritten"}
    handler = outcome.handlers[0]
    assert handler.verdict is not None
    assert handler.verdict.result == "inconclusive"
    if strict:
        assert handler.reason is not None
        assert handler.reason.code == "UC902"
        assert "an object cannot be compared" in handler.reason.message


def test_without_a_check_every_verdict_says_so(tmp_path: Path) -> None:
    outcome = go(tree(tmp_path, {"a.py": OLD}), None)
    assert [h.verdict.result for h in outcome.handlers if h.verdict] == ["unchecked"] * 2
    assert not outcome.verified


def test_a_converter_that_fails_costs_one_file(tmp_path: Path) -> None:
    folder = tree(tmp_path, {"a.py": OLD, "b.py": OLD + b"# crash\n", "c.py": OLD})
    complaints: list[str] = []
    outcome = go(folder, Judge(), complaints=complaints)
    assert [file.status for file in outcome.files] == ["changed", "error", "changed"]
    problem = outcome.files[1].error
    assert problem is not None
    assert problem.code == "UC010"
    assert "LookupError" in problem.message
    assert "\n" not in problem.message
    assert outcome.exit_code() == 3
    assert any("Traceback" in text for text in complaints)


def test_a_result_that_does_not_compile_never_leaves(tmp_path: Path) -> None:
    outcome = go(tree(tmp_path, {"a.py": OLD + b"# garbled\n", "b.py": OLD}), Judge())
    assert [file.status for file in outcome.files] == ["error", "changed"]
    assert outcome.files[0].error is not None
    assert outcome.files[0].error.code == "UC010"
    assert outcome.files[0].after == outcome.files[0].before


class Broken:
    """A checker that cannot work."""

    def verify(
        self, before: Version, after: Version, handlers: Sequence[str]
    ) -> dict[str, Verdict]:
        raise OSError("no more processes")


def test_a_checker_that_fails_is_inconclusive(tmp_path: Path) -> None:
    outcome = go(tree(tmp_path, {"a.py": OLD}), Broken())
    verdicts = [handler.verdict for handler in outcome.handlers]
    assert [v.result for v in verdicts if v] == ["inconclusive"] * 2
    assert verdicts[0] is not None
    assert "no more processes" in (verdicts[0].reason or "")


def test_comments_keep_handlers_and_files(tmp_path: Path) -> None:
    skip = OLD.replace(b"def one", b"# uncallback: skip\ndef one")
    folder = tree(
        tmp_path,
        {
            "a.py": skip,
            "b.py": b"#!/usr/bin/python\n# coding: utf-8\n# uncallback: skip-file\n" + OLD,
            "c.py": b'text = "# uncallback: skip-file"\n' + OLD,
            "d.py": b"# @generated by a tool\n" + OLD,
        },
    )
    outcome = go(folder, Judge())
    by_name = {Path(file.shown).name: file for file in outcome.files}
    assert set(by_name) == {"a.py", "c.py"}
    one, two = by_name["a.py"].handlers
    assert one.reason is not None
    assert (one.reason.code, one.reason.line) == ("UC903", 3)
    assert two.rewritten
    assert {Path(skip.shown).name: skip.reason for skip in outcome.skips} == {
        "b.py": "uncallback: skip-file",
        "d.py": "generated file",
    }


SKIPS = """\
class A(B):
    # uncallback: skip
    # because
    @x
    def above(self):
        pass
    @x  # uncallback: skip
    def beside(self): pass
    @x
    def header(self,
               z=1):  # uncallback: skip
        pass
    def body(self):
        # uncallback: skip
        pass
    def other(self):
        pass  # uncallback: skip
    def after(self):  # noqa  # uncallback: skip - not yet
        pass
    def mention(self):
        pass  # as in "uncallback: skip"
    class Inner:  # uncallback: skip
        def inside(self): pass
def make():
    class Login:
        def get(self): pass  # uncallback: skip
        def post(self): pass
    return Login
"""


def test_where_a_skip_comment_counts() -> None:
    from uncallback.refactor.source import check, decode
    from uncallback.refactor.suppress import skipped_names

    source = decode("a.py", SKIPS.encode())
    assert skipped_names(source, check(source)) == {
        "A.above",
        "A.beside",
        "A.header",
        "A.body",
        "A.other",
        "A.after",
        "A.Inner.inside",
        "make.Login.get",
        "Login.get",
    }


def test_several_checkers_at_a_time_give_the_same(tmp_path: Path) -> None:
    files = {f"m{number:02}.py": OLD for number in range(12)}
    folder = tree(tmp_path, files)
    one = go(folder, Judge({"two": Verdict("different")}))
    four = go(folder, Judge({"two": Verdict("different")}), jobs=4)
    assert one == four


def test_a_verdict_falls_when_a_file_that_the_handler_reaches_changes(tmp_path: Path) -> None:
    """``user`` imports ``helper`` through ``between``; ``other`` imports nothing of it."""
    folder = tree(
        tmp_path,
        {
            "pyproject.toml": "",
            "helper.py": OLD,
            "between.py": "import helper\n",
            "user.py": b"# tornado\nimport between\ndef three(): pass\n",
            "other.py": b"# tornado\ndef four(): pass\n",
        },
    )
    judge = Judge({"one": Verdict("different", reason="x")})
    go(folder, judge)
    asked = [(path, *names) for path, names in judge.asked]
    assert asked == [
        ("helper.py", "one"),
        ("helper.py", "two"),
        ("other.py", "four"),
        ("user.py", "three"),
        ("helper.py", "two"),
        ("user.py", "three"),
    ]


def test_a_converter_that_does_not_keep_loses_the_file(tmp_path: Path) -> None:
    def deaf(project: Project, paths: Any, options: Any, keep: Any) -> list[Conversion]:
        return convert(project, paths, options, {})

    folder = tree(tmp_path, {"a.py": OLD, "b.py": b"# tornado\ndef three(): pass\n"})
    settings = Settings().override(jobs=1)
    judge = Judge({"one": Verdict("different", reason="x")})
    tools = Tools(deaf, lambda project: nullcontext(judge))
    outcome = run("diff", collect([str(folder)], settings), settings, tools)
    assert [file.status for file in outcome.files] == ["error", "changed"]
    assert outcome.files[0].error is not None
    assert outcome.files[0].error.code == "UC010"


def test_a_file_that_is_taken_out_takes_part_in_no_other_conversion(tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def noting(project: Project, paths: Any, options: Any, keep: Any) -> list[Conversion]:
        seen.append([path.rpartition("/")[2] for path in paths])
        return convert(project, paths, options, keep)

    folder = tree(tmp_path, {"a.py": OLD + b"# garbled\n", "b.py": OLD, "c.py": OLD})
    settings = Settings().override(jobs=1)
    problem = Problem("UC008", "not written: the file is read-only")
    tools = Tools(
        noting,
        lambda project: nullcontext(Judge()),
        obstacle=lambda file: problem if file.name == "c.py" else None,
    )
    outcome = run("fix", collect([str(folder)], settings), settings, tools)
    assert [file.status for file in outcome.files] == ["error", "changed", "error"]
    assert seen == [["a.py", "b.py", "c.py"], ["b.py"]]


def test_a_handler_that_moved_into_another_one_has_its_verdict() -> None:
    """Its name is gone from the second version, so there is nothing else to ask about."""

    def outcome(name: str, *into: str, placement: Any = "inline", status: Any = "rewritten") -> Any:
        callbacks = tuple(Callback(each, "fetch", placement) for each in into)
        return HandlerOutcome(name, 1, status, callbacks=callbacks)

    def moved(*handlers: HandlerOutcome) -> dict[str, str]:
        return rounds._moved(Conversion("a.py", b"", b"x", handlers))

    first, second = outcome("A.get", "_one"), outcome("A._one", "_two")
    assert moved(first, second, outcome("A._two")) == {"A._one": "A.get", "A._two": "A.get"}
    assert moved(first, outcome("B._one")) == {}
    assert moved(outcome("A.get", "_one", placement="call"), second) == {}
    assert moved(outcome("A.get", "_one", status="kept"), second) == {}
