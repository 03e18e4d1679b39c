"""The formats of a log line: text, the short text of a terminal, and JSON."""

from __future__ import annotations

import contextlib
import datetime
import json
import logging
import re

from pipeline import settings
from pipeline.sanitize import plain

_ERROR_LINE = re.compile(r"\S+ ERROR: (.+)")


class TextFormat(logging.Formatter):
    """`2024-01-07T02:00:03Z ERROR: message [task]`, without a task that the message names."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record; each line of a traceback or a table has time, level and task."""
        start = f"{_instant(record)} {record.levelname}: "
        message, task = _message(record), _task(record)
        end = f" [{task}]" if task and task not in message else ""
        return "\n".join(start + line + end for line in message.splitlines() if line.strip())


class ShortFormat(logging.Formatter):
    """`ERROR: message`, for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the level and the message."""
        return f"{record.levelname}: {_message(record)}"


class JsonFormat(logging.Formatter):
    """One JSON object a line: time, level, task, message, run."""

    def __init__(self, run: str) -> None:
        super().__init__()
        self._run = run

    def format(self, record: logging.LogRecord) -> str:
        """Return the object as one line."""
        event = {
            "time": _instant(record),
            "level": record.levelname,
            "task": _task(record) or None,
            "message": _message(record),
            "run": self._run,
        }
        return json.dumps(event, ensure_ascii=False)


def safe_text(text: str) -> str:
    """Return a text for the log: secrets redacted, control characters escaped."""
    return plain(settings.redacted(text))


def error_in(line: str) -> str:
    """Return the message of a line of either format if its level is ERROR, else nothing."""
    if line.startswith("{"):
        with contextlib.suppress(ValueError):  # half a line: the disk was full
            event = json.loads(line)
            return str(event["message"]) if event["level"] == "ERROR" else ""
    found = _ERROR_LINE.fullmatch(line)
    return found[1] if found else ""


def _message(record: logging.LogRecord) -> str:
    """Return the message, and the traceback if there is one."""
    return safe_text(logging.Formatter().format(record))


def _task(record: logging.LogRecord) -> str:
    return str(getattr(record, "task", ""))


def _instant(record: logging.LogRecord) -> str:
    return f"{datetime.datetime.fromtimestamp(record.created, datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"
