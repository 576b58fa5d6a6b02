"""Which generation of Tornado the runtime is at the moment: 4, 5 or 6.

One switch for the whole runtime. 4 means the 4.4 series, 5 the 5.0 and 5.1 series, 6 everything
since 6.0. What differs is listed in SEMANTICS sections 3 and 4: from 5 on, done-callbacks are
deferred to the loop; 6 has neither stack contexts nor ``callback=`` parameters.

A module states what depends on the generation with :func:`limit` (names that a generation does not
have) and :func:`vary` (names that mean something else). The names really appear in and disappear
from the module, so ``hasattr`` and ``from tornado.gen import engine`` answer as they do there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

GENERATIONS = (4, 5, 6)

current: int = 4
"""The generation in force. Read it as ``generation.current``; change it with :func:`switch`."""

_absent = object()
_bindings: list[tuple[dict[str, Any], str, Mapping[int, Any]]] = []
_listeners: list[Callable[[int], None]] = []


def switch(generation: int) -> None:
    """Make ``generation`` (4, 5 or 6) the current one; ``ValueError`` for any other number."""
    global current
    if generation == current:
        return
    if generation not in GENERATIONS:
        raise ValueError(f"no such Tornado generation: {generation!r} (known: 4, 5, 6)")
    current = generation
    for namespace, name, values in _bindings:
        _bind(namespace, name, values)
    for listener in _listeners:
        listener(generation)


@contextmanager
def use(generation: int) -> Iterator[None]:
    """Switch for the length of a ``with`` block, then go back."""
    before = current
    switch(generation)
    try:
        yield
    finally:
        switch(before)


def limit(
    namespace: dict[str, Any], names: Sequence[str], *, first: int = 4, last: int = 6
) -> None:
    """Keep ``names`` of a module's ``namespace`` only in the generations ``first`` to ``last``."""
    for name in names:
        value = namespace[name]
        vary(namespace, name, {g: value for g in GENERATIONS if first <= g <= last})


def limit_methods(cls: type, names: Sequence[str], *, first: int = 4, last: int = 6) -> None:
    """Keep methods of ``cls`` only in the generations ``first`` to ``last``."""
    methods = {name: cls.__dict__[name] for name in names}

    def bind(generation: int) -> None:
        for name, method in methods.items():
            if first <= generation <= last:
                setattr(cls, name, method)
            elif name in cls.__dict__:
                delattr(cls, name)

    listen(bind)
    bind(current)


def vary(namespace: dict[str, Any], name: str, values: Mapping[int, Any]) -> None:
    """Bind ``name`` to ``values[generation]``, now and at every switch; absent where not given."""
    _bindings.append((namespace, name, values))
    _bind(namespace, name, values)


def listen(listener: Callable[[int], None]) -> None:
    """Call ``listener(generation)`` after every switch from now on."""
    if listener not in _listeners:
        _listeners.append(listener)


def varies(namespace: dict[str, Any], name: str) -> bool:
    """Whether ``name`` of a module's ``namespace`` depends on the generation."""
    return any(known is namespace and each == name for known, each, _ in _bindings)


def _bind(namespace: dict[str, Any], name: str, values: Mapping[int, Any]) -> None:
    value = values.get(current, _absent)
    if value is _absent:
        namespace.pop(name, None)
    else:
        namespace[name] = value
