"""Makes random coroutine programs, as data that JSON can carry.

A program is a dict: ``futures`` (how many stand-alone futures there are), ``coroutines`` (list of
``[kind, statements]``; number 0 is started, each may call those with a higher number), ``ticks``
(for how many iterations a callback leaves a mark in the trace). ``interpreter`` says what the
statements and the things to wait for mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Pick = Callable[[int], int]
Program = dict[str, Any]

FUTURES = 4
KEYS = ("a", "b", "c")


class Maker:
    """Makes one program for a generation out of the numbers that ``pick(n)`` gives (0 to n-1)."""

    def __init__(self, pick: Pick, generation: int) -> None:
        self._pick = pick
        self._old = generation < 6
        self._label = 0

    def program(self) -> Program:
        count = 1 + self._pick(4)
        coroutines = []
        for number in range(count):
            kinds = ["coroutine", "coroutine", "native"] + ["engine"] * self._old
            kind = "coroutine" if number == 0 else self._one_of(kinds)
            callees = list(range(number + 1, count))
            coroutines.append([kind, self._statements(callees, 5, depth=0)])
        return {"futures": FUTURES, "coroutines": coroutines, "ticks": self._pick(8)}

    # Statements

    def _statements(self, callees: list[int], most: int, depth: int) -> list[Any]:
        return [self._statement(callees, depth) for _ in range(1 + self._pick(most))]

    def _statement(self, callees: list[int], depth: int) -> list[Any]:
        kinds = [
            "yield",
            "yield",
            "yield",
            "yield",
            "plain",
            "plain",
            "later",
            "callback",
            "wait_any",
        ]
        if callees:
            kinds += ["spawn", "yield"]
        if depth < 2:
            kinds += ["try", "try"]
        if self._old:
            kinds += ["get_callback", "get_callback", "context", "context_yield", "spawn_task"]
            kinds += ["mixed"]
        kind = self._one_of(kinds)
        label = self._next_label()
        if kind == "plain":
            return self._plain()
        if kind == "yield":
            return ["yield", label, self._awaitable(callees, 0)]
        if kind == "try":
            body = self._statements(callees, 3, depth + 1)
            return ["try", label, body, self._statements(callees, 2, depth + 1)]
        if kind == "later":
            return ["later", label, self._delay(), self._plains()]
        if kind == "callback":
            return ["callback", label, self._plains()]
        if kind == "wait_any":
            count = 1 + self._pick(3)
            return ["wait_any", label, [self._awaitable(callees, 1) for _ in range(count)]]
        if kind == "spawn":
            return ["spawn", label, self._one_of(callees)]
        return self._old_statement(kind, label, callees, depth)

    def _old_statement(self, kind: str, label: int, callees: list[int], depth: int) -> list[Any]:
        if kind == "get_callback":
            return ["get_callback", label, self._one_of(KEYS), *self._delivery()]
        if kind == "mixed":
            keys = [[key, *self._delivery()] for key in KEYS if self._pick(2)]
            awaitables = [self._awaitable(callees, 1) for _ in range(self._pick(3))]
            return ["mixed", label, keys, awaitables]
        if kind == "context":
            return ["context", label, self._context(), self._plains() + self._maybe_spawn(callees)]
        if kind == "context_yield":
            return ["context", label, self._context(), [["yield", label, self._awaitable([], 1)]]]
        return ["spawn_task", label, self._delay(), self._plains()]

    def _delivery(self) -> list[Any]:
        """Return how and when the function that ``yield Callback`` gives is called."""
        how = self._one_of(["now", "soon", "soon", "later", "later", "twice", "never", "two_args"])
        return [how, self._delay()]

    def _maybe_spawn(self, callees: list[int]) -> list[Any]:
        if callees and self._pick(2):
            return [["spawn", self._next_label(), self._one_of(callees)]]
        return []

    def _plains(self) -> list[Any]:
        return [self._plain() for _ in range(1 + self._pick(2))]

    def _plain(self) -> list[Any]:
        """Return a statement that may stand in a callback: it does not wait."""
        label = self._next_label()
        kinds = ["log", "resolve", "resolve", "fail", "raise", "on_done", "add_future", "add"]
        kinds += ["return", "chain", "remove_timer", "spawn_callback", "bad_done_callback"]
        kinds += ["release", "notify", "put", "take", "periodic"]
        kinds += ["set_event", "clear_event", "decorated"] * self._old
        kind = self._one_of(kinds)
        if kind == "chain":
            return [kind, label, self._pick(FUTURES), self._pick(FUTURES)]
        if kind in ("periodic", "remove_timer"):
            return [kind, label, 0.125 + self._delay()]
        if kind == "decorated":
            return [kind, label, *self._delivery()]
        if kind in ("resolve", "fail", "on_done", "add_future", "bad_done_callback"):
            return [kind, label, self._pick(FUTURES)]
        if kind == "add":
            return ["callback", label, [self._plain()] if self._pick(2) else []]
        return [kind, label]

    def _context(self) -> str:
        kinds = ["stack", "stack", "swallow", "pass", "replace", "null", "off"]
        return self._one_of([*kinds, "suppress", "fail_on_exit", "fail_on_reentry"])

    # Things to wait for

    def _awaitable(self, callees: list[int], depth: int) -> list[Any]:
        kinds = ["future", "future", "done", "failed", "moment", "sleep", "none", "bad", "maybe"]
        kinds += ["acquire", "condition", "get", "put_and_wait"]
        if callees:
            kinds += ["call"] * 4
        if depth < 2:
            kinds += ["list", "list", "dict", "timeout", "quiet"]
        if self._old:
            kinds += ["task", "task", "return_future", "event"]
            # In a list Tornado looks for unknown keys in the order of the children's addresses.
            kinds += ["wait", "wait_all"] * (depth == 0)
            if callees:
                kinds += ["call_callback", "run_with_context"]
        kind = self._one_of(kinds)
        if kind == "future":
            return ["future", self._pick(FUTURES)]
        if kind in ("done", "failed", "maybe"):
            return [kind, self._next_label()]
        if kind == "sleep":
            return ["sleep", self._delay()]
        if kind in ("acquire", "condition", "get", "put_and_wait", "event"):
            return [kind, self._one_of([None, None, self._delay()])]
        if kind in ("call", "call_callback", "run_with_context"):
            return [kind, self._one_of(callees)]
        if kind in ("list", "dict", "quiet"):
            count = self._pick(4)
            return [kind, [self._awaitable(callees, depth + 1) for _ in range(count)]]
        if kind == "timeout":
            return ["timeout", self._delay(), self._awaitable(callees, depth + 1)]
        if kind in ("task", "return_future"):
            hows = ["now", "soon", "later", "raise", "raise_soon", "twice", "two_args", "keyword"]
            return [kind, self._one_of(hows), self._delay(), self._next_label()]
        if kind == "wait":
            return ["wait", self._one_of(KEYS)]
        if kind == "wait_all":
            return ["wait_all", [self._one_of(KEYS) for _ in range(1 + self._pick(2))]]
        return [kind]

    def _delay(self) -> float:
        """Return seconds, exact in binary and often the same."""
        return self._pick(6) / 8

    def _next_label(self) -> int:
        self._label += 1
        return self._label

    def _one_of(self, options: Any) -> Any:
        return options[self._pick(len(options))]
