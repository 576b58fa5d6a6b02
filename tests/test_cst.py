"""The tree helpers see exactly what LibCST sees."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import libcst
import pytest
from uncallback.refactor import cst as tree

MODERN = '''\
#!/usr/bin/env python
# comment
from . import (a as b, c)
from ..x import *
import p.q as r, s
@d(1)
class C[T](B, metaclass=M):
    """doc"""
    x: int = 1; y: list[int]
    async def f(self, a, /, b: int = 1, *c, d=2, **e) -> None:
        async with a as b, c: pass
        async for i in j: await k
        else: pass
        return [x async for x in y if z if w]
    def g(self, a, *, k): global G; nonlocal_ = 1
type Alias[T: int, *Ts, **P] = dict[T, P]
def gen():
    nonlocal_ = yield
    z = yield from (yield 1)
    def inner():
        nonlocal z
        del z[0], z.a
        raise E from e
    assert z, "m"
lambda a, /, *b, c=1, **d: (a, *b)
x = y = {**a, "k": 1, **b} | {1, *c} | {k: v for k, v in w} | {s for s in t}
x += 1; x -= 1; x *= 2; x /= 2; x //= 2; x %= 2; x **= 2; x @= y; x &= 1; x |= 1; x ^= 1
x <<= 1; x >>= 1
x = not a and b or c if d else (e := ~f) + -g @ h
x = a < b <= c != d is not e not in f in g is h == i > j >= k
x = f"{a!r:>{w}} {b=}" 'c' "d"
x = a[1:2, ::3, ...][b](*c, k=d, **e)
x = 1j + 0x1f + 1.5
try: pass
except (A, B) as e: pass
except: pass
else: pass
finally: pass
try: pass
except* G as g: pass
with (a as b, c): pass
match v:
    case [1, *rest] | (2, _): pass
    case {"k": w, **kw} if w: pass
    case P(1, q=r) as s: pass
    case None | True | a.b: pass
    case -1 | 1 + 2j | "s": pass
while x:
    if y: break
    elif z: continue
    else: pass
else: pass
'''


def check(module: libcst.Module) -> set[type[libcst.CSTNode]]:
    kinds: set[type[libcst.CSTNode]] = set()
    waiting: list[libcst.CSTNode] = [module]
    while waiting:
        node = waiting.pop()
        theirs = list(node.children)
        ours = tree.children(node)
        assert len(ours) == len(theirs), type(node)
        assert all(one is other for one, other in zip(ours, theirs, strict=True)), type(node)
        kinds.add(type(node))
        waiting += theirs
    return kinds


def test_children_of_every_kind_of_node() -> None:
    kinds = check(libcst.parse_module(MODERN))
    assert {libcst.MatchClass, libcst.TypeAlias, libcst.TryStar, libcst.NamedExpr} <= kinds
    assert len(kinds) > 150


def test_children_in_the_standard_library() -> None:
    folder = Path(sysconfig.get_path("stdlib"))
    for name in ("argparse.py", "asyncio/tasks.py", "dataclasses.py", "tokenize.py"):
        check(libcst.parse_module((folder / name).read_bytes()))


@pytest.mark.parametrize("into_functions", [True, False])
def test_walk_is_in_source_order(into_functions: bool) -> None:
    module = libcst.parse_module("a\ndef f(b=c): d\ng\nclass H: i\nj\n")
    names = [n.value for n in tree.walk(module, into_functions) if isinstance(n, libcst.Name)]
    everything = ["a", "f", "b", "c", "d", "g", "H", "i", "j"]
    assert names == (everything if into_functions else ["a", "g", "j"])
    function = module.body[1]
    inside = [n.value for n in tree.walk(function, False) if isinstance(n, libcst.Name)]
    assert inside == ["f", "b", "c", "d"], sys.version
