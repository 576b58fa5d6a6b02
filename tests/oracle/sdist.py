"""Fetches source distributions from a package index and unpacks them, without running anything.

pip itself would run ``setup.py`` for the metadata of an old distribution, which fails on a modern
Python. So the file is looked up through the simple repository API (PEP 503 and PEP 691) of the
index that pip is configured to use, and unpacked with the standard library.
"""

from __future__ import annotations

import hashlib
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urldefrag, urljoin

DEFAULT_INDEX = "https://pypi.org/simple"
ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"
ARCHIVES = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip")
SECONDS = 120


class FetchError(Exception):
    """A distribution could not be found, fetched or unpacked; one line says why."""


@dataclass(frozen=True, slots=True)
class Remote:
    """One file of an index: its name, where it is, its SHA-256 if the index says so."""

    name: str
    url: str
    sha256: str | None


def index_url() -> str:
    """The index that pip uses here."""
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = os.environ.get("PIP_INDEX_URL") or done.stdout.strip() or DEFAULT_INDEX
    return found.rstrip("/")


def unpacked(name: str, version: str, cache: Path) -> Path:
    """Return the folder with the files of one source distribution, fetching it if it is new.

    The distribution's own top folder (``NAME-VERSION/``) is stripped. Raises ``FetchError``.
    """
    final = cache / f"{name}-{version}"
    if final.is_dir():
        return final
    cache.mkdir(parents=True, exist_ok=True)
    remote = _find(name, version)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        archive = Path(scratch) / remote.name
        archive.write_bytes(_checked(remote))
        fresh = Path(scratch) / "files"
        fresh.mkdir()
        _unpack(archive, fresh)
        entries = list(fresh.iterdir())
        top = entries[0] if len(entries) == 1 and entries[0].is_dir() else fresh
        shutil.move(top, final)
    return final


def _find(name: str, version: str) -> Remote:
    normal = re.sub(r"[-_.]+", "-", name).lower()
    endings = "|".join(map(re.escape, ARCHIVES))
    wanted = re.compile(rf"{_loose(name)}-{re.escape(version)}({endings})")
    for remote in _listing(f"{index_url()}/{normal}/"):
        if wanted.fullmatch(remote.name.lower()):
            return remote
    raise FetchError(f"{name} {version}: the index has no source distribution")


def _loose(name: str) -> str:
    return "[-_.]+".join(re.escape(part) for part in re.split(r"[-_.]+", name.lower()))


def _listing(url: str) -> list[Remote]:
    text, kind = _get(url, ACCEPT)
    if "json" in kind:
        files = json.loads(text)["files"]
        return [
            Remote(f["filename"], urljoin(url, f["url"]), f["hashes"].get("sha256")) for f in files
        ]
    links = _Links()
    links.feed(text.decode("utf-8"))
    return [_from_link(urljoin(url, link)) for link in links.found]


def _from_link(link: str) -> Remote:
    url, fragment = urldefrag(link)
    kind, _, value = fragment.partition("=")
    return Remote(url.rpartition("/")[2], url, value if kind == "sha256" else None)


class _Links(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for key, value in attrs if tag == "a" and key == "href" and value]


def _checked(remote: Remote) -> bytes:
    data, _ = _get(remote.url)
    if remote.sha256 and hashlib.sha256(data).hexdigest() != remote.sha256:
        raise FetchError(f"{remote.name}: the checksum does not match")
    return data


def _get(url: str, accept: str = "*/*") -> tuple[bytes, str]:
    request = urllib.request.Request(url, headers={"Accept": accept})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return answer.read(), answer.headers.get("Content-Type", "")
    except OSError as error:
        raise FetchError(f"{url}: {error}") from error


def _unpack(archive: Path, target: Path) -> None:
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(target)
        else:
            with tarfile.open(archive) as packed:
                packed.extractall(target, members=[m for m in packed if _is_safe(m)])
    except (tarfile.TarError, zipfile.BadZipFile, OSError) as error:
        raise FetchError(f"{archive.name}: {error}") from error


def _is_safe(member: tarfile.TarInfo) -> bool:
    """Plain files and folders inside the archive's own folder."""
    parts = Path(member.name).parts
    inside = not member.name.startswith("/") and ".." not in parts
    return inside and (member.isfile() or member.isdir())
