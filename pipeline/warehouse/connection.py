"""Transactions in the warehouse's database: PostgreSQL, or the SQLite file of the data root.

In both one writer at a time is at work, for whom others wait. A process has engines of its own: a
connection must not be shared with the task processes that luigi forks.
"""

import contextlib
import functools
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from pipeline import postgres
from pipeline.errors import StorageError
from pipeline.tmdb.credential import Secret

NAMESPACE = "warehouse"
# Seconds that a statement, or the wait for another writer, may take.
WAIT_SECONDS = 60
_DATABASE = postgres.Database(
    "The warehouse's database", "PIPELINE_WAREHOUSE_URL", "tmdb-warehouse"
)
_LOCK = "SELECT pg_advisory_xact_lock(20160903, 83)"
_READ_ONLY = "SET TRANSACTION READ ONLY"


@contextlib.contextmanager
def in_postgres(url: Secret, *, writes: bool) -> Iterator[sa.Connection]:
    """Open a transaction in the schema `warehouse`, or raise StorageError."""
    engine = _postgres_engine(url.secret, os.getpid())
    first = _LOCK if writes else _READ_ONLY
    waits = {"seconds": WAIT_SECONDS, "lock_seconds": WAIT_SECONDS}
    with postgres.transaction(_DATABASE, engine, first=first, **waits) as connection:
        connection.execute(sa.text(f"SET LOCAL search_path TO {NAMESPACE}"))
        connection.execute(sa.text("SET LOCAL work_mem = '32MB'"))  # no sort of half a year spills
        yield connection


@functools.lru_cache
def _postgres_engine(url: str, _process: int) -> sa.Engine:
    # Without the first option each row is a statement: a week takes twice as long.
    options = {"executemany_mode": "values_plus_batch", "insertmanyvalues_page_size": 5000}
    return postgres.make_engine(_DATABASE, Secret(url), **options)


@contextlib.contextmanager
def in_sqlite(path: Path, *, writes: bool) -> Iterator[sa.Connection]:
    """Open a transaction in the file, which a writing one creates, or raise StorageError."""
    with _reported(path):
        if writes:
            path.parent.mkdir(parents=True, exist_ok=True)
        with _sqlite_engine(path, writes).begin() as connection:
            yield connection


def vacuum(path: Path) -> None:
    """Write the file anew without free space, so that nothing deleted is left in its bytes."""
    with _reported(path), contextlib.closing(_connect(path, writes=True)) as connection:
        connection.execute("VACUUM")


@functools.lru_cache
def _sqlite_engine(path: Path, writes: bool) -> sa.Engine:
    def connect() -> sqlite3.Connection:
        return _connect(path, writes)

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool)
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _connect(path: Path, writes: bool) -> sqlite3.Connection:
    """Connect without the driver's own transactions, in which DDL would not be rolled back.

    A reader opens the file for writing too, to roll back what a killed writer left.
    """
    address = f"{path.absolute().as_uri()}?mode={'rwc' if writes else 'rw'}"
    connection = sqlite3.connect(address, timeout=WAIT_SECONDS, isolation_level=None, uri=True)
    connection.execute("PRAGMA secure_delete = ON" if writes else "PRAGMA query_only = ON")
    return connection


@contextlib.contextmanager
def _reported(path: Path) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        why = str(getattr(error, "orig", None) or getattr(error, "strerror", None) or error)
        raise StorageError(
            f"The warehouse in {path} cannot be used ({why}): free or fix that disk, or delete the "
            "file; LoadWarehouse makes it again from the documents."
        ) from None
