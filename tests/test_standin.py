"""Stand-ins survive what handlers do to unknown objects, and say what was done."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from exploring import compare, effects, handler, run
from uncallback.runtime.explore.standin import Standin, name_of

USES = {
    "attribute": ("db.users.name", "<db.users.name>"),
    "call": ("db.find(1, key='x')", "<db.find(1, key='x')>"),
    "second call": ("[db.find(1), db.find(1)][1]", "<db.find(1)#2>"),
    "item": ("db['a'][0]", "<db['a'][0]>"),
    "slice": ("db[1:2]", "<db[1:2]>"),
    "sum": ("db.n + 1", "<(db.n + 1)>"),
    "sum with text": ("'a' + db.n + 'b'", "a<db.n>b"),
    "reversed": ("2 * db.n", "<(2 * db.n)>"),
    "negative": ("-db.n", "<-db.n>"),
    "format": ("'%s is %d' % (db.name, db.age)", "<db.name> is 1"),
    "format one": ("'%s' % db.name", "<db.name>"),
    "format mapping": ("'%(a)s' % db", "<db['a']>"),
    "f-string": ("f'{db.name}'", "<db.name>"),
    "str.format": ("'{0.name}'.format(db)", "<db.name>"),
    "join": ("'-'.join([db.a, db.b])", "<db.a>-<db.b>"),
    "str": ("str(db.name)", "<db.name>"),
    "text method": ("db.name.upper()", "<db.name.upper()>"),
    "iteration": ("[x for x in db.rows]", "[<db.rows[0]>]"),
    "unpacking": ("(lambda p: [p])(*db.rows)", "[<db.rows[0]>]"),
    "length": ("len(db.rows)", "1"),
    "integer": ("int(db.count)", "1"),
    "truth": ("'yes' if db else 'no'", "yes"),
    "comparison": ("'same' if db.a == 3 else 'other'", "other"),
    "order": ("'less' if db.a < 3 else 'more'", "more"),
    "membership": ("'in' if 'key' in db else 'out'", "in"),
    "isinstance": ("isinstance(db, dict)", "False"),
    "isinstance of one": ("isinstance(3, db.Kind)", "False"),
    "hasattr": ("hasattr(db, 'x')", "True"),
    "json.dumps": ("json.dumps({'a': db.a})", '{"a": "<db.a>"}'),
    "json.loads": ("json.loads(db.text)['a']", "<json(db.text)['a']>"),
    "quote": ("quote(db.name)", "%3Cdb.name%3E"),
    "re.match": ("re.match('a+', db.name).group(1)", "<re.match('a+', <db.name>).group(1)>"),
    "compiled": (
        "re.compile('a+').match(db.name).group(1)",
        "<re.match('a+', <db.name>).group(1)>",
    ),
    "compiled, for re": ("re.search(re.compile('a'), db.name)", "<re.search('a', <db.name>)>"),
    "compiled, plain": ("re.compile('a(.)').match('ab').group(1)", "b"),
    "compiled, by re": ("re.match(re.compile('a(.)'), 'ab').group(1)", "b"),
    "compiled, a type": ("isinstance(re.compile('a'), re.Pattern)", "True"),
    "compiled twice": ("re.compile(re.compile('a')).sub('x', 'ab')", "xb"),
    "compiled, shown": ("[re.compile('a', re.I)]", "[re.compile('a', re.IGNORECASE)]"),
    "compiled, copied": ("copy.deepcopy(re.compile('a')) == re.compile('a')", "True"),
    "a duration": ("datetime.timedelta(seconds=db.age) * 2", "0:00:02"),
    "a duration's type": ("isinstance(datetime.timedelta(db.days), datetime.timedelta)", "True"),
    "a plain duration": ("datetime.timedelta(0, 3, minutes=1)", "0:01:03"),
    "sorted": ("sorted([db.b, db.a])", "[<db.b>, <db.a>]"),
    "dictionary": ("dict(db)", "{<db.keys()[0]>: <db[<db.keys()[0]>]>}"),
    "keywords": ("(lambda **k: len(k))(**db)", "1"),
    "partial": ("functools.partial(db.find, 1)()", "<db.find(1)>"),
    "deepcopy": ("copy.deepcopy([db])[0].x", "<db.x>"),
    "method of the handler": ("db.find(self.on_finish)", "<db.find(<function>)>"),
    "the handler": ("db.find(self)", "<db.find(<the handler>)>"),
}
IMPORTED = """
import copy, datetime, functools, json, re
from urllib.parse import quote
"""


@pytest.mark.parametrize(("expression", "text"), USES.values(), ids=USES)
def test_an_expression_has_a_name(expression: str, text: str) -> None:
    body = f"def get(self):\n    self.write(str({expression}))"
    seen = run(handler(body, IMPORTED), {"db.find(1) calls back": "never"})
    body_sent = next(event.detail for event in seen.events if event.kind == "body")
    assert eval(body_sent).decode() == text


STATEMENTS = {
    "context manager": (
        "with db.lock() as lock: lock.touch()",
        ["db.lock ()", "db.lock().__enter__", "db.lock().touch ()", "db.lock().__exit__"],
    ),
    "attribute written": ("db.name = 3; db.check(db.name)", ["db.name 3", "db.check (3)"]),
    "item written": ("db['a'] = 3; db.check(db['a'])", ["db['a'] 3", "db.check (3)"]),
    "attribute deleted": ("del db.name", ["db.name"]),
    "unpacked": ("a, b = db.pair; db.check(b)", ["db.check (<db.pair[1]>)"]),
    "starred": ("a, *b = db.pair; db.check(b)", ["db.check ([<db.pair[1]>])"]),
    "raised": (
        "try: raise db.Missing('x')\nexcept db.Missing as e: db.check(e.args[0])",
        ["db.check ('x')"],
    ),
    "printed": ("print(db)", ["print (<db>)"]),
    "keywords in order": ("db.find(b=1, a=2)", ["db.find (a=2, b=1)"]),
    "opened": ("open('file').read()", ["open ('file')", "open('file').read ()"]),
    "process": ("import subprocess; subprocess.call(['ls'])", ["subprocess.call (['ls'])"]),
    "third party": ("import requests; requests.get('u')", ["requests.get ('u')"]),
}


@pytest.mark.parametrize(("statement", "expected"), STATEMENTS.values(), ids=STATEMENTS)
def test_a_statement_is_recorded(statement: str, expected: list[str]) -> None:
    lines = "\n    ".join(statement.split("\n"))
    seen = run(handler(f"def get(self):\n    {lines}"))
    assert effects(seen, "call", "set", "delete", "print") == expected


CHOICES = {
    "None": ("self.write(repr(db.find(1) is None))", {"db.find(1)": "None"}, "True"),
    "false": ("self.write('y' if db.x else 'n')", {"bool(db.x)": "false"}, "n"),
    "two items": ("self.write(str(len(list(db.x))))", {"len(db.x)": "2"}, "2"),
    "equal": ("self.write(str(db.x == 3))", {"db.x == 3": "true"}, "True"),
    "no match": (
        "import re\nself.write(str(re.compile('a').search(db.x)))",
        {"re.search('a', <db.x>)": "None"},
        "None",
    ),
    "no such key": (
        "try: db['k']\nexcept KeyError: self.write('none')",
        {"db['k']": "KeyError"},
        "none",
    ),
    "an error it expects": (
        "try: db.find(1)\nexcept ValueError: self.write('value error')",
        {"db.find(1)": "raises ValueError"},
        "value error",
    ),
    "an error of the library": (
        "try: db.find(1)\nexcept db.Error as e: self.write(type(e).__name__)",
        {"db.find(1)": "raises Error"},
        "Error",
    ),
    "any error": (
        "try: db.find(1)\nexcept Exception as e: self.write(str(e))",
        {"db.find(1)": "raises OutsideError"},
        "db.find(1) failed",
    ),
    "called back at once": (
        "db.find(1, lambda r: self.write('back '))\nself.write('rest')",
        {"db.find(1, <function>) calls back": "at once"},
        "back rest",
    ),
}


@pytest.mark.parametrize(("code", "tape", "text"), CHOICES.values(), ids=CHOICES)
def test_an_answer_can_be_chosen(code: str, tape: dict[str, str], text: str) -> None:
    lines = "\n    ".join(code.split("\n"))
    seen = run(handler(f"def get(self):\n    {lines}"), tape)
    assert effects(seen, "body") == [f"response {text.encode()!r}"]


def test_an_http_error_of_the_outside_has_a_status() -> None:
    body = "def get(self):\n    try: db.find(1)\n    except HTTPError as e: raise"
    seen = run(
        handler(body, "from tornado.web import HTTPError"), {"db.find(1)": "raises HTTPError"}
    )
    assert effects(seen, "headers")[0].startswith("500 ")


WAYS = {
    "later": ["start", "rest", "back <find('x', callback=<function>) ->>"],
    "never": ["start", "rest"],
    "twice": ["start", "rest", *["back <find('x', callback=<function>) ->>"] * 2],
    "at once": ["start", "back <find('x', callback=<function>) ->>", "rest"],
}


@pytest.mark.parametrize(("way", "expected"), WAYS.items(), ids=WAYS)
def test_an_unknown_function_calls_back(way: str, expected: list[str]) -> None:
    body = """
    @asynchronous
    def get(self):
        print("start")
        find("x", callback=self.on_found)
        print("rest")

    def on_found(self, result):
        print("back %s" % result)
    """
    seen = run(handler(body), {"find('x', callback=<function>) calls back": way})
    assert effects(seen, "print") == [f"print ({text!r})" for text in expected]


def test_two_values_follow_the_conventions() -> None:
    body = """
    @asynchronous
    def get(self):
        find("x", callback=self.on_found)

    def on_found(self, result, error):
        print(result, error)
    """
    key = "what find('x', callback=<function>) calls back with"
    name = "find('x', callback=<function>)"
    shown = [
        effects(run(handler(body), {key: way}), "print") for way in ("value, None", "None, value")
    ]
    assert shown == [[f"print (<{name} -> 0>, None)"], [f"print (None, <{name} -> 1>)"]]


@pytest.mark.parametrize("word", ["yield", "await"])
def test_a_stand_in_can_be_waited_for(word: str) -> None:
    head = "@gen.coroutine\ndef" if word == "yield" else "async def"
    body = f"{head} get(self):\n    row = {word} db.find(1)\n    self.write(row.name)"
    assert effects(run(handler(body)), "body") == ["response b'<db.find(1).result.name>'"]
    failed = run(handler(body), {"await db.find(1)": "raises OutsideError"})
    assert effects(failed, "headers")[0].startswith("500 ")


def test_a_base_class_that_is_not_there() -> None:
    text = """
    from framework import Base, Mixin

    class Main(Mixin, Base):
        def get(self):
            self.write(self.user.name)
            self.track("seen")
    """
    seen = run(text)
    assert effects(seen, "call", "body") == ["self.track ('seen')", "response b'<self.user.name>'"]


BASES = {
    "the one called a handler": "BaseHandler, Entity",
    "not a mixin": "BaseHandler, AuthMixin",
    "the last one": "Entity, Base",
}


@pytest.mark.parametrize("bases", BASES.values(), ids=BASES)
def test_which_unknown_base_serves_requests(bases: str) -> None:
    text = f"""
    from framework import *

    class Main({bases}):
        def get(self):
            self.write("seen")
    """
    assert effects(run(text), "body") == ["response b'seen'"]


@pytest.mark.parametrize("user", ["value", "None"])
def test_a_base_that_is_not_there_knows_who_asks(user: str) -> None:
    text = """
    from framework import BaseHandler

    class Main(BaseHandler):
        @authenticated
        def get(self):
            self.write(self.current_user.name)
    """
    seen = run(text, {"self.get_current_user()": user})
    expected = ["response b'<self.get_current_user().name>'"] if user == "value" else []
    assert effects(seen, "body")[:1] == expected


def test_an_unknown_decorator_may_drop_the_result() -> None:
    before = handler(
        """
        @framework.checked
        @asynchronous
        def get(self):
            AsyncHTTPClient().fetch("http://a/", callback=self.on_a)

        def on_a(self, response):
            self.finish("a")
        """
    )
    after = handler(
        """
        @framework.checked
        @gen.coroutine
        def get(self):
            yield AsyncHTTPClient().fetch("http://a/", raise_error=False)
            self.finish("a")
        """
    )
    judgement = compare(before, after)
    assert judgement.result == "different"
    assert judgement.found is not None
    assert "drops the result" in judgement.found.tape.values()


def test_it_is_text_for_libraries_and_can_be_stored() -> None:
    standin = Standin.named("db.row")
    assert json.dumps([standin]) == '["<db.row>"]'
    assert copy.copy(standin) is standin
    assert name_of(pickle.loads(pickle.dumps(standin))) == "db.row"


COOKIE = """
def get(self):
    sid = db.create(1, 'a')
    self.set_cookie(sid, sid)
    self.set_secure_cookie(sid.name, sid)
    self.finish('set')
"""


def test_cookies_of_the_outside_fit() -> None:
    done = run(handler(COOKIE))
    (headers,) = (event.detail for event in done.events if event.kind == "headers")
    assert "db.create_1_a=" in headers
    assert "db.create_1_a_.name=" in headers
    assert "_'a')>" in headers.replace("\\", "")
    assert any("cookies" in each for each in done.held)
    other = COOKIE.replace("set_cookie(sid, sid", "set_cookie(sid, db.create(1, 'b')")
    assert compare(handler(COOKIE), handler(other), runs=50).result == "different"


def test_a_cookie_that_nobody_can_have_is_refused() -> None:
    done = run(handler("def get(self):\n    self.set_cookie('a', 'b c')\n    self.finish()"))
    assert "ValueError: Invalid cookie" in str(done.events)
