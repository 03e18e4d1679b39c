"""What a run says: on stderr, and in a file of its own below the data root's logs/.

One line an event: when (UTC), how grave, which task, what. A terminal gets the short form, without
the time. With PIPELINE_LOG_FORMAT=json an event is one JSON object. A log that cannot be written is
told once and never fails a run.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import json
import logging
import os
import re
import sys
from pathlib import Path
from typing import Any

import luigi
import luigi.configuration
import luigi.interface
import luigi.worker

from pipeline import clock, settings
from pipeline.runtime.failures import Failures, opened
from pipeline.sanitize import plain
from pipeline.tasks.base import PipelineTask

KEPT_FILES = 200
KEPT_DAYS = 60

_INTERFACE = logging.getLogger("luigi-interface")
_RUN_LOG = re.compile(r"\d{8}T\d{6}Z_[\w-]+_\d+\.log")
_ERROR_LINE = re.compile(r"\S+ ERROR: (.+)")


class _Current:
    """The task that this process is at; a forked worker has its own."""

    task = ""


class TextFormat(logging.Formatter):
    """`2024-01-07T02:00:03Z ERROR: what happened`, and behind it the task unless that tells it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the event; each line of a traceback or a table bears time, level and task."""
        start = f"{_instant(record)} {record.levelname}: "
        text, task = _message(self, record), _task(record)
        end = f" [{task}]" if task and task not in text else ""
        return "\n".join(start + line + end for line in text.splitlines() if line.strip())


class ShortFormat(logging.Formatter):
    """`ERROR: what happened`: for a person who sits there and knows the time."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the level and the message."""
        return f"{record.levelname}: {_message(self, record)}"


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
            "message": _message(self, record),
            "run": self._run,
        }
        return json.dumps(event, ensure_ascii=False)


class RunFile(logging.Handler):
    """Appends whole lines, one write an event, so that forked workers share the file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o640)
        with contextlib.suppress(OSError):  # held as long as any process of the run is alive
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def emit(self, record: logging.LogRecord) -> None:
        """Write the event; where the disk refuses, say so once and write no more."""
        line = self.format(record) + "\n"
        try:
            os.write(self._descriptor, line.encode("utf-8", errors="backslashreplace"))
        except OSError as error:
            _INTERFACE.removeHandler(self)
            _warn_of_no_log(error)


def install(run: str, log_format: str, path: Path | None) -> Failures:
    """Send what luigi and the tasks log to stderr, and to the file where one can be had.

    Args:
        run: the run's name, in every JSON line.
        log_format: text or json.
        path: the run's own file, or None.

    Returns:
        What is logged as an error from now on, by any process of the run.
    """
    _add_handlers(run, log_format, path)
    settings.set_file_of_this_run(settings.RUN_LOG, path)
    try:
        failures = opened()
    except OSError:  # no folder for temporary files: the log is what is left
        failures = Failures()
    _INTERFACE.addHandler(failures)
    return failures


def join(log_format: str) -> None:
    """Log into the file of the run from a task process that was not forked from it."""
    if any(isinstance(handler, Failures) for handler in _INTERFACE.handlers):
        return
    path = settings.file_of_this_run(settings.RUN_LOG)
    _add_handlers(path.stem if path else "", log_format, path)
    pipe = settings.file_of_this_run(settings.RUN_FAILURES)
    with contextlib.suppress(OSError):
        _INTERFACE.addHandler(Failures(pipe))


def _add_handlers(run: str, log_format: str, path: Path | None) -> None:
    luigi.configuration.get_config().set("core", "no_configure_logging", "True")
    logging.setLogRecordFactory(_record)
    _INTERFACE.setLevel(getattr(logging, luigi.interface.core().log_level, logging.DEBUG))
    plain = JsonFormat(run) if log_format == "json" else TextFormat()
    on_terminal = log_format == "text" and sys.stderr.isatty()
    _add(logging.StreamHandler(), ShortFormat() if on_terminal else plain)
    if path is not None:
        try:
            _add(RunFile(path), plain)
            sweep(path.parent, clock.now())
        except OSError as error:
            _warn_of_no_log(error)


def note(message: str, *arguments: object) -> None:
    """Write into the run's file alone, whatever the level: how the run began, how it ended."""
    record = _INTERFACE.makeRecord(
        _INTERFACE.name, logging.INFO, __name__, 0, message, arguments, None
    )
    for handler in _INTERFACE.handlers:
        if isinstance(handler, RunFile):
            handler.handle(record)


def uses_luigid() -> bool:
    """Whether the command line or luigi.cfg asks for luigid."""
    return not luigi.interface.core().local_scheduler


def is_unattended() -> bool:
    """Whether nobody watches this run: config/unattended.cfg is in force, or no terminal is there.

    Only such a run falls back to the local scheduler, alerts, and sends the heartbeat.
    """
    return keeps_trying() or not sys.stderr.isatty()


def keeps_trying() -> bool:
    """Whether config/unattended.cfg is in force, which is what makes luigi repeat failed tasks."""
    return bool(luigi.worker.worker().keep_alive)


def scheduler_url() -> str:
    """Return luigid's address, without the login that may be part of it."""
    core = luigi.interface.core()
    url = core.scheduler_url or f"http://{core.scheduler_host}:{core.scheduler_port}/"
    return re.sub(r"//[^/]*@", "//", str(url))


def sweep(folder: Path, now: datetime.datetime) -> list[Path]:
    """Remove the logs of runs beyond the newest 200 or older than 60 days, and return them."""
    runs = sorted(path for path in folder.iterdir() if _RUN_LOG.fullmatch(path.name))
    oldest = f"{now - datetime.timedelta(days=KEPT_DAYS):%Y%m%dT%H%M%SZ}"
    gone = [*runs[:-KEPT_FILES], *(path for path in runs[-KEPT_FILES:] if path.name < oldest)]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def errors_in(path: Path) -> list[str]:
    """Return what a run's file tells of level ERROR, each once, in the order of happening."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return list(dict.fromkeys(filter(None, map(_error_in, lines))))


@PipelineTask.event_handler(luigi.Event.START)
def _begin(task: luigi.Task) -> None:
    _Current.task = str(task)


@PipelineTask.event_handler(luigi.Event.SUCCESS)
@PipelineTask.event_handler(luigi.Event.FAILURE)
def _end(*_: Any) -> None:
    _Current.task = ""


def _record(*arguments: Any, **named: Any) -> logging.LogRecord:
    """Make a record that knows its task: one it was told of, or the one this process is at."""
    record = logging.LogRecord(*arguments, **named)
    told = record.args if isinstance(record.args, tuple) else ()
    tasks = [str(each) for each in told if isinstance(each, luigi.Task)]
    record.task = tasks[0] if tasks else _Current.task
    return record


def _add(handler: logging.Handler, formatter: logging.Formatter) -> None:
    handler.setFormatter(formatter)
    _INTERFACE.addHandler(handler)


def _message(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    """Return what happened, with its traceback if there is one; no secret, nothing that acts."""
    return plain(settings.redacted(logging.Formatter.format(formatter, record)))


def _task(record: logging.LogRecord) -> str:
    return str(getattr(record, "task", ""))


def _instant(record: logging.LogRecord) -> str:
    return f"{datetime.datetime.fromtimestamp(record.created, datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"


def _error_in(line: str) -> str:
    """Return what a line of either format tells of an error; empty for all others."""
    if line.startswith("{"):
        with contextlib.suppress(ValueError):  # half a line: the disk was full
            event = json.loads(line)
            return str(event["message"]) if event["level"] == "ERROR" else ""
    found = _ERROR_LINE.fullmatch(line)
    return found[1] if found else ""


def _warn_of_no_log(error: OSError) -> None:
    _INTERFACE.warning(
        "This run has no log file of its own: %s: %s.",
        error.filename or "writing it",
        error.strerror,
    )
