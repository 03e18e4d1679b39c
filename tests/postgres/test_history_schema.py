"""The tables of the history, from every earlier version on, and the connections to them."""

from __future__ import annotations

import contextlib
import socket
import threading
from datetime import UTC, datetime

import pytest
from support.earlier_version import FIXTURES
from support.postgres import PASSWORD, Postgres
from support.psql import load

from pipeline.errors import StorageError
from pipeline.ops.history import schema
from pipeline.ops.history.store import HistoryStore
from pipeline.tmdb.credential import Secret

LUIGI = """
    CREATE TABLE tasks (
        id SERIAL PRIMARY KEY, task_id VARCHAR(200), name VARCHAR(128), host VARCHAR(128));
    CREATE TABLE task_parameters (
        task_id INTEGER NOT NULL REFERENCES tasks (id), name VARCHAR(128) NOT NULL, value TEXT,
        PRIMARY KEY (task_id, name));
    CREATE TABLE task_events (
        id SERIAL PRIMARY KEY, task_id INTEGER REFERENCES tasks (id), event_name VARCHAR(20),
        ts TIMESTAMP NOT NULL);
    CREATE INDEX ix_tasks_task_id ON tasks (task_id);
    CREATE INDEX ix_tasks_name ON tasks (name);
    CREATE INDEX ix_task_events_task_id ON task_events (task_id);
    INSERT INTO tasks (task_id, name) VALUES ('T_1', 'T');
    INSERT INTO task_events (task_id, event_name, ts) VALUES (1, 'DONE', '2024-01-07 02:00')"""


def relations(postgres: Postgres, database: str) -> set[object]:
    rows = postgres.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = CAST('public' AS regnamespace) "
        "AND relkind IN ('r', 'i') AND relname NOT LIKE '%key'",
        database=database,
    )
    return {name for (name,) in rows} - {f"{table}_pkey" for table in schema.TABLE_NAMES}


@pytest.fixture(params=["nothing", "luigi", "0.1.0"])
def earlier_database(
    request: pytest.FixtureRequest, postgres: Postgres, history_database: str, history_url: str
) -> str:
    """A database as an earlier version, plain luigi or nobody left it."""
    if request.param == "luigi":
        postgres.execute(f"SET ROLE luigi; {LUIGI}", database=history_database)
    elif request.param == "0.1.0":
        load(postgres, history_url, FIXTURES / "v0_1_0/history.sql")
    return history_database


def test_every_earlier_version_becomes_this_one_and_keeps_its_runs(
    earlier_database: str, postgres: Postgres
) -> None:
    count = "SELECT count(*) FROM task_events"
    is_there = postgres.execute("SELECT to_regclass('task_events')", database=earlier_database)
    before = postgres.execute(count, database=earlier_database) if is_there != [(None,)] else [(0,)]
    with contextlib.closing(HistoryStore(Secret(postgres.url(earlier_database)))) as store:
        for _ in range(2):
            store.create_schema()
        assert bool(store.runs()) == (before != [(0,)])
    assert postgres.execute(count, database=earlier_database) == before
    assert set(schema.relations()) <= relations(postgres, earlier_database)
    versions = postgres.execute("SELECT * FROM task_history_version", database=earlier_database)
    assert versions == [(number + 1,) for number in range(len(schema.STEPS))]


def test_tables_of_a_newer_version_are_left_alone(
    store: HistoryStore, postgres: Postgres, tables_database: str
) -> None:
    postgres.execute("INSERT INTO task_history_version VALUES (99)", database=tables_database)
    with pytest.raises(StorageError, match=r"version 99.*install the newer version"):
        store.create_schema()


def test_a_database_made_anew_under_luigid_gets_its_tables(
    store: HistoryStore, postgres: Postgres, tables_database: str
) -> None:
    names = ", ".join(schema.TABLE_NAMES)
    postgres.execute(f"DROP TABLE {names}", database=tables_database)
    store.create_schema()
    assert store.runs() == []


def test_a_pooler_that_refuses_startup_options_is_sent_none() -> None:
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def receive() -> None:
            client, _ = listener.accept()
            with client:
                received.append(client.recv(65_536))
                client.sendall(b"N")  # no TLS
                received.append(client.recv(65_536))

        server = threading.Thread(target=receive)
        server.start()
        port = listener.getsockname()[1]
        url = f"postgresql+psycopg2://luigi:{PASSWORD}@127.0.0.1:{port}/luigi"
        with contextlib.closing(HistoryStore(Secret(url))) as store, pytest.raises(StorageError):
            store.ping()
        server.join()
    startup = b"".join(received)
    assert b"application_name\0luigid\0" in startup
    assert b"options" not in startup
    assert b"timeout" not in startup


def test_a_frozen_server_is_noticed_soon_although_a_purge_may_take_a_minute(
    store: HistoryStore, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.postgres.STATEMENT_SECONDS", 1)
    monkeypatch.setattr("pipeline.postgres.GRACE_SECONDS", 0)
    store.purge(datetime(2024, 1, 7, tzinfo=UTC))
    with postgres.frozen(), pytest.raises(StorageError, match="no answer within 1 seconds"):
        store.ping()


def test_every_transaction_has_limits_without_them(store: HistoryStore) -> None:
    with store._transaction() as database:
        shown = [
            database.exec_driver_sql(f"SHOW {name}").scalar()
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        ]
    assert shown == ["3s", "2s", "10s"]
    with store._transaction(60) as database:
        assert database.exec_driver_sql("SHOW statement_timeout").scalar() == "1min"
    with pytest.raises(StorageError, match="statement timeout"), store._transaction() as database:
        database.exec_driver_sql("SELECT pg_sleep(10)")
