"""Runs the programs of ``loop_programs`` on whatever ``tornado`` means: see `seen`."""

from __future__ import annotations

import gc
import json
import logging
import sys
from pathlib import Path
from typing import Any


class Logs(logging.Handler):
    """Says what is logged."""

    def __init__(self, say: Any) -> None:
        super().__init__()
        self.say = say

    def emit(self, record: logging.LogRecord) -> None:
        raised = f"{record.exc_info[0].__name__}" if record.exc_info and record.exc_info[0] else ""
        if record.levelno > logging.DEBUG:
            self.say("log", record.name, record.levelname, record.getMessage(), raised)


def run(program: Any, said: list[str]) -> list[str]:
    """Run one program, and its loop for some time after it; what was said comes back."""
    from tornado import gen
    from tornado.ioloop import IOLoop

    IOLoop.clear_current()
    loop = IOLoop()
    loop.make_current()
    for step in (program, lambda: gen.sleep(0.02), lambda: gen.sleep(0.02)):
        try:
            loop.run_sync(step, timeout=1)
        except Exception as error:
            said.append(f"raised {type(error).__name__} {error}")
        gc.collect()
    loop.close()
    everything = list(said)
    said.clear()
    return everything


def main(world: str, *wanted: str) -> None:
    """Set the world up and print what is said in it."""
    sys.path.insert(0, str(Path(__file__).parent))
    if world.startswith("runtime"):
        from uncallback.runtime import generation, tornado_alias

        generation.switch(int(world[-1]))
        tornado_alias.install()
    from loop_programs import programs, said, say
    from web_driver import LOGGERS, clean

    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.addHandler(Logs(say))
        logger.propagate = False
    seen = {}
    for name, program in programs.items():
        if not wanted or name in wanted:
            seen[name] = [clean(line) for line in run(program, said)]
    print(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
