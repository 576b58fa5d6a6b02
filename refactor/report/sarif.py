"""The report as SARIF 2.1.0, for code scanning.

URIs are relative to ``%SRCROOT%`` and every result has a fingerprint of its own, so that a result
keeps its identity when lines move. What could not be processed is a result too, and a notification
of the invocation.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from .. import __version__
from ..outcome import File, Handler, Outcome
from ..pages import page
from ..problems import entries
from . import View, words

_FINGERPRINT = "uncallback/v1"
_HOME = "https://github.com/uncallback/uncallback"
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(outcome: Outcome, view: View) -> str:
    """Return one SARIF log with one run."""
    results = [result for file in outcome.files for result in _results(file, outcome, view)]
    used = sorted({result["ruleId"] for result in results})
    index = {code: number for number, code in enumerate(used)}
    seen: Counter[str] = Counter()
    for result in results:
        result["ruleIndex"] = index[result["ruleId"]]
        identity = result["partialFingerprints"][_FINGERPRINT]
        seen[identity] += 1
        if seen[identity] > 1:  # the same words about another line
            result["partialFingerprints"][_FINGERPRINT] = f"{identity}:{seen[identity]}"
    run = {
        "tool": {
            "driver": {
                "name": "uncallback",
                "informationUri": _HOME,
                "version": __version__,
                "rules": [_rule(code) for code in used],
            }
        },
        "invocations": [_invocation(outcome)],
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "the working directory"}}},
        "results": results,
        "columnKind": "unicodeCodePoints",
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(code: str) -> dict[str, Any]:
    entry = entries()[code]
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in entry.title.replace("-", " ").split()),
        "shortDescription": {"text": entry.title},
        "fullDescription": {"text": entry.title},
        "help": {"text": page(code), "markdown": page(code)},
        "defaultConfiguration": {"level": _level(code)},
    }


def _level(code: str) -> str:
    if code == "UC000":
        return "warning"
    if code.startswith("UC0"):
        return "error"
    return "warning" if code.startswith("UC7") else "note"


def _invocation(outcome: Outcome) -> dict[str, Any]:
    errors = [file for file in outcome.files if file.error]
    notifications = [
        {
            "level": "error",
            "message": {"text": file.error.message},
            "locations": [_location(file.shown, file.error.line, file.error.column)],
            "descriptor": {"id": file.error.code},
        }
        for file in errors
        if file.error
    ]
    return {
        "executionSuccessful": not errors,
        "toolExecutionNotifications": notifications,
        "exitCode": outcome.exit_code(),
    }


def _results(file: File, outcome: Outcome, view: View) -> Iterator[dict[str, Any]]:
    if file.error:
        error = file.error
        yield _result(file, error.code, error.message, error.line, "", error.column)
    for handler in view.handlers(file):
        if handler.reason is not None:
            text = words.kept(handler, handler.reason)
            yield _result(file, handler.reason.code, text, handler.reason.line, handler.name)
        elif handler.rewritten:
            yield _rewritten(file, handler, outcome)
    for finding in view.findings(file):
        yield _result(file, finding.code, finding.message, finding.line, finding.message)


def _rewritten(file: File, handler: Handler, outcome: Outcome) -> dict[str, Any]:
    verb = "can be rewritten" if outcome.command == "diff" else "was rewritten"
    text = f"{words.rewritten(handler)} {verb}; {words.verdict(handler.verdict)}"
    result = _result(file, "UC000", text, handler.line, handler.name)
    result["properties"] = {"verdict": handler.verdict.result if handler.verdict else None}
    return result


def _result(
    file: File, code: str, message: str, line: int, subject: str, column: int | None = None
) -> dict[str, Any]:
    identity = "|".join((code, file.shown, subject))
    return {
        "ruleId": code,
        "level": _level(code),
        "message": {"text": message},
        "locations": [_location(file.shown, line, column)],
        "partialFingerprints": {
            _FINGERPRINT: hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()
        },
    }


def _location(path: str, line: int, column: int | None) -> dict[str, Any]:
    artifact: dict[str, Any] = {"uri": quote(path, errors="replace")}
    if PurePosixPath(path).is_absolute():
        artifact["uri"] = "file://" + artifact["uri"]
    else:
        artifact["uriBaseId"] = "%SRCROOT%"
    region = {"startLine": line}
    if column:
        region["startColumn"] = column
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}
