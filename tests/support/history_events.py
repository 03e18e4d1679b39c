"""The single events that a history holds, as tests look at them."""

from __future__ import annotations

from sqlalchemy import select

from pipeline.ops.history.schema import EVENTS, TASKS
from pipeline.ops.history.store import HistoryStore


def event_names(store: HistoryStore, task_id: str) -> list[str]:
    """What happened to a task, in order."""
    query = (
        select(EVENTS.c.event_name)
        .join(TASKS, TASKS.c.id == EVENTS.c.task_id)
        .where(TASKS.c.task_id == task_id)
        .order_by(EVENTS.c.ts, EVENTS.c.id)
    )
    with store._transaction() as database:
        return list(database.scalars(query))
