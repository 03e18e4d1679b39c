"""The task history in PostgreSQL: luigi's own tables, and one of failures beside them."""

import functools
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, text, update

from pipeline.ops.history import queries, schema
from pipeline.ops.history.connection import make_engine, transaction
from pipeline.ops.history.events import Event, naive_utc, task_key
from pipeline.ops.history.queries import Run
from pipeline.ops.history.schema import EVENTS, FAILURES, PARAMETERS, TASKS
from pipeline.tmdb.credential import Secret

__all__ = ["Event", "HistoryStore"]

# Time limit of what may concern years of rows: making indexes, closing runs, purging.
_LONG_SECONDS = 60
_RESTARTED = "luigid was restarted before this run ended."


class HistoryStore:
    """The task history of one database. Threads may share it.

    No method waits longer than a few seconds for a statement. All raise StorageError where the
    database does not answer; `refused` in its facts marks an error of the data, which a retry
    cannot fix.
    """

    def __init__(self, url: Secret) -> None:
        self._engine = make_engine(url)
        self._transaction = functools.partial(transaction, self._engine)

    def create_schema(self) -> None:
        """Make or upgrade the tables; two may do this at once."""
        with self._transaction(_LONG_SECONDS, writes=True) as database:
            schema.upgrade(database)

    def write(self, events: Sequence[Event]) -> None:
        """Keep the events, all or none. One that is kept already is not kept twice."""
        with self._transaction(writes=True) as database:
            for event in events:
                record = _record_of(database, event)
                if event.host:
                    task = update(TASKS).where(TASKS.c.id == record)
                    database.execute(task.values(host=event.host))
                _add_event(database, record, event.name, event.at, event.reason)

    def runs(
        self,
        *,
        family: str | None = None,
        task_id: str | None = None,
        before: datetime | None = None,
        limit: int | None = None,
    ) -> list[Run]:
        """Return runs, newest first: of a family or a task, begun before an instant."""
        with self._transaction() as database:
            rows = database.execute(queries.select_runs(family, task_id, before, limit))
            return [Run(*row) for row in rows]

    def close_left_running(self, before: datetime, still_running: Collection[str]) -> int:
        """Close runs begun before that instant whose end was never reported, except of these tasks.

        They count as failed at that instant. Returns how many there were.
        """
        spared = {task_key(each) for each in still_running}
        with self._transaction(_LONG_SECONDS, writes=True) as database:
            left = database.execute(queries.select_left_running(naive_utc(before))).all()
            ended = [row.record for row in left if row.task_id not in spared]
            for record in ended:
                _add_event(database, record, "FAILED", before, _RESTARTED)
        return len(ended)

    def purge(self, before: datetime) -> int:
        """Delete events older than that, then tasks without any; return how many events."""
        used = select(EVENTS.c.task_id).where(EVENTS.c.task_id.is_not(None))
        gone = select(TASKS.c.id).where(TASKS.c.id.not_in(used))
        with self._transaction(_LONG_SECONDS, writes=True) as database:
            count = database.execute(delete(EVENTS).where(EVENTS.c.ts < naive_utc(before))).rowcount
            database.execute(delete(PARAMETERS).where(PARAMETERS.c.task_id.in_(gone)))
            database.execute(delete(TASKS).where(TASKS.c.id.not_in(used)))
        return int(count)

    def ping(self) -> str:
        """Return the server's version."""
        with self._transaction() as database:
            return str(database.scalar(text("SHOW server_version")))

    def close(self) -> None:
        """Close the connections. The store may be used again."""
        self._engine.dispose()


def _record_of(database: Connection, event: Event) -> int:
    """Return the number of the task's row, made where the task is new."""
    known = select(func.max(TASKS.c.id)).where(TASKS.c.task_id == event.task_id)
    if (record := database.scalar(known)) is None:
        row = {"task_id": event.task_id, "name": event.family}
        record = database.scalars(insert(TASKS).returning(TASKS.c.id), row).one()
        params = event.params.items()
        if rows := [{"task_id": record, "name": name, "value": value} for name, value in params]:
            database.execute(insert(PARAMETERS), rows)
    return int(record)


def _add_event(
    database: Connection, record: int, name: str, at: datetime, reason: str | None
) -> None:
    """Write an event unless it is there, and what is kept of a failure beside it."""
    moment = naive_utc(at)
    identity = {"task_id": record, "event_name": name, "ts": moment}
    if database.scalar(select(EVENTS.c.id).filter_by(**identity)) is not None:
        return
    number = database.scalars(insert(EVENTS).values(identity).returning(EVENTS.c.id)).one()
    if name == "FAILED" or reason:
        of_task = select(func.count(EVENTS.c.id)).where(EVENTS.c.task_id == record)
        begun = of_task.where(EVENTS.c.event_name == "RUNNING", EVENTS.c.ts <= moment)
        attempt = database.scalar(begun)
        row = {"task_id": record, "event_id": number, "attempt": attempt, "reason": reason}
        database.execute(insert(FAILURES), row)
