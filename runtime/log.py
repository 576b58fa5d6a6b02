"""The loggers that Tornado writes to, and what its documentation promises about formatting them.

``tornado.access`` has a line per request, ``tornado.application`` the errors of user code, and
``tornado.general`` everything else (tornado.log in Tornado's documentation).
"""

from __future__ import annotations

import logging
from typing import Any

access_log = logging.getLogger("tornado.access")
app_log = logging.getLogger("tornado.application")
gen_log = logging.getLogger("tornado.general")


class LogFormatter(logging.Formatter):
    """Formats a record as one line with level, time and place; colours are never written."""

    DEFAULT_FORMAT = "[%(levelname).1s %(asctime)s %(module)s:%(lineno)d] %(message)s"
    DEFAULT_DATE_FORMAT = "%y%m%d %H:%M:%S"

    def __init__(
        self,
        color: bool = True,
        fmt: str = DEFAULT_FORMAT,
        datefmt: str = DEFAULT_DATE_FORMAT,
        **colors: Any,
    ) -> None:
        """Take Tornado's arguments; ``color`` and ``colors`` are accepted and have no effect."""
        plain = fmt.replace("%(color)s", "").replace("%(end_color)s", "")
        super().__init__(plain, datefmt)


def enable_pretty_logging(options: Any = None, logger: logging.Logger | None = None) -> None:
    """Set the root logger's (or ``logger``'s) level from ``options.logging``; adds no handler."""
    level = getattr(options, "logging", "info") if options is not None else "info"
    if level is not None and level.lower() != "none":
        (logger or logging.getLogger()).setLevel(level.upper())


def define_logging_options(options: Any = None) -> None:
    """Define ``logging`` and the ``log_*`` options that tornado.log's documentation names."""
    if options is None:
        from .options import options as default_options

        options = default_options
    options.define("logging", default="info", help="debug|info|warning|error|none")
    options.define("log_to_stderr", type=bool, default=None)
    options.define("log_file_prefix", type=str, default=None)
    options.define("log_file_max_size", type=int, default=100 * 1000 * 1000)
    options.define("log_file_num_backups", type=int, default=10)
    options.define("log_rotate_when", type=str, default="midnight")
    options.define("log_rotate_interval", type=int, default=1)
    options.define("log_rotate_mode", type=str, default="size")
