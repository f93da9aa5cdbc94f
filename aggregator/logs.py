"""Log lines: plain or JSON, to standard error; feed text cannot forge a line.

A log line that cannot be written never stops the work (`logging.raiseExceptions` is off).
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime

_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def set_up_logging(format_name: str, level: str) -> None:
    """Send this program's logs to standard error; other libraries only from warning on.

    httpx logs every request at info and APScheduler every job: neither is ours to repeat.
    """
    logging.raiseExceptions = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if format_name == "json" else PlainLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("aggregator").setLevel(level.upper())


def _safe(text: str) -> str:
    return _CONTROL.sub(" ", _USERINFO.sub("…@", text))


class PlainLines(logging.Formatter):
    """`2026-01-07T06:00:00Z INFO poll feed=…`; continuation lines of a traceback are indented."""

    def format(self, record: logging.LogRecord) -> str:
        message = _safe(super().format(record)).replace("\n", "\n    ")
        return f"{_time(record)} {record.levelname} {message}"


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(
            {
                "time": _time(record),
                "level": record.levelname.lower(),
                "logger": record.name,
                "message": _safe(super().format(record)),
            },
            ensure_ascii=False,
        )


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
