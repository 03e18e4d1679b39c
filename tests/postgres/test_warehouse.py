"""The warehouse in PostgreSQL: its promises as in SQLite, its reader, and a server in trouble."""

from __future__ import annotations

import contextlib
import datetime
import logging
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.commands import run_in_process
from support.operate import document
from support.postgres import Postgres
from support.warehouse import (
    ALL,
    DATES,
    SEQUENCES,
    Period,
    assert_a_broken_load_changes_nothing,
    assert_a_year_keeps_no_old_title,
    assert_killed_loads_leave_whole_periods,
    assert_loads_commute,
    expected_views,
    few_examples,
    load,
    load_at_once,
    tables_of,
    views_of,
)

from pipeline import clock
from pipeline.errors import NotPossible, StorageError
from pipeline.tmdb.credential import Secret
from pipeline.warehouse.questions import QUESTIONS, Scope, answer
from pipeline.warehouse.store import Warehouse
from pipeline.warehouse.tables import METADATA, READER, VIEW_NAMES

NO_FILE = Path("/nowhere/warehouse.sqlite")


@pytest.fixture
def warehouse(history_url: str) -> Warehouse:
    """An empty warehouse in a database of the test's own."""
    return Warehouse(NO_FILE, Secret(history_url))


@pytest.fixture
def reader(postgres: Postgres, history_database: str) -> Iterator[str]:
    """The role that only reads, with the rights that history-roles gives it in a database."""
    postgres.execute(f"CREATE ROLE {READER} LOGIN", database="postgres")
    yield READER
    postgres.execute(f"DROP OWNED BY {READER}", database=history_database)
    postgres.execute(f"DROP ROLE {READER}", database="postgres")


@settings(few_examples, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SEQUENCES, st.randoms(use_true_random=False), st.data())
def test_loads_in_any_order_and_number_leave_the_same_tables_as_in_sqlite(
    postgres: Postgres,
    tmp_path_factory: pytest.TempPathFactory,
    periods: list[Period],
    chance: random.Random,
    data: st.DataObject,
) -> None:
    clean = Warehouse(tmp_path_factory.mktemp("clean") / "warehouse.sqlite", None)
    with postgres.lent_database() as name:
        worn = Warehouse(NO_FILE, Secret(postgres.url(name)))
        draw = st.integers(0, 40)
        assert_loads_commute(clean, worn, periods, chance, lambda: data.draw(draw))


def test_a_load_that_breaks_at_any_statement_leaves_what_was_there(warehouse: Warehouse) -> None:
    load(warehouse, ALL)
    assert_a_broken_load_changes_nothing(warehouse)


def test_loads_that_were_killed_leave_only_whole_periods(
    warehouse: Warehouse, history_url: str
) -> None:
    assert_killed_loads_leave_whole_periods(warehouse, NO_FILE, history_url)


def test_two_processes_that_load_at_once_both_succeed(
    warehouse: Warehouse, history_url: str
) -> None:
    load_at_once(NO_FILE, history_url)
    assert views_of(warehouse) == expected_views(ALL)


def test_tables_of_another_version_are_made_again(
    warehouse: Warehouse,
    postgres: Postgres,
    history_database: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert warehouse.fingerprints() == {}
    load(warehouse, ALL)
    for statement in (
        "UPDATE warehouse.schema_version SET version = 99",
        "CREATE TABLE warehouse.of_then (title TEXT)",
        "ALTER TABLE warehouse.of_then OWNER TO luigi",
        "CREATE VIEW public.of_others AS SELECT * FROM warehouse.ranks",
    ):
        postgres.execute(statement, database=history_database)
    assert warehouse.fingerprints() == {}
    caplog.set_level(logging.WARNING, "luigi-interface.pipeline")
    load(warehouse, ALL[:2])
    assert "tables of version 99" in caplog.text
    assert views_of(warehouse) == expected_views(ALL[:2])
    query = "SELECT relname FROM pg_class WHERE relnamespace = 'warehouse'::regnamespace"
    names = {str(name) for (name,) in postgres.execute(query, database=history_database)}
    assert {*METADATA.tables, *VIEW_NAMES} <= names
    assert "of_then" not in names


def test_questions_have_the_same_answers_as_in_sqlite(warehouse: Warehouse, tmp_path: Path) -> None:
    file = Warehouse(tmp_path / "warehouse.sqlite", None)
    for each in (warehouse, file):
        load(each, ALL)
    for name in QUESTIONS:
        for scope in (Scope("영화 12"), Scope("12", "popular", DATES[2], DATES[0], 3)):
            assert answer(warehouse, name, scope) == answer(file, name, scope)
    with pytest.raises(NotPossible, match="No loaded movie"):
        answer(warehouse, "rank", Scope("9" * 19))


def test_a_database_without_a_locale_takes_korean_titles(postgres: Postgres) -> None:
    create = "CREATE DATABASE ascii OWNER luigi ENCODING SQL_ASCII LOCALE 'C' TEMPLATE template0"
    postgres.execute(create, database="postgres")
    try:
        warehouse = Warehouse(NO_FILE, Secret(postgres.url("ascii")))
        load(warehouse, ALL)
        assert views_of(warehouse) == expected_views(ALL)
    finally:
        postgres.execute("DROP DATABASE ascii WITH (FORCE)", database="postgres")


def test_a_reader_sees_the_views_and_nothing_else(
    warehouse: Warehouse, postgres: Postgres, history_database: str, reader: str
) -> None:
    postgres.execute("CREATE TABLE public.tasks (id INTEGER)", database=history_database)
    load(warehouse, ALL)
    warehouse.update_statistics()
    grant = f"GRANT USAGE ON SCHEMA warehouse TO {reader}"
    postgres.execute(grant, database=history_database)
    connection = psycopg2.connect(
        host=str(postgres.socket_dir), port=postgres.port, user=reader, dbname=history_database
    )
    with contextlib.closing(connection):
        connection.autocommit = True
        cursor = connection.cursor()
        for view in VIEW_NAMES:
            cursor.execute(f"SELECT COUNT(*) FROM warehouse.{view}")
            assert cursor.fetchall() > [(0,)]
        tables = [f"warehouse.{name}" for name in METADATA.tables]
        for statement in (
            *(f"SELECT 1 FROM {name}" for name in (*tables, "public.tasks")),
            "DELETE FROM warehouse.entries",
            "CREATE TABLE warehouse.mine (id INTEGER)",
        ):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)


def test_a_year_leaves_no_older_title_in_a_dump(
    warehouse: Warehouse, postgres: Postgres, history_database: str
) -> None:
    words = ["-h", str(postgres.socket_dir), "-p", str(postgres.port), "-U", "postgres"]
    command = [str(postgres.bin / "pg_dump"), *words, history_database]
    assert_a_year_keeps_no_old_title(warehouse, lambda: subprocess.check_output(command))


def test_a_question_cannot_write(warehouse: Warehouse) -> None:
    load(warehouse, ALL[:1])
    with pytest.raises(StorageError, match="read-only transaction"):
        warehouse.ask("DELETE FROM entries RETURNING rank")


def test_a_server_that_is_away_or_frozen_is_one_sentence_and_changes_nothing(
    warehouse: Warehouse, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(warehouse, ALL[:2])
    before = tables_of(warehouse)
    monkeypatch.setattr("pipeline.warehouse.connection.WAIT_SECONDS", 1)
    monkeypatch.setattr("pipeline.postgres.GRACE_SECONDS", 0)
    monkeypatch.setattr("pipeline.postgres.STATEMENT_SECONDS", 1)
    sentence = "The warehouse's database does not serve .*PIPELINE_WAREHOUSE_URL names it"
    with postgres.frozen(), pytest.raises(StorageError, match=sentence):
        load(warehouse, ALL[2:])
    postgres.stop()
    try:
        with pytest.raises(StorageError, match=sentence) as caught:
            warehouse.fingerprints()
    finally:
        postgres.start()
    assert "correct-horse" not in str(caught.value)
    assert tables_of(warehouse) == before
    load(warehouse, ALL[2:])
    assert views_of(warehouse) == expected_views(ALL)


def test_prune_deletes_rows_there_and_those_of_an_earlier_file(
    warehouse: Warehouse, history_url: str, root: Path
) -> None:
    file = Warehouse(root / "warehouse/warehouse.sqlite", None)
    for each in (warehouse, file):
        load(each, ALL)
    variables = {
        "TMDB_API_KEY": "demo", "PIPELINE_DATA_DIR": str(root),
        "PIPELINE_WAREHOUSE_URL": history_url,
    }  # fmt: skip
    limit = datetime.datetime.combine(DATES[1], datetime.time(3), datetime.UTC)
    days = (clock.now() - limit).days
    kept = expected_views(each for each in ALL if each.date > DATES[1])
    rows = sum(len(each.rows().entries) for each in ALL if each.date <= DATES[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.ops.settings.MAX_KEEP_DAYS", days)
        words = ("prune", "--older-than", "180", "--yes", "--json", "--runtime", "host")
        patch.setattr(clock, "instant", lambda: limit + datetime.timedelta(days=180))
        done = run_in_process(*words, env=variables, cwd=root)
    assert done.status == 0, done.output
    assert document(done)["warehouse_rows"] == 2 * rows
    for each in (warehouse, file):
        assert views_of(each)["ranks"] == kept["ranks"]
