"""The thread that writes events to the database, however long the database is away."""

import functools
import itertools
import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

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
_MIN_PAUSE, _MAX_PAUSE = 0.2, 10.0
_PURGE_SECONDS = 24 * 3600


class Writer:
    """Writes events in order: first those of the spool, then the new ones.

    While the database does not serve, events move on to the spool at every attempt, so that a
    killed luigid has lost no more than those of the last seconds. An event leaves the memory once
    it is kept elsewhere; only the thread removes any. Without a store, all events are dropped.
    """

    # Whether the database accepted what it was last given.
    up = False

    def __init__(self, store: HistoryStore | None, spool: Spool, keep_days: int) -> None:
        self.started_at = clock.instant()
        self._store, self._spool = store, spool
        self._keep = timedelta(days=keep_days)
        self._waiting: deque[Event] = deque()
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._still_running: Collection[str] | None = None
        self._purge_at = clock.monotonic()
        self._logged: set[str] = set()
        self._overflowed = self._refused = 0
        self._thread = threading.Thread(target=self._run, args=[store], name="history", daemon=True)
        if store is not None:
            self._thread.start()

    @property
    def buffered(self) -> int:
        """Return how many events are in memory or in the spool."""
        return len(self._waiting) + self._spool.waiting

    @property
    def lost(self) -> int:
        """Return how many events found no room, were refused, or stood on a damaged line."""
        return self._overflowed + self._refused + len(self._spool.damaged)

    def put(self, event: Event) -> None:
        """Add an event, never waiting."""
        if self._store is None:
            return
        if len(self._waiting) >= MAX_WAITING:
            self._overflowed += 1
        else:
            self._waiting.append(event)
            self._wake.set()

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
        pause = _MIN_PAUSE
        is_last = False
        while not is_last:
            is_last = self._stopping.is_set()
            self._wake.clear()
            try:
                self._work(store)
            except StorageError as error:
                self._note_down(f"{error} Tasks go on; their events are kept and written later.")
                self._spill()
                self._stopping.wait(pause)
                pause = min(2 * pause, _MAX_PAUSE)
            except Exception:
                LOGGER.exception("The task history's writer failed by an error of its own.")
                self.up = False
                self._stopping.wait(_MAX_PAUSE)
            else:
                pause = _MIN_PAUSE
                if not is_last:
                    self._wake.wait(_IDLE_SECONDS)

    def _work(self, store: HistoryStore) -> None:
        store.create_schema()  # the database may have come back as another one
        for batch in self._spool.batches(_BATCH):
            self._deliver(store, batch)
        if self._still_running is not None:
            if count := store.close_left_running(self.started_at, self._still_running):
                LOGGER.warning("Closed %d runs that an earlier luigid left without an end.", count)
            self._still_running = None
        self._empty_into(functools.partial(self._deliver, store))
        if not self.up:
            LOGGER.info("The task history is being written.")
        self.up = True
        self._logged.clear()
        if clock.monotonic() >= self._purge_at and not self._stopping.is_set():
            self._purge_at = clock.monotonic() + _PURGE_SECONDS
            if count := store.purge(clock.now() - self._keep):
                LOGGER.info("Purged %d history events older than %s.", count, self._keep)

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
        except StorageError as error:
            self._note_down(str(error))

    def _empty_into(self, keep: Callable[[Sequence[Event]], None]) -> None:
        while waiting := list(itertools.islice(self._waiting.copy(), _BATCH)):
            keep([storable_event(each) for each in waiting])
            for _ in waiting:
                self._waiting.popleft()

    def _note_down(self, sentence: str) -> None:
        """Log why events wait, once until another reason or the next success."""
        self.up = False
        if sentence not in self._logged:
            LOGGER.warning("%s", sentence)
            self._logged.add(sentence)
