"""Which of several star imports gives a name.

Two modules of Tornado may both hand on a name that one of them got from the other. The names here
are the same object in every module of Tornado 4.4 to 5.1 that has them (seen on 4.4.2, 4.5.3 and
5.1.1), so it does not matter which import comes last. ``HTTPError`` and ``HTTPRequest`` are not.
"""

from __future__ import annotations

_NAMES = {
    "tornado.web": """asynchronous authenticated addslash removeslash RequestHandler ErrorHandler
        FallbackHandler RedirectHandler StaticFileHandler""",
    "tornado.gen": """coroutine engine Task Callback Wait WaitAll Return Arguments sleep
        with_timeout maybe_future multi multi_future WaitIterator""",
    "tornado.httpclient": "AsyncHTTPClient",
    "tornado.ioloop": "IOLoop PeriodicCallback",
    "tornado.websocket": "WebSocketHandler websocket_connect",
    "tornado.concurrent": "return_future run_on_executor",
    "tornado.iostream": "BaseIOStream IOStream SSLIOStream PipeIOStream",
    "tornado.locks": "BoundedSemaphore Condition Event Lock Semaphore",
}

HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}
"""The module of Tornado that defines a name."""


def given_by(star: str, path: str) -> str | None:
    """The full name of ``path`` if ``from star import *`` gives its first part; else None.

    ``star`` is a module of Tornado. A name that is not listed counts as given.
    """
    home = HOMES.get(path.partition(".")[0], star)
    return f"{home}.{path}" if home == star else None
