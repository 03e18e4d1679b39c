"""The task history in PostgreSQL: luigi's own tables, and one of failures beside them."""

import functools
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text, tuple_, update

from pipeline.ops.history import queries, schema
from pipeline.ops.history.events import Event, naive_utc, task_key
from pipeline.ops.history.queries import Run
from pipeline.ops.history.schema import DATABASE, EVENTS, FAILURES, LOCK, PARAMETERS, TASKS
from pipeline.postgres import make_engine, transaction
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
        self._engine = make_engine(DATABASE, url)
        self._transaction = functools.partial(transaction, DATABASE, self._engine)

    def create_schema(self) -> None:
        """Make or upgrade the tables; two may do this at once."""
        with self._transaction(_LONG_SECONDS, first=LOCK) as database:
            schema.upgrade(database)

    def write(self, events: Sequence[Event]) -> None:
        """Keep the events, all or none. One that is kept already is not kept twice."""
        if not events:
            return
        with self._transaction(first=LOCK) as database:
            records = _records_of(database, events)
            reasons = {(records[e.task_id], e.name, naive_utc(e.at)): e.reason for e in events}
            _add_events(database, reasons)
            hosts = [{"record": records[e.task_id], "host": e.host} for e in events if e.host]
            if hosts:
                database.execute(update(TASKS).where(TASKS.c.id == bindparam("record")), hosts)

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
        at, spared = naive_utc(before), {task_key(each) for each in still_running}
        with self._transaction(_LONG_SECONDS, first=LOCK) as database:
            left = database.execute(queries.select_left_running(at)).all()
            ended = [row.record for row in left if row.task_id not in spared]
            _add_events(database, {(record, "FAILED", at): _RESTARTED for record in ended})
        return len(ended)

    def purge(self, before: datetime) -> int:
        """Delete events older than that, then tasks without any; return how many events."""
        used = select(EVENTS.c.task_id).where(EVENTS.c.task_id.is_not(None))
        gone = select(TASKS.c.id).where(TASKS.c.id.not_in(used))
        with self._transaction(_LONG_SECONDS, first=LOCK) as database:
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


def _records_of(database: Connection, events: Sequence[Event]) -> dict[str, int]:
    """Return the number of each task's row, made where the task is new."""
    tasks = {event.task_id: event for event in events}
    known = select(TASKS.c.task_id, func.max(TASKS.c.id)).where(TASKS.c.task_id.in_(tasks))
    records = dict(map(tuple, database.execute(known.group_by(TASKS.c.task_id))))
    new = [each for key, each in tasks.items() if key not in records]
    if new:
        rows = [{"task_id": each.task_id, "name": each.family} for each in new]
        made = insert(TASKS).returning(TASKS.c.task_id, TASKS.c.id)
        records |= dict(map(tuple, database.execute(made, rows)))
    params = [
        {"task_id": records[each.task_id], "name": name, "value": value}
        for each in new
        for name, value in each.params.items()
    ]
    if params:
        database.execute(insert(PARAMETERS), params)
    return records


def _add_events(database: Connection, reasons: dict[tuple[int, str, datetime], str | None]) -> None:
    """Write the events that are not there yet, and what is kept of failures beside them."""
    identity = (EVENTS.c.task_id, EVENTS.c.event_name, EVENTS.c.ts)
    query = select(*identity).where(tuple_(*identity).in_(list(reasons)))
    there = {tuple(row) for row in database.execute(query)}
    new = [each for each in reasons if each not in there]
    if not new:
        return
    rows = [dict(zip(("task_id", "event_name", "ts"), each, strict=True)) for each in new]
    made = insert(EVENTS).returning(EVENTS.c.id, sort_by_parameter_order=True)
    numbers = database.scalars(made, rows).all()
    for number, (task, name, at) in zip(numbers, new, strict=True):
        reason = reasons[task, name, at]
        if name == "FAILED" or reason:
            attempt = select(func.count()).where(
                EVENTS.c.task_id == task, EVENTS.c.event_name == "RUNNING", EVENTS.c.ts <= at
            )
            failure = insert(FAILURES).values(
                task_id=task, event_id=number, attempt=attempt.scalar_subquery(), reason=reason
            )
            database.execute(failure)
