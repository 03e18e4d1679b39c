"""The task history in PostgreSQL: the only module that speaks SQLAlchemy.

The tables are those of luigi's own `DbTaskHistory`, so that plain luigid, its pages and whatever
reads its history go on working; `task_failures` beside them holds attempts and reasons. Every wait
on the database is bounded, and every fault comes out as one `StorageError`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy
from sqlalchemy.exc import ArgumentError, DataError, IntegrityError, SQLAlchemyError

from pipeline.errors import SettingsError, StorageError
from pipeline.ops.scheduler import sql
from pipeline.ops.scheduler.bounded import GRACE_SECONDS, limits
from pipeline.ops.scheduler.events import (
    Event,
    Run,
    TaskEvent,
    TaskRecord,
    naive_utc,
    name_key,
    parameters,
    task_key,
)
from pipeline.ops.scheduler.rows import failures, first_of_each, hosts, run_of
from pipeline.settings import redacted
from pipeline.tmdb.credential import Secret

__all__ = ["Event", "HistoryStore", "Run", "TaskEvent", "TaskRecord"]

_SCHEMA_SECONDS = 60
"""Indexes are built once, maybe over years of rows."""

_PURGE_BATCH = 1_000

_NO_URL = (
    "PIPELINE_HISTORY_URL has to be like postgresql://luigi:PASSWORD@host:5432/luigi, with @ : / # "
    "and % in the password written as %40 %3A %2F %23 %25."
)

_EVENT = ("records", "names", "times")
_FAILURE = (*_EVENT, "attempts", "reasons")
"""The arrays in which events and failures travel."""


class HistoryStore:
    """The task history of one database. Threads may share it.

    No method waits longer than a few seconds for each of its statements, whatever state the server
    is in. All raise StorageError where the database does not answer or refuses; `refused` in its
    facts marks a fault of the data, which a retry cannot fix. A URL that makes no sense raises
    SettingsError at once.
    """

    def __init__(
        self, url: Secret, *, connect_timeout_seconds: int = 3, statement_timeout_seconds: int = 3
    ) -> None:
        arguments = limits(connect_timeout_seconds, statement_timeout_seconds)
        try:
            self._engine = sqlalchemy.create_engine(
                _checked(url),
                pool_size=2,
                max_overflow=0,
                pool_timeout=connect_timeout_seconds,
                pool_pre_ping=True,
                connect_args={**arguments, "application_name": "luigid"},
            )
        except (ArgumentError, ValueError):
            raise SettingsError(_NO_URL, variable="PIPELINE_HISTORY_URL") from None

    def create_schema(self) -> None:
        """Make the tables and indexes that are missing; two may do this at once."""
        with self._transaction() as connection:
            if connection.scalar(_text(sql.IS_COMPLETE), {"relations": sql.RELATIONS}):
                return
        with self._transaction() as connection, _patient(connection):
            connection.execute(_text(sql.LOCK))
            for statement in sql.TABLES:
                connection.execute(_text(statement))

    def write(self, events: Sequence[Event]) -> None:
        """Keep the events, all or none. One that is kept already is not kept twice."""
        if not events:
            return
        with self._transaction() as connection:
            connection.execute(_text(sql.LOCK))
            records = _records_of(connection, events)
            given = [
                (records[task_key(each.task_id)], each.name, naive_utc(each.at)) for each in events
            ]
            _execute(connection, sql.HOSTS, hosts(events, records), "records", "hosts")
            _execute(connection, sql.NEW_EVENTS, given, *_EVENT)
            _execute(connection, sql.NEW_FAILURES, failures(events, given), *_FAILURE)

    def runs(
        self,
        since: datetime | None = None,
        family: str | None = None,
        limit: int | None = None,
        *,
        before: datetime | None = None,
        params: Mapping[str, str] | None = None,
    ) -> list[Run]:
        """Return runs, newest first: of a family, with these parameters, begun in that span."""
        wanted = parameters(params or {})
        bound = {
            "since": since and naive_utc(since),
            "before": before and naive_utc(before),
            "family": family and name_key(family),
            "names": list(wanted),
            "values": list(wanted.values()),
            "limit": limit,
        }
        with self._transaction() as connection:
            rows = [row._asdict() for row in connection.execute(_text(sql.RUNS), bound)]
            found = _parameters_of(connection, {row["record"] for row in rows})
        return [run_of(row, found.get(row["record"], {})) for row in rows]

    def task(self, *, record: int | None = None, task_id: str | None = None) -> TaskRecord | None:
        """Return the task of that number, or the newest of that id; None where there is none."""
        bound = {"record": record, "task_id": None if task_id is None else task_key(task_id)}
        with self._transaction() as connection:
            row = connection.execute(_text(sql.TASK), bound).first()
            if row is None:
                return None
            params = _parameters_of(connection, {row.id})
        return TaskRecord(row.id, row.task_id or "", row.name, row.host, params.get(row.id, {}))

    def events(
        self, task_id: str, *, limit: int, before: datetime | None = None
    ) -> list[TaskEvent]:
        """Return what happened to a task, newest first."""
        cursor = before and naive_utc(before)
        bound = {"task_id": task_key(task_id), "limit": limit, "before": cursor}
        with self._transaction() as connection:
            rows = connection.execute(_text(sql.EVENTS_OF_TASK), bound).all()
        return [
            TaskEvent(r.event_name, r.ts.replace(tzinfo=UTC), r.attempt, r.reason) for r in rows
        ]

    def close_left_running(
        self, before: datetime, still_running: Collection[str], reason: str
    ) -> int:
        """Close runs begun before that instant whose end was never reported, except of these tasks.

        They count as failed at that instant. Returns how many there were.
        """
        at, spared = naive_utc(before), {task_key(each) for each in still_running}
        with self._transaction() as connection:
            connection.execute(_text(sql.LOCK))
            left = connection.execute(_text(sql.LEFT_RUNNING), {"before": at})
            ends = [(row.record, "FAILED", at) for row in left if row.task_id not in spared]
            _execute(connection, sql.NEW_EVENTS, ends, *_EVENT)
            reasons = [(*end, None, reason) for end in ends]
            _execute(connection, sql.NEW_FAILURES, reasons, *_FAILURE)
        return len(ends)

    def purge(self, before: datetime) -> int:
        """Delete events older than that, then tasks without any; return how many events."""
        bound = {"before": naive_utc(before), "limit": _PURGE_BATCH}
        deleted = 0
        while (count := self._purge_events(bound)) > 0:
            deleted += count
        while self._purge_tasks():
            pass
        return deleted

    def ping(self) -> str:
        """Return the server's version."""
        with self._transaction() as connection:
            return str(connection.scalar(_text(sql.VERSION)))

    def close(self) -> None:
        """Close the connections. The store may be used again."""
        self._engine.dispose()

    def _purge_events(self, bound: Mapping[str, Any]) -> int:
        with self._transaction() as connection:
            return connection.execute(_text(sql.OLD_EVENTS), bound).rowcount

    def _purge_tasks(self) -> bool:
        with self._transaction() as connection:
            connection.execute(_text(sql.LOCK))
            bound = {"limit": _PURGE_BATCH}
            records = list(connection.scalars(_text(sql.TASKS_WITHOUT_EVENTS), bound))
            for statement in (sql.FORGET_PARAMETERS, sql.FORGET_TASKS):
                connection.execute(_text(statement), {"records": records})
        return bool(records)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlalchemy.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise _error_of(error) from None


def _checked(url: Secret) -> str:
    """Return the URL; with two @ a message would show a part of the password as the host."""
    if url.secret.partition("?")[0].count("@") > 1:
        raise ValueError
    return url.secret


def _error_of(error: SQLAlchemyError) -> StorageError:
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    why = redacted(lines[0].strip() if lines else type(error).__name__).rstrip(".")
    return StorageError(
        f"The task history's database does not serve ({why}): see that PostgreSQL runs and that "
        "PIPELINE_HISTORY_URL names it.",
        refused=isinstance(error, (DataError, IntegrityError)),
    )


def _text(statement: str) -> sqlalchemy.TextClause:
    return sqlalchemy.text(statement)


def _execute(
    connection: sqlalchemy.Connection, statement: str, rows: Sequence[Any], *columns: str
) -> None:
    """Run a statement over rows that travel as one array a column."""
    if rows:
        arrays = map(list, zip(*rows, strict=True))
        connection.execute(_text(statement), dict(zip(columns, arrays, strict=True)))


def _records_of(connection: sqlalchemy.Connection, events: Sequence[Event]) -> dict[str, int]:
    """Return the number of each task's row, made where the task is new."""
    tasks = first_of_each(events)
    known = connection.execute(_text(sql.KNOWN_TASKS), {"task_ids": list(tasks)})
    records = {row.task_id: row.record for row in known}
    new = {key: event for key, event in tasks.items() if key not in records}
    if new:
        names = [name_key(event.family) for event in new.values()]
        made = connection.execute(_text(sql.NEW_TASKS), {"task_ids": list(new), "names": names})
        records |= {row.task_id: row.record for row in made}
    params = [
        (records[key], name, value)
        for key, event in new.items()
        for name, value in parameters(event.params).items()
    ]
    _execute(connection, sql.NEW_PARAMETERS, params, "records", "names", "values")
    return records


def _parameters_of(
    connection: sqlalchemy.Connection, records: set[int]
) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    if records:
        bound = {"records": sorted(records)}
        for record, name, value in connection.execute(_text(sql.PARAMETERS), bound):
            found.setdefault(record, {})[name] = value
    return found


@contextlib.contextmanager
def _patient(connection: sqlalchemy.Connection) -> Iterator[None]:
    """Let this transaction take longer than others; the lock on the tables stays bounded."""
    raw = connection.connection.driver_connection
    usual = raw.answer_seconds  # type: ignore[union-attr]
    connection.execute(_text(f"SET LOCAL statement_timeout = '{_SCHEMA_SECONDS}s'"))
    raw.answer_seconds = _SCHEMA_SECONDS + GRACE_SECONDS  # type: ignore[union-attr]
    try:
        yield
    finally:
        raw.answer_seconds = usual  # type: ignore[union-attr]
