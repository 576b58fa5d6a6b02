"""One run of one handler: what it leaves behind, and that both spellings leave the same."""

from __future__ import annotations

import random
import textwrap

import pytest
from exploring import compare, effects, first, handler, program, run
from uncallback.runtime.explore import loader, world
from uncallback.runtime.explore.tape import Recorder
from uncallback.runtime.explore.trace import FINISHED, NEVER, Version

TUTORIAL = handler(
    """
    @asynchronous
    def get(self):
        http_client = AsyncHTTPClient()
        http_client.fetch("http://example.com", callback=self.on_fetch)

    def on_fetch(self, response):
        do_something_with_response(response)
        self.render("template.html")
    """
)
CONVERTED = handler(
    """
    @gen.coroutine
    def get(self):
        http_client = AsyncHTTPClient()
        response = yield http_client.fetch("http://example.com", raise_error=False)
        do_something_with_response(response)
        self.render("template.html")
    """
)
NATIVE = CONVERTED.replace("@gen.coroutine\n    def", "async def").replace("yield", "await")
NAIVE = CONVERTED.replace(", raise_error=False", "")
FETCH = "fetch GET http://example.com #1"


UNKNOWN = {
    "all of it": 'AsyncHTTPClient().fetch(self.settings["url"]{})',
    "its beginning": 'AsyncHTTPClient().fetch(self.settings["api"] + "/page"{})',
    "joined": 'AsyncHTTPClient().fetch("/".join([self.settings["api"], "page"]){})',
}
"""Fetches of an address that comes from outside."""


@pytest.mark.parametrize("call", UNKNOWN.values(), ids=UNKNOWN)
def test_an_address_from_outside_is_answered_like_any(call: str) -> None:
    before = TUTORIAL.replace(
        'http_client.fetch("http://example.com", callback=self.on_fetch)',
        call.format(", callback=self.on_fetch"),
    )
    naive = NAIVE.replace('http_client.fetch("http://example.com")', call.format(""))
    faithful = naive.replace(call.format(""), call.format(", raise_error=False"))
    assert compare(before, naive).result == "different"
    judgement = compare(before, faithful)
    assert (judgement.result, judgement.coverage) == ("equivalent", 1.0)
    code = before.replace("do_something_with_response(response)", "self.write(str(response.code))")
    assert first(run(code), "body").detail.startswith("b'200")


def test_the_tutorial_handler() -> None:
    seen = run(TUTORIAL)
    assert seen.end == FINISHED
    assert [event.kind for event in seen.events] == [
        "fetch", "deliver", "call", "render", "headers", "body", "finish", "log", "hook",
    ]  # fmt: skip
    assert seen.obstacle is None
    assert not seen.held
    assert not seen.opaque


@pytest.mark.parametrize("after", [CONVERTED, NATIVE], ids=["coroutine", "native"])
def test_the_tutorial_and_its_conversion_are_equivalent(after: str) -> None:
    judgement = compare(TUTORIAL, after)
    assert (judgement.result, judgement.complete, judgement.coverage) == ("equivalent", True, 1.0)


def test_the_naive_conversion_differs() -> None:
    judgement = compare(TUTORIAL, NAIVE)
    assert judgement.result == "different"
    assert judgement.found is not None
    assert judgement.found.tape[FETCH] in ("304", "404", "500", "connection refused")


def test_generation_6_raises_what_a_callback_would_get() -> None:
    text = "from tornado import gen\nfrom tornado.web import RequestHandler\n" + CONVERTED
    text = "from tornado.httpclient import AsyncHTTPClient\n" + text
    loaded = loader.load(Version("app.py", text.encode(), tornado=6))
    seen = world.execute(loaded, "Main.get", Recorder({FETCH: "connection refused"}))
    assert first(seen, "headers").subject == "500 Internal Server Error"


def test_where_things_happen() -> None:
    loaded = program(TUTORIAL)
    recorder = Recorder(locate=loaded.locate)
    seen = world.execute(loaded, "Main.get", recorder)
    start = TUTORIAL[: TUTORIAL.index("http_client.fetch")].count("\n") + 6
    assert first(seen, "fetch").where == ("app.py", start)
    assert first(seen, "call").where == ("app.py", start + 3)


def test_the_client_leaves_while_waiting() -> None:
    text = TUTORIAL + "\n    def on_connection_close(self):\n        print('left')\n"
    seen = run(text, {f"client while waiting for {FETCH}": "leaves"})
    assert seen.end == "the client left"
    assert effects(seen, "hook", "print")[:2] == ["on_connection_close", "print ('left')"]


ENDS = {
    "never": ("@asynchronous\ndef get(self):\n    self.write('x')", NEVER),
    "plain": ("def get(self):\n    self.write('x')", FINISHED),
    "exit": ("def get(self):\n    raise SystemExit(3)", "raised SystemExit out of the loop"),
    "error": ("def get(self):\n    1 / 0", FINISHED),
}


@pytest.mark.parametrize(("body", "end"), ENDS.values(), ids=ENDS)
def test_how_a_request_ends(body: str, end: str) -> None:
    assert run(handler(body)).end == end


CARRIED = {
    "argument": ("self.get_argument('a')", {}, "1"),
    "other value": ("self.get_argument('a')", {"argument a": "'text'"}, "text"),
    "absent": ("self.get_argument('a', 'none')", {"argument a": "absent"}, "none"),
    "compared": ("self.get_argument('a') == 'big'", {"argument a": "'big'"}, "True"),
    "header": ("self.request.headers.get('X-Token')", {}, "1"),
    "no header": ("self.request.headers.get('X-Token')", {"header X-Token": "absent"}, "None"),
    "cookie": ("self.get_cookie('user')", {}, "1"),
    "signed cookie": ("self.get_secure_cookie('user')", {}, "b'1'"),
    "no cookie": ("self.get_cookie('user')", {"cookie user": "absent"}, "None"),
    "file": ("self.request.files['f'][0].body", {}, "<request.files['f'][0].body>"),
    "path": ("self.request.path", {}, "/here"),
    "compared path": (
        "self.request.path == '/a'",
        {"the request's path": "/a"},
        "True",
    ),
    "setting": ("self.settings['db'].name", {}, "<settings['db'].name>"),
    "application": ("self.application.db.name", {}, "<application.db.name>"),
    "a link": ("self.reverse_url('home', 3)", {}, "<reverse_url('home', 3)>"),
}


@pytest.mark.parametrize(("code", "tape", "text"), CARRIED.values(), ids=CARRIED)
def test_what_a_request_carries(code: str, tape: dict[str, str], text: str) -> None:
    seen = run(handler(f"def get(self):\n    self.write(str({code}))"), tape)
    assert effects(seen, "body") == [f"response {text.encode()!r}"]


def test_the_json_of_a_body_has_the_shape_that_the_code_looks_for() -> None:
    text = handler(
        """
        @gen.coroutine
        def post(self):
            wanted = json_decode(self.request.body)
            response = yield AsyncHTTPClient().fetch("http://a/" + wanted["id"])
            data = json.loads(response.body)
            self.write(", ".join(row["name"] for row in data["rows"]))
        """,
        "import json\nfrom tornado.escape import json_decode",
    )
    seen = run(text, name="Main.post")
    url = "http://a/<json(the request's body)['id']>"
    assert first(seen, "fetch").subject == f"GET {url}"
    assert f"json(body of GET {url} #1)['rows'][0]['name']" in first(seen, "body").detail
    broken = run(text, {"JSON of the request's body": "not JSON"}, name="Main.post")
    assert first(broken, "headers").subject == "500 Internal Server Error"


def test_path_arguments_and_initialize() -> None:
    text = handler(
        """
        def initialize(self, store):
            self.store = store

        def get(self, number, name=None):
            self.write("%s %s" % (number, name))
            self.store.note(number)
        """
    )
    assert effects(run(text), "call", "body") == ["store.note ('1')", "response b'1 1'"]
    seen = run(text, {"path argument number": "'text'", "path argument name": "absent"})
    assert effects(seen, "body") == ["response b'text None'"]


def test_log_records_are_effects_without_frames() -> None:
    text = handler(
        """
        def get(self):
            try:
                1 / 0
            except ZeroDivisionError:
                logging.getLogger("mine").exception("failed in %r", self.get)
        """,
        "import logging",
    )
    expected = "mine ERROR failed in <function> ! ZeroDivisionError: division by zero"
    assert effects(run(text), "log")[0] == expected


def test_an_error_that_nobody_asked_for_is_logged_at_the_end() -> None:
    text = handler(
        """
        def get(self):
            self.later()

        @gen.coroutine
        def later(self):
            yield gen.moment
            1 / 0
        """
    )
    assert "ZeroDivisionError" in effects(run(text), "log")[-1]


CLASSES = """
class Main(RequestHandler):
    @asynchronous
    def get(self):
        AsyncHTTPClient().fetch("http://a/", callback=self.on_a)

    def on_a(self, response):
        self.finish("plain")


class Loud(Main):
    def on_a(self, response):
        self.finish("LOUD")
"""


def test_subclasses_serve_too() -> None:
    seen = run(CLASSES, {"the class that serves": "Loud"})
    assert effects(seen, "body") == ["response b'LOUD'"]
    inlined = CLASSES.replace(
        """    @asynchronous
    def get(self):
        AsyncHTTPClient().fetch("http://a/", callback=self.on_a)

    def on_a(self, response):
        self.finish("plain")
""",
        """    @gen.coroutine
    def get(self):
        yield AsyncHTTPClient().fetch("http://a/", raise_error=False)
        self.finish("plain")
""",
    )
    assert compare(CLASSES, inlined).result == "different"


def test_subclasses_in_other_files_of_the_overlay() -> None:
    project = {"special.py": b"from app import Main\nclass Special(Main):\n    pass\n"}
    assert "Special" in run(CLASSES, project=project).asked[0].options


def test_a_class_inside_a_function() -> None:
    text = """
    def make(greeting):
        class Main(RequestHandler):
            def get(self):
                self.write(greeting.text)
        return Main
    """
    assert effects(run(text, name="make.Main.get"), "body") == ["response b'<greeting.text>'"]


def test_a_method_that_is_no_verb_is_reached_through_one() -> None:
    text = handler(
        """
        def get(self):
            self.work()

        @asynchronous
        def work(self):
            self.finish("worked")
        """
    )
    assert program(text).handlers == ("Main.get", "Main.work")
    assert effects(run(text, name="Main.work"), "body") == ["response b'worked'"]


OBSTACLES = {
    "no handler": (
        "class Main:\n    def __init_subclass__(cls): raise TypeError\n"
        "    @asynchronous\n    def get(self): pass",
        "is not a request",
    ),
    "no verb": (handler("@asynchronous\ndef work(self): pass"), "no verb of Main leads to work"),
    "not there": (
        "if AsyncHTTPClient is None:\n    class Main(RequestHandler):\n        def get(self): pass",
        "was not found",
    ),
}


@pytest.mark.parametrize(("text", "reason"), OBSTACLES.values(), ids=OBSTACLES)
def test_what_cannot_be_run_says_why(text: str, reason: str) -> None:
    name = "Main.work" if "work" in text else "Main.get"
    obstacle = run(text, name=name).obstacle
    assert obstacle is not None
    assert reason in obstacle


WAITERS = """
waiters = set()

class Main(RequestHandler):
    @asynchronous
    def get(self):
        waiters.add(self.on_message)

    def on_message(self, message):
        self.finish(message)

    def post(self):
        for waiter in list(waiters):
            waiter("news")
        self.write("told")
"""
MEANWHILE = "request 2 comes while waiting for nothing"


def test_another_request_comes_meanwhile() -> None:
    seen = run(WAITERS, {MEANWHILE: "POST to Main"})
    assert seen.end == FINISHED
    assert effects(seen, "body", "finish", "end") == [
        "response b'news'", "response", "request 2: response b'told'", "request 2: response",
        "request 2 'finished'",
    ]  # fmt: skip
    assert run(WAITERS).end == NEVER


def test_nobody_comes_where_nothing_is_shared() -> None:
    keys = [question.key for question in run(TUTORIAL).asked]
    assert not any("comes while" in key for key in keys)


DECLARED = {
    "name": "find_one",
    "call": "*.find_one",
    "callback": "callback",
    "passes": ["result", "error"],
    "errors": "argument",
    "form5": "future",
}
FINDS = handler(
    """
    @asynchronous
    def get(self):
        db.find_one({"id": 1}, callback=self.on_found)

    def on_found(self, result, error):
        if error:
            self.send_error(404)
        else:
            self.finish(result["name"])
    """
)
FOUND = handler(
    """
    @gen.coroutine
    def get(self):
        try:
            result = yield db.find_one({"id": 1})
        except Exception:
            self.send_error(404)
        else:
            self.finish(result["name"])
    """
)


def test_a_declared_operation_is_the_same_in_both_spellings() -> None:
    for tape in ({}, {"db.find_one({'id': 1})": "error"}):
        one = run(FINDS, tape, operations=(DECLARED,))
        other = run(FOUND, tape, operations=(DECLARED,))
        assert effects(one) == effects(other)
        assert first(one, "call").subject == "db.find_one"


def test_losing_the_error_of_a_declared_operation_differs() -> None:
    careless = FOUND.replace("except Exception", "except KeyError")
    assert compare(FINDS, careless, operations=(DECLARED,)).result == "different"


SHARED = handler(
    """
    @asynchronous
    def get(self):
        Main.busy += 1
        AsyncHTTPClient().fetch("http://a/", callback=self.on_a)
        Main.busy -= 1

    def on_a(self, response):
        self.finish("a")
    """,
).replace("class Main(RequestHandler):", "class Main(RequestHandler):\n    busy = 0")


def test_shared_state_is_seen_while_waiting() -> None:
    held = SHARED.replace("        Main.busy -= 1\n", "").replace(
        "        self.finish", "        Main.busy -= 1\n        self.finish"
    )
    assert effects(run(SHARED), "set") == []
    assert effects(run(held), "set") == ["Main.busy 1", "Main.busy as it was"]


@pytest.mark.parametrize("text", [TUTORIAL, CONVERTED, WAITERS, FINDS, SHARED, CLASSES])
def test_the_same_answers_give_the_same_run(text: str) -> None:
    loaded = program(text)
    source = random.Random(5)
    for _ in range(30):
        recorder = Recorder(pick=lambda _, options: source.randrange(len(options)))
        seen = world.execute(loaded, "Main.get", recorder)
        answers = {question.key: question.label for question in seen.asked}
        again = world.execute(loaded, "Main.get", Recorder(answers))
        fresh = world.execute(program(text), "Main.get", Recorder(answers))
        assert seen == again == fresh


def test_a_handler_whose_body_never_runs_is_not_equivalent() -> None:
    text = handler(
        """
        def prepare(self):
            self.send_error(403)

        def get(self):
            self.write("never")
        """
    )
    judgement = compare(text, text)
    assert judgement.result == "inconclusive"
    assert "the body of Main.get" in str(judgement.reason)


def test_the_answers_of_the_outside_are_those_the_code_looks_for() -> None:
    text = handler(
        """
        @gen.coroutine
        def get(self):
            response = yield AsyncHTTPClient().fetch("http://a/", raise_error=False)
            if response.code == 503 or response.body == b"busy":
                self.write("later")
            elif response.headers.get("X-Next"):
                self.redirect(response.headers["X-Next"])
        """
    )
    asked = next(q for q in run(text).asked if q.key == "fetch GET http://a/ #1")
    assert {"503", "200, 'busy'"} <= set(asked.options)
    assert "X-Next of GET http://a/ #1" in first(run(text), "headers").detail


def waiting(seconds: int) -> str:
    body = f"@gen.coroutine\ndef get(self):\n    yield gen.sleep({seconds})\n    self.finish('x')"
    return handler(body)


def test_waiting_longer_differs() -> None:
    timer = handler(
        """
        @asynchronous
        def get(self):
            IOLoop.current().call_later(5, self.on_time)

        def on_time(self):
            self.finish("x")
        """
    )
    assert effects(run(timer), "time") == ["5.000 s"]
    assert compare(timer, waiting(5)).result == "equivalent"
    assert compare(timer, waiting(50)).result == "different"


NATIVE_WAITS = {
    "sleep": ("await asyncio.sleep(2)", ["2.000 s"]),
    "gather": ("await asyncio.gather(self.note(1), self.note(2))", ["note (1)", "note (2)"]),
    "task": ("await asyncio.create_task(self.note(1))", ["note (1)"]),
    "in time": ("await asyncio.wait_for(self.note(1), 5)", ["note (1)"]),
    "too late": (
        "try: await asyncio.wait_for(asyncio.Event().wait(), 5)\n"
        "        except asyncio.TimeoutError: note('late')",
        ["5.000 s", "note ('late')"],
    ),
}


@pytest.mark.parametrize(("code", "expected"), NATIVE_WAITS.values(), ids=NATIVE_WAITS)
def test_asyncio_on_the_same_loop(code: str, expected: list[str]) -> None:
    text = f"""
    import asyncio
    from tornado.web import RequestHandler

    class Main(RequestHandler):
        async def get(self):
            {code.replace(chr(10), chr(10) + "    ")}

        async def note(self, number):
            note(number)
    """
    source = textwrap.dedent(text).encode()
    loaded = loader.load(Version("app.py", source, tornado=6))
    seen = world.execute(loaded, "Main.get", Recorder())
    assert effects(seen, "time", "call") == expected
    assert seen.end == FINISHED


def test_work_given_to_an_unknown_function_is_held() -> None:
    text = handler(
        """
        def get(self):
            scheduler.run(self.work())

        @gen.coroutine
        def work(self):
            yield gen.moment
        """
    )
    assert run(text).held == ("what scheduler.run does with the work that it is given",)


def test_media_types_that_the_code_names_are_tried_first() -> None:
    body = """
    KINDS = {"application/json": 1, "text/plain": 2, "no/type": 3, "text/plain; q=1": 4}

    def get(self):
        self.write(str(self.KINDS.get(self.request.headers.get("Accept", "text/plain"))))
        self.write(self.request.headers.get("X-Accept", ""))
    """
    seen = run(handler(body))
    assert effects(seen, "body") == ["response b'11'"]
    asked = {question.key: question.options for question in seen.asked}
    assert asked["header Accept"] == (
        "'application/json'",
        "absent",
        "'text/plain'",
        "'1'",
        "'text'",
        "'application/json, */*;q=0.5'",
    )
    assert asked["header X-Accept"][0] == "'1'"


def test_c_libraries_are_of_the_outside() -> None:
    seen = run(
        handler(
            "def get(self):\n    self.write(str(libc.getpid()))",
            "import ctypes.util\nlibc = ctypes.CDLL(ctypes.util.find_library('c'))",
        )
    )
    assert seen.obstacle is None
    assert effects(seen, "call")[0].startswith("ctypes.CDLL(")
