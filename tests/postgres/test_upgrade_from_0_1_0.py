"""The history and the backup of version 0.1.0 go on under this version, on a real PostgreSQL."""

from __future__ import annotations

import contextlib
import json
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from support.backup_runs import rows
from support.earlier_version import FIXTURES, Installation
from support.postgres import Postgres
from support.psql import load
from support.waiting import wait_for

from pipeline.ops.history.queries import Run
from pipeline.ops.history.store import Event, HistoryStore
from pipeline.tmdb.credential import Secret

FIXTURE = FIXTURES / "v0_1_0"
SUNDAY_NOON, MONDAY, MONDAY_MORNING = "2026-01-04T12:00", "2026-01-05", "2026-01-05T02:00"
RUNS_OF_0_1_0 = {"DailySummary": 3, "WeeklyConsolidation": 1}
FAILED_ATTEMPTS = 7
REPORTS_AND_SUMMARIES = 7


@pytest.fixture
def old_history(postgres: Postgres, history_url: str) -> str:
    """The URL of a database with the history of 0.1.0."""
    load(postgres, history_url, FIXTURE / "history.sql")
    return history_url


@pytest.fixture
def place(postgres: Postgres, tmp_path: Path) -> Installation:
    """An installation with the data of 0.1.0, and PostgreSQL's programs."""
    found = Installation("v0_1_0", tmp_path / "app")
    with_programs(found, postgres)
    return found


def with_programs(place: Installation, server: Postgres) -> None:
    """Have commands find the programs of that server first."""
    place.environment["PATH"] = f"{server.bin}:{place.environment['PATH']}"


def runs_of(url: str) -> Counter[str]:
    """How often each task was begun anew, by the history."""
    return Counter(each.family for each in history(url) if each.started_at and each.attempt == 1)


def history(url: str) -> Sequence[Run]:
    """Every attempt in the history."""
    with contextlib.closing(HistoryStore(Secret(url))) as store:
        return store.runs()


def restore(place: Installation, url: str) -> None:
    run = place.operate(
        *("restore", str(FIXTURE / "backup.tar.gz"), "--yes", "--json"),
        at=SUNDAY_NOON,
        PIPELINE_HISTORY_URL=url,
    )
    assert run.status == 0, run.output
    assert json.loads(run.out)["history"] is True


def write_one_more(url: str) -> None:
    """Write another run into a history of 0.1.0, as luigid does."""
    store = HistoryStore(Secret(url))
    store.create_schema()
    at = datetime.fromisoformat(f"{MONDAY_MORNING}+00:00")
    store.write(
        [
            Event(
                task_id="DailySummary_2026_01_05_aaaa",
                family="DailySummary",
                params={"date": MONDAY},
                host="demo-host",
                name=name,
                at=at + timedelta(seconds=second),
                reason=None,
            )
            for second, name in enumerate(("RUNNING", "DONE"))
        ]
    )
    store.close()


def test_the_history_of_0_1_0_is_read(old_history: str) -> None:
    found = runs_of(old_history)
    assert {name: found[name] for name in RUNS_OF_0_1_0} == RUNS_OF_0_1_0
    failed = [each for each in history(old_history) if each.outcome == "FAILED"]
    assert [each.family for each in failed].count("ValidationReport") == FAILED_ATTEMPTS


def test_a_backup_of_0_1_0_comes_back_into_an_empty_database_and_data_root(
    postgres: Postgres,
    tmp_path: Path,
    history_url: str,
    history_database: str,
    another_database: str,
) -> None:
    empty = Installation("v0_1_0", tmp_path / "empty", with_data=False)
    with_programs(empty, postgres)
    restore(empty, history_url)
    expected = another_database
    load(postgres, postgres.url(expected), FIXTURE / "history.sql")
    restored = rows(postgres, history_database)
    assert restored == rows(postgres, expected)
    assert len(empty.documents()) == REPORTS_AND_SUMMARIES
    write_one_more(history_url)
    found = rows(postgres, history_database)
    assert {name: len(found[name]) - len(restored[name]) for name in found} == {
        "tasks": 1,
        "task_parameters": 1,
        "task_events": 2,
        "task_failures": 0,
    }
    assert runs_of(history_url)["DailySummary"] == 4


def test_a_backup_of_0_1_0_replaces_the_history_that_is_there(
    postgres: Postgres, place: Installation, old_history: str, history_database: str
) -> None:
    before = rows(postgres, history_database)
    statement = "DELETE FROM task_events WHERE id > 20"
    postgres.execute(statement, database=history_database)
    assert rows(postgres, history_database) != before
    restore(place, old_history)
    assert rows(postgres, history_database) == before


class Luigid:
    """Today's luigid on the data root of 0.1.0."""

    def __init__(self, place: Installation) -> None:
        self._url = f"http://127.0.0.1:{place.port}/api/task_list"

    def done(self) -> set[str]:
        """The tasks that it shows as done."""
        data = urllib.parse.urlencode({"data": json.dumps({"status": "DONE"})})
        with urllib.request.urlopen(self._url, data.encode(), timeout=20) as answer:
            return set(json.load(answer)["response"])


@pytest.fixture
def luigid(place: Installation, old_history: str, tmp_path: Path) -> Iterator[Luigid]:
    """The luigid of this version, started on the morning after the last day of 0.1.0."""
    log = tmp_path / "luigid.log"
    process = place.start(
        *("tmdb-pipeline", "luigid", "--port", f"{place.port}"),
        at=MONDAY_MORNING,
        log=log,
        PIPELINE_HISTORY_URL=old_history,
    )
    try:
        wait_for(lambda: "listens on" in log.read_text(), 30, str(log))
        yield Luigid(place)
    finally:
        process.terminate()
        assert process.wait(30) == 0, log.read_text()
    assert "damaged" not in log.read_text()


def test_luigid_goes_on_with_the_state_and_the_history_of_0_1_0(
    luigid: Luigid,
    postgres: Postgres,
    place: Installation,
    old_history: str,
    history_database: str,
) -> None:
    before = rows(postgres, history_database)
    remembered = luigid.done()
    assert any(each.startswith("WeeklyConsolidation_2026_01_04") for each in remembered)

    run = place.luigi("DailySummary", MONDAY, MONDAY_MORNING)

    assert run.status == 0, run.output
    assert any(each.startswith("DailySummary_2026_01_05") for each in luigid.done() - remembered)
    name = "DailySummary"
    wait_for(lambda: runs_of(old_history)[name] == 4, 30)
    after = rows(postgres, history_database)
    for table, held in before.items():
        assert set(held) <= set(after[table]), table
