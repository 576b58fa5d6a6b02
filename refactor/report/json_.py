"""The report for programs: one JSON object, ``"version": 1``.

Every skip stands in it, and what could not be processed is a file with the status ``error``. The
paths are those of the text report. ``--select`` and ``--ignore`` do not take handlers out.
"""

from __future__ import annotations

import json
from typing import Any

from ..model import Problem, Reason, Verdict
from ..outcome import File, Handler, Outcome
from . import View


def render(outcome: Outcome, view: View) -> str:
    """Return the object as indented text, ASCII only."""
    return json.dumps(as_data(outcome, view), indent=2) + "\n"


def as_data(outcome: Outcome, view: View) -> dict[str, Any]:
    """Return what the report holds as plain data."""
    handlers = outcome.handlers
    rewritten = sum(each.rewritten for each in handlers)
    return {
        "version": 1,
        "command": outcome.command,
        "verified": outcome.verified,
        "summary": {
            "files": len(outcome.files),
            "changed": outcome.count("changed"),
            "errors": outcome.count("error"),
            "handlers": len(handlers),
            "rewritten": rewritten,
            "kept": len(handlers) - rewritten,
            "different": outcome.different,
            "skipped": dict(sorted(outcome.skipped().items())),
        },
        "files": [_file(file, view) for file in outcome.files],
        "skipped": [{"path": skip.shown, "reason": skip.reason} for skip in outcome.skips],
    }


def _file(file: File, view: View) -> dict[str, Any]:
    return {
        "path": file.shown,
        "status": file.status,
        "error": problem_data(file.error),
        "diff": file.diff.decode(file.encoding, "replace"),
        "handlers": [_handler(handler) for handler in file.handlers],
        "findings": [_reason(each) for each in view.findings(file)],
    }


def problem_data(problem: Problem | None) -> dict[str, Any] | None:
    """Return one problem as plain data."""
    if problem is None:
        return None
    return {
        "code": problem.code,
        "message": problem.message,
        "line": problem.line,
        "column": problem.column,
    }


def _reason(reason: Reason | None) -> dict[str, Any] | None:
    if reason is None:
        return None
    return {"code": reason.code, "message": reason.message, "line": reason.line}


def _handler(handler: Handler) -> dict[str, Any]:
    return {
        "name": handler.name,
        "line": handler.line,
        "status": handler.outcome.status,
        "reason": _reason(handler.reason),
        "callbacks": [
            {"name": each.name, "operation": each.operation, "placement": each.placement}
            for each in handler.callbacks
        ],
        "notes": list(handler.outcome.notes),
        "verdict": None if handler.verdict is None else verdict_data(handler.verdict),
    }


def verdict_data(verdict: Verdict) -> dict[str, Any]:
    """Return one verdict as plain data, its counterexample included."""
    data = {
        "result": verdict.result,
        "complete": verdict.complete,
        "runs": verdict.runs,
        "coverage": verdict.coverage,
        "reason": verdict.reason,
        "details": dict(verdict.details),
    }
    if verdict.counterexample is not None:
        data["counterexample"] = dict(verdict.counterexample)
    return data
