"""Runs a script as ``__main__`` after the shims that old Tornado needs on a modern Python.

Usage: ``python launch.py SCRIPT [ARGUMENT...]``. The two shims are those of the semantics
reference: Python 3.10 removed ``collections.MutableMapping``, Python 3.12
``ssl.match_hostname``. Python 3.14 also wants the main thread's event loop to be made by hand.
"""

import asyncio
import collections
import collections.abc
import concurrent.futures.thread  # noqa: F401 - old Tornado expects the submodule to be loaded
import runpy
import ssl
import sys


def apply_shims() -> None:
    """Put back what Tornado 4 and 5 import from the standard library."""
    if not hasattr(collections, "MutableMapping"):
        collections.MutableMapping = collections.abc.MutableMapping
    if not hasattr(ssl, "match_hostname"):
        ssl.match_hostname = None
    if sys.version_info >= (3, 14):
        asyncio.set_event_loop(asyncio.new_event_loop())


if __name__ == "__main__":
    apply_shims()
    del sys.argv[0]
    sys.path[0] = sys.argv[0].rpartition("/")[0] or "."
    runpy.run_path(sys.argv[0], run_name="__main__")
