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


def application(events: list[str]) -> Any:
    """An application with one handler, which carries out the script in its ``script`` setting."""
    from tornado import gen, web
    from tornado.ioloop import IOLoop

    class Steps:
        """What all styles share."""

        def note(self, *what: Any) -> None:
            events.append(" ".join(map(str, what)))

        def carry_out(self, given: list[Any]) -> Any:
            caught, name, *arguments = given
            try:
                returned = self.do(name, arguments)
            except Exception as error:
                if not caught:
                    raise
                self.note(name, type(error).__name__, error)
                return None
            return returned if name in ("pause", "wait for flush") else None

        def do(self: Any, name: str, arguments: list[Any]) -> Any:
            if name == "raise":
                raise made(arguments[0])
            if name == "pause":
                return gen.sleep(0.001)
            if name == "wait for flush":
                return self.flush()
            return getattr(self, name)(*arguments)

    def made(kind: str) -> Exception:
        return {
            "KeyError": KeyError("k"),
            "HTTPError": web.HTTPError(403),
            "HTTPError reason": web.HTTPError(418, reason="Tea"),
            "HTTPError log": web.HTTPError(400, "log %s", "me"),
            "Finish": web.Finish(),
            "Finish chunk": web.Finish("chunk"),
        }[kind]

    class Handler(Steps, web.RequestHandler):
        @property
        def script(self) -> Script:
            return self.application.settings["script"]  # type: ignore[no-any-return]

        def hook(self, name: str) -> str:
            return self.script["hooks"].get(name, "")  # type: ignore[no-any-return]

        def prepare(self) -> None:
            for given in self.script["prepare"]:
                self.carry_out(given)

        def on_finish(self) -> None:
            self.note("on_finish")
            if self.hook("on_finish"):
                raise ValueError("on_finish")

        def log_exception(self, *args: Any) -> None:
            if self.hook("log_exception"):
                raise ValueError("log_exception")
            web.RequestHandler.log_exception(self, *args)

        def set_default_headers(self) -> None:
            if self.hook("set_default_headers"):
                self.set_header("X-Default", "1")

        def compute_etag(self) -> Any:
            kind = self.hook("compute_etag")
            if not kind:
                return web.RequestHandler.compute_etag(self)
            return None if kind == "none" else '"fixed"'

        def write_error(self, status_code: int, **kwargs: Any) -> None:
            kind = self.hook("write_error")
            self.note("write_error", status_code, sorted(kwargs))
            if not kind:
                web.RequestHandler.write_error(self, status_code, **kwargs)
            if kind.endswith(("writes", "writing")):
                self.write(f"error {status_code}")
            if kind == "finishes":
                self.finish("finished")
            if kind.startswith("raises"):
                raise ValueError("write_error")
            if kind == "sets status":
                self.set_status(201)

    class Plain(Handler):
        def get(self) -> None:
            for given in self.script["body"]:
                self.carry_out(given)

        head = post = get

    class Coroutine(Handler):
        @gen.coroutine
        def get(self) -> Any:
            for given in self.script["body"]:
                waiting = self.carry_out(given)
                if waiting is not None:
                    yield waiting

        head = post = get

    class Native(Handler):
        async def get(self) -> None:
            for given in self.script["body"]:
                waiting = self.carry_out(given)
                if waiting is not None:
                    await waiting

        head = post = get

    class Callback(Handler):
        @getattr(web, "asynchronous", lambda method: method)
        def get(self) -> None:
            self.go_on(list(self.script["body"]))

        def go_on(self, left: list[Any], future: Any = None) -> None:
            while left:
                waiting = self.carry_out(left.pop(0))
                if waiting is not None:
                    IOLoop.current().add_future(waiting, lambda done: self.go_on(left))
                    return
            if not self._finished:
                self.finish()

        head = post = get

    handlers = {"plain": Plain, "coroutine": Coroutine, "native": Native, "callback": Callback}
    return web.Application([(f"/{name}", handler) for name, handler in handlers.items()])


def observe(app: Any, port: int, script: Script, events: list[str], logs: Any) -> Any:
    """Run one script; a coroutine whose result is what was seen."""
    from tornado import gen, httpclient

    @gen.coroutine
    def run() -> Any:
        app.settings["script"] = script
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
        yield gen.sleep(0.03)
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
