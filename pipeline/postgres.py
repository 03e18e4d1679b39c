"""Connections to PostgreSQL none of whose waits is without an end.

A frozen server keeps no `statement_timeout`, and its kernel still acknowledges what TCP sends. So
the client itself waits no longer than a set time for each answer, by psycopg2's wait callback.
"""

import contextlib
import select
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, NamedTuple

import psycopg2  # type: ignore[import-untyped, unused-ignore]
import psycopg2.extensions  # type: ignore[import-untyped, unused-ignore]
import sqlalchemy
from sqlalchemy import func
from sqlalchemy.exc import ArgumentError, DataError, IntegrityError, SQLAlchemyError

from pipeline.errors import SettingsError, StorageError
from pipeline.settings import redacted
from pipeline.tmdb.credential import Secret

STATEMENT_SECONDS = 3
# Seconds that the client waits longer than the time limit of the server.
GRACE_SECONDS = 2
# Seconds that this thread waits for an answer; None is without an end, for other connections.
_ANSWER_SECONDS: ContextVar[float | None] = ContextVar("answer_seconds", default=None)


class Database(NamedTuple):
    """What messages call a database, the variable that names it, and what the server calls us."""

    name: str
    variable: str
    application: str


def make_engine(database: Database, url: Secret, **options: Any) -> sqlalchemy.Engine:
    """Return the engine of a URL; it connects when it is first used.

    No other startup option is sent, because poolers refuse those. psycopg2 encodes texts as the
    server's encoding says, and in SQL_ASCII, what a server without a locale has, no Korean title
    can be written. It has one wait callback for the process, which limits the waits of
    `transaction` only.
    """
    variable = database.variable
    arguments = {"application_name": database.application, "client_encoding": "utf8"}
    try:
        if url.secret.partition("?")[0].count("@") > 1:  # a message would show half a password
            raise ValueError
        engine = sqlalchemy.create_engine(
            url.secret, pool_pre_ping=True, connect_args=arguments, **options
        )
    except (ArgumentError, ValueError):
        raise SettingsError(
            f"{variable} has to be like postgresql://luigi:PASSWORD@host:5432/luigi, with "
            "@ : / # and % in the password written as %40 %3A %2F %23 %25.",
            variable=variable,
        ) from None
    psycopg2.extensions.set_wait_callback(_wait)
    return engine


@contextlib.contextmanager
def transaction(
    database: Database,
    engine: sqlalchemy.Engine,
    seconds: float | None = None,
    *,
    first: str = "",
    lock_seconds: float | None = None,
) -> Iterator[sqlalchemy.Connection]:
    """Open a transaction each of whose statements may take so many seconds.

    `first` is a statement to begin with, such as one that waits for what other writers have begun.
    The server has the shorter limits, so that it gives up first; a transaction whose client
    vanished is ended by it, or it would keep its locks.
    """
    seconds = STATEMENT_SECONDS if seconds is None else seconds
    limits = {
        "statement_timeout": seconds,
        "lock_timeout": lock_seconds or max(1, STATEMENT_SECONDS - 1),
        "idle_in_transaction_session_timeout": 2 * (seconds + GRACE_SECONDS),
    }
    calls = (func.set_config(name, f"{value:g}s", True) for name, value in limits.items())
    token = _ANSWER_SECONDS.set(STATEMENT_SECONDS + GRACE_SECONDS)
    try:
        with engine.begin() as connection:
            connection.execute(sqlalchemy.select(*calls))
            _ANSWER_SECONDS.set(seconds + GRACE_SECONDS)
            if first:
                connection.execute(sqlalchemy.text(first))
            yield connection
    except SQLAlchemyError as error:
        lines = str(getattr(error, "orig", None) or error).strip().splitlines()
        why = redacted(lines[0].strip() if lines else type(error).__name__).rstrip(".")
        raise StorageError(
            f"{database.name} does not serve ({why}): see that PostgreSQL runs and that "
            f"{database.variable} names it.",
            refused=isinstance(error, (DataError, IntegrityError)),
        ) from None
    finally:
        _ANSWER_SECONDS.reset(token)


def _wait(connection: Any) -> None:
    """Wait until the connection has its answer. Raising here makes psycopg2 close it."""
    seconds = _ANSWER_SECONDS.get()
    while (state := connection.poll()) != psycopg2.extensions.POLL_OK:
        poller = select.poll()
        is_reading = state == psycopg2.extensions.POLL_READ
        poller.register(connection.fileno(), select.POLLIN if is_reading else select.POLLOUT)
        if not poller.poll(None if seconds is None else seconds * 1000):
            raise psycopg2.OperationalError(f"no answer within {seconds:g} seconds")
