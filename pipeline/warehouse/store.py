"""The warehouse: what is loaded, loads of one period of a date, and what is deleted again.

A load replaces all rows of its period and date in one transaction. No row depends on another load,
so loads in any order, repeated or at the same time give the same tables.
"""

import datetime
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from pipeline.documents.collect import Identity, agree
from pipeline.errors import DataError
from pipeline.tmdb.credential import Secret
from pipeline.warehouse import connection
from pipeline.warehouse.rows import Entry, Rows, Snapshot
from pipeline.warehouse.tables import (
    ENTRIES,
    GENRE_SETS,
    LOADS,
    SNAPSHOTS,
    VERSION,
    VIOLATIONS,
    ensure_tables,
    read_version,
)

Key = tuple[str, datetime.date]  # period and date


class Warehouse:
    """The warehouse in PostgreSQL where there is an address, else in the SQLite file.

    All methods raise StorageError where the database does not serve.
    """

    def __init__(self, path: Path, url: Secret | None) -> None:
        self._path, self._url = path, url

    def fingerprints(self) -> dict[Key, str]:
        """Return everything that is loaded, with the fingerprint of its documents."""
        if self._url is None and not self._path.exists():
            return {}
        with self._transaction() as database:
            if read_version(database) != VERSION:
                return {}
            rows = database.execute(sa.select(LOADS.c.period, LOADS.c.date, LOADS.c.fingerprint))
            return {(period, date): fingerprint for period, date, fingerprint in rows}

    def load(self, rows: Rows, fingerprint: str) -> None:
        """Replace the rows of a period of a date.

        Raises:
            DataError: the warehouse holds movies of another source, language or region.
        """
        with self._transaction(writes=True) as database:
            self._ensure_tables(database)
            _refuse_other_identity(database, rows.snapshots[0])
            _delete(database, rows)
            _insert_genre_sets(database, rows.entries)
            loaded = {**_record(rows.load), "fingerprint": fingerprint}
            database.execute(sa.insert(LOADS), [loaded])
            for table, records in (
                (SNAPSHOTS, map(_record, rows.snapshots)),
                (ENTRIES, map(_entry_record, rows.entries)),
                (VIOLATIONS, map(_record, rows.violations)),
            ):
                if found := list(records):
                    database.execute(sa.insert(table), found)

    def update_statistics(self) -> None:
        """Have PostgreSQL take note of what was loaded, which it does a minute later by itself.

        Without it a question just after the first load takes seconds.
        """
        if self._url:
            with self._transaction(writes=True) as database:
                database.execute(sa.text(f"ANALYZE {ENTRIES.name}, {SNAPSHOTS.name}"))

    def prune(self, before: datetime.datetime) -> int:
        """Delete what was collected before an instant; return how many entries that was.

        Verdicts and scores stay, which name no movie.
        """
        with self._transaction(writes=True) as database:
            self._ensure_tables(database)
            old = SNAPSHOTS.c.collected_at < _naive_utc(before)
            keys = sa.select(SNAPSHOTS.c.list, SNAPSHOTS.c.date).where(old)
            is_old = sa.tuple_(ENTRIES.c.list, ENTRIES.c.date).in_(keys)
            count = database.execute(sa.delete(ENTRIES).where(is_old)).rowcount
            database.execute(sa.delete(SNAPSHOTS).where(old))
            _delete_unused_genre_sets(database)
        if self._url is None:
            connection.vacuum(self._path)
        return int(count)

    def ask(self, query: str, **values: Any) -> list[dict[str, Any]]:
        """Return the rows of a query of the views, with dates as text; none before a load."""
        if self._url is None and not self._path.exists():
            return []
        with self._transaction() as database:
            if read_version(database) != VERSION:
                return []
            found = database.execute(sa.text(query), values).mappings()
            return [{key: _shown(value) for key, value in row.items()} for row in found]

    def _transaction(self, *, writes: bool = False) -> AbstractContextManager[sa.Connection]:
        if self._url is None:
            return connection.in_sqlite(self._path, writes=writes)
        return connection.in_postgres(self._url, writes=writes)

    def _ensure_tables(self, database: sa.Connection) -> None:
        ensure_tables(database, connection.NAMESPACE if self._url else None)


def _refuse_other_identity(database: sa.Connection, new: Snapshot) -> None:
    columns = (SNAPSHOTS.c.source, SNAPSHOTS.c.language, SNAPSHOTS.c.region)
    held = database.execute(sa.select(*columns).limit(1)).first()
    wanted = Identity(new.source, new.language, new.region)
    if held and not agree(stated := Identity(*held), wanted):
        raise DataError(
            f"The warehouse holds movies of {stated}, and these are of {wanted}: name another "
            "database in PIPELINE_WAREHOUSE_URL."
        )


def _delete(database: sa.Connection, rows: Rows) -> None:
    """Delete the rows of an earlier load, and those of a list that changed its cadence since."""
    period, date, names = rows.load.period, rows.load.date, [each.list for each in rows.snapshots]
    is_of_date = SNAPSHOTS.c.date == date
    is_replaced = is_of_date & ((SNAPSHOTS.c.period == period) | SNAPSHOTS.c.list.in_(names))
    if lists := database.scalars(sa.select(SNAPSHOTS.c.list).where(is_replaced)).all():
        for table in (ENTRIES, SNAPSHOTS):
            database.execute(sa.delete(table).where(table.c.date == date, table.c.list.in_(lists)))
        _delete_unused_genre_sets(database)
    for table in (LOADS, VIOLATIONS):
        database.execute(sa.delete(table).where(table.c.period == period, table.c.date == date))


def _delete_unused_genre_sets(database: sa.Connection) -> None:
    used = sa.select(ENTRIES.c.genres)
    database.execute(sa.delete(GENRE_SETS).where(GENRE_SETS.c.genres.not_in(used)))


def _insert_genre_sets(database: sa.Connection, entries: Iterable[Entry]) -> None:
    sets = {_genres_key(each): each.genre_ids for each in entries}
    known = set(database.scalars(sa.select(GENRE_SETS.c.genres).distinct()))
    new = [
        {"genres": key, "genre_id": number}
        for key, ids in sets.items()
        if key not in known
        for number in ids
    ]
    if new:
        database.execute(sa.insert(GENRE_SETS), new)


def _genres_key(entry: Entry) -> str:
    return ",".join(map(str, sorted(entry.genre_ids)))


def _entry_record(entry: Entry) -> dict[str, Any]:
    record = {**entry._asdict(), "genres": _genres_key(entry)}
    del record["genre_ids"]
    return record


def _record(row: Any) -> dict[str, Any]:
    """Return a row by its columns; an instant without its time zone, as both engines store it."""
    record: dict[str, Any] = row._asdict()
    if "collected_at" in record:
        record["collected_at"] = _naive_utc(record["collected_at"])
    return record


def _naive_utc(at: datetime.datetime) -> datetime.datetime:
    return at.astimezone(datetime.UTC).replace(tzinfo=None)


def _shown(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date) else value
