"""The warehouse in its SQLite file: loads, views, another version, and what is deleted."""

from __future__ import annotations

import datetime
import hashlib
import logging
import random
import sqlite3
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.schema import CreateIndex, CreateTable
from support.warehouse import (
    ALL,
    DATES,
    SEQUENCES,
    SUNDAY,
    Period,
    assert_a_broken_load_changes_nothing,
    assert_a_year_keeps_no_old_title,
    assert_loads_commute,
    expected_views,
    few_examples,
    load,
    tables_of,
    views_of,
)

from pipeline.errors import DataError, StorageError
from pipeline.warehouse import tables
from pipeline.warehouse.rows import DAY, WEEK
from pipeline.warehouse.store import Warehouse


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "warehouse" / "warehouse.sqlite"


@pytest.fixture
def warehouse(path: Path) -> Warehouse:
    return Warehouse(path, None)


@few_examples
@given(SEQUENCES, st.randoms(use_true_random=False), st.data())
def test_loads_in_any_order_and_number_leave_the_same_tables_and_views(
    periods: list[Period], chance: random.Random, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        clean, worn = (Warehouse(Path(each) / "warehouse.sqlite", None) for each in (one, other))
        assert_loads_commute(clean, worn, periods, chance, lambda: data.draw(st.integers(0, 40)))


def test_a_load_that_breaks_at_any_statement_leaves_what_was_there(warehouse: Warehouse) -> None:
    load(warehouse, ALL)
    assert_a_broken_load_changes_nothing(warehouse)


def test_nothing_is_made_by_a_question(warehouse: Warehouse, path: Path) -> None:
    assert warehouse.fingerprints() == {}
    assert warehouse.ask("SELECT * FROM ranks") == []
    assert not path.parent.exists()


def test_a_question_cannot_write(warehouse: Warehouse) -> None:
    load(warehouse, ALL[:1])
    with pytest.raises(StorageError, match="readonly"):
        warehouse.ask("DELETE FROM entries RETURNING rank")


def test_tables_of_another_version_are_made_again(
    warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    load(warehouse, ALL)
    with warehouse._transaction(writes=True) as database:
        database.execute(sa.text("UPDATE schema_version SET version = 99"))
        database.execute(sa.text("CREATE TABLE of_then (title TEXT)"))
        database.execute(sa.text("CREATE VIEW of_them AS SELECT * FROM of_then"))
    assert warehouse.fingerprints() == {}
    assert warehouse.ask("SELECT * FROM ranks") == []
    caplog.set_level(logging.WARNING, "luigi-interface.pipeline")
    load(warehouse, ALL[:2])
    assert "tables of version 99" in caplog.text
    assert views_of(warehouse) == expected_views(ALL[:2])
    with warehouse._transaction() as database:
        assert "of_then" not in sa.inspect(database).get_table_names()
        assert "of_them" not in sa.inspect(database).get_view_names()


def test_the_version_changes_with_the_tables_and_views() -> None:
    statements = [str(CreateTable(table)) for table in tables.METADATA.tables.values()]
    statements += [str(CreateIndex(each)) for each in sorted(tables.ENTRIES.indexes, key=str)]
    text = "\n".join([*statements, *tables._VIEWS])
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    assert (tables.VERSION, digest) == (1, "4e085134fb38e2c4"), (
        "raise VERSION, then put its digest here"
    )


def test_movies_of_another_identity_are_refused(warehouse: Warehouse) -> None:
    load(warehouse, ALL)
    rows = Period(DAY, SUNDAY, 1).rows()
    foreign = [each._replace(region="US") for each in rows.snapshots]
    before = tables_of(warehouse)
    with pytest.raises(DataError, match="tmdb, ko-KR, KR, and these are of tmdb, ko-KR, US"):
        warehouse.load(rows._replace(snapshots=foreign), "x")
    assert tables_of(warehouse) == before


def test_a_list_that_became_a_weekly_one_is_in_the_tables_once(warehouse: Warehouse) -> None:
    load(warehouse, [Period(DAY, SUNDAY), Period(WEEK, SUNDAY)])
    rows = Period(DAY, SUNDAY).rows()
    moved = [each._replace(period=WEEK) for each in rows.snapshots]
    loaded = rows.load._replace(period=WEEK)
    warehouse.load(rows._replace(load=loaded, snapshots=moved, violations=[]), "moved")
    periods = warehouse.ask("SELECT list, period FROM ranks GROUP BY list, period")
    assert {row["period"] for row in periods} == {WEEK}


def test_what_was_collected_before_an_instant_is_deleted(warehouse: Warehouse) -> None:
    load(warehouse, ALL)
    old = [each for each in ALL if each.date <= DATES[1]]
    after = datetime.datetime.combine(DATES[1], datetime.time(3), datetime.UTC)
    expected = expected_views(each for each in ALL if each not in old)
    assert warehouse.prune(after) == sum(len(each.rows().entries) for each in old)
    found = views_of(warehouse)
    assert found.pop("quality") == expected_views(ALL)["quality"]
    del expected["quality"]
    assert found == expected
    assert len(warehouse.fingerprints()) == len(ALL)
    assert warehouse.prune(after) == 0


def test_no_byte_of_the_file_holds_a_deleted_title(warehouse: Warehouse, path: Path) -> None:
    chance = random.Random(7)
    for number, each in enumerate(ALL):
        rows = each.rows()
        titled = [e._replace(title=f"title-{number}-{e.rank}-{'x' * chance.randrange(900)}")
                  for e in rows.entries for _ in range(1)]  # fmt: skip
        warehouse.load(rows._replace(entries=titled), "x")
    at = datetime.datetime.combine(DATES[2], datetime.time(3), datetime.UTC)
    deleted = [number for number, each in enumerate(ALL) if each.date <= DATES[2]]
    assert all(f"title-{number}-".encode() in path.read_bytes() for number in deleted)
    warehouse.prune(at)
    content = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert not [number for number in deleted if f"title-{number}-".encode() in content]
    kept = set(range(len(ALL))) - set(deleted)
    assert all(f"title-{number}-".encode() in content for number in kept)


def test_a_year_leaves_no_byte_of_an_older_title(warehouse: Warehouse, path: Path) -> None:
    def read_all() -> bytes:
        return b"".join(file.read_bytes() for file in path.parent.iterdir())

    assert_a_year_keeps_no_old_title(warehouse, read_all)


def test_a_file_that_is_no_database_is_one_sentence(warehouse: Warehouse, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database, but long enough to look like one" * 100)
    for call in (warehouse.fingerprints, lambda: load(warehouse, ALL[:1])):
        with pytest.raises(StorageError, match=r"file is not a database.*delete the file"):
            call()


def test_a_writer_waits_for_another_one(
    warehouse: Warehouse, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(warehouse, ALL[:1])
    monkeypatch.setattr("pipeline.warehouse.connection.WAIT_SECONDS", 0)
    with sqlite3.connect(path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="database is locked"):
            load(warehouse, ALL[1:2])
        assert warehouse.fingerprints()
    other.close()
    load(warehouse, ALL[1:2])
