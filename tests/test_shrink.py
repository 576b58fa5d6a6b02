"""A counterexample is made small while there is time; without any it is shown as it was found."""

from __future__ import annotations

from exploring import handler, program
from uncallback.runtime.explore import world
from uncallback.runtime.explore.search import Pair, play
from uncallback.runtime.explore.shrink import shrink

BEFORE = handler(
    """
    def get(self):
        if self.get_argument("a", None) == "x":
            db.put(1)
        self.finish(self.get_argument("b", "b"))
    """
)
AFTER = BEFORE.replace("db.put(1)", "db.put(2)")
TAPE = {"argument a": "'x'", "argument b": "'text'"}


def test_it_takes_as_long_as_it_may() -> None:
    versions = program(BEFORE, AFTER), program(AFTER, BEFORE)

    def played(tape: dict[str, str]) -> Pair:
        before, after = (lambda rec, v=each: world.execute(v, "Main.get", rec) for each in versions)
        return play(before, after, tape)

    def differs(tape: dict[str, str]) -> Pair | None:
        pair = played(tape)
        return pair if pair.differs else None

    pair = played(TAPE)
    assert pair.differs
    in_no_time = shrink(pair, differs, seconds=0.0)
    assert (in_no_time.pair, in_no_time.tries, in_no_time.irrelevant) == (pair, 0, frozenset())
    found = shrink(pair, differs)
    assert found.tape == {"argument a": "'x'"}
    assert "argument b" in found.irrelevant
