"""The thread that brings notes to the database, however long the database is away."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

from pipeline import clock
from pipeline.errors import StorageError
from pipeline.ops.scheduler.buffer import Buffer
from pipeline.ops.scheduler.delivery import deliver
from pipeline.ops.scheduler.notes import event_of
from pipeline.ops.scheduler.spool import Spool
from pipeline.ops.scheduler.store import HistoryStore

LOGGER = logging.getLogger("luigi.history")

_BATCH = 500
_IDLE_SECONDS = 30
"""Seconds between two pings of the database while there are no events."""

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
"""Seconds between two tries while the database does not serve."""

_HOUR = 3600

RESTARTED = "luigid was restarted before this run ended."


class Writer:
    """Write events in order: first those of the spool, then the new ones.

    While the database does not serve, notes move on to the spool at every try, so that even a
    killed luigid has lost no more than the last seconds.
    """

    def __init__(self, store: HistoryStore, buffer: Buffer, spool: Spool, keep_days: int) -> None:
        self._store, self._buffer, self._spool = store, buffer, spool
        self._keep = timedelta(days=keep_days)
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)
        self._stopping = threading.Event()
        self._has_schema = False
        self._left: tuple[datetime, frozenset[str]] | None = None
        self._purge_at = clock.monotonic()
        self._has_logged_down = False
        self._has_logged_spool = False
        self.refused = 0
        self.up = False

    def start(self) -> None:
        """Begin. A database that is down is no fault."""
        self._thread.start()

    def close_left_running(self, before: datetime, still_running: frozenset[str]) -> None:
        """Have runs that began before that instant closed as failed, except those."""
        self._left = (before, still_running)
        self._buffer.wake()

    def stop(self, seconds: float) -> None:
        """Write what can be written in that time, spool the rest."""
        self._stopping.set()
        self._buffer.wake()
        if self._thread.is_alive():
            self._thread.join(seconds)
        self._spill_rest()

    def _run(self) -> None:
        pause = _SHORTEST_PAUSE
        while True:
            is_last = self._stopping.is_set()
            try:
                self._work()
            except StorageError as error:
                self._note_down(error)
                self._spill()
                self._stopping.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            except Exception:
                LOGGER.exception("The task history's writer met a fault of its own; it goes on.")
                self.up = False
                self._buffer.put_back()
                self._stopping.wait(_LONGEST_PAUSE)
            else:
                pause = _SHORTEST_PAUSE
                if not is_last:
                    self._buffer.wait(_IDLE_SECONDS)
            if is_last:
                return

    def _work(self) -> None:
        if not self._has_schema:
            self._store.create_schema()
            self._has_schema = True
        while self._write_spooled():
            pass
        self._close_left()
        if not self._write_buffered():
            self._store.ping()
        while self._write_buffered():
            pass
        self._note_up()
        self._purge_if_due()

    def _write_spooled(self) -> bool:
        if not self._spool.waiting:
            return False
        events, position = self._spool.read(_BATCH)
        self.refused += deliver(self._store, events)
        self._spool.done(position, len(events))
        return bool(self._spool.waiting) and bool(events)

    def _write_buffered(self) -> bool:
        events = [event_of(note) for note in self._buffer.take(_BATCH)]
        try:
            self.refused += deliver(self._store, events)
        except StorageError:
            self._buffer.put_back()
            raise
        self._buffer.settled()
        return bool(events)

    def _close_left(self) -> None:
        if self._left is None:
            return
        count = self._store.close_left_running(*self._left, RESTARTED)
        if count:
            LOGGER.warning("Closed %d runs of which an earlier luigid left no end.", count)
        self._left = None

    def _purge_if_due(self) -> None:
        if clock.monotonic() < self._purge_at or self._stopping.is_set():
            return
        self._purge_at = clock.monotonic() + _HOUR
        count = self._store.purge(clock.now() - self._keep)
        self._purge_at += 23 * _HOUR
        if count:
            LOGGER.info("Purged %d history events older than %s.", count, self._keep)

    def _spill(self) -> None:
        """Move what is in memory to the disk; what the disk does not take stays in memory."""
        try:
            while notes := self._buffer.take(_BATCH):
                self._spool.append([event_of(note) for note in notes])
                self._buffer.settled()
            self._has_logged_spool = False
        except StorageError as error:
            self._buffer.put_back()
            if not self._has_logged_spool:
                LOGGER.warning("%s", error)
            self._has_logged_spool = True

    def _spill_rest(self) -> None:
        """Spool all that is not known to be written, even what the thread is still busy with."""
        notes = self._buffer.everything()
        if not notes:
            return
        try:
            self._spool.append([event_of(note) for note in notes])
        except StorageError as error:
            LOGGER.error("%d history events are lost: %s", len(notes), error)

    def _note_up(self) -> None:
        if not self.up:
            LOGGER.info("The task history is being written.")
        self.up = True

    def _note_down(self, error: StorageError) -> None:
        if self.up or not self._has_logged_down:
            LOGGER.warning("%s Tasks go on; their events are kept and written later.", error)
        self.up, self._has_logged_down = False, True
