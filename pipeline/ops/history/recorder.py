"""The task history for luigi's scheduler: a call takes microseconds, a thread writes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
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

_KEEP_DAYS = 180
_TICK, _SECOND = timedelta(microseconds=1), timedelta(seconds=1)


class HistoryRecorder(luigi.task_history.TaskHistory):
    """Records what the scheduler reports and never makes it wait; without a store it does nothing.

    Hand it to `luigi.scheduler.Scheduler(task_history_impl=...)`.
    """

    def __init__(self, store: HistoryStore | None, spool: Path) -> None:
        self._last = datetime.min.replace(tzinfo=UTC) + _SECOND
        self._started_at = self._instant()
        self._writer: Writer | None = None
        if store is not None:
            self._writer = Writer(store, Spool(spool), configured_days())
            self._writer.start()

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

    def close_left_running(self, still_running: Collection[str]) -> None:
        """Close runs that an earlier luigid left RUNNING, except of these task ids."""
        if self._writer:
            self._writer.close_left_running(self._started_at, frozenset(still_running))

    def close(self, timeout: float = 5) -> None:
        """Write what can be written in that many seconds; the next start writes the rest."""
        if self._writer:
            self._writer.stop(timeout)

    @property
    def buffered(self) -> int:
        """Return how many events are in memory or on disk, and not in the database yet."""
        return self._writer.buffered if self._writer else 0

    @property
    def lost(self) -> int:
        """Return how many events could be kept nowhere."""
        return self._writer.lost if self._writer else 0

    @property
    def up(self) -> bool:
        """Return whether the database accepted what it was last given."""
        return self._writer is not None and self._writer.up

    def _record(
        self, task: Any, name: str, *, host: str | None = None, reason: str | None = None
    ) -> None:
        if self._writer is None:
            return
        event = Event(
            task_id=str(task.id),
            family=str(task.family or ""),
            params=dict(task.public_params),
            host=host,
            name=name,
            at=self._instant(),
            reason=reason,
        )
        self._writer.put(event)

    def _instant(self) -> datetime:
        """Return this instant, later than the last unless the clock is set back by a second."""
        at = clock.instant()
        if self._last - _SECOND < at <= self._last:
            at = self._last + _TICK
        self._last = at
        return at


def configured_days() -> int:
    """Return `[tmdb_pipeline] history_days`, after which events are purged."""
    text = luigi.configuration.get_config().get("tmdb_pipeline", "history_days", str(_KEEP_DAYS))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 36_500):
        raise SettingsError(
            "[tmdb_pipeline] history_days in luigi's configuration has to be a whole number of "
            "days, at least 1."
        )
    return int(text)
