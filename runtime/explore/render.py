"""A counterexample for people and for programs: the two runs side by side.

``as_data`` gives what the JSON report holds, ``as_text`` the same as two aligned columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

from .compare import divergence, effects, trace
from .phrases import apart, effect, question
from .shrink import Shrunk
from .tape import encode
from .trace import ORDER, Event, Run

WIDTH = 58
"""Characters of one column in ``as_text``."""

CONTEXT = 12
"""Agreed steps shown before the first divergence."""

AFTER = 14
"""Steps shown after the first divergence."""

Row = tuple["Event | None", "Event | None"]


def as_data(found: Shrunk) -> dict[str, Any]:
    """The counterexample as plain data.

    ``choices``: every question in the order asked, ``{"asked", "answer", "plain", "matters"}``.
    ``steps``: aligned effects, ``{"before", "after", "same"}``, each side ``null`` or ``{"kind",
    "subject", "detail", "path", "line"}``. ``agreed``: effects both had before they parted.
    ``ends`` and ``waiting``: how each run ended, and what was still pending. ``replay``: the tape.
    """
    before, after = found.pair.before, found.pair.after
    return {
        "choices": _choices(found),
        "steps": [
            {"before": _side(ours), "after": _side(theirs), "same": _same(ours, theirs)}
            for ours, theirs in align(before, after)
        ],
        "agreed": divergence(before, after) or 0,
        "ends": {"before": before.end, "after": after.end},
        "waiting": {"before": list(before.waiting), "after": list(after.waiting)},
        "replay": encode(found.tape.items()),
    }


def align(before: Run, after: Run) -> list[Row]:
    """Effects of both runs in rows: the agreed ones first, then what matches, then the rest."""
    ours, theirs = effects(before), effects(after)
    agreed = min(divergence(before, after) or 0, len(ours), len(theirs))
    rows: list[Row] = list(zip(ours[:agreed], theirs[:agreed], strict=True))
    left, right = ours[agreed:], theirs[agreed:]
    matcher = SequenceMatcher(
        None, trace(before)[agreed:-1], trace(after)[agreed:-1], autojunk=False
    )
    for _, first, last, start, stop in matcher.get_opcodes():
        width = max(last - first, stop - start)
        padded_left = [*left[first:last], *[None] * (width - (last - first))]
        padded_right = [*right[start:stop], *[None] * (width - (stop - start))]
        rows.extend(zip(padded_left, padded_right, strict=True))
    return rows


def _choices(found: Shrunk) -> list[dict[str, Any]]:
    return [
        {
            "asked": question.key,
            "answer": question.label,
            "plain": question.taken == 0,
            "matters": question.key not in found.irrelevant,
        }
        for question in found.pair.asked
    ]


def _side(event: Event | None) -> dict[str, Any] | None:
    if event is None:
        return None
    path, line = event.where or (None, None)
    shown: dict[str, Any] = {"kind": event.kind, "subject": event.subject, "detail": event.detail}
    return {**shown, "path": path, "line": line}


def _same(ours: Event | None, theirs: Event | None) -> bool:
    return ours is not None and theirs is not None and ours[:3] == theirs[:3]


def as_text(data: Mapping[str, Any]) -> str:
    """What ``as_data`` gave, as lines for a terminal."""
    return "\n".join([*_choice_lines(data), "", *_step_lines(data), "", *_end_lines(data)])


def _choice_lines(data: Mapping[str, Any]) -> list[str]:
    lines = ["With these answers from the outside:"]
    shown = [
        c
        for c in data["choices"]
        if not c["plain"] or (c["matters"] and c["asked"].startswith(ORDER))
    ]
    for choice in shown:
        asked = choice["asked"]
        about = "which completes first" if asked.startswith(ORDER) else question(asked)
        note = "" if choice["matters"] else "   (or any other)"
        lines.append(f"  {about}: {question(choice['answer'])}{note}")
    plain = len(data["choices"]) - len(shown)
    if not shown:
        lines = ["With the plain answer to every question"]
    elif plain:
        lines.append(f"  and the plain answer to {plain} other question{'s' * (plain != 1)}")
    return lines


def _step_lines(data: Mapping[str, Any]) -> list[str]:
    agreed = data["agreed"]
    lines = [f"They agree for {agreed} step{'s' * (agreed != 1)}.", ""]
    lines.append(f"    {'before':<{WIDTH}}  after")
    start = max(0, agreed - CONTEXT)
    if start:
        lines.append(f"    ... {start} more")
    steps = data["steps"]
    for number, step in enumerate(steps[start : agreed + AFTER], start):
        mark = "  " if step["same"] else ("->" if number == agreed else " ≠")
        before, after = _cells(step["before"], step["after"], step["same"])
        lines.append(f" {mark} {before:<{WIDTH}}  {after}".rstrip())
    hidden = len(steps) - (agreed + AFTER)
    if hidden > 0:
        lines.append(f"    ... {hidden} more")
    return lines


def _end_lines(data: Mapping[str, Any]) -> list[str]:
    ends, waiting = data["ends"], data["waiting"]
    mark = "   " if ends["before"] == ends["after"] else "-> "
    lines = [f" {mark}{_clip(ends['before']):<{WIDTH}}  {_clip(ends['after'])}"]
    for side in ("before", "after"):
        if waiting[side]:
            lines.append(f"    still waiting at the end of {side}: {', '.join(waiting[side])}")
    return lines


def _cells(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, same: bool
) -> tuple[str, str]:
    """Both sides of one row; what makes two long texts different is kept in sight."""
    places = [_place(side) for side in (before, after)]
    texts = [_effect(before), _effect(after)]
    if texts[0] == texts[1] and not same:
        texts = [f"{text} (Etag, length)" for text in texts]
    widths = [WIDTH - len(place) for place in places]
    ours, theirs = apart(texts[0], texts[1], *widths)
    return places[0] + ours, places[1] + theirs


def _effect(side: Mapping[str, Any] | None) -> str:
    return "·" if side is None else effect(side["kind"], side["subject"], side["detail"])


def _place(side: Mapping[str, Any] | None) -> str:
    if side is None or side["line"] is None:
        return ""
    return f"{_file_name(side['path'])}:{side['line']} "


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]


def _clip(text: str) -> str:
    text = text.replace("\n", "\\n")
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
