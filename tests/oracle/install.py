"""Real Tornado versions for the tests, installed with pip from PyPI into a cache folder.

The cache is ``.cache/oracle/`` at the root of the repository, or the folder named by the
environment variable ``UNCALLBACK_ORACLE``. Nothing here imports Tornado: a version is used by
child interpreters only (``run_python``), so that several can be used side by side.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

if __package__:
    from .sdist import FetchError, unpacked
else:
    from sdist import FetchError, unpacked

TORNADO_4 = "4.4.2"
TORNADO_45 = "4.5.3"
TORNADO_5 = "5.1.1"
TORNADO_6 = "6.5.2"
VERSIONS = (TORNADO_4, TORNADO_45, TORNADO_5, TORNADO_6)

HERE = Path(__file__).resolve().parent
LAUNCHER = HERE / "launch.py"


def cache_folder() -> Path:
    """The folder that holds the installed versions; it need not exist yet."""
    chosen = os.environ.get("UNCALLBACK_ORACLE")
    return Path(chosen).resolve() if chosen else HERE.parent.parent / ".cache" / "oracle"


def tornado_path(version: str) -> Path:
    """Return the folder that ``PYTHONPATH`` needs for ``version``, installing it if it is new.

    Several processes may ask at once: each installs into a folder of its own and the first
    rename wins. Raises ``RuntimeError`` with pip's last words if pip fails.
    """
    name = f"tornado-{version}-py{sys.version_info.major}.{sys.version_info.minor}"
    final = cache_folder() / name
    if final.is_dir():
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=final.parent))
    try:
        problem = _pip_install(version, fresh)
        if problem:  # the old setup.py refuses new Pythons, which the shims would satisfy
            _copy_package(version, fresh, problem)
        try:
            fresh.rename(final)
        except OSError:  # somebody else was faster, and theirs is as good
            if not final.is_dir():
                raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return final


def _pip_install(version: str, target: Path) -> str:
    """Install; the answer is what pip said last if it failed, else nothing."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check", "--target", str(target), f"tornado=={version}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if not done.returncode:
        return ""
    return "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])


def _copy_package(version: str, target: Path, problem: str) -> None:
    """Take the package out of the source distribution: without its C part it is plain Python."""
    try:
        source = unpacked("tornado", version, cache_folder() / "sdist")
    except FetchError as error:
        raise RuntimeError(f"pip could not install tornado {version}:\n{problem}") from error
    shutil.rmtree(target / "tornado", ignore_errors=True)
    shutil.copytree(source / "tornado", target / "tornado")


def child_environment(version: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment in which a child's ``tornado`` is ``version`` and nothing else leaks in."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    environment["PYTHONPATH"] = str(tornado_path(version))
    environment["PYTHONHASHSEED"] = "0"
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    return environment | dict(extra or {})


def child_command(script: str | os.PathLike[str], *arguments: str) -> list[str]:
    """The command that runs ``script`` with the shims old Tornado needs on this Python."""
    return [sys.executable, "-W", "ignore", str(LAUNCHER), str(script), *arguments]


def run_python(
    version: str,
    script: str | os.PathLike[str],
    *arguments: str,
    stdin: str | None = None,
    timeout: float = 120.0,
    environment: Mapping[str, str] | None = None,
    paths: Sequence[str | os.PathLike[str]] = (),
) -> subprocess.CompletedProcess[str]:
    """Run a script file in a child interpreter whose ``tornado`` is ``version``.

    ``timeout`` is in seconds (``subprocess.TimeoutExpired`` past it); ``paths`` are further
    folders to import from. The exit code is not checked.
    """
    variables = child_environment(version, environment)
    folders = [variables["PYTHONPATH"], *(str(p) for p in paths)]
    variables["PYTHONPATH"] = os.pathsep.join(folders)
    return subprocess.run(
        child_command(script, *arguments),
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        env=variables,
        check=False,
    )


if __name__ == "__main__":
    for wanted in sys.argv[1:] or VERSIONS:
        print(tornado_path(wanted))
