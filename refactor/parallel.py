"""Work for several helpers at once: each thread owns one helper and takes the next item.

The helpers are child processes that do the computing, so threads are enough. They are daemons: an
interrupted run does not wait for them.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

Helper = TypeVar("Helper")
Item = TypeVar("Item")
Answer = TypeVar("Answer")


def each_with(
    helper: Callable[[], AbstractContextManager[Helper]],
    work: Callable[[Helper, Item], Answer],
    items: Sequence[Item],
    jobs: int | None,
) -> list[Answer]:
    """Return ``work(helper, item)`` for all items, in their order.

    At most ``jobs`` helpers exist at a time (``None``: one for each processor). The first exception
    ends the work and is raised here.
    """
    count = max(1, min(jobs or os.cpu_count() or 1, len(items)))
    if count == 1:
        with helper() as only:
            return [work(only, item) for item in items]
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for index in range(len(items)):
        waiting.put(index)
    answers: dict[int, Answer] = {}
    failures: list[BaseException] = []

    def serve() -> None:
        try:
            with helper() as mine:
                while not failures:
                    index = waiting.get_nowait()
                    answers[index] = work(mine, items[index])
        except queue.Empty:
            pass
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=serve, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return [answers[index] for index in range(len(items))]
