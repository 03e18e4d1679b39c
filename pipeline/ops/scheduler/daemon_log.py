"""luigid's log: a line an event, free of secrets, and none for a request that went well."""

from __future__ import annotations

import json
import logging
import sys

from pipeline import settings
from pipeline.sanitize import plain

_TEXT = "%(asctime)s %(levelname)-7s %(message)s"


def set_up_log(log_format: str) -> None:
    """Send everything to standard error, as text or as one JSON object a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if log_format == "json" else _Redacted(_TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("luigi.scheduler").setLevel(logging.WARNING)
    logging.getLogger("tornado.access").setLevel(logging.ERROR)
    logging.getLogger("tornado.general").setLevel(logging.ERROR)


class _Redacted(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return plain(settings.redacted(super().format(record)))


class _Json(_Redacted):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": super().format(record),
        }
        return json.dumps(line, ensure_ascii=False)
