"""The log of a run: on stderr, in a file of its own, and its errors in a temporary file for alerts.

A log that cannot be written causes one warning and never fails a run.
"""

import atexit
import contextlib
import datetime
import functools
import json
import logging
import multiprocessing
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar

from luigi import configuration, interface

from pipeline import settings
from pipeline.paths import Layout
from pipeline.runtime.terminal import TerminalHandler
from pipeline.sanitize import plain
from pipeline.storage import local

LUIGI_LOGGER = logging.getLogger("luigi-interface")

# Logs into the run's file alone, at any log level: how the run began and ended.
RUN_LOGGER = logging.Logger("pipeline.run", logging.INFO)
T = TypeVar("T")


class Failure(NamedTuple):
    """One failure: the name of its branch of the error tree, and its sentence."""

    cause: str
    sentence: str


def install(log_format: str, path: Path | None) -> None:
    """Begin the log of a run, `text` or `json`, in this process and in all that it starts."""
    settings.set_run_variable(settings.RUN_LOG, path)
    for variable in (settings.RUN_FAILURES, settings.RUN_PROGRESS):
        with contextlib.suppress(OSError):  # without it, an alert has no reason, a run no progress
            descriptor, name = tempfile.mkstemp(prefix="tmdb-pipeline-run-")
            os.close(descriptor)
            atexit.register(Path(name).unlink, missing_ok=True)
            settings.set_run_variable(variable, name)
    join(log_format)


def join(log_format: str) -> None:
    """Log into the files of the run; a task process calls it that was spawned, not forked."""
    configuration.get_config().set("core", "no_configure_logging", "True")
    LUIGI_LOGGER.setLevel(getattr(logging, interface.core().log_level, logging.DEBUG))
    run_log = settings.run_variable(settings.RUN_LOG)
    formatter = Formatter(log_format, Path(run_log).stem if run_log else "")
    is_for_people = sys.stderr.isatty() and log_format == "text"
    LUIGI_LOGGER.addHandler((TerminalHandler if is_for_people else logging.StreamHandler)())
    LUIGI_LOGGER.handlers[-1].setFormatter(formatter)
    LUIGI_LOGGER.handlers[-1].addFilter(_is_for_stderr)
    if run_log:
        LUIGI_LOGGER.addHandler(AppendHandler(Path(run_log), formatter))
        RUN_LOGGER.addHandler(LUIGI_LOGGER.handlers[-1])
    if failed := settings.run_variable(settings.RUN_FAILURES):
        LUIGI_LOGGER.addHandler(AppendHandler(Path(failed), Formatter("failure"), logging.ERROR))


def _is_for_stderr(record: logging.LogRecord) -> bool:
    """Return whether stderr shows a record; luigi's summary, with `--log-level DEBUG` only."""
    return not getattr(record, "is_for_file", False) or LUIGI_LOGGER.isEnabledFor(logging.DEBUG)


def failures() -> list[Failure]:
    """Return what any process of the run has logged as an error so far, without duplicates."""
    path = Path(settings.run_variable(settings.RUN_FAILURES) or os.devnull)
    read = functools.partial(path.read_text, errors="replace")
    lines = optional(read, "", "The reasons for an alert cannot be read").splitlines()
    return list(dict.fromkeys(Failure(*line.partition("\t")[::2]) for line in lines))


def optional(make: Callable[[], T], empty: T, loss: str) -> T:
    """Return a function's result; if it raises, warn of the loss and return the empty value."""
    try:
        return make()
    except Exception as error:  # nothing that only makes a document better may fail it
        reason = settings.redacted(str(error))[:300] or "no reason given"
        LUIGI_LOGGER.getChild("pipeline").warning("%s (%s): %s", loss, type(error).__name__, reason)
        return empty


def safe_text(text: str) -> str:
    """Return a text for the log: secrets redacted, control characters replaced."""
    return plain(settings.redacted(text))


def sweep(layout: Layout, now: datetime.datetime) -> None:
    """Remove the run logs and journals that were last written more than 60 days ago."""
    oldest = (now - datetime.timedelta(days=60)).timestamp()
    journals = layout.journal(now.date()).parent.glob("????????.log")
    for path in (*layout.logs.glob("????????T??????Z_*_*.log"), *journals):
        with contextlib.suppress(OSError):
            if path.lstat().st_mtime < oldest:
                path.unlink()


def open_append(path: Path) -> BinaryIO:
    """Open a file to which processes append, each line by one write; refuse a pipe, as an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK
    return open(os.open(path, flags, 0o640), "wb", buffering=0)


class AppendHandler(logging.Handler):
    """Appends each record to a file; after the first error, warns once and writes no more."""

    def __init__(self, path: Path, formatter: logging.Formatter, level: int = 0) -> None:
        super().__init__(level)
        self.setFormatter(formatter)
        self._path = path
        self._stream: BinaryIO | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Append the record; the file stays locked as long as any process of the run is alive."""
        try:
            if self._stream is None:
                self._stream = open_append(self._path)
                with contextlib.suppress(OSError):
                    local.lock(self._stream.fileno(), wait=False)
            self._stream.write(f"{self.format(record)}\n".encode(errors="backslashreplace"))
        except OSError as error:
            self.setLevel(sys.maxsize)
            LUIGI_LOGGER.warning("The log %s cannot be written: %s.", self._path, error.strerror)


class Formatter(logging.Formatter):
    """Formats a record as text, as JSON, or for `failures`; without secrets.

    Each line of a text has its time and level, so that no text from outside can forge one.
    """

    def __init__(self, log_format: str, run: str = "") -> None:
        super().__init__()
        self._log_format, self._run = log_format, run

    def format(self, record: logging.LogRecord) -> str:
        """Return the record, its traceback included, and the task that it is about."""
        message = safe_text(super().format(record))
        lines = [line for line in message.splitlines() if line.strip()]
        if self._log_format == "failure":
            lines = safe_text(getattr(record, "failure", message)).splitlines()
            return f"{getattr(record, 'cause', 'unexpected')}\t{''.join(lines[:1])}"
        moment = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        time, level = f"{moment:%Y-%m-%dT%H:%M:%SZ}", record.levelname
        named = re.match(r"\w+\(date=[^()]+\)", message)  # a message begins with its task
        task = named[0] if named else str(getattr(multiprocessing.current_process(), "task", ""))
        if self._log_format == "json":
            event = {"time": time, "level": level, "task": task or None, "message": message}
            return json.dumps(event | {"run": self._run}, ensure_ascii=False)
        end = f" [{task}]" if task and task not in message else ""
        return "\n".join(f"{time} {level}: {line}{end}" for line in lines)
