"""The task history in a real PostgreSQL: what is written, what comes back, what luigi sees."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.history_events import event_names
from support.ports import free_port
from support.postgres import PASSWORD, Postgres, Proxy

from pipeline.errors import SettingsError, StorageError
from pipeline.ops.history.events import storable_event
from pipeline.ops.history.store import Event, HistoryStore
from pipeline.tmdb.credential import Secret

START = datetime(2024, 1, 7, 2, 0, tzinfo=UTC)
TASK = "PopularMovies_2024_01_07_0123456789"


@contextlib.contextmanager
def opened(url: str) -> Iterator[HistoryStore]:
    store = HistoryStore(Secret(url))
    yield store
    store.close()


def event(name: str, second: float = 0, **changed: Any) -> Event:
    fields: dict[str, Any] = {
        "task_id": TASK,
        "family": "PopularMovies",
        "params": {"date": "2024-01-07"},
        "host": None,
        "name": name,
        "at": START + timedelta(seconds=second),
    }
    return Event(**{**fields, **changed})


def events_of(*names: str, **changed: Any) -> list[Event]:
    return [event(name, second, **changed) for second, name in enumerate(names)]


def test_a_run_comes_back_as_it_was(store: HistoryStore) -> None:
    store.write(
        [
            event("PENDING"),
            event("RUNNING", 1.5, host="worker-1"),
            event("FAILED", 4, reason="장애: 503"),
        ]
    )
    (run,) = store.runs()
    assert run.task_id == TASK
    assert (run.family, run.params, run.host) == (
        "PopularMovies",
        {"date": "2024-01-07"},
        "worker-1",
    )
    assert run.started_at == START + timedelta(seconds=1.5)
    assert run.ended_at == START + timedelta(seconds=4)
    assert (run.outcome, run.attempt, run.reason) == ("FAILED", 1, "장애: 503")


@pytest.mark.parametrize(
    ("names", "runs"),
    [
        (["PENDING"], [("PENDING", 0, False, False)]),
        (["PENDING", "RUNNING"], [("RUNNING", 1, True, False)]),
        (["PENDING", "RUNNING", "DONE"], [("DONE", 1, True, True)]),
        (["DONE"], [("DONE", 0, False, True)]),
        (["PENDING", "FAILED"], [("FAILED", 0, False, True)]),
        (["RUNNING", "FAILED", "DISABLED"], [("FAILED", 1, True, True)]),
        (["RUNNING", "RUNNING"], [("RUNNING", 2, True, False), ("FAILED", 1, True, False)]),
        (
            ["PENDING", "RUNNING", "FAILED", "PENDING", "RUNNING", "DONE"],
            [("DONE", 2, True, True), ("FAILED", 1, True, True)],
        ),
        (
            ["RUNNING", "FAILED", "PENDING"],
            [("PENDING", 1, False, False), ("FAILED", 1, True, True)],
        ),
    ],
)
def test_events_become_one_run_an_attempt(
    store: HistoryStore, names: list[str], runs: list[tuple[str, int, bool, bool]]
) -> None:
    store.write(events_of(*names))
    found = [
        (run.outcome, run.attempt, run.started_at is not None, run.ended_at is not None)
        for run in store.runs()
    ]
    assert found == runs


def test_a_run_whose_end_was_never_reported_says_so(store: HistoryStore) -> None:
    store.write(events_of("RUNNING", "RUNNING"))
    assert "never reported" in str(store.runs()[1].reason)


def test_an_event_written_again_is_kept_once(store: HistoryStore) -> None:
    events = events_of("PENDING", "RUNNING", "FAILED")
    store.write(events[:2])
    for _ in range(3):
        store.write(events)
    assert event_names(store, TASK) == ["PENDING", "RUNNING", "FAILED"]


def test_the_same_events_from_two_writers_at_once_are_kept_once(
    store: HistoryStore, tables_url: str
) -> None:
    events = [event("PENDING", each, task_id=f"T_{each}") for each in range(200)]
    with opened(tables_url) as second, ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda each: each.write(events), [store, second]))
    assert len(store.runs()) == 200


def test_a_commit_whose_answer_never_came_is_neither_lost_nor_doubled(
    store: HistoryStore,
    postgres: Postgres,
    tables_database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.postgres.STATEMENT_SECONDS", 1)
    monkeypatch.setattr("pipeline.postgres.GRACE_SECONDS", 0)
    events = events_of("PENDING", "RUNNING", "FAILED")
    with Proxy(postgres.port) as proxy:
        url = postgres.url(tables_database, proxy.port)
        with opened(url) as far:
            far.ping()
            proxy.swallows = b"COMMIT"
            with pytest.raises(StorageError):
                far.write(events)
            assert len(event_names(store, TASK)) == 3, "the commit did not arrive"
            proxy.swallows = None
            far.write(events)
    assert len(event_names(store, TASK)) == 3


def test_a_task_keeps_its_row_after_a_restart(
    store: HistoryStore, postgres: Postgres, tables_database: str, tables_url: str
) -> None:
    store.write(events_of("PENDING", "RUNNING"))
    with opened(tables_url) as restarted:
        restarted.create_schema()
        restarted.write([event("FAILED", 9), event("RUNNING", 10), event("FAILED", 11)])
        assert [run.attempt for run in restarted.runs()] == [2, 1]
    assert postgres.execute("SELECT task_id FROM tasks", database=tables_database) == [(TASK,)]


def test_what_postgresql_refuses_is_cut_and_not_lost(store: HistoryStore) -> None:
    long = "F" * 300
    reported = event(
        "FAILED",
        task_id=long + "_0123456789",
        family=long,
        params={"a\0b": "x\0y", long: "v" * 20_000, "half": "\ud83d"},
        host="h" * 300,
        reason="r" * 3_000,
    )
    store.write([storable_event(reported)])
    (run,) = store.runs()
    assert (len(run.task_id), run.task_id[-11:]) == (200, "_0123456789")
    assert (len(run.family), len(run.host or "")) == (128, 128)
    assert run.params["ab"] == "xy"
    assert run.params["half"] == "\\ud83d"
    assert len(run.params["F" * 128]) == 10_000
    assert run.reason == "…" + "r" * 1_999


def test_long_task_ids_stay_apart(store: HistoryStore) -> None:
    reported = [event("PENDING", each, task_id="F" * 250 + f"_000000000{each}") for each in (1, 2)]
    store.write([storable_event(each) for each in reported])
    assert len({run.task_id for run in store.runs()}) == 2


def test_runs_are_chosen_by_time_family_and_number(store: HistoryStore) -> None:
    for day in range(1, 6):
        family = "PopularMovies" if day % 2 else "DailySummary"
        changed = {"task_id": f"T_{day}", "params": {"date": f"2024-01-0{day}", "n": "1"}}
        second = 86_400 * day
        store.write([event("RUNNING", second, family=family, **changed)])

    def days(**filters: Any) -> list[str]:
        return [run.params["date"][-2:] for run in store.runs(**filters)]

    assert days() == ["05", "04", "03", "02", "01"]
    assert days(limit=2) == ["05", "04"]
    assert days(family="DailySummary") == ["04", "02"]
    assert days(before=START + timedelta(days=2)) == ["01"]
    assert days(family="Nobody") == []


def test_purging_takes_old_events_and_leaves_tasks_that_still_have_some(
    store: HistoryStore, postgres: Postgres, tables_database: str
) -> None:
    store.write(events_of("PENDING", "RUNNING", "FAILED", task_id="Old_1"))
    store.write(events_of("PENDING", "RUNNING", "FAILED", task_id="Both_1"))
    store.write([event("DONE", 86_400, task_id="Both_1")])
    store.write(
        [event("PENDING", each / 1000, task_id=f"Many_{each % 7}") for each in range(3_000)]
    )

    assert store.purge(START + timedelta(hours=1)) == 3_006
    assert store.purge(START + timedelta(hours=1)) == 0

    assert [run.task_id for run in store.runs()] == ["Both_1"]
    tables = ("tasks", "task_parameters", "task_events", "task_failures")
    counts = [
        postgres.execute(f"SELECT count(*) FROM {table}", database=tables_database)[0][0]
        for table in tables
    ]
    assert counts == [1, 1, 1, 0]


def test_left_runs_are_closed_but_not_those_that_go_on_or_ended(store: HistoryStore) -> None:
    for name in ("Left", "GoesOn", "Ended", "EndedLater", "StartedAnew"):
        store.write([event("RUNNING", task_id=name)])
    store.write([event("DONE", 1, task_id="Ended")])
    store.write([event("DONE", 99, task_id="EndedLater")])
    store.write(
        [
            event("PENDING", 98, task_id="StartedAnew"),
            event("RUNNING", 99, task_id="StartedAnew"),
            event("DONE", 100, task_id="StartedAnew"),
        ]
    )

    now = START + timedelta(seconds=50)
    assert store.close_left_running(now, {"GoesOn"}) == 2
    assert store.close_left_running(now, {"GoesOn"}) == 0

    outcomes = sorted((run.task_id, run.outcome, run.reason) for run in store.runs())
    assert outcomes == [
        ("Ended", "DONE", None),
        ("EndedLater", "DONE", None),
        ("GoesOn", "RUNNING", None),
        ("Left", "FAILED", "luigid was restarted before this run ended."),
        ("StartedAnew", "DONE", None),
        ("StartedAnew", "FAILED", "luigid was restarted before this run ended."),
    ]


def test_the_schema_can_be_made_by_many_at_once(history_url: str) -> None:
    stores = [HistoryStore(Secret(history_url)) for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda each: each.create_schema(), stores))
    stores[0].write(events_of("PENDING"))
    for each in stores:
        each.close()


def test_ping_tells_the_version(store: HistoryStore) -> None:
    assert store.ping().split(".")[0].isdigit()


def test_a_missing_database_is_reported_in_a_sentence_without_the_password() -> None:
    with opened(f"postgresql+psycopg2://luigi:{PASSWORD}@127.0.0.1:{free_port()}/luigi") as store:
        for call in (store.create_schema, store.ping, store.runs):
            with pytest.raises(StorageError) as caught:
                call()
            assert "PIPELINE_HISTORY_URL" in str(caught.value)
            assert PASSWORD not in str(caught.value)
            assert "\n" not in str(caught.value)


@pytest.mark.parametrize("rest", ["luigi:se@cret-word@host/luigi", "luigi:x@host:secret-word/l"])
def test_an_unusable_url_is_reported_at_once_and_not_repeated(rest: str) -> None:
    with pytest.raises(SettingsError, match="PIPELINE_HISTORY_URL") as caught:
        HistoryStore(Secret(f"postgresql+psycopg2://{rest}"))
    assert "cret-word" not in str(caught.value)


@pytest.mark.filterwarnings("ignore")
def test_the_tables_are_those_that_luigi_makes(
    store: HistoryStore, postgres: Postgres, tables_database: str, another_database: str
) -> None:
    database = another_database
    with luigi_history(postgres.url(database)):
        pass
    assert columns(postgres, tables_database) == columns(postgres, database)
    ours, theirs = (indexes(postgres, each) for each in (tables_database, database))
    assert theirs <= ours


@pytest.mark.filterwarnings("ignore")
def test_plain_luigi_goes_on_in_the_same_database(store: HistoryStore, tables_url: str) -> None:
    from luigi.scheduler import Task

    store.write(events_of("PENDING", "RUNNING", "FAILED", host="worker-1"))
    store.write([event("PENDING", 60, task_id="Other", params={"date": "2024-01-08"})])
    with luigi_history(tables_url) as theirs, theirs._session() as session:
        found = theirs.find_all_by_parameters("PopularMovies", session, date="2024-01-07")
        (record,) = set(found)
        assert [each.event_name for each in record.events] == ["FAILED", "RUNNING", "PENDING"]
        assert record.host == "worker-1"
        assert theirs.find_task_by_task_id(TASK, session).name == "PopularMovies"

        plain = Task(
            task_id="Plain", status="PENDING", deps=None, family="Plain", params={"a": "b"}
        )
        theirs.task_scheduled(plain)
        theirs.task_started(plain, "worker-2")
        theirs.task_finished(plain, True)
    (run,) = store.runs(family="Plain")
    assert (run.outcome, run.params, run.host) == ("DONE", {"a": "b"}, "worker-2")


@contextlib.contextmanager
def luigi_history(url: str) -> Iterator[Any]:
    """luigi's own task history on that database."""
    import luigi.configuration

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from luigi.db_task_history import DbTaskHistory

    configuration = luigi.configuration.get_config()
    configuration.set("task_history", "db_connection", url)
    try:
        history = DbTaskHistory()
        yield history
        history.engine.dispose()
    finally:
        configuration.remove_section("task_history")


def columns(postgres: Postgres, database: str) -> list[tuple[object, ...]]:
    return postgres.execute(
        "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable "
        "FROM information_schema.columns WHERE table_schema = 'public' "
        "AND table_name NOT IN ('task_failures', 'task_history_version') "
        "ORDER BY table_name, ordinal_position",
        database=database,
    )


def indexes(postgres: Postgres, database: str) -> set[tuple[object, ...]]:
    rows = postgres.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'", database=database
    )
    return set(rows)
