"""Handlers that carry out the scripts of ``web_scripts``, in every style."""

from __future__ import annotations

from typing import Any

from tornado import gen, web
from tornado.ioloop import IOLoop

ERRORS = {
    "KeyError": lambda: KeyError("k"),
    "HTTPError": lambda: web.HTTPError(403),
    "HTTPError reason": lambda: web.HTTPError(418, reason="Tea"),
    "HTTPError log": lambda: web.HTTPError(400, "log %s", "me"),
    "Finish": web.Finish,
    "Finish chunk": lambda: web.Finish("chunk"),
}


class Handler(web.RequestHandler):
    """Carries out the script in the ``script`` setting; events go to the ``events`` setting."""

    @property
    def script(self) -> dict[str, Any]:
        return self.application.settings["script"]  # type: ignore[no-any-return]

    def hook(self, name: str) -> str:
        return self.script["hooks"].get(name, "")  # type: ignore[no-any-return]

    def note(self, *what: Any) -> None:
        self.application.settings["events"].append(" ".join(map(str, what)))

    def carry_out(self, given: list[Any]) -> Any:
        """Do one step; what must be waited for comes back."""
        caught, name, *arguments = given
        try:
            returned = self.do(name, arguments)
        except Exception as error:
            if not caught:
                raise
            self.note(name, type(error).__name__, error)
            return None
        return returned if name in ("pause", "wait for flush") else None

    def do(self, name: str, arguments: list[Any]) -> Any:
        if name == "raise":
            raise ERRORS[arguments[0]]()
        if name == "pause":
            return gen.sleep(0.001)
        if name == "wait for flush":
            return self.flush()
        return getattr(self, name)(*arguments)

    def end(self) -> None:
        """Tell the driver that nothing follows."""
        self.application.settings["ended"] = True

    def prepare(self) -> None:
        done = False
        try:
            for given in self.script["prepare"]:
                self.carry_out(given)
            done = not self._finished
        finally:
            if not done:
                self.end()

    def on_finish(self) -> None:
        self.note("on_finish")
        if self.hook("on_finish"):
            raise ValueError("on_finish")

    def log_exception(self, *args: Any) -> None:
        if self.hook("log_exception"):
            raise ValueError("log_exception")
        super().log_exception(*args)

    def set_default_headers(self) -> None:
        if self.hook("set_default_headers"):
            self.set_header("X-Default", "1")

    def compute_etag(self) -> Any:
        kind = self.hook("compute_etag")
        if not kind:
            return super().compute_etag()
        return None if kind == "none" else '"fixed"'

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        kind = self.hook("write_error")
        self.note("write_error", status_code, sorted(kwargs))
        if not kind:
            super().write_error(status_code, **kwargs)
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
        try:
            for given in self.script["body"]:
                self.carry_out(given)
        finally:
            self.end()

    head = post = get


class Coroutine(Handler):
    @gen.coroutine
    def get(self) -> Any:
        try:
            for given in self.script["body"]:
                waiting = self.carry_out(given)
                if waiting is not None:
                    yield waiting
        finally:
            self.end()

    head = post = get


class Native(Handler):
    async def get(self) -> None:
        try:
            for given in self.script["body"]:
                waiting = self.carry_out(given)
                if waiting is not None:
                    await waiting
        finally:
            self.end()

    head = post = get


class Callback(Handler):
    @getattr(web, "asynchronous", lambda method: method)
    def get(self) -> None:
        self.go_on(list(self.script["body"]))

    def go_on(self, left: list[Any], future: Any = None) -> None:
        waiting = None
        try:
            while left and waiting is None:
                waiting = self.carry_out(left.pop(0))
            if waiting is not None:
                IOLoop.current().add_future(waiting, lambda done: self.go_on(left))
            elif not self._finished:
                self.finish()
        finally:
            if waiting is None:
                self.end()

    head = post = get


def application(events: list[str]) -> Any:
    """The application: a path for every style."""
    handlers = {"plain": Plain, "coroutine": Coroutine, "native": Native, "callback": Callback}
    routes = [(f"/{name}", handler) for name, handler in handlers.items()]
    return web.Application(routes, events=events)
