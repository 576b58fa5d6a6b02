"""Verdicts over toy versions: who may be called what, and how a difference is shown."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from uncallback.runtime.explore.describe import describe
from uncallback.runtime.explore.evidence import UNSETTLED
from uncallback.runtime.explore.render import as_data, as_text
from uncallback.runtime.explore.search import Budget, Execute
from uncallback.runtime.explore.tape import Recorder, decode, encode
from uncallback.runtime.explore.trace import FINISHED, NEVER, TOGETHER, Interrupted, Outline, Run
from uncallback.runtime.explore.verdict import Judgement, Side, judge

Body = Callable[[Recorder], "str | None"]
PLACE = ("a.py", 1)


def version(body: Body, **fields: Any) -> Execute:
    """A version from a function that asks and records, and may return how it ended."""

    def execute(recorder: Recorder) -> Run:
        end = body(recorder) or FINISHED
        return recorder.run(end=end, lines=frozenset({PLACE}), **fields)

    return execute


def side(body: Body, outline: Outline | None = None, **fields: Any) -> Side:
    return Side(version(body, **fields), outline or Outline(frozenset({PLACE})))


def compare(before: Body, after: Body, **budget: Any) -> Judgement:
    return judge(side(before), side(after), Budget(**budget))


def fetch(*spellings: str) -> Body:
    """Asks one question and has one effect for each answer."""

    def body(recorder: Recorder) -> None:
        taken = recorder.choose("fetch #1", ["200", "404", "599"])
        recorder.record("body", spellings[taken])

    return body


def test_the_same_is_equivalent_and_complete() -> None:
    judgement = compare(fetch("a", "b", "c"), fetch("a", "b", "c"))
    assert (judgement.result, judgement.complete) == ("equivalent", True)
    assert judgement.coverage == 1.0
    assert judgement.details["outcomes"] == {"fetch": {"tried": 3, "of": 3}}
    assert judgement.details["traces"] == {"before": 3, "after": 3, "relation": "equal"}


def test_a_lost_error_branch_is_different_and_small() -> None:
    judgement = compare(fetch("a", "b", "c"), fetch("a", "b", "a"))
    assert judgement.result == "different"
    assert judgement.found is not None
    assert judgement.found.tape == {"fetch #1": "599"}
    assert judgement.reason == "agreed for 0 steps, then before: body c; after: body a"
    assert judgement.details["traces"]["relation"] == "after narrower"


@pytest.mark.parametrize(
    ("before", "after", "relation"),
    [
        ("aab", "aaa", "after narrower"),
        ("aaa", "aab", "after wider"),
        ("aab", "aba", "equal"),
        ("abc", "abd", "overlapping"),
        ("aaa", "bbb", "disjoint"),
    ],
)
def test_sets_of_traces_are_told_apart(before: str, after: str, relation: str) -> None:
    judgement = compare(fetch(*before), fetch(*after))
    assert judgement.result == "different"
    assert judgement.details["traces"]["relation"] == relation


def test_a_version_that_differs_from_itself_is_never_different() -> None:
    counter = itertools.count()

    def body(recorder: Recorder) -> None:
        recorder.record("body", str(next(counter)))

    judgement = compare(body, fetch("a", "b", "c"))
    assert judgement.result == "inconclusive"
    assert judgement.reason is not None
    assert judgement.reason.startswith("not deterministic")


def test_rare_unsteadiness_is_seen_before_a_difference_is_claimed() -> None:
    counter = itertools.count()

    def body(recorder: Recorder) -> None:
        taken = recorder.choose("q", ["0", "1", "2", "3", "4"])
        recorder.record("body", "x" if taken < 4 else str(next(counter)))

    judgement = compare(body, body)
    assert judgement.result == "inconclusive"


def test_objects_that_cannot_be_compared_are_named() -> None:
    def body(recorder: Recorder) -> None:
        recorder.record("call", "db.put", (n for n in ()))

    judgement = compare(body, body)
    assert judgement.result == "inconclusive"
    assert judgement.reason is not None
    assert judgement.reason.startswith("an object cannot be compared: generator; ")


def test_an_obstacle_is_no_difference_and_no_equivalence() -> None:
    blocked = side(fetch("a", "b", "c"), obstacle="the code opens a network connection")
    for after in (fetch("a", "b", "c"), fetch("x", "y", "z")):
        judgement = judge(blocked, side(after))
        assert judgement.result == "inconclusive"
        assert judgement.reason == "the code opens a network connection"


def test_never_finishing_is_an_outcome() -> None:
    def hangs(recorder: Recorder) -> str:
        return FINISHED if recorder.choose("fetch #1", ["200", "404"]) == 0 else NEVER

    def finishes(recorder: Recorder) -> str:
        recorder.choose("fetch #1", ["200", "404"])
        return FINISHED

    judgement = compare(finishes, hangs)
    assert judgement.result == "different"
    assert judgement.found is not None
    assert as_data(judgement.found)["ends"] == {"before": FINISHED, "after": NEVER}


def test_nothing_that_ever_ended_is_not_equivalent() -> None:
    judgement = compare(lambda recorder: NEVER, lambda recorder: NEVER)
    assert judgement.result == "inconclusive"


def test_a_loop_that_does_not_return_is_cut_and_compared() -> None:
    def loops(recorder: Recorder) -> None:
        recorder.choose("q", ["go"])
        while True:
            recorder.record("body", "again")

    def loops_after_two_notes(recorder: Recorder) -> None:
        recorder.record("wait", "x")
        recorder.record("deliver", "x")
        loops(recorder)

    assert compare(loops, fetch("a", "b", "c")).result == "different"
    assert compare(loops, loops_after_two_notes).result == "inconclusive"  # no run ended


def test_what_is_served_beside_a_request_that_does_not_return_is_not_compared() -> None:
    """Where the run is cut off, the one version has served the other request and the other not."""

    def served(late: bool) -> Body:
        def body(recorder: Recorder) -> None:
            if recorder.choose("another request", ["none", "one"]):
                recorder.record(TOGETHER, "at the same time")
                if not late:
                    recorder.record("body", "served")
                while True:
                    recorder.record("body", "again")
            recorder.record("body", "served")

        return body

    judgement = compare(served(late=False), served(late=True))
    assert (judgement.result, judgement.complete) == ("equivalent", False)
    assert UNSETTLED in judgement.details["held"]


def test_a_run_out_of_time_is_an_outcome() -> None:
    def stuck(recorder: Recorder) -> None:
        raise Interrupted("time")

    assert compare(stuck, fetch("a", "b", "c")).result == "different"


def test_an_operation_never_started_is_not_equivalent() -> None:
    outline = Outline(frozenset({PLACE, ("a.py", 9)}), {("a.py", 9): "fetch"})
    judgement = judge(side(fetch("a", "b", "c"), outline), side(fetch("a", "b", "c")))
    assert judgement.result == "inconclusive"
    assert judgement.reason is not None
    assert judgement.reason.startswith("never started in any run: fetch (line 9 of a.py); ")
    assert judgement.coverage == pytest.approx(0.6667)


def test_what_is_held_fixed_makes_it_incomplete() -> None:
    held = side(fetch("a", "b", "c"), held=("random.random() is 0.5",))
    judgement = judge(held, side(fetch("a", "b", "c")))
    assert (judgement.result, judgement.complete) == ("equivalent", False)
    assert judgement.details["held"] == ["random.random() is 0.5"]


def wide(recorder: Recorder, bad: int | None = None) -> None:
    answers = [recorder.choose(f"q{n}", list("0123456789")) for n in range(6)]
    recorder.record("body", "bad" if sum(answers) == bad else "good")


def test_a_big_space_is_sampled_and_says_so() -> None:
    judgement = compare(wide, wide, runs=400)
    assert (judgement.result, judgement.complete) == ("equivalent", False)
    assert judgement.details["sampled"] > 0
    assert judgement.runs < 500


def test_a_rare_difference_in_the_sampled_tail_is_shrunk() -> None:
    def late(recorder: Recorder) -> None:
        answers = [recorder.choose(f"q{n}", list("01")) for n in range(30)]
        recorder.record("body", "bad" if answers[3] and answers[17] and answers[20] else "good")

    def never(recorder: Recorder) -> None:
        for n in range(30):
            recorder.choose(f"q{n}", list("01"))
        recorder.record("body", "good")

    judgement = compare(never, late, runs=1200)
    assert judgement.result == "different"
    assert judgement.found is not None
    assert judgement.found.tape == {"q3": "1", "q17": "1", "q20": "1"}


def test_answers_are_keyed_by_what_is_asked_not_when() -> None:
    def swapped(recorder: Recorder) -> None:
        for key in ("b", "a"):
            recorder.choose(key, ["0", "1"])
        recorder.record("body", "done")

    def straight(recorder: Recorder) -> None:
        for key in ("a", "b"):
            recorder.choose(key, ["0", "1"])
        recorder.record("body", "done")

    judgement = compare(straight, swapped)
    assert (judgement.result, judgement.complete) == ("equivalent", True)
    assert judgement.details["outcomes"] == {k: {"tried": 2, "of": 2} for k in "ab"}


def test_questions_that_do_not_matter_are_marked() -> None:
    def body(text: str) -> Body:
        def asks(recorder: Recorder) -> None:
            recorder.choose("weather", ["sun", "rain"])
            taken = recorder.choose("fetch #1", ["200", "404"])
            recorder.record("body", text if taken else "fine")

        return asks

    judgement = compare(body("x"), body("y"))
    assert judgement.found is not None
    data = as_data(judgement.found)
    assert data["choices"] == [
        {"asked": "weather", "answer": "sun", "plain": True, "matters": False},
        {"asked": "fetch #1", "answer": "404", "plain": False, "matters": True},
    ]


def test_columns_and_generated_test() -> None:
    def body(*steps: str) -> Body:
        def acts(recorder: Recorder) -> None:
            recorder.choose("fetch #1", ["200", "404"])
            for step in steps:
                recorder.record("call", step, 1)

        return acts

    judgement = compare(body("log", "find", "write", "finish"), body("log", "write", "finish"))
    assert judgement.found is not None
    data = as_data(judgement.found)
    assert data["agreed"] == 1
    assert [step["same"] for step in data["steps"]] == [True, False, True, True]
    shown = as_text(data)
    assert "They agree for 1 step." in shown
    assert any(line.startswith(" -> call find 1") for line in shown.splitlines())


@pytest.mark.parametrize("tape", [{}, {"fetch GET http://a/ü #1": "599"}, {"a": "b", "c": '"'}])
def test_tapes_survive_a_command_line(tape: dict[str, str]) -> None:
    assert decode(encode(tape.items())) == tape
    assert encode(tape.items()).isascii()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}'])
def test_a_broken_tape_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="tape"):
        decode(text)


class Point:
    def __init__(self, x: object) -> None:
        self.x = x


class Slotted:
    __slots__ = ("x",)

    def __init__(self, x: object) -> None:
        self.x = x


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        ("x", b"x"),
        ([1], (1,)),
        (Point(1), Point(2)),
        (Slotted(1), Slotted(2)),
        (ValueError("a"), ValueError("b")),
        (ValueError("a"), KeyError("a")),
        ({"a": 1}, {"a": 2}),
        ([Point([1])], [Point([1, 2])]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_different_values_have_different_texts(one: object, other: object) -> None:
    assert describe(one) != describe(other)


def test_equal_values_have_equal_texts() -> None:
    assert describe({"a": 1, "b": 2}) == describe({"b": 2, "a": 1})
    assert describe({"x", "y"}) == describe({"y", "x"})
    assert describe(Point(Point(1))) == describe(Point(Point(1)))
    opaque: set[str] = set()
    assert describe(object(), opaque) == describe(object(), opaque) == "<object>"
    assert not opaque


def test_cycles_end() -> None:
    loop: list[object] = []
    loop.append(loop)
    assert describe(loop) == "[<the same list>]"
