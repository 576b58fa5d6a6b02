"""Handlers with several operations in flight, of every shape, that share state in many ways.

``text(style, shape, source)`` writes one: operation ``n`` waits ``shape[n]`` times, and does
something after each wait. The styles are the ways in which the operations are joined at the end.
``explore`` tries all the orders of such a handler, or those that pruning leaves.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from textwrap import indent

from exploring import handler, program
from uncallback.runtime.explore import world
from uncallback.runtime.explore.compare import Trace
from uncallback.runtime.explore.search import Budget, Exploration
from uncallback.runtime.explore.tape import Recorder
from uncallback.runtime.explore.trace import ORDER, Run

STYLES = ("callbacks", "list", "dict", "native", "iterator", "side by side")

EXTRA = """
import functools
import logging
from datetime import timedelta
from tornado.concurrent import Future
log = logging.getLogger('app')
TABLE = {}
TOTAL = 0

def tally(number):
    global TOTAL
    TOTAL = TOTAL * 2 + number
    return TOTAL

def remember(number, kept=[]):
    kept.append(number)
    return kept

def counter():
    total = 0
    def count(number):
        nonlocal total
        total += number
        return total
    return count

def numbers():
    number = 0
    while True:
        number += 1
        yield number

def failed(number):
    future = Future()
    future.set_exception(ValueError(number))
    return future

def lose(number):
    future = failed(number)
    future._result = [future]

@gen.coroutine
def hang(number):
    try:
        yield Future()
    finally:
        log.info('thrown away %s', number)

class Kept:
    __slots__ = ('value',)
    shared = ()
"""

SETUP = """
self.left = {count}
self.x = 0
self.seen = []
self.table = {{}}
self.group = set()
self.count = counter()
self.numbers = numbers()
self.kept = Kept()
self.iterator = iter([7, 8, 9] * 9)
self.timer = None
"""

QUIET = (
    "self.x += {n}",
    "self.x = {n}",
    "self.a{n} = response.code",
    "self.count({n})",
    "self.group.add({k})",
    "next(self.iterator)",
    "pass",
)
"""Statements without an effect, most of which could as well come in another order."""

NASTY = (
    *QUIET,
    "log.info('{n}.{k}')",
    "log.info(str(self.x))",
    "log.info(response.request.url)",
    "self.x = self.x * 2 + {n}",
    "self.seen.append({n})",
    "log.info(repr(self.seen))",
    "self.table[{n}] = {k}",
    "log.info(repr(list(self.table)))",
    "log.info(str(self.count(0)))",
    "log.info(str(next(self.numbers)))",
    "log.info(str(next(self.iterator)))",
    "self.kept.value = {n}",
    "log.info(str(getattr(self.kept, 'value', None)))",
    "Kept.shared += ({n},)",
    "log.info(repr(Kept.shared))",
    "TABLE['{k}'] = {n}",
    "log.info(repr(TABLE))",
    "tally({n})",
    "log.info(str(TOTAL))",
    "log.info(repr(remember({n})))",
    "self.alias = self.seen",
    "self.alias = list(self.seen)",
    "getattr(self, 'alias', []).append({k})",
    "self.later = functools.partial(log.info, 'later {n}')",
    "getattr(self, 'later', str)()",
    "self.write('{n}.{k}')",
    "self.set_header('X', '{n}')",
    "IOLoop.current().call_later({k} + 1, self.late, {n})",
    "IOLoop.current().add_timeout(timedelta(seconds=1), self.late, '{n}.{k}')",
    "if self.timer: IOLoop.current().remove_timeout(self.timer)",
    "self.timer = IOLoop.current().call_later(3, self.late, 'again')",
    "if self.x == {n}: raise ValueError('{n}')",
    "if self.x > 2 and not self._finished: self.finish('early')",
    "if self._finished: return",
    "self.url = '{n}.{k}'",
    "del self.seen[:1]",
    "self.error = ValueError(self.x)",
    "if getattr(self, 'error', None): log.info(str(self.error))",
    "self.lost = failed({n})",
    "self.lost = None",
    "lose({n})",
    "if self.x > 1: lose({n})",
    "self.hung = hang({n})",
    "if self.x > 1: hang({n})",
)
"""Statements that read and write what the others do, on purpose."""


def shapes(operations: int, waits: int) -> Iterator[tuple[int, ...]]:
    """How often each operation waits: every combination up to the two bounds."""
    for count in range(1, operations + 1):
        yield from itertools.combinations_with_replacement(range(1, waits + 1), count)


def text(
    style: str, shape: Sequence[int], source: random.Random, statements: Sequence[str] = NASTY
) -> str:
    """A module with one handler, ``Main``."""
    if style == "callbacks":
        methods = list(_callbacks(shape, source, statements))
    else:
        methods = list(_coroutines(style, shape, source, statements))
    setup = SETUP.format(count=len(shape))
    methods.append(f"def setup(self):{_block(setup)}")
    methods.append("def late(self, what):\n    log.info('late %s', what)\n    self.x += 1\n")
    ended = "self.left -= 1\nif not self.left and not self._finished:\n    self.finish('end')\n"
    methods.append(f"def ended(self):{_block(ended)}")
    return handler("\n".join(methods), EXTRA)


def _step(source: random.Random, statements: Sequence[str], n: int, k: int) -> str:
    chosen = source.choices(statements, k=source.choice((1, 1, 2)))
    return "\n".join(each.format(n=n, k=k) for each in chosen)


def _fetch(source: random.Random, n: int, k: int, more: str = "") -> str:
    address = f"'http://{n}.{k}'"
    if k and source.randrange(4) == 0:
        address += " + '/%s' % getattr(self, 'url', self.x)"
    return f"AsyncHTTPClient().fetch({address}{more}, raise_error=False)"


def _callbacks(
    shape: Sequence[int], source: random.Random, statements: Sequence[str]
) -> Iterator[str]:
    starts = [_fetch(source, n, 0, f", self.on_{n}_0") for n in range(len(shape))]
    yield f"@asynchronous\ndef get(self):{_block('self.setup()', *starts)}"
    for n, waits in enumerate(shape):
        for k in range(waits):
            last = k + 1 == waits
            then = "self.ended()" if last else _fetch(source, n, k + 1, f", self.on_{n}_{k + 1}")
            body = _block(_step(source, statements, n, k), then)
            yield f"def on_{n}_{k}(self, response):{body}"


_JOINS: Mapping[str, str] = {
    "list": "yield [{sides}]",
    "dict": "yield dict(enumerate([{sides}]))",
    "native": "await gen.multi([{sides}])",
    "iterator": "sides = gen.WaitIterator({sides})\nwhile not sides.done():\n"
    "    yield sides.next()\n    log.info('one')",
    "side by side": "for side in [{sides}]:\n    IOLoop.current().add_future(side, self.one_ended)",
}


def _coroutines(
    style: str, shape: Sequence[int], source: random.Random, statements: Sequence[str]
) -> Iterator[str]:
    native = style == "native"
    begin = "async def" if native else "@gen.coroutine\ndef"
    sides = ", ".join(f"self.side{n}()" for n in range(len(shape)))
    join = _JOINS[style].format(sides=sides)
    if style == "side by side":
        body = _block("self.setup()", join)
        yield f"@asynchronous\ndef get(self):{body}"
        yield f"def one_ended(self, future):{_block('future.result()', 'self.ended()')}"
    else:
        yield f"{begin} get(self):{_block('self.setup()', join, 'self.write(str(self.x))')}"
    for n, waits in enumerate(shape):
        lines = []
        for k in range(waits):
            lines.append(f"response = {'await' if native else 'yield'} {_fetch(source, n, k)}")
            lines.append(_step(source, statements, n, k))
        yield f"{begin} side{n}(self):{_block(f'mine = [{n}]', *lines, 'mine.append(response)')}"


def _block(*lines: str) -> str:
    return "\n" + indent("\n".join(lines).strip(), "    ") + "\n"


def orders(shape: Sequence[int]) -> int:
    """In how many orders operations that wait so often may complete."""
    return math.factorial(sum(shape)) // math.prod(map(math.factorial, shape))


EVERYTHING = Budget(runs=20_000, seconds=30)


class Orders(Recorder):
    """Asks for orders only: all else, the client's leaving too, has its plain answer."""

    __slots__ = ()
    asks: tuple[str, ...] = (ORDER,)

    def choose(self, key: str, options: Sequence[str]) -> int:
        return super().choose(key, options) if key.startswith(self.asks) else 0


class Alone(Orders):
    """Asks for all but further requests, which would make the numbers large."""

    __slots__ = ()
    asks = (ORDER, "client", "fetch")


def explore(
    text: str, tornado: int, chooser: type[Orders] = Orders, *, pruned: bool
) -> tuple[set[Trace], int]:
    """All traces of ``Main.get``, and the runs that it took."""
    loaded = program(text, tornado=tornado)

    def execute(recorder: Recorder) -> Run:
        recorder.__class__ = chooser
        run = world.execute(loaded, "Main.get", recorder)
        return run if pruned else dataclasses.replace(run, tracked=False, moments=())

    exploration = Exploration(execute, execute, EVERYTHING)
    traces = {trace for pair in exploration for trace in pair.traces}
    assert exploration.complete, exploration.unsteady
    return traces, exploration.runs
