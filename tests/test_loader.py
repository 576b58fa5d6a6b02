"""Loading a version: what is real, guarded or a stand-in, and fresh state in every run."""

from __future__ import annotations

from pathlib import Path

import pytest
from exploring import effects, handler, program, run
from uncallback.runtime.explore import world
from uncallback.runtime.explore.environment import status
from uncallback.runtime.explore.tape import Recorder
from uncallback.runtime.explore.trace import STUCK, Interrupted, Unloadable

GET = "def get(self):\n    self.write(str({}))"


def written(text: str, **fields: object) -> str:
    """What the handler of ``text`` writes."""
    body = effects(run(text, **fields), "body")[0]
    found: bytes = eval(body.removeprefix("response "))
    return found.decode()


UNLOADABLE = {
    "Python 2": ("print 'x'", "does not parse as Python 3"),
    "null byte": ("x = 1\0", "does not parse as Python 3"),
    "an error at import": ("1 / 0", "cannot be imported: ZeroDivisionError"),
    "exits": ("import sys\nsys.exit(3)", "exits when it is imported"),
}


@pytest.mark.parametrize(("text", "message"), UNLOADABLE.values(), ids=UNLOADABLE)
def test_what_cannot_be_loaded(text: str, message: str) -> None:
    with pytest.raises(Unloadable, match=message):
        program(text)


def test_module_state_is_fresh_in_every_run() -> None:
    loaded = program(
        handler(
            """
            hits = 0
            def get(self, seen=[], table={}):
                global total
                total += 1
                counts.append(1)
                Main.hits += 1
                seen.append(1)
                self.write("%d %d %d %d" % (total, len(counts), Main.hits, len(seen)))
            """,
            "total = 0\ncounts = []",
        )
    )
    tape = {"path argument seen": "absent"}
    runs = [world.execute(loaded, "Main.get", Recorder(tape)) for _ in range(3)]
    assert [effects(each, "body") for each in runs] == [["response b'1 1 1 1'"]] * 3
    assert effects(runs[2], "set") == [
        "total 1",
        "Main.hits 1",
        "counts [1]",
        "Main.get default [1]",
    ]


def test_project_modules_are_real_and_others_stand_in() -> None:
    project = {
        "app/__init__.py": b"",
        "app/models.py": b"from .values import NAME\ndef load(): return NAME",
        "app/values.py": b"NAME = 'a real value'",
        "app/broken.py": b"import nothing_here\n1 / 0",
    }
    text = handler(
        GET.format("[models.load(), broken.x, gone.y]"),
        "from app import models, broken\nimport gone",
    )
    seen = written(text, project=project, path="app/handlers.py")
    assert seen == "['a real value', <app.broken.x>, <gone.y>]"


def test_relative_imports_and_the_folder(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "near.py").write_text("VALUE = 'from the folder'")
    text = handler(GET.format("VALUE"), "from .near import VALUE")
    assert written(text, path="app/handlers.py", root=str(tmp_path)) == "from the folder"


def test_the_overlay_wins_over_the_folder(tmp_path: Path) -> None:
    (tmp_path / "near.py").write_text("VALUE = 'from the folder'")
    text = handler(GET.format("near.VALUE"), "import near")
    project = {"near.py": b"VALUE = 'from the overlay'"}
    assert written(text, root=str(tmp_path), project=project) == "from the overlay"


def test_an_import_in_a_circle() -> None:
    project = {"other.py": b"import app\ndef name(): return app.NAME"}
    text = handler(GET.format("other.name()"), "NAME = 'mine'\nimport other")
    assert written(text, project=project) == "mine"


def test_a_module_is_imported_for_real_when_asked() -> None:
    text = handler(GET.format("libcst.__name__"), "import libcst")
    assert written(text, imports=("libcst",)) == "libcst"


def test_a_name_that_only_one_version_uses_is_an_error_of_that_version() -> None:
    text = handler(GET.format("do_something()"))
    assert effects(run(text), "call") == ["do_something ()"]
    loaded = program(text, other=handler(GET.format("1")))
    seen = world.execute(loaded, "Main.get", Recorder())
    assert "NameError: name 'do_something' is not defined" in effects(seen, "log")[0]


def test_a_name_that_tornado_does_not_have() -> None:
    text = handler(GET.format("made_up"), "from tornado.gen import made_up")
    with pytest.raises(Unloadable, match="made_up"):
        program(text, other=handler(GET.format("1")))


def test_a_generation_lacks_what_it_removed() -> None:
    with pytest.raises(Unloadable, match="asynchronous"):
        program(handler(GET.format("1")), tornado=6)


STATUS = {"json": "real", "os": "guarded", "time": "guarded", "socket": "stand-in"}


@pytest.mark.parametrize(("name", "expected"), STATUS.items())
def test_every_module_has_a_status(name: str, expected: str) -> None:
    assert status(name) == expected


WORLD = {
    "clock": ("time.time() == time.time()", {}, "True"),
    "clock, later": (
        "time.time() == time.time()",
        {"clock, look 2": "an hour"},
        "False",
    ),
    "today": ("datetime.date.today().year", {}, "2017"),
    "now": ("isinstance(datetime.datetime.now(), datetime.datetime)", {}, "True"),
    "random": ("random.random()", {"random": "high"}, "0.999999"),
    "choice": ("random.choice('abc')", {"random": "low"}, "a"),
    "uuid": ("uuid.uuid4() != uuid.uuid4()", {}, "True"),
    "environment": ("os.environ.get('HOME', 'none')", {}, "1"),
    "no environment": (
        "os.environ.get('HOME', 'none')",
        {"environment variable HOME": "absent"},
        "none",
    ),
    "path": ("os.path.join('a', 'b')", {}, "a/b"),
    "file": ("os.path.exists('a')", {}, "<os.path.exists('a')>"),
    "process": ("os.getpid()", {}, "4242"),
    "old names": ("unicode('a') + unichr(98)", {}, "ab"),
}


@pytest.mark.parametrize(("code", "tape", "text"), WORLD.values(), ids=WORLD)
def test_the_guarded_world(code: str, tape: dict[str, str], text: str) -> None:
    seen = run(handler(GET.format(code), "import datetime, os, random, time, uuid"), tape)
    assert effects(seen, "body") == [f"response {text.encode()!r}"]


def test_a_loop_without_an_end_is_stopped() -> None:
    with pytest.raises(Interrupted, match="turns of loops"):
        run(handler("def get(self):\n    while True: pass"))


def test_polling_without_an_end_is_stopped() -> None:
    body = """
    @asynchronous
    def get(self):
        IOLoop.current().call_later(1, self.get)
    """
    with pytest.raises(Interrupted, match="completions and timers"):
        run(handler(body))
    assert STUCK == "does not return"


def test_executed_lines() -> None:
    text = handler(
        """
        def get(self):
            "A docstring."
            if self.get_argument("a", None):
                self.write("given")
            else:
                self.write("not given")
        """
    )
    loaded = program(text)
    start = text[: text.index("if self")].count("\n") + 6
    outline = loaded.outline("Main.get").lines
    given = world.execute(loaded, "Main.get", Recorder()).lines
    absent = world.execute(loaded, "Main.get", Recorder({"argument a": "absent"})).lines
    assert outline == {("app.py", start + offset) for offset in (0, 1, 3)}
    assert given == {("app.py", start), ("app.py", start + 1)}
    assert given | absent == outline


def test_a_module_that_a_function_imports_is_fresh_in_every_run() -> None:
    project = {"late.py": b"import framework\nframework.setup()\nseen = []"}
    body = (
        "def get(self):\n    import late\n    late.seen.append(1)\n    self.write(str(late.seen))"
    )
    loaded = program(handler(body), project=project)
    runs = [world.execute(loaded, "Main.get", Recorder()) for _ in range(3)]
    assert runs[0] == runs[1] == runs[2]
    assert effects(runs[2], "call", "body") == ["response b'[1]'"]


@pytest.mark.parametrize(
    ("extra", "body"),
    [
        ("def main():\n    global limit\n    limit = 3", "<limit>3"),
        ("def main(): pass\nif __name__ == '__main__':\n    limit = 3", "<limit><limit>"),
        ("def main(): pass\nlimit = 4\nif __name__ == '__main__':\n    limit = 3", "44"),
    ],
)
def test_what_only_others_bind_is_of_the_outside_until_then(extra: str, body: str) -> None:
    text = handler(
        "def get(self):\n    self.write(str(limit))\n    main()\n    self.write(str(limit))", extra
    )
    seen = world.execute(program(text), "Main.get", Recorder())
    assert effects(seen, "body") == [f"response {body.encode()!r}"]


def test_a_compiled_pattern_is_no_state() -> None:
    loaded = program(
        handler("def get(self):\n    NAME.match('a')", "import re\nNAME = re.compile('a')")
    )
    assert not loaded.unseen
    assert not loaded.watch.shares(frozenset({"match"}))


def test_a_submodule_that_is_not_there_hangs_on_its_package() -> None:
    text = handler(
        "def get(self):\n    self.write(str([pack.gone.name, gone.name, pack.there]))",
        "import pack\nfrom pack import gone",
    )
    seen = world.execute(
        program(text, text, project={"pack/__init__.py": b"there = 1"}), "Main.get", Recorder()
    )
    assert "[<pack.gone.name>, <pack.gone.name>, 1]" in effects(seen, "body")[0]
