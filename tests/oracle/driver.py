"""Runs one scenario on real Tornado and says what was seen (child side)."""

from __future__ import annotations

import concurrent.futures
import gc
import importlib
import logging
import os
import signal
import sys
import time
from collections import Counter

import site_app
from client import Client
from loops import CLOCK, START, new_loop
from program import Loaded, Program, classes_of
from recorder import Output, Recorder, StandIns, state_of
from scenario import AT_TIMER, Observation, Scenario
from tornado.httpclient import AsyncHTTPClient
from tornado.ioloop import IOLoop
from tornado.process import Subprocess
from upstream import Held, Upstream

HORIZON = 600.0  # virtual seconds after which timers are no longer waited for
JUMPS = 150  # so a handler that polls for ever is cut off
ANSWERS = 50  # so one that asks again at every answer is, too
REAL_SECONDS = 5
THREAD_GRACE = 0.2  # real seconds for work in threads, and for child processes
CHILD_GRACE = 3.0
WITHOUT_REAPING = os.WEXITED | os.WNOHANG | os.WNOWAIT
HARNESS = ("was destroyed but it is pending", "Event loop is closed")


class OutOfTime(KeyboardInterrupt):
    """The scenario used up its real time; no ``except Exception`` may catch it."""


class Threads:
    """Counts work that was given to executors and has not come back."""

    running = 0

    @classmethod
    def watch(cls) -> None:
        executor = concurrent.futures.ThreadPoolExecutor
        plain = executor.submit

        def submit(self, function, /, *args, **kwargs):  # type: ignore[no-untyped-def]
            cls.running += 1
            future = plain(self, function, *args, **kwargs)
            future.add_done_callback(cls._back)
            return future

        executor.submit = submit  # type: ignore[method-assign]

    @classmethod
    def _back(cls, future: concurrent.futures.Future[object]) -> None:
        cls.running -= 1


Threads.watch()


class Driver:
    """The world outside of the handler, which acts whenever the loop is quiet."""

    def __init__(self, scenario: Scenario, program: Program) -> None:
        self._scenario = scenario
        self._recorder = Recorder()
        self._standins = StandIns(self._recorder, scenario.outcomes)
        self._upstream = Upstream(scenario.outcomes, scenario.body)
        self._program = program
        self._clients: list[Client] = []
        self._jumps = 0
        self._answers = 0
        self._zombies = 0
        self._together = 0
        self._parted = False
        self._end = "settled"
        self._responses: tuple = ()
        self._at_first: set[str] = set()

    def run(self) -> Observation:
        """Play the scenario to its end."""
        self._loop = new_loop(self._quiet)
        site_app.raise_curtain(self._recorder, self._upstream)
        root, output = logging.getLogger(), sys.stdout
        handlers, level = root.handlers[:], root.level
        root.handlers[:] = [self._recorder]
        root.setLevel(logging.INFO)
        sys.stdout = Output(self._recorder)
        environment = dict(os.environ)
        os.environ.update(self._scenario.environment)
        try:
            self._play()
            state = [line for line in self._state() if line not in self._at_first]
            self._loaded.unload()
            gc.collect()
        finally:
            sys.stdout = output
            os.environ.clear()
            os.environ.update(environment)
            root.handlers[:], root.level = handlers, level
            self._close()
        return self._observation(state)

    def _play(self) -> None:
        self._loaded = Loaded(self._program, self._standins, self._recorder.note)
        self._at_first = set(self._state())
        handler = self._handler()
        site_app.watch(handler, self._recorder)
        scenario = self._scenario
        self._server, self._address = site_app.serve(
            handler, scenario.initialize, scenario.settings
        )
        self._to_send = list(scenario.requests)
        self._send_next()
        while scenario.overlap and self._to_send:
            self._send_next()
        signal.setitimer(signal.ITIMER_REAL, REAL_SECONDS)
        try:
            self._loop.start()
        except OutOfTime:
            self._end = "out of time"
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        self._hear()
        if not self._parted:
            self._part()

    def _state(self) -> list[str]:
        return state_of(self._loaded.own_names, classes_of(self._loaded.module))

    def _handler(self) -> type:
        module, _, path = self._scenario.handler.rpartition(":")
        found = importlib.import_module(module) if module else self._loaded.module
        for name in path.split("."):
            found = getattr(found, name, None)
        return found or self._made_in_function(path)

    def _made_in_function(self, path: str) -> type:
        """The class that a function has made, if one of the module is made of it."""
        wanted = path.replace(".", ".<locals>.")
        bases = [base for own in classes_of(self._loaded.module) for base in own.__mro__]
        return next(base for base in bases if base.__qualname__ == wanted)

    def _send_next(self) -> None:
        request = self._to_send.pop(0)
        self._recorder.note("request", f"{request.method} {request.path}")
        self._clients.append(Client(self._address, request, site_app.cookies(request)))

    # -- what happens when the loop is quiet: the first of these that applies ------------------

    def _quiet(self, timeout: float | None) -> None:
        heard = self._hear()
        arrived = self._upstream.collect(CLOCK.now)
        self._together = max(self._together, len(self._upstream.held))
        if heard or arrived or self._threads_work() or self._children_work():
            return
        if self._answers >= ANSWERS:
            self._end = "goes on"
            self._loop.stop()
            return
        if self._say(hurry=True) or self._leave() or self._answer() or self._say(hurry=False):
            return
        if self._to_send:
            self._send_next()
        elif not self._jump(timeout) and not self._part():
            self._loop.add_callback(self._loop.stop)

    def _say(self, *, hurry: bool) -> bool:
        """Let the first client go on that has something to send on its connection."""
        for number, client in enumerate(self._clients, 1):
            if what := client.next(hurry):
                self._recorder.note("client", f"{number} {what}".replace("leave", "leaves"))
                return True
        return False

    def _hear(self) -> bool:
        heard = False
        for number, client in enumerate(self._clients, 1):
            if fresh := client.read():
                line = f"{number} {fresh.splitlines()[0][:60]!r} at {CLOCK.now - START:.2f} s"
                self._recorder.note("wire", line)
                heard = True
        return heard

    @staticmethod
    def _threads_work() -> bool:
        if not Threads.running:
            return False
        deadline = time.perf_counter() + THREAD_GRACE
        while Threads.running and time.perf_counter() < deadline:
            time.sleep(0.002)
        time.sleep(0.005)  # the loop is woken up after the work is counted as done
        return True

    def _children_work(self) -> bool:
        """Wait in real time for child processes, and let the loop hear of their end."""
        deadline = time.perf_counter() + CHILD_GRACE
        try:
            running = os.waitid(os.P_ALL, 0, WITHOUT_REAPING) is None
            while os.waitid(os.P_ALL, 0, WITHOUT_REAPING) is None:
                if time.perf_counter() > deadline:
                    return False
                time.sleep(0.002)
        except ChildProcessError:
            return False
        self._zombies = 0 if running else self._zombies + 1
        return self._zombies < 3

    def _leave(self, place: str | None = None) -> bool:
        """Let the client go if this is where the scenario says so."""
        wanted = self._scenario.leave
        if wanted is None or self._clients[0].closed:
            return False
        if wanted != place and all(held.key != wanted for held in self._upstream.held):
            return False
        self._recorder.note("client", "1 leaves")
        self._clients[0].leave()
        return True

    def _answer(self) -> bool:
        held = self._next_answer()
        if held is None:
            return False
        self._answers += 1
        self._recorder.note("answer", f"{held.key}: {held.outcome}")
        self._upstream.answer(held)
        return True

    def _next_answer(self) -> Held | None:
        ready = [h for h in self._upstream.held if h.since + _delay(h.outcome) <= CLOCK.now]
        order = self._scenario.order
        if not ready:
            return None
        if isinstance(order, str):
            return ready[-1 if order == "lifo" else 0]
        places = {key: place for place, key in enumerate(order)}
        return min(ready, key=lambda h: places.get(h.key, len(places)))

    def _jump(self, timeout: float | None) -> bool:
        waits = [h.since + _delay(h.outcome) - CLOCK.now for h in self._upstream.held]
        if timeout is not None:
            waits.append(timeout)
        nearest = min(waits, default=float("inf"))
        if nearest > HORIZON:
            return False
        if self._leave(AT_TIMER):
            return True
        if self._jumps >= JUMPS or CLOCK.now > START + HORIZON:
            self._end = "goes on"
            return False
        self._jumps += 1
        CLOCK.jump(max(0.0, nearest))
        return True

    def _part(self) -> bool:
        """Once nothing more can come, the clients leave; False when they have left before."""
        if self._parted:
            return False
        self._parted = True
        self._jumps = min(self._jumps, JUMPS - 10)
        self._responses = tuple(client.response() for client in self._clients)
        for number, client in enumerate(self._clients, 1):
            if not client.closed:
                self._recorder.note("client", f"{number} leaves")
                client.leave()
        return True

    def _close(self) -> None:
        if hasattr(self, "_server"):
            self._server.stop()
        self._upstream.close()
        Subprocess.uninitialize()
        AsyncHTTPClient().close()  # the loop's own, which would keep the loop alive for ever
        for client in self._clients:
            client.leave()
        try:
            self._loop.close(all_fds=True)
        finally:
            IOLoop.clear_current()

    def _observation(self, state: list[str]) -> Observation:
        effects = [e for e in self._recorder.effects if not any(h in e for h in HARNESS)]
        upstream = self._upstream
        return Observation(
            responses=self._responses,
            effects=tuple(effects),
            upstream=tuple(upstream.requests),
            state=tuple(state),
            asked=tuple(Counter([*upstream.asked, *self._standins.asked])),
            together=self._together,
            waited=self._jumps > 0,
            end=self._end,
        )


def _delay(outcome: str) -> float:
    kind, _, seconds = outcome.partition(":")
    if kind == "timeout":
        return float("inf")
    return float(seconds) if kind == "slow" else 0.0


def out_of_time(*_: object) -> None:
    raise OutOfTime
