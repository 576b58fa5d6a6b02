"""The guard: what the checked code may not do, whatever it thinks about that."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

HARNESS = """
import json, os, sys
from uncallback.runtime.explore.guard import Guard, limit_memory
from uncallback.runtime.explore.search import run_once
from uncallback.runtime.explore.tape import Recorder
folder, memory, source = sys.argv[1], int(sys.argv[2]), sys.argv[3]
os.chdir(folder)
if memory:
    limit_memory(memory)
guard = Guard(folder, seconds=0.2)
guard.watch()
code = compile(source, "checked.py", "exec")
def execute(recorder):
    exec(code, {"__name__": "checked"})
    return recorder.run(end="finished")
run = run_once(guard.wrap(execute), Recorder())
print(json.dumps({"end": run.end, "obstacle": run.obstacle}))
"""


def run(folder: Path, source: str, memory: int = 0) -> dict[str, str | None]:
    """Run checked code under the guard; how its run ended and what was refused."""
    done = subprocess.run(
        [sys.executable, "-c", HARNESS, str(folder), str(memory), textwrap.dedent(source)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, str | None] = json.loads(done.stdout)
    return answer


REFUSED = {
    "socket": "import socket; socket.socket()",
    "raw socket": "import _socket; _socket.socket()",
    "connect": "import socket; socket.create_connection(('127.0.0.1', 9))",
    "name look-up": "import socket; socket.getaddrinfo('localhost', 80)",
    "url": "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')",
    "os.system": "import os; os.system('true')",
    "subprocess": "import subprocess; subprocess.run(['true'])",
    "fork": "import os; os.fork()",
    "posix_spawn": "import os; os.posix_spawn('/bin/true', ['true'], {})",
    "exec": "import os; os.execv('/bin/true', ['true'])",
    "kill": "import os; os.kill(os.getppid(), 0)",
    "thread": "import threading; threading.Thread(target=print).start()",
    "raw thread": "import _thread; _thread.start_new_thread(print, ())",
    "write": "open('../elsewhere.txt', 'w')",
    "append": "open('../elsewhere.txt', 'a')",
    "update": "open(__import__('sys').executable, 'r+b')",
    "os.open": "import os; os.open('../elsewhere.txt', os.O_WRONLY | os.O_CREAT)",
    "pathlib": "import pathlib; pathlib.Path('../elsewhere.txt').write_text('x')",
    "mkdir": "import os; os.mkdir('../elsewhere')",
    "remove": "import os; os.remove('../elsewhere.txt')",
    "rename": "import os; os.rename('../a', '../b')",
    "through a link": "import os; os.symlink('..', 'up')",
}


@pytest.mark.skipif(sys.platform == "win32", reason="uses POSIX calls")
@pytest.mark.parametrize("source", REFUSED.values(), ids=REFUSED)
def test_refused(tmp_path: Path, source: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    answer = run(inner, source)
    assert answer["obstacle"] is not None, answer
    assert "--import" in answer["obstacle"]
    assert sorted(tmp_path.iterdir()) == [inner]


ALLOWED = {
    "own folder": "open('mine.txt', 'w').write('x'); assert open('mine.txt').read() == 'x'",
    "own subfolder": "import os; os.mkdir('sub'); open('sub/x', 'w').close(); os.remove('sub/x')",
    "temporary file": "import tempfile; tempfile.NamedTemporaryFile(dir='.').write(b'x')",
    "reading": "open(__import__('os').__file__).read()",
    "nothing": "open(__import__('os').devnull, 'w').write('x')",
    "host name": "import socket; socket.gethostname()",
}


@pytest.mark.parametrize("source", ALLOWED.values(), ids=ALLOWED)
def test_allowed(tmp_path: Path, source: str) -> None:
    assert run(tmp_path, source) == {"end": "finished", "obstacle": None}


@pytest.mark.parametrize("clause", ["except Exception:", "except BaseException:", "except:"])
def test_a_swallowed_refusal_is_still_an_obstacle(tmp_path: Path, clause: str) -> None:
    source = f"""
        try:
            open("../elsewhere.txt", "w")
        {clause}
            pass
    """
    assert run(tmp_path, source)["obstacle"] is not None


def test_the_guard_cannot_be_switched_off_from_inside(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    source = """
        import gc
        from uncallback.runtime.explore import guard
        guard._hook = guard._NETWORK = guard._CHANGES = None
        for thing in gc.get_objects():
            if isinstance(thing, guard.Guard):
                thing._patience = 0
                thing.wrap = None
        open("../elsewhere.txt", "w").write("x")
    """
    assert run(inner, source)["obstacle"] is not None
    assert not (tmp_path / "elsewhere.txt").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="interval timers are POSIX")
@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",
        "while True:\n    try:\n        while True: pass\n    except Exception: pass",
        "import time\ntime.sleep(30)",
    ],
)
def test_a_run_that_does_not_return_is_interrupted(tmp_path: Path, source: str) -> None:
    assert run(tmp_path, source)["end"] == "does not return"


@pytest.mark.skipif(sys.platform == "win32", reason="resource limits are POSIX")
def test_memory_is_bounded(tmp_path: Path) -> None:
    source = """
        try:
            hog = bytearray(1 << 31)
        except MemoryError:
            pass
        else:
            raise SystemExit(1)
    """
    assert run(tmp_path, source, memory=512)["end"] == "finished"


PARENT = """
import json, subprocess, sys, time
child = subprocess.Popen(
    [sys.executable, "-m", "uncallback.runtime", "--folder", sys.argv[1]],
    stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True, text=True,
)
child.stdin.write(sys.argv[2] + "\\n")
child.stdin.flush()
print(child.pid, flush=True)
time.sleep(60)
"""
LONG = """
from tornado import gen, web
class Main(web.RequestHandler):
    @gen.coroutine
    def get(self):
        for _ in range(9):
            yield [gen.Task(self.settings["db"].find, n) for n in range(9)]
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for the process in /proc")
def test_the_child_ends_with_its_parent_in_the_middle_of_a_check(tmp_path: Path) -> None:
    version = {"path": "app.py", "source": LONG, "project": {}}
    options = {"seconds": 50, "runs": 10**9}
    request = {"id": 1, "command": "verify", "handlers": None, "options": options}
    text = json.dumps({**request, "before": version, "after": version})
    arguments = [sys.executable, "-c", PARENT, str(tmp_path), text]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = Path("/proc") / parent.stdout.readline().strip()
        time.sleep(2)
        assert _is_running(child)
        parent.kill()
    limit = time.monotonic() + 10
    while _is_running(child) and time.monotonic() < limit:
        time.sleep(0.1)
    assert not _is_running(child)


def _is_running(process: Path) -> bool:
    """Whether a process is there, and no zombie that nobody waits for."""
    try:
        return "State:\tZ" not in (process / "status").read_text()
    except FileNotFoundError:
        return False
