"""Wrong answers that other checkers gave (measured), translated to handlers: here they are right.

CrossHair, the Hypothesis ghostwriter, simloom, frontrun, pytest-socket and looptime each gave one
of these; the numbers are those of the comparison that found them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from uncallback.refactor.model import Verdict
from uncallback.refactor.verify import CheckError, Verifier, VerifyOptions, Version

HEAD = """
import asyncio, os, random, socket
from tornado import gen
from tornado.web import RequestHandler

"""

CLI = "import sys; from uncallback.refactor.cli import main; sys.exit(main())"
PLUGIN = "uncallback.refactor.pytest_plugin"


def check(before: str, after: str, handler: str = "Main.get", **options: float) -> Verdict:
    """Compare two handlers' modules given without their imports."""
    versions = [
        Version("main.py", (HEAD + textwrap.dedent(source)).encode()) for source in (before, after)
    ]
    given = {"before_tornado": 5, **options}
    with Verifier(VerifyOptions(**given)) as verifier:  # type: ignore[arg-type]
        verifier.require(*versions, [handler])
        return verifier.verify(*versions, [handler])[handler]


def handler(body: str, rest: str = "", kind: str = "def") -> str:
    """A module with one handler whose ``get`` has the given body."""
    return (
        textwrap.dedent(rest)
        + f"\nclass Main(RequestHandler):\n    {kind} get(self):\n"
        + textwrap.indent(textwrap.dedent(body).strip(), "        ")
        + "\n"
    )


PLUS = "async def plus(x):\n    return x + {}\n"
COUNT = "def count(x):\n    yield x + {}\n"
VALUE = "class R:\n    def __init__(self, x):\n        self.x = x\n"

DIFFERENT = {
    "F1 coroutines": (
        handler("self.write(str(await plus(1)))", PLUS.format(1), "async def"),
        handler("self.write(str(await plus(1)))", PLUS.format(2), "async def"),
    ),
    "F2 generators": (
        handler("for x in count(1): self.write(str(x))", COUNT.format(0)),
        handler("for x in count(1): self.write(str(x))", COUNT.format(1)),
    ),
    "F3 objects without __eq__": (
        handler("store.put(R(1))", VALUE),
        handler("store.put(R(2))", VALUE),
    ),
    "F4 order of calls on something untyped": (
        handler("thing.a()\nthing.b()"),
        handler("thing.b()\nthing.a()"),
    ),
    "F7 a coin": (
        handler("self.write('heads' if random.random() < 0.5 else 'tails')"),
        handler("self.write('heads' if random.random() < 0.5 else 'edge')"),
    ),
    "F9 one does not return": (
        handler("self.write('x')"),
        handler("while True: pass"),
    ),
    "F13 nine of ten values": (
        handler("self.write('good')"),
        handler("self.write('good' if random.randrange(10) == 0 else 'bad')"),
    ),
    "F14 needs two deviations": (
        handler("first.ask()\nsecond.ask()\nself.write('good')"),
        handler(
            """
            a = first.ask()
            b = second.ask()
            self.write('bad' if not a and not b else 'good')
            """
        ),
    ),
}


@pytest.mark.parametrize(("before", "after"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_is_never_called_equivalent(before: str, after: str) -> None:
    verdict = check(before, after)
    assert verdict.result == "different", verdict.reason


@pytest.mark.parametrize(("before", "after"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_is_the_same_is_never_called_different(before: str, after: str) -> None:
    for source in (before, after):
        assert check(source, source).result != "different"


EQUIVALENT = {
    "F6 state that outlives a request": handler(
        "STATE.append(1)\nself.write(str(len(STATE)))", "STATE = []\n"
    ),
    "F12 coroutines": handler("self.write(str(await plus(1)))", PLUS.format(1), "async def"),
    "F15 four workers and no lock": handler(
        """
        self.total = 0
        async def work():
            await gen.moment
            self.total += 1
        await gen.multi([work() for _ in range(4)])
        self.write(str(self.total))
        """,
        kind="async def",
    ),
}


@pytest.mark.parametrize("source", EQUIVALENT.values(), ids=EQUIVALENT)
def test_the_same_is_equivalent(source: str) -> None:
    verdict = check(source, source)
    assert (verdict.result, verdict.reason) == ("equivalent", None)


def test_f2_iterators_are_compared_or_named() -> None:
    verdict = check(handler("store.put(iter([1]))"), handler("store.put(iter([2]))"))
    assert verdict.result != "equivalent"


def test_f5_a_loop_of_its_own_is_not_waved_through() -> None:
    body = "self.write(str(asyncio.run(plus(1))))"
    verdict = check(handler(body, PLUS.format(1)), handler(body, PLUS.format(2)))
    assert verdict.result != "equivalent"


def test_f7_a_coin_gives_the_same_verdict_every_time() -> None:
    body = "self.write('heads' if random.random() < 0.5 else 'tails')"
    verdicts = {check(handler(body), handler(body)).result for _ in range(8)}
    assert verdicts == {"equivalent"}


def test_f8_a_misspelt_handler_is_a_usage_error(tmp_path: Path) -> None:
    source = HEAD + handler("self.write('x')")
    with pytest.raises(CheckError, match=r"no handler Main\.gte .* Main\.get"):
        check(source, source, "Main.gte")
    file = tmp_path / "main.py"
    file.write_text(source)
    done = subprocess.run(
        [sys.executable, "-c", CLI, "verify", str(file), str(file), "--handler", "Main.gte"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_f9_two_that_do_not_return_do_not_hang_the_check() -> None:
    verdict = check(handler("while True: pass"), handler("while True: pass"), seconds=4)
    assert verdict.result == "inconclusive"


ESCAPES = {
    "F10 the guard taken away, then a file": """
        from uncallback.runtime.explore import guard
        guard.Guard.wrap = None
        open({file!r}, "w").write("x")
    """,
    "F11 a connection": "socket.create_connection(('127.0.0.1', 9))",
    "F16 a raw socket": "__import__('_socket').socket()",
    "a process": "os.system('touch ' + {file!r})",
}


@pytest.mark.parametrize("body", ESCAPES.values(), ids=ESCAPES)
def test_nothing_escapes(tmp_path: Path, body: str) -> None:
    file = tmp_path / "escaped"
    source = handler(textwrap.dedent(body).format(file=str(file)))
    verdict = check(source, source + "\n# changed\n")
    assert verdict.result != "different"
    assert not file.exists()


@pytest.mark.parametrize("number", [2, 20])
def test_f13_f14_a_bound_is_said(number: int) -> None:
    asks = "\n".join(f"thing{n}.ask()" for n in range(12))
    source = handler(asks + "\nself.write('x')")
    verdict = check(source, source, runs=number)
    assert not verdict.complete


def test_f13_wide_draws_are_never_called_complete() -> None:
    rare = handler("self.write('bad' if random.randrange(1000) == int('73' + '1') else 'good')")
    verdict = check(handler("random.randrange(1000)\nself.write('good')"), rare)
    assert verdict.result == "different" or not verdict.complete
    assert verdict.details["held"] == ["random: drawn from 3 values only"]


def test_f17_being_installed_breaks_no_suite(tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text("def test_theirs():\n    assert True\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-W", "error", "--strict-markers", "-p", PLUGIN],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
