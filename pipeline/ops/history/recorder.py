"""The task history for luigi's scheduler: a call takes microseconds, a thread writes."""

import functools
import itertools
import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import luigi.task_history

from pipeline import clock
from pipeline.errors import StorageError
from pipeline.ops.history.events import Event, storable_event
from pipeline.ops.history.spool import LOGGER, Spool
from pipeline.ops.history.store import HistoryStore

# Events in memory; further ones are lost, and counted.
MAX_WAITING = 100_000
_BATCH = 500
# Seconds between two looks at the database while there are no events.
_IDLE_SECONDS = 30
# Seconds between two attempts while the database does not serve.
_PAUSE_SECONDS = 1
_TICK, _SECOND = timedelta(microseconds=1), timedelta(seconds=1)


class HistoryRecorder(luigi.task_history.TaskHistory):  # type: ignore[misc, unused-ignore]
    """Records what the scheduler reports and never makes it wait; without a store it does nothing.

    Hand it to `luigi.scheduler.Scheduler(task_history_impl=...)`. A thread writes the events in
    order: first those of the spool, then the new ones. While the database does not serve, events
    move on to the spool at every attempt, so that a killed luigid has lost no more than those of
    the last seconds. An event leaves the memory once it is kept elsewhere; only the thread removes
    any.
    """

    # Whether the database accepted what it was last given.
    up = False

    def __init__(self, store: HistoryStore | None, spool: Path) -> None:
        self._store, self._spool = store, Spool(spool)
        self._started_at = self._last = clock.instant()
        self._waiting: deque[Event] = deque()
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._still_running: Collection[str] | None = None
        self._logged: set[str] = set()
        self._overflowed = self._refused = 0
        self._thread = threading.Thread(target=self._run, args=[store], name="history", daemon=True)
        if store is not None:
            self._thread.start()

    def task_scheduled(self, task: Any) -> None:
        """Record that a task waits to be run."""
        self._record(task, "PENDING")

    def task_started(self, task: Any, worker_host: str | None) -> None:
        """Record that a worker has been given the task."""
        self._record(task, "RUNNING", host=worker_host)

    def task_finished(self, task: Any, successful: bool) -> None:
        """Record that the task is done, or failed for the reason in its `expl`."""
        if successful:
            self._record(task, "DONE")
        else:
            self._record(task, "FAILED", reason=task.expl)

    def disabled(self, task: Any) -> None:
        """Record that the task failed so often that it is given up for now."""
        self._record(task, "DISABLED")

    def _record(
        self, task: Any, name: str, *, host: str | None = None, reason: str | None = None
    ) -> None:
        """Add an event, never waiting.

        It has an instant of its own, unless the clock is set back by a second.
        """
        if self._store is None:
            return
        at = clock.instant()
        if self._last - _SECOND < at <= self._last:
            at = self._last + _TICK
        self._last = at
        if len(self._waiting) >= MAX_WAITING:
            self._overflowed += 1
            return
        family, params = str(task.family or ""), dict(task.public_params)
        self._waiting.append(Event(str(task.id), family, params, host, name, at, reason))
        self._wake.set()

    @property
    def buffered(self) -> int:
        """Return how many events are in memory or in the spool."""
        return len(self._waiting) + self._spool.waiting

    @property
    def lost(self) -> int:
        """Return how many events found no room, were refused, or stood on a damaged line."""
        return self._overflowed + self._refused + len(self._spool.damaged)

    def close_left_running(self, still_running: Collection[str]) -> None:
        """Have runs that an earlier luigid left closed as failed, except of these task ids."""
        self._still_running = frozenset(still_running)
        self._wake.set()

    def close(self, seconds: float = 5) -> None:
        """Write what can be written in that time, and spool the rest for the next start.

        That includes what the thread is still writing: an event that is kept twice counts once.
        """
        if self._store is None:
            return
        self._stopping.set()
        self._wake.set()
        self._thread.join(seconds)
        events = [storable_event(each) for each in self._waiting.copy()]
        try:
            self._spool.append(events)
        except StorageError as error:
            LOGGER.error("%d history events are lost: %s", len(events), error)

    def _run(self, store: HistoryStore) -> None:
        is_last = False
        while not is_last:
            is_last = self._stopping.is_set()
            self._wake.clear()
            try:
                self._work(store)
            except Exception as error:  # an error of our own does not end the thread either
                self._note_down(error)
                self._spill()
                self._stopping.wait(_PAUSE_SECONDS)
            else:
                if not is_last:
                    self._wake.wait(_IDLE_SECONDS)

    def _work(self, store: HistoryStore) -> None:
        store.create_schema()  # the database may have come back as another one
        for batch in self._spool.batches(_BATCH):
            self._deliver(store, batch)
        if self._still_running is not None:
            if count := store.close_left_running(self._started_at, self._still_running):
                LOGGER.warning("Closed %d runs that an earlier luigid left without an end.", count)
            self._still_running = None
        self._empty_into(functools.partial(self._deliver, store))
        if not self.up:
            LOGGER.info("The task history is being written.")
        self.up = True
        self._logged.clear()

    def _deliver(self, store: HistoryStore, events: Sequence[Event]) -> None:
        """Write the events; one that the database refuses for its content stops no other."""
        try:
            store.write(events)
        except StorageError as error:
            if not error.facts.get("refused"):
                raise
            if len(events) == 1:
                LOGGER.warning("A history event of %s is lost: %s", events[0].task_id, error)
                self._refused += 1
                return
            for each in events:
                self._deliver(store, [each])

    def _spill(self) -> None:
        """Move events from memory to the disk; what the disk does not take stays in memory."""
        try:
            self._empty_into(self._spool.append)
        except Exception as error:
            self._note_down(error)

    def _empty_into(self, keep: Callable[[Sequence[Event]], None]) -> None:
        while waiting := list(itertools.islice(self._waiting.copy(), _BATCH)):
            keep([storable_event(each) for each in waiting])
            for _ in waiting:
                self._waiting.popleft()

    def _note_down(self, error: Exception) -> None:
        """Log why events wait, once until another reason or the next success."""
        self.up = False
        if str(error) not in self._logged:
            traceback = None if isinstance(error, StorageError) else error
            LOGGER.warning("%s Tasks go on; their events wait.", error, exc_info=traceback)
            self._logged.add(str(error))
