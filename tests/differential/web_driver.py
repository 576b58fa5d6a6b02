"""Runs the cases of ``web_cases``, ``web_traps`` and ``web_edges`` on whatever ``tornado`` means.

As a script: ``python web_driver.py real`` on real Tornado over loopback, ``runtime4``, ``runtime5``
or ``runtime6`` on the bundled runtime in memory. One JSON object comes on standard output: case ->
list of observations. The client, the upstream server and the handlers under test share one process
and one loop in both worlds.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import re
import sys
from pathlib import Path
from typing import Any

LOGGERS = ("tornado.access", "tornado.application", "tornado.general", "asyncio")
NOISE = (
    (re.compile(r"(?<=:)\d{4,5}\b"), "PORT"),
    (re.compile(r"\d+\.\d+ms"), "0ms"),
    (re.compile(r" at 0x[0-9a-f]+"), ""),
    (re.compile(r"<[\w.]*Future [^>]*>"), "<Future>"),
    (re.compile(r"\n.*", re.DOTALL), ""),
    (re.compile(r"Exception in callback .*"), "Exception in callback"),
    (re.compile(r"(?i)(task|future) .*exception was never retrieved.*"), "never retrieved"),
    (re.compile(r"(uncallback\.runtime|tornado)(\.\w+)*\."), ""),
)


def clean(text: str) -> str:
    """The text without what no two runs share."""
    for pattern, replacement in NOISE:
        text = pattern.sub(replacement, text)
    return text


class Logs(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[list[str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        raised = record.exc_info and record.exc_info[0]
        name = raised.__name__ if raised else ""
        text = clean(record.getMessage())
        if record.levelno > logging.DEBUG and " /upstream/" not in text:
            self.seen.append([record.name, record.levelname, text, name])


def make_application(cases: Any) -> Any:
    """All cases and the upstream server."""
    from tornado import gen, web

    class Upstream(web.RequestHandler):
        @gen.coroutine
        def get(self, kind: str) -> Any:
            if kind.isdigit():
                self.set_status(int(kind), "Odd" if kind == "599" else None)
                if kind not in ("204", "304"):
                    self.write("body of " + kind)
            elif kind == "hang":
                yield gen.sleep(0.2)
            elif kind == "close":
                self.request.connection.stream.close()
            elif kind == "chunks":
                self.write("one")
                yield self.flush()
                yield gen.sleep(0.01)
                self.write("two")
            elif kind == "redirect":
                target = self.get_argument("to", "200")
                self.redirect("redirect?loop=1" if self.get_argument("loop", None) else target)

        def post(self, kind: str) -> None:
            kept = ["Content-Type", "Content-Length", "Accept-Encoding", "User-Agent"]
            kept += ["Expect", "Transfer-Encoding"]
            self.write({"body": self.request.body.decode(), "uri": self.request.uri})
            self.write({name: self.request.headers.get(name) for name in kept})

    routes: list[Any] = [(r"/upstream/(\w+)", Upstream)]
    for name, case in cases.items():
        routes.append((f"/{name}{case.pattern}", case.handler, case.arguments))
    return web.Application(routes)


def observe(port: int, name: str, case: Any, ask: Any, logs: Logs) -> Any:
    """Make one request; a coroutine whose result says what was seen."""
    from tornado import gen, httpclient
    from web_cases import events

    @gen.coroutine
    def run() -> Any:
        query = "?" + ask.query if ask.query else ""
        request = httpclient.HTTPRequest(
            f"http://127.0.0.1:{port}/{name}{case.path}{query}",
            method=ask.method,
            headers=dict(ask.headers),
            body=ask.body,
            request_timeout=ask.patience,
            follow_redirects=False,
            allow_nonstandard_methods=True,
        )
        client = httpclient.AsyncHTTPClient(force_instance=True)
        try:
            response = yield client.fetch(request, raise_error=False)
            headers = [list(pair) for pair in response.headers.get_all()]
            headers = [pair for pair in headers if pair[0] not in ("Date", "Server")]
            seen = [response.code, response.reason, headers, repr(response.body)]
            if response.code == 599:
                seen = ["no response"]
        except Exception:
            seen = ["no response"]
        yield gen.sleep(0.2 if ask.patience < 1 else 0.045)
        gc.collect()
        yield gen.sleep(0.001)
        observation = {"response": seen, "events": clean_all(events), "logs": list(logs.seen)}
        events.clear()
        logs.seen.clear()
        return observation

    return run


def clean_all(events: list[str]) -> list[str]:
    return [clean(str(event)) for event in events]


def run_all(wanted: list[str]) -> dict[str, list[Any]]:
    """Run all cases, or those ``wanted``, one after the other."""
    from tornado.httpserver import HTTPServer
    from tornado.ioloop import IOLoop
    from tornado.testing import bind_unused_port
    from web_cases import cases

    for further in ("web_traps", "web_edges"):
        importlib.import_module(further)
    logs = Logs()
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.addHandler(logs)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    socket, port = bind_unused_port()
    server = HTTPServer(make_application(cases))
    server.add_sockets([socket])
    results: dict[str, list[Any]] = {}
    for name, case in cases.items():
        if wanted and name not in wanted:
            continue
        results[name] = [
            IOLoop.current().run_sync(observe(port, name, case, ask, logs)) for ask in case.asks
        ]
    return results


def unreachable(request: Any) -> Any:
    """What a real machine says of a port that nobody listens on, for the runtime."""
    from uncallback.runtime.httpclient import Outcome

    if str(request.url).startswith("http://127.0.0.1:1/"):
        refused = ConnectionRefusedError(111, "Connection refused")
        return Outcome("refused", failure=lambda: refused)
    return None


def main(world: str, *wanted: str) -> None:
    """Set the world up and print what is seen in it."""
    sys.path.insert(0, str(Path(__file__).parent))
    if world.startswith("runtime"):
        from uncallback.runtime import generation, httpclient, tornado_alias

        generation.switch(int(world[-1]))
        tornado_alias.install()
        httpclient.set_responder(unreachable)
    print(json.dumps(run_all(list(wanted))))


if __name__ == "__main__":
    main(*sys.argv[1:])
