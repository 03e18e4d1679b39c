"""The task history for luigi's scheduler: a call takes microseconds, a thread writes."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import luigi.configuration
import luigi.task_history

from pipeline.errors import SettingsError
from pipeline.ops.scheduler.buffer import Buffer
from pipeline.ops.scheduler.instants import Instants
from pipeline.ops.scheduler.notes import note_of
from pipeline.ops.scheduler.spool import Spool
from pipeline.ops.scheduler.store import HistoryStore
from pipeline.ops.scheduler.writer import Writer

_KEEP_DAYS = 180
_BUFFER_SIZE = 100_000


class HistoryRecorder(luigi.task_history.TaskHistory):
    """Records what the scheduler says, without ever making it wait.

    Hand it to `luigi.scheduler.Scheduler(task_history_impl=...)`. Without a store it does nothing.
    """

    def __init__(
        self,
        store: HistoryStore | None,
        spool: Path,
        *,
        keep_days: int | None = None,
        buffer_size: int = _BUFFER_SIZE,
    ) -> None:
        self._instants = Instants()
        self._started_at = self._instants.next()
        self._buffer = Buffer(buffer_size)
        self._spool = Spool(spool)
        self._writer: Writer | None = None
        if store is not None:
            days = configured_days() if keep_days is None else keep_days
            self._writer = Writer(store, self._buffer, self._spool, days)
            self._writer.start()

    def task_scheduled(self, task: Any) -> None:
        """A task waits to be run."""
        self._note(task, "PENDING")

    def task_started(self, task: Any, worker_host: str | None) -> None:
        """A worker has been given the task."""
        self._note(task, "RUNNING", host=worker_host)

    def task_finished(self, task: Any, successful: bool) -> None:
        """A worker says that the task is done, or failed for the reason in its `expl`."""
        if successful:
            self._note(task, "DONE")
        else:
            self.failed(task, task.expl if isinstance(task.expl, str) else None)

    def failed(self, task: Any, reason: str | None) -> None:
        """The task failed; where its worker died, only the scheduler can say so."""
        self._note(task, "FAILED", reason=reason)

    def requeued(self, task: Any) -> None:
        """A failed task waits to be run once more."""
        self._note(task, "PENDING")

    def disabled(self, task: Any, reason: str | None = None) -> None:
        """The task failed so often that it is given up for now."""
        self._note(task, "DISABLED", reason=reason)

    def close_left_running(self, still_running: Collection[str]) -> None:
        """Close runs that an earlier luigid left RUNNING, except these task ids.

        To be called once the scheduler's state is loaded, with the tasks that it holds RUNNING.
        """
        if self._writer:
            self._writer.close_left_running(self._started_at, frozenset(still_running))

    def close(self, timeout: float = 5) -> None:
        """Write what can be written in that many seconds; the next start writes the rest."""
        if self._writer:
            self._writer.stop(timeout)

    @property
    def buffered(self) -> int:
        """Events that are not in the database yet, in memory and on disk."""
        return len(self._buffer) + self._spool.waiting

    @property
    def lost(self) -> int:
        """Events that nobody will ever see."""
        refused = self._writer.refused if self._writer else 0
        return self._buffer.lost + self._spool.damaged + refused

    @property
    def up(self) -> bool:
        """Return whether the database took what it was last given."""
        return self._writer is not None and self._writer.up

    def _note(
        self, task: Any, name: str, *, host: str | None = None, reason: str | None = None
    ) -> None:
        if self._writer:
            self._buffer.put(note_of(task, name, self._instants.next(), host, reason))


def configured_days() -> int:
    """Return `[tmdb_pipeline] history_days`: after so many days events are purged.

    Raises:
        SettingsError: it is no number of days.
    """
    text = luigi.configuration.get_config().get("tmdb_pipeline", "history_days", str(_KEEP_DAYS))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 36_500):
        raise SettingsError(
            "[tmdb_pipeline] history_days in luigi's configuration has to be a whole number of "
            "days, at least 1."
        )
    return int(text)
