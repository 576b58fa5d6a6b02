"""Operations of the outside world: each is pending on the loop until the world answers it.

Every operation of the runtime (a fetch, a read from a stream, a child process, a login) is named
here, so that its key says what is asked and the how many-th time, never when.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from weakref import WeakKeyDictionary

from . import choices
from ._askers import whose
from .ioloop import External, IOLoop

__all__ = ["ask", "forget", "numbered"]

_asked: WeakKeyDictionary[IOLoop, dict[str, int]] = WeakKeyDictionary()


def numbered(loop: IOLoop, what: str) -> str:
    """Return the key of the next question about ``what`` on ``loop``: ``what #1``, ``what #2``."""
    what += whose()
    asked = _asked.get(loop)
    if asked is None:
        asked = _asked[loop] = {}
    number = asked[what] = asked.get(what, 0) + 1
    return f"{what} #{number}"


def forget(loop: IOLoop) -> None:
    """Number the questions of ``loop`` from one again."""
    asked = _asked.get(loop)
    if asked:
        asked.clear()


def ask(
    loop: IOLoop, what: str, answers: Sequence[str], deliver: Callable[[int], None]
) -> External:
    """Say that ``what`` is under way; when it completes, ``deliver`` the index of the answer."""
    key = numbered(loop, what)
    return loop.add_external(key, lambda: deliver(choices.choose(key, answers)))
