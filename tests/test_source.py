"""Bytes to text and back: what is accepted, what is refused, and where the mistake is."""

from __future__ import annotations

import pytest
from uncallback.refactor.source import SourceError, check, decode, on_deep_stack, parse, position

ACCEPTED = {
    "utf-8": "x = 'ü'\n".encode(),
    "empty": b"",
    "only white space": b"   \n",
    "no final newline": b"x = 1",
    "byte order mark": b"\xef\xbb\xbfx = 1\r\n",
    "latin-1": b"# coding: latin-1\nx = '\xe9'\n",
    "cp1251 and CRLF": "# coding: cp1251\r\nx = 'ж'\r\n".encode("cp1251"),
    "shift_jis": "# coding: shift_jis\nx = '日本'\n".encode("shift_jis"),
    "cookie below a shebang": b"#!/usr/bin/python\n# vim: set fileencoding=latin-1 :\nx = '\xe9'\n",
    "mixed line ends": b"x = 1\r\ny = 2\nz = 3\r\n",
    "form feed on a line of its own": b"x = 1\n\x0c\ny = 2\n",
    "U+2028 and U+0085 in a string": "x = '\u2028 \x85'\n".encode(),
    "tabs": b"if 1:\n\tx = 1\n",
    "deep, but not too deep": b"x = 1" + b" + 1" * 900 + b"\n",
}


@pytest.mark.parametrize("data", ACCEPTED.values(), ids=ACCEPTED)
def test_untouched_text_becomes_the_same_bytes(data: bytes) -> None:
    source = decode("m.py", data)
    module = on_deep_stack(lambda: parse(source))
    assert source.encode(source.text) == data
    assert on_deep_stack(lambda: source.encode(module.code)) == data


REFUSED = {
    "UTF-16": ("x = 1".encode("utf-16"), "UC003", 1, 1),
    "NUL": (b"x = 1\ny = \0\n", "UC003", 2, 5),
    "unknown cookie": (b"# coding: klingon\n", "UC003", 1, 1),
    "cookie against byte order mark": (b"\xef\xbb\xbf# coding: latin-1\n", "UC003", 1, 1),
    "undeclared latin-1": (b"x = 1\ny = '\xe9'\n", "UC003", 2, 6),
    "no text encoding": (b"# coding: rot13\nk = 1\n", "UC003", 1, 1),
    "not the same bytes back": (b"# coding: utf-7\nk = '+AOk-'\n", "UC003", 1, 1),
    "syntax error": (b"x = 1\ndef f(:\n", "UC004", 2, 7),
    "return outside a function": (b"return 1\n", "UC004", 1, 1),
    "bad indentation": (b"if 1:\nx = 1\n", "UC004", 2, 1),
    "print statement": (b"def f():\n    print 'x'\n", "UC005", 2, 5),
    "except E, e": (b"try:\n    pass\nexcept E, e:\n    pass\n", "UC005", 3, None),
    "print chevron": (b"import sys\nprint >>sys.stderr, 'x'\n", "UC005", 2, 1),
    "print chevron alone": (b"print >>f\n", "UC005", 1, 1),
    "octal": (b"x = 0755\n", "UC005", 1, None),
    "backticks": (b"x = `y`\n", "UC005", 1, 5),
    "<>": (b"if a <> b: pass\n", "UC005", 1, None),
    "long": (b"x = 10L\n", "UC005", 1, None),
    "ur string": (b"x = ur'a'\n", "UC005", 1, None),
    "raise E, v": (b"raise E, 'x'\n", "UC005", 1, None),
    "exec statement": (b"exec 'x' in d\n", "UC005", 1, None),
    "tuple parameter": (b"def f(a, (b, c)): pass\n", "UC005", 1, None),
    "async as argument": (b"f(async=True)\n", "UC005", 1, None),
    "async as module": (b"import async\n", "UC005", 1, None),
    "very deep": (b"x = 1" + b" + 1" * 30_000, "UC006", 1, 1),
    "very deep brackets": (b"x = " + b"-" * 50_000 + b"1", "UC006", 1, 1),
    "only CR, last one too": (b"x = 1\ry = 2\r", "UC007", None, None),
    "form feed before code": (b"x = 1\n\x0cy = 2\n", "UC007", 2, 1),
}


@pytest.mark.parametrize(("data", "code", "line", "column"), REFUSED.values(), ids=REFUSED)
def test_refused_with_code_and_place(
    data: bytes, code: str, line: int | None, column: int | None
) -> None:
    with pytest.raises(SourceError) as caught:
        on_deep_stack(lambda: parse(decode("m.py", data)))
    problem = caught.value.problem
    assert problem.code == code, problem
    assert line is None or problem.line == line, problem
    assert column is None or problem.column == column, problem
    assert "\n" not in problem.message


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    pass\nexcept (A, b):\n    pass\n",
        "try:\n    pass\nexcept ((A).b, c):\n    pass\n",
        "print(1 >> 2)\n",
        "x = print\n",
        "async def f():\n    pass\n",
        "# print 'x'\ns = '''\nprint 'x'\n'''\n",
    ],
)
def test_modern_source_is_not_called_python_2(text: str) -> None:
    check(decode("m.py", text.encode()))


def test_a_character_that_the_encoding_does_not_have() -> None:
    source = decode("m.py", b"# coding: latin-1\nx = 1\n")
    with pytest.raises(SourceError) as caught:
        source.encode(source.text + "y = '€'\n")
    assert (caught.value.problem.code, caught.value.problem.line) == ("UC003", 3)


@pytest.mark.parametrize(
    ("text", "offset", "expected"),
    [("a\nb", 2, (2, 1)), ("a\r\nb", 3, (2, 1)), ("a\rb", 2, (2, 1)), ("ab", 1, (1, 2))],
)
def test_positions_are_one_based(text: str, offset: int, expected: tuple[int, int]) -> None:
    assert position(text, offset) == expected


def test_the_deep_stack_hands_errors_and_limits_back() -> None:
    import sys

    limit = sys.getrecursionlimit()
    with pytest.raises(KeyError):
        on_deep_stack(lambda: {}["x"])
    assert sys.getrecursionlimit() == limit
