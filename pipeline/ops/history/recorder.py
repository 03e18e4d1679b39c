"""The task history for luigi's scheduler: a call takes microseconds, a thread writes."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import luigi.configuration
import luigi.task_history

from pipeline import clock
from pipeline.errors import SettingsError
from pipeline.ops.history.events import Event
from pipeline.ops.history.spool import Spool
from pipeline.ops.history.store import HistoryStore
from pipeline.ops.history.writer import Writer

_TICK, _SECOND = timedelta(microseconds=1), timedelta(seconds=1)


class HistoryRecorder(Writer, luigi.task_history.TaskHistory):  # type: ignore[misc, unused-ignore]
    """Records what the scheduler reports and never makes it wait; without a store it does nothing.

    Hand it to `luigi.scheduler.Scheduler(task_history_impl=...)`.
    """

    def __init__(self, store: HistoryStore | None, spool: Path) -> None:
        super().__init__(store, Spool(spool), _configured_days())
        self._last = self.started_at

    def task_scheduled(self, task: Any) -> None:
        """Record that a task waits to be run."""
        self._record(task, "PENDING")

    requeued = task_scheduled

    def task_started(self, task: Any, worker_host: str | None) -> None:
        """Record that a worker has been given the task."""
        self._record(task, "RUNNING", host=worker_host)

    def task_finished(self, task: Any, successful: bool) -> None:
        """Record that the task is done, or failed for the reason in its `expl`."""
        if successful:
            self._record(task, "DONE")
        else:
            self.failed(task, task.expl if isinstance(task.expl, str) else None)

    def failed(self, task: Any, reason: str | None) -> None:
        """Record that the task failed; the scheduler itself says so of one whose worker died."""
        self._record(task, "FAILED", reason=reason)

    def disabled(self, task: Any) -> None:
        """Record that the task failed so often that it is given up for now."""
        self._record(task, "DISABLED")

    def _record(
        self, task: Any, name: str, *, host: str | None = None, reason: str | None = None
    ) -> None:
        """Put an event with an instant of its own, unless the clock is set back by a second."""
        at = clock.instant()
        if self._last - _SECOND < at <= self._last:
            at = self._last + _TICK
        self._last = at
        family, params = str(task.family or ""), dict(task.public_params)
        self.put(Event(str(task.id), family, params, host, name, at, reason))


def _configured_days() -> int:
    """Return `[tmdb_pipeline] history_days`, after which events are purged."""
    text = luigi.configuration.get_config().get("tmdb_pipeline", "history_days", "180")
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 36_500):
        raise SettingsError(
            "[tmdb_pipeline] history_days in luigi's configuration has to be a whole number of "
            "days, at least 1."
        )
    return int(text)
