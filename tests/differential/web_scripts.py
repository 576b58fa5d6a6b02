"""Random handlers, as data: what a handler does, step by step, on whatever ``tornado`` means.

As a script it reads scripts on standard input, one JSON object a line, and answers each with what
was seen: ``python web_scripts.py real``, or ``runtime4``, ``runtime5``, ``runtime6``. `make` thinks
scripts up. A script has ``style`` (how the verb's method goes on after a pause: "plain" never
pauses), ``method``, ``headers``, ``prepare`` and ``body`` (steps), and ``hooks`` (what is
overridden).
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Pick = Callable[[int], int]
Script = dict[str, Any]

STYLES = {4: ["plain", "callback", "coroutine", "native"], 6: ["plain", "coroutine", "native"]}
STATUSES = (200, 201, 204, 304, 400, 404, 500, 599, 799)
ERRORS = ("KeyError", "HTTPError", "HTTPError reason", "HTTPError log", "Finish", "Finish chunk")
HOOKS = {
    "write_error": ("writes", "finishes", "raises", "raises after writing", "sets status"),
    "on_finish": ("raises",),
    "log_exception": ("raises",),
    "set_default_headers": ("sets",),
    "compute_etag": ("none", "fixed"),
}


def make(pick: Pick, generation: int) -> Script:
    """Think up a script out of the numbers that ``pick(n)`` gives (0 to n-1)."""
    styles = STYLES[4 if generation < 6 else 6]
    hooks = {}
    for name, kinds in HOOKS.items():
        chosen = pick(len(kinds) * 4)
        if chosen < len(kinds):
            hooks[name] = kinds[chosen]
    headers = ({}, {}, {"If-None-Match": "*"}, {"If-None-Match": '"fixed"'})[pick(4)]
    return {
        "style": styles[pick(len(styles))],
        "method": ("GET", "GET", "GET", "HEAD", "POST")[pick(5)],
        "headers": headers,
        "prepare": [step(pick) for _ in range(pick(6) // 4)],
        "body": [step(pick) for _ in range(1 + pick(7))],
        "hooks": hooks,
    }


def step(pick: Pick) -> list[Any]:
    """One step; the first item says whether what it raises is caught."""
    caught = pick(3) > 0
    name = ("a", "B", "content-length", "Etag", "Content-Type", "X-Y")[pick(6)]
    steps: list[list[Any]] = [
        ["write", ("x", "some text", "")[pick(3)]],
        ["write", ("x", "some text", "")[pick(3)]],
        ["write", {"k": pick(9)}],
        ["write", [1]],
        ["flush"],
        ["wait for flush"],
        ["pause"],
        ["pause"],
        ["set_header", name, str(pick(20))],
        ["add_header", name, str(pick(20))],
        ["clear_header", name],
        ["set_status", STATUSES[pick(len(STATUSES))], (None, None, "Why")[pick(3)]],
        ["set_cookie", ("c", "d")[pick(2)], "v"],
        ["clear"],
        ["finish", (None, None, "end")[pick(3)]],
        ["send_error", STATUSES[pick(len(STATUSES))]],
        ["redirect", "/elsewhere"],
        ["raise", ERRORS[pick(len(ERRORS))]],
        ["set_etag_header"],
    ]
    return [caught, *steps[pick(len(steps))]]


def observe(app: Any, port: int, script: Script, events: list[str], logs: Any) -> Any:
    """Run one script; a coroutine whose result is what was seen."""
    from tornado import gen, httpclient

    @gen.coroutine
    def run() -> Any:
        app.settings.update(script=script, ended=False)
        client = httpclient.AsyncHTTPClient(force_instance=True)
        try:
            response = yield client.fetch(
                f"http://127.0.0.1:{port}/{script['style']}",
                method=script["method"],
                headers=script["headers"],
                body="" if script["method"] == "POST" else None,
                follow_redirects=False,
                request_timeout=0.3,
                raise_error=False,
            )
            headers = [list(pair) for pair in response.headers.get_all()]
            headers = [pair for pair in headers if pair[0] not in ("Date", "Server")]
            seen = [response.code, response.reason, headers, repr(response.body)]
            if response.code == 599 and response.error and not response.buffer:
                seen = ["no response"]
        except Exception:
            seen = ["no response"]
        for _ in range(100):
            yield gen.sleep(0.01)
            if app.settings["ended"]:
                break
        yield gen.sleep(0.02)
        client.close()
        observation = {"response": seen, "events": list(events), "logs": list(logs.seen)}
        events.clear()
        logs.seen.clear()
        return observation

    return run


def main(world: str) -> None:
    """Answer the scripts on standard input."""
    sys.path.insert(0, str(Path(__file__).parent))
    if world.startswith("runtime"):
        from uncallback.runtime import generation, tornado_alias

        generation.switch(int(world[-1]))
        tornado_alias.install()
    from tornado.httpserver import HTTPServer
    from tornado.ioloop import IOLoop
    from tornado.testing import bind_unused_port
    from web_driver import LOGGERS, Logs, clean
    from web_script_handlers import application

    logs = Logs()
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.addHandler(logs)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    events: list[str] = []
    app = application(events)
    socket, port = bind_unused_port()
    HTTPServer(app).add_sockets([socket])
    for line in sys.stdin:
        run = observe(app, port, json.loads(line), events, logs)
        observation = IOLoop.current().run_sync(run)
        # From 5 on, a flush after the end leaves a future that is resolved twice.
        observation["logs"] = [log for log in observation["logs"] if log[3] != "InvalidStateError"]
        observation["events"] = [clean(event) for event in observation["events"]]
        print(json.dumps(observation), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
