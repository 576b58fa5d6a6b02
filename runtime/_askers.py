"""Which of several requests that are served at once a question comes from.

Who asks how often what decides which answer is whose. Requests that came at the same time may take
turns in any way, so there each has numbers of its own; ``whose`` tells them apart by a context that
follows everything a request leads to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .stack_context import _Context, _state

__all__ = ["Asker", "asker", "whose"]


class Asker(_Context):
    """``with Asker("request 2"):`` what runs inside, and in callbacks of it, asks for that one."""

    __slots__ = ("of",)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.of = f" of {name}"

    def __enter__(self) -> None:
        self._push(_state.contexts[0])

    def __exit__(self, *exc_info: Any) -> None:
        self._pop()

    def resume(self, send: Callable[[Any], Any], value: Any) -> Any:
        """Return ``send(value)``, for this asker: for what runs outside of all contexts.

        A context that is entered there and not left again stays, as it would without this.
        """
        here = Asker("")
        here.of = self.of
        here.__enter__()
        try:
            return send(value)
        finally:
            if _state.contexts is here.new_contexts:
                here.__exit__()


def asker() -> Asker | None:
    """The nearest ``Asker`` around the code that runs."""
    context = _state.contexts[1]
    while context is not None:
        if type(context) is Asker:
            return context
        context = context.old_contexts[1]
    return None


def whose() -> str:
    """What is added to a question's key: `` of request 2``, or nothing where no ``Asker`` is."""
    nearest = asker()
    return "" if nearest is None else nearest.of
