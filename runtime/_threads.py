"""Waiting for real threads, the only outside of the loop that is not virtual."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_SLICE = 0.01  # seconds between two looks at which threads are still alive


def others_alive() -> bool:
    """Whether a thread other than this one is alive that could still call the loop."""
    if threading.active_count() < 2:
        return False
    me = threading.current_thread()
    return any(t is not me and not t.daemon for t in threading.enumerate())


def wait(woken: threading.Event, arrived: Callable[[], bool], seconds: float | None) -> float:
    """Wait until something arrived, the threads have ended or ``seconds`` are over.

    Returns the seconds waited. ``None`` waits as long as there are threads.
    """
    start = time.monotonic()
    waited = 0.0
    while not arrived() and others_alive() and (seconds is None or waited < seconds):
        woken.wait(_SLICE if seconds is None else min(_SLICE, seconds - waited))
        woken.clear()
        waited = time.monotonic() - start
    return waited if seconds is None else min(waited, seconds)
