"""One run of the `luigi` command, from its first line in a log to what those on duty are told."""

from __future__ import annotations

import contextlib
import datetime
import logging
import platform
import signal
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from pipeline import clock, settings
from pipeline.errors import SettingsError
from pipeline.layout import Layout
from pipeline.ops import alerts
from pipeline.ops.stopping import Stopped
from pipeline.tasks import journal, logs
from pipeline.version import VERSION

LOGGER = logging.getLogger("luigi-interface.pipeline")

ALREADY_RUNNING, NOT_RUN = 10, 25

NOTHING_TO_DO = (
    "Not all of it is done, and luigid gives out nothing more: it was killed meanwhile and forgot "
    "this run, it is paused, or it refuses a task that failed too often. Mend that and run the "
    "same command again: what is finished is kept."
)
"""Luigi ends without a word then."""


class Run:
    """A run that is under way; `with` it, and its end is told and, if it failed, alerted."""

    def __init__(self, task: str, day: datetime.date | None, words: Sequence[str]) -> None:
        self._task = task
        self._day = day
        self._words = words
        self._began_at = clock.now()
        self._began = clock.monotonic()
        self._settings = _usable_settings()
        self._log: Path | None = None
        if self._settings:
            self._log = Layout(self._settings.data_dir).run_log(self._began_at, task)

    def begin(self) -> None:
        """Open the log. Luigi's command line has to be read already: it says how much is shown."""
        log_format = self._settings.log_format if self._settings else "text"
        logs.install(self._log.stem if self._log else self._task, log_format, self._log)
        logs.note(
            "tmdb-pipeline %s: luigi %s (source %s, scheduler %s, Python %s)",
            *(VERSION, " ".join(self._words), self._source(), logs.scheduler()),
            platform.python_version(),
        )
        if self._settings and self._settings.sends_key_in_clear:
            LOGGER.warning(
                "TMDB_API_URL is no https address: the key crosses the network for anybody to read"
            )
        if self._settings:
            with contextlib.suppress(OSError):
                journal.sweep(Layout(self._settings.data_dir), self._began_at)

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        status = _status(error)
        if isinstance(error, KeyboardInterrupt):
            LOGGER.warning("Stopped. What is finished is kept; the same command goes on.")
        elif self._settings:
            try:
                self._tell(status, Layout(self._settings.data_dir))
            except Exception as fault:  # whatever it is, the run has ended as it has
                LOGGER.warning("Nobody could be told how this run ended: %s", fault)
        seconds = clock.monotonic() - self._began
        logs.note("Ended with status %s after %.1f s", status, seconds)

    def _tell(self, status: int, layout: Layout) -> None:
        if status == 0:
            LOGGER.info("The files are in %s", layout.root)
        elif status != ALREADY_RUNNING:
            errors = logs.errors_in(self._log) if self._log else []
            if status == NOT_RUN and not errors:
                LOGGER.error(NOTHING_TO_DO)
                errors = [NOTHING_TO_DO]
            alerts.run_failed(self._task, status, errors, self._log)
        if self._day is not None:
            alerts.quality_if_bad(layout, self._day, self._began_at)

    def _source(self) -> str:
        credential = self._settings.credential if self._settings else None
        if credential is None:
            return "none: no usable key"
        return "demo" if credential.is_demo else "tmdb"


def _usable_settings() -> settings.Settings | None:
    """Return the settings; None where luigi will find them wrong and say so."""
    try:
        return settings.current()
    except SettingsError:
        return None


def _status(error: BaseException | None) -> int:
    """Return the exit status that this ending comes to."""
    if isinstance(error, Stopped):
        return error.status
    if isinstance(error, KeyboardInterrupt):
        return 128 + signal.SIGINT
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    return 0 if error is None else 1
