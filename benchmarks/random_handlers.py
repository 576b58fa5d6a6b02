"""Callback handlers made at random: operations in all sorts of control flow.

A module from :func:`module` defines one handler, ``H``; the same random numbers give the same text.
It is input for properties ("whatever is written compiles") and for ``benchmarks/fuzz.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

HEAD = """\
from functools import partial

from tornado.httpclient import AsyncHTTPClient
from tornado.web import HTTPError, RequestHandler, asynchronous


class H(RequestHandler):
    items = ["a", "b"]

    def initialize(self):
        self.client = AsyncHTTPClient()
        self.x = 0

    @asynchronous
    def get(self):
"""
TAIL = """\
    def done(self, response):
        self.finish(response.body)

    def finish_up(self, response):
        self.finish()

    def count_down(self, item, response=None):
        self.write(item)
        self.left = getattr(self, "left", 2) - 1
        if not self.left:
            self.finish()
"""
LAMBDAS = (
    "lambda r: self.finish(str(r.code))",
    "lambda r: note(r.code)",
    "lambda r: None",
    "lambda response: self.done(response)",
    "lambda r: (self.write(str(r.code)), self.finish())",
    "lambda r: self.finish() if r.error else self.done(r)",
    "lambda r, x=self.x: self.finish(str(x))",
)
LOOP_LAMBDAS = (
    "lambda r, item=item: self.count_down(item)",
    "lambda r: self.count_down(item)",
    "partial(self.count_down, item)",
)
HANDLERS = (["self.send_error(500)"], ['self.write("caught")'], ["self.send_error(502)", "return"])
ENDINGS = ("self.finish()", "return self.finish()", 'self.render("t.html")', 'self.redirect("/x")')


@dataclass
class Maker:
    """Makes one module; ``calls`` bounds how many operations it starts."""

    random: Random
    count: int = 0
    calls: int = 0
    methods: list[list[str]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def module(self) -> str:
        """The text of a module."""
        body = indented(self.block(2, None) or ["pass"], 2)
        lines = [line for method in self.methods for line in [*indented(method), ""]]
        return HEAD + "\n".join([*body, "", *lines]) + "\n" + TAIL

    def block(self, depth: int, response: str | None) -> list[str]:
        """Statements of a function that may start operations ``depth`` callbacks deep."""
        lines = [s for _ in range(self.random.randint(0, 2)) for s in self.simple(response)]
        if depth > 0 and self.calls < 3 and (response is None or self.random.random() < 0.75):
            return [*lines, *self.around(depth, response), *self.rest(response)]
        return [*lines, *self.ending()]

    def simple(self, response: str | None) -> list[str]:
        """A statement that starts nothing."""
        self.count += 1
        choices = [
            [f'self.write("w{self.count} ")'],
            [f"note({self.count})"],
            [f"self.x = {self.count}"],
            [f'self.set_header("X-{self.count}", "1")'],
            [f"v{self.random.randint(1, 3)} = {self.count}"],
            ["try:", "    note(v1)", "except Exception as v2:", "    note(2)"],
        ]
        if response is not None:
            choices += [
                [f"self.write(str({response}.code))"],
                [f"body = {response}.body"],
                [f"if {response}.error:", '    self.write("e")'],
            ]
        return self.random.choice(choices)

    def around(self, depth: int, response: str | None) -> list[str]:
        """An operation in some control flow."""
        kind = self.random.random()
        if kind < 0.4:
            return self.operation(depth)
        if kind < 0.6:
            leaving = ["return"] if self.random.random() < 0.5 else []
            lines = ['if self.get_argument("q", None):']
            lines += indented([*self.operation(depth), *leaving])
            if self.random.random() < 0.4:
                lines += ["else:", *indented(self.block(depth - 1, response) or ["pass"])]
            return lines
        if kind < 0.75:
            caught = self.random.choice(HANDLERS)
            guarded = indented(self.operation(depth))
            return ["try:", *guarded, "except Exception:", *indented(list(caught))]
        if kind < 0.82:
            return ["try:", *indented(self.operation(depth)), "finally:", '    note("f")']
        if kind < 0.85:
            return ["for item in self.items:", *indented(self.operation(depth))]
        if kind < 0.9:
            self.calls += 1
            callback = self.random.choice(LOOP_LAMBDAS)
            fetch = f'self.client.fetch("http://u/{self.calls}/" + item, {callback})'
            return ["for item in self.items:", f"    {fetch}"]
        if kind < 0.95:
            return self.departing(depth)
        return [*self.operation(depth), *self.operation(depth)]

    def departing(self, depth: int) -> list[str]:
        """Operations that return, in the branches of loops and conditions."""
        leaving = indented([*self.operation(depth), "return"])
        if self.random.random() < 0.5:
            lines = ["for item in self.items:", "    if note(item):", "        break"]
            return [*lines, "else:", *leaving, *self.operation(depth)]
        lines = ['if self.get_argument("q", None):', "    if note(1):"]
        lines += [*indented(leaving), '    self.write("stays ")']
        return [*lines, *self.operation(depth)]

    def operation(self, depth: int) -> list[str]:
        """A fetch with a callback, and what has to stand before it."""
        self.calls += 1
        url = f'"http://u/{self.calls}"'
        before, callback = self.callback(depth)
        client = self.random.choice(["AsyncHTTPClient()", "self.client"])
        word = self.random.choice(["callback=", ""])
        return [*before, f"{client}.fetch({url}, {word}{callback})"]

    def callback(self, depth: int) -> tuple[list[str], str]:
        """What has to stand before the call, and the callback."""
        kind = self.random.random()
        if kind < 0.5:
            return [], self.method(depth)
        if kind < 0.75:
            return [], self.random.choice(LAMBDAS)
        self.count += 1
        name = f"inner{self.count}"
        body = self.block(depth - 1, "resp") or ["pass"]
        return [f"def {name}(resp):", *indented(body)], name

    def method(self, depth: int) -> str:
        """A new method as callback, or one that is still being written (it calls itself again)."""
        if self.open and self.random.random() < 0.12:
            return f"self.{self.random.choice(self.open)}"
        name = f"on_{len(self.methods) + 1}"
        lines: list[str] = []
        self.methods.append(lines)
        self.open.append(name)
        response = self.random.choice(["response", "r", "result"])
        body = self.block(depth - 1, response) or ["pass"]
        self.open.remove(name)
        bound = self.random.random() < 0.25
        more = "tag, " if bound else ""
        lines += [f"def {name}(self, {more}{response}):", *indented(body)]
        return f"partial(self.{name}, {self.count})" if bound else f"self.{name}"

    def rest(self, response: str | None) -> list[str]:
        """What stands behind an operation."""
        kind = self.random.random()
        if kind < 0.5:
            return []
        if kind < 0.6:
            return ['if note("stop"):', "    return", *self.simple(response)]
        if kind < 0.7:
            return ["self.finish()"]
        return [line for _ in range(2) for line in self.simple(response)]

    def ending(self) -> list[str]:
        """The last statements of a function that starts nothing."""
        kind = self.random.random()
        if kind < 0.6:
            return [self.random.choice(ENDINGS)]
        if kind < 0.7:
            return ["raise HTTPError(403)"]
        if kind < 0.8:
            return ['if note("early"):', "    self.finish()", "    return", "self.finish()"]
        if kind < 0.9:
            return [
                'self.left = getattr(self, "left", 2) - 1',
                "if not self.left:",
                "    self.finish()",
            ]
        return []


def indented(lines: list[str], levels: int = 1) -> list[str]:
    """``lines`` further to the right."""
    return ["    " * levels + line for line in lines]


def module(random: Random) -> str:
    """A module with one handler, made from ``random``."""
    return Maker(random).module()
