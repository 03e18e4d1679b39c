"""luigid's log: the form of the runs' logs, and no line for a request that went well."""

import contextlib
import logging
import os
import queue
from collections.abc import Iterator
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path

from pipeline import clock
from pipeline.runtime.logs import Formatter

LOGGER = logging.getLogger("pipeline.luigid")
REFUSALS = logging.getLogger("pipeline.luigid.refusals")
# A log that is larger becomes its predecessor, `.1`.
MAX_BYTES = 10_000_000


@contextlib.contextmanager
def logging_to(path: Path | None, log_format: str) -> Iterator[None]:
    """Log into the file, or to standard error; a thread writes, so that no disk delays a call."""
    target: logging.Handler = logging.StreamHandler()
    if path is not None:
        target = RotatingFileHandler(
            path, maxBytes=MAX_BYTES, backupCount=1, encoding="utf-8", errors="backslashreplace"
        )
        target.rotator = _rotate
    target.setFormatter(Formatter(log_format, "luigid"))
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    handler, listener = QueueHandler(records), QueueListener(records, target)
    handler.setFormatter(logging.Formatter())  # basicConfig's would put level and logger in front
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("luigi.scheduler").setLevel(logging.WARNING)
    logging.getLogger("tornado").setLevel(logging.ERROR)
    for logger in (REFUSALS, *map(logging.getLogger, ("tornado.application", "tornado.general"))):
        logger.addFilter(OnceAMinute())
    listener.start()
    try:
        yield
    finally:
        listener.stop()
        target.close()


def _rotate(source: str, predecessor: str) -> None:
    """Rename a full log; its successor is no more readable than the first one was."""
    os.replace(source, predecessor)
    Path(source).touch(os.stat(predecessor).st_mode & 0o777)


class OnceAMinute(logging.Filter):
    """Passes one record a minute and counts the others, so that nobody fills the disk with them."""

    def __init__(self) -> None:
        super().__init__()
        self._skipped, self._passed_at = 0, float("-inf")

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is logged; it also reports how many were not."""
        moment = clock.monotonic()
        if moment - self._passed_at < 60:
            self._skipped += 1
            return False
        if self._skipped:
            record.msg = f"{record.getMessage()} (and {self._skipped} more before it)"
            record.args = None
        self._skipped, self._passed_at = 0, moment
        return True
