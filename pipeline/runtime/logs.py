"""The log of a run: on stderr, and in a file of its own in the logs folder of the data root.

One line an event: time (UTC), level, message, task. A terminal gets the short form, without time.
With PIPELINE_LOG_FORMAT=json each event is a JSON object. A log that cannot be written causes one
warning and never fails a run.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import logging
import os
import re
import sys
from pathlib import Path
from typing import Any

import luigi
import luigi.configuration
import luigi.interface

from pipeline import clock, settings
from pipeline.runtime.append_file import open_append
from pipeline.runtime.events import on_event
from pipeline.runtime.failures import Failures, open_failures
from pipeline.runtime.log_formats import JsonFormat, ShortFormat, TextFormat, error_in

MAX_FILES = 200
KEEP_DAYS = 60

_LUIGI_LOGGER = logging.getLogger("luigi-interface")
_RUN_LOG = re.compile(r"\d{8}T\d{6}Z_[\w-]+_\d+\.log")


class _Current:
    """The task that this process runs; each forked worker has its own."""

    task = ""


class RunFile(logging.Handler):
    """Appends each event in one write, so that forked workers can share the file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._descriptor = open_append(path)
        with contextlib.suppress(OSError):  # locked as long as any process of the run is alive
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def emit(self, record: logging.LogRecord) -> None:
        """Write the event; after the first error, warn once and write no more."""
        line = self.format(record) + "\n"
        try:
            os.write(self._descriptor, line.encode("utf-8", errors="backslashreplace"))
        except OSError as error:
            _LUIGI_LOGGER.removeHandler(self)
            _warn_of_no_log(error)


def install(run: str, log_format: str, path: Path | None) -> Failures:
    """Send what luigi and the tasks log to stderr, and to the file if it can be opened.

    Args:
        run: the run's name, in every JSON line.
        log_format: text or json.
        path: the run's own file, or None.

    Returns:
        What any process of the run logs as an error from now on.
    """
    _add_handlers(run, log_format, path)
    settings.set_file_of_this_run(settings.RUN_LOG, path)
    try:
        failures = open_failures()
    except OSError:  # there is no folder for temporary files
        failures = Failures()
    _LUIGI_LOGGER.addHandler(failures)
    return failures


def join(log_format: str) -> None:
    """Log into the run's file from a task process that was spawned, not forked."""
    if any(isinstance(handler, Failures) for handler in _LUIGI_LOGGER.handlers):
        return
    path = settings.file_of_this_run(settings.RUN_LOG)
    _add_handlers(path.stem if path else "", log_format, path)
    pipe = settings.file_of_this_run(settings.RUN_FAILURES)
    with contextlib.suppress(OSError):
        _LUIGI_LOGGER.addHandler(Failures(pipe))


def note(message: str, *arguments: object) -> None:
    """Write into the run's file alone, at any log level: how the run began and ended."""
    record = _LUIGI_LOGGER.makeRecord(
        _LUIGI_LOGGER.name, logging.INFO, __name__, 0, message, arguments, None
    )
    for handler in _LUIGI_LOGGER.handlers:
        if isinstance(handler, RunFile):
            handler.handle(record)


def sweep(folder: Path, now: datetime.datetime) -> list[Path]:
    """Remove all but the newest 200 run logs, and those older than 60 days; return them."""
    runs = sorted(path for path in folder.iterdir() if _RUN_LOG.fullmatch(path.name))
    oldest = f"{now - datetime.timedelta(days=KEEP_DAYS):%Y%m%dT%H%M%SZ}"
    removed = [*runs[:-MAX_FILES], *(path for path in runs[-MAX_FILES:] if path.name < oldest)]
    for path in removed:
        path.unlink(missing_ok=True)
    return removed


def errors_in(path: Path) -> list[str]:
    """Return the messages of level ERROR in a run's file, without duplicates, in their order."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return list(dict.fromkeys(filter(None, map(error_in, lines))))


def _add_handlers(run: str, log_format: str, path: Path | None) -> None:
    luigi.configuration.get_config().set("core", "no_configure_logging", "True")
    _follow_tasks()
    _LUIGI_LOGGER.setLevel(getattr(logging, luigi.interface.core().log_level, logging.DEBUG))
    full = JsonFormat(run) if log_format == "json" else TextFormat()
    on_terminal = log_format == "text" and sys.stderr.isatty()
    _add(logging.StreamHandler(), ShortFormat() if on_terminal else full)
    if path is not None:
        try:
            _add(RunFile(path), full)
            sweep(path.parent, clock.now())
        except OSError as error:
            _warn_of_no_log(error)


def _follow_tasks() -> None:
    """Have each record name its task: one of its arguments, or the one that this process runs."""
    logging.setLogRecordFactory(_record)
    on_event(luigi.Event.START, _begin)
    on_event(luigi.Event.SUCCESS, _end)
    on_event(luigi.Event.FAILURE, _end)


def _begin(task: luigi.Task) -> None:
    _Current.task = str(task)


def _end(*_: Any) -> None:
    _Current.task = ""


def _record(*arguments: Any, **named: Any) -> logging.LogRecord:
    record = logging.LogRecord(*arguments, **named)
    values = record.args if isinstance(record.args, tuple) else ()
    tasks = [str(each) for each in values if isinstance(each, luigi.Task)]
    record.task = tasks[0] if tasks else _Current.task
    return record


def _add(handler: logging.Handler, formatter: logging.Formatter) -> None:
    handler.setFormatter(formatter)
    _LUIGI_LOGGER.addHandler(handler)


def _warn_of_no_log(error: OSError) -> None:
    _LUIGI_LOGGER.warning(
        "This run has no log file of its own: %s: %s.",
        error.filename or "writing it",
        error.strerror,
    )
