"""Write events to the database; one that it never accepts does not block the others."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pipeline.errors import StorageError
from pipeline.ops.scheduler.events import Event
from pipeline.ops.scheduler.store import HistoryStore

LOGGER = logging.getLogger("luigi.history")


def deliver(store: HistoryStore, events: Sequence[Event]) -> int:
    """Write the events; return how many the database refused for what they hold.

    Raises:
        StorageError: the database does not serve; some of the events may be written.
    """
    try:
        store.write(events)
    except StorageError as error:
        if not error.facts.get("refused"):
            raise
        if len(events) > 1:
            middle = len(events) // 2
            return deliver(store, events[:middle]) + deliver(store, events[middle:])
        LOGGER.warning("A history event of %s is lost: %s", events[0].task_id, error)
        return 1
    return 0
