"""The recorder behind luigi's own scheduler: nothing waits, nothing is lost, nothing leaks."""

from __future__ import annotations

import contextlib
import json
import stat
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from luigi.scheduler import Scheduler
from luigi.task_status import DONE, FAILED, PENDING
from support.history_events import event_names
from support.ports import free_port
from support.postgres import PASSWORD, Postgres
from support.waiting import wait_for

from pipeline.ops.history.recorder import HistoryRecorder
from pipeline.ops.history.store import HistoryStore
from pipeline.tmdb.credential import Secret

Start = Callable[..., HistoryRecorder]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "state" / "history-spool.jsonl"


@pytest.fixture
def away() -> Iterator[HistoryStore]:
    """A database that is not there."""
    with opened(f"postgresql+psycopg2://luigi:{PASSWORD}@127.0.0.1:{free_port()}/luigi") as store:
        yield store


@pytest.fixture
def start(spool: Path) -> Iterator[Start]:
    """Start a recorder; it is closed at the end, if the test did not."""
    started: list[HistoryRecorder] = []

    def start(store: HistoryStore | None, **arguments: Any) -> HistoryRecorder:
        started.append(HistoryRecorder(store, spool, **arguments))
        return started[-1]

    yield start
    for each in started:
        each.close(1)


@contextlib.contextmanager
def opened(url: str) -> Iterator[HistoryStore]:
    store = HistoryStore(Secret(url))
    yield store
    store.close()


def scheduler_of(recorder: HistoryRecorder) -> Scheduler:
    return Scheduler(
        task_history_impl=recorder, state_path="", retry_delay=-1, stable_done_cooldown_secs=0
    )


def run_task(scheduler: Scheduler, name: str = "T_1", status: str = DONE, **more: Any) -> None:
    """What a worker says of one task, from its planning to its end."""
    known = {"worker": "w", "task_id": name, "family": "T", "params": {"date": "2024-01-07"}}
    scheduler.add_task(status=PENDING, **{**known, **more})
    assert scheduler.get_work(worker="w", host="worker-1")["task_id"] == name
    scheduler.add_task(status=status, **{**known, **more})


def names(store: HistoryStore, task_id: str = "T_1") -> list[str]:
    return event_names(store, task_id)


def test_what_a_scheduler_says_is_in_the_database(start: Start, store: HistoryStore) -> None:
    recorder = start(store)
    run_task(scheduler_of(recorder))
    wait_for(lambda: recorder.buffered == 0 and recorder.up)
    (run,) = store.runs()
    assert (run.task_id, run.family, run.host) == ("T_1", "T", "worker-1")
    assert (run.params, run.outcome, run.attempt) == ({"date": "2024-01-07"}, "DONE", 1)
    assert recorder.lost == 0


def test_times_are_utc_and_to_the_microsecond(
    start: Start, store: HistoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = datetime.now(UTC)
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    try:
        run_task(scheduler_of(start(store)))
        wait_for(lambda: len(names(store)) == 3)
    finally:
        monkeypatch.undo()
        time.tzset()
    (run,) = store.runs()
    assert run.started_at
    assert run.ended_at
    assert begun < run.started_at < run.ended_at < datetime.now(UTC)


def test_no_two_instants_are_the_same(start: Start, away: HistoryStore, spool: Path) -> None:
    begun = datetime.now(UTC)
    recorder = start(away)
    task = scheduler_of(recorder)._make_task(task_id="T_1", status=PENDING, deps=[], family="T")
    for _ in range(5_000):
        recorder.task_scheduled(task)
    recorder.close()
    lines = [json.loads(line) for line in spool.read_text().splitlines()]
    made = list(dict.fromkeys(datetime.fromisoformat(each["at"]) for each in lines))
    assert made == sorted(made)
    assert len(made) == 5_000
    assert begun <= made[0]


@pytest.mark.parametrize("trouble", ["away", "frozen"])
def test_recording_an_event_does_not_wait_for_the_database(
    trouble: str,
    start: Start,
    store: HistoryStore,
    away: HistoryStore,
    postgres: Postgres,
    spool: Path,
) -> None:
    """What a call costs, benchmarks/history_faults.py measures."""
    with contextlib.ExitStack() as stack:
        if trouble == "frozen":
            stack.enter_context(postgres.frozen())
        recorder = start(store if trouble == "frozen" else away)
        task = scheduler_of(recorder)._make_task(task_id="T_1", status=PENDING, deps=[], family="T")
        for _ in range(100):
            recorder.task_scheduled(task)
        assert not recorder.up, "the database wrote something"
        recorder.close(0)
        assert len(set(spool.read_text().splitlines())) == 100


def test_without_a_database_nothing_is_kept(start: Start, spool: Path) -> None:
    recorder = start(None)
    run_task(scheduler_of(recorder))
    recorder.close_left_running([])
    recorder.close()
    assert (recorder.buffered, recorder.lost, recorder.up) == (0, 0, False)
    assert not spool.exists()


def test_what_could_not_be_written_is_written_by_the_next_start(
    start: Start, store: HistoryStore, away: HistoryStore, spool: Path
) -> None:
    first = start(away)
    run_task(scheduler_of(first))
    first.close(1)
    assert (first.up, first.lost, first.buffered >= 3) == (False, 0, True)
    assert stat.S_IMODE(spool.stat().st_mode) == 0o600

    second = start(store)
    run_task(scheduler_of(second))
    wait_for(lambda: second.buffered == 0)
    assert names(store) == ["PENDING", "RUNNING", "DONE"] * 2
    assert [run.attempt for run in store.runs()] == [2, 1]
    assert not spool.exists()


def test_a_write_under_way_when_luigid_ends_is_neither_lost_nor_doubled(
    start: Start, store: HistoryStore, spool: Path, postgres: Postgres
) -> None:
    first = start(store)
    wait_for(lambda: first.up)
    with postgres.frozen():
        run_task(scheduler_of(first))
        first.close(0.2)
        assert len(spool.read_text().splitlines()) == 3

    second = start(store)
    wait_for(lambda: second.buffered == 0 and second.up)
    assert names(store) == ["PENDING", "RUNNING", "DONE"]


def test_events_are_on_disk_soon_after_the_database_went(
    start: Start, away: HistoryStore, spool: Path
) -> None:
    run_task(scheduler_of(start(away)))
    wait_for(lambda: spool.exists() and len(spool.read_text().splitlines()) == 3)


def test_a_torn_line_of_the_spool_costs_that_line_only(
    start: Start, store: HistoryStore, away: HistoryStore, spool: Path
) -> None:
    first = start(away)
    run_task(scheduler_of(first))
    first.close(1)
    lines = spool.read_text().splitlines()
    spool.write_text("\n".join([lines[0], lines[1][:40], *lines[2:]])[:-1])
    cut = start(away)
    run_task(scheduler_of(cut), "T_2")
    cut.close(1)

    second = start(store)
    wait_for(lambda: second.buffered == 0)
    assert names(store) == ["PENDING"]
    assert names(store, "T_2") == ["PENDING", "RUNNING", "DONE"]
    assert second.lost == 2


def line_of(**changed: object) -> str:
    known: dict[str, object] = {
        "task_id": "T",
        "family": "T",
        "params": {},
        "host": None,
        "name": "DONE",
    }
    return json.dumps({**known, "at": "2024-01-07T02:00:00+00:00", **changed})


WRONG_LINES = {
    "parameters that are none": line_of(params=None),
    "an id that is a number": line_of(task_id=1),
    "an instant that is none": line_of(at="soon"),
    "an instant without a zone": line_of(at="2024-01-07T02:00:00"),
    "a list": "[]",
    "no JSON": "{",
    "no end": "[" * 200_000,
}


@pytest.mark.parametrize("line", WRONG_LINES.values(), ids=WRONG_LINES)
def test_a_line_of_a_wrong_type_is_skipped_with_one_warning_and_stops_nothing(
    line: str,
    start: Start,
    store: HistoryStore,
    away: HistoryStore,
    spool: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first = start(away)
    run_task(scheduler_of(first))
    first.close(1)
    spool.write_text("\n".join([line, line, *spool.read_text().splitlines(), ""]))
    caplog.clear()
    second = start(store)
    wait_for(lambda: second.buffered == 0)
    assert names(store) == ["PENDING", "RUNNING", "DONE"]
    assert caplog.text.count("skipped a line that is no event") == 1
    assert second.lost >= 1
    assert not spool.exists()


def test_a_line_of_0_1_0_is_still_an_event(start: Start, store: HistoryStore, spool: Path) -> None:
    spool.parent.mkdir()
    at = datetime.now(UTC).isoformat()
    spool.write_text(
        '{"task_id": "T_1", "family": "T", "params": {"date": "2024-01-07"}, "host": null, '
        f'"name": "FAILED", "at": "{at}", "attempt": null, '
        '"reason": "장애"}\n'
    )
    recorder = start(store)
    wait_for(lambda: recorder.buffered == 0)
    (run,) = store.runs()
    assert (run.outcome, run.reason, run.params) == ("FAILED", "장애", {"date": "2024-01-07"})


def test_memory_is_bounded_where_neither_database_nor_disk_take_events(
    start: Start, away: HistoryStore, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.ops.history.recorder.MAX_WAITING", 10)
    spool.parent.mkdir()
    spool.mkdir()
    recorder = start(away)
    scheduler = scheduler_of(recorder)
    for number in range(10):
        run_task(scheduler, f"T_{number}")
    assert recorder.buffered <= 10
    assert recorder.lost == 20


def test_an_event_that_the_database_refuses_holds_up_no_other(
    start: Start, store: HistoryStore, postgres: Postgres, tables_database: str
) -> None:
    refuse = "ALTER TABLE tasks ADD CONSTRAINT picky CHECK (task_id <> 'Bad')"
    postgres.execute(refuse, database=tables_database)
    recorder = start(store)
    scheduler = scheduler_of(recorder)
    for name in ("T_1", "Bad", "T_2"):
        run_task(scheduler, name)
    wait_for(lambda: recorder.buffered == 0)
    assert (len(names(store)), len(names(store, "T_2")), recorder.lost) == (3, 3, 3)


def test_failures_keep_attempt_and_reason_even_over_a_restart(
    start: Start, store: HistoryStore
) -> None:
    for reason in ("first", "second"):
        recorder = start(store)
        expl = json.dumps(f"Runtime error:\nTraceback (most recent call last):\n{reason}")
        run_task(scheduler_of(recorder), status=FAILED, expl=expl)
        recorder.close()
    second, first = store.runs()
    assert (first.attempt, second.attempt) == (1, 2)
    assert str(first.reason).endswith("first")
    assert str(second.reason).endswith("second")


def test_an_error_of_the_pipeline_is_recorded_as_its_sentence(
    start: Start, store: HistoryStore
) -> None:
    recorder = start(store)
    story = (
        "Runtime error:\nTraceback (most recent call last):\n  File x\n"
        "pipeline.errors.TmdbUnavailable: TMDB does not answer: try again later.\n"
    )
    run_task(scheduler_of(recorder), status=FAILED, expl=json.dumps(story))
    recorder.close()
    assert store.runs()[0].reason == "TMDB does not answer: try again later."


def test_long_reasons_keep_their_end_and_no_secret_comes_through(
    start: Start,
    store: HistoryStore,
    monkeypatch: pytest.MonkeyPatch,
    away: HistoryStore,
    spool: Path,
) -> None:
    key = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
    monkeypatch.setenv("TMDB_API_KEY", key)
    story = json.dumps("x" * 30_000 + f" https://api.example/3?api_key={key} refused")
    for each in (away, store):
        recorder = start(each)
        params = {"date": "2024-01-07", "oops": f"k={key}"}
        run_task(scheduler_of(recorder), status=FAILED, expl=story, params=params)
        recorder.close(1)
        if spool.exists():
            assert key not in spool.read_text()
    (run, _) = store.runs()
    assert str(run.reason).endswith("api_key=[credential] refused")
    assert len(str(run.reason)) == 2_000
    assert key not in str(run)


def test_hidden_parameters_are_not_kept(start: Start, store: HistoryStore) -> None:
    recorder = start(store)
    params = {"date": "2024-01-07", "hidden": "h"}
    run_task(scheduler_of(recorder), params=params, param_visibilities={"hidden": 1})
    recorder.close()
    assert store.runs()[0].params == {"date": "2024-01-07"}


def test_dead_workers_retries_and_giving_up_are_recorded(start: Start, store: HistoryStore) -> None:
    recorder = start(store)
    task = scheduler_of(recorder)._make_task(task_id="T_1", status=PENDING, deps=[], family="T")
    recorder.task_started(task, "worker-1")
    task.expl = "its worker is gone"
    recorder.task_finished(task, False)
    recorder.task_scheduled(task)
    recorder.task_started(task, "worker-1")
    task.expl = None
    recorder.task_finished(task, False)
    recorder.disabled(task)
    recorder.close()
    assert names(store) == ["RUNNING", "FAILED", "PENDING", "RUNNING", "FAILED", "DISABLED"]
    assert [(run.outcome, run.reason) for run in store.runs()] == [
        ("FAILED", None),
        ("FAILED", "its worker is gone"),
    ]


def test_runs_that_an_earlier_luigid_left_are_closed(start: Start, store: HistoryStore) -> None:
    first = start(store)
    make = scheduler_of(first)._make_task
    for name in ("Left", "GoesOn"):
        first.task_started(make(task_id=name, status=PENDING, deps=[], family="T"), "worker-1")
    first.close()

    second = start(store)
    second.close_left_running(["GoesOn"])
    wait_for(lambda: names(store, "Left") == ["RUNNING", "FAILED"])
    second.task_finished(make(task_id="GoesOn", status=PENDING, deps=[], family="T"), True)
    second.close()
    found = {run.task_id: (run.outcome, run.reason) for run in store.runs()}
    assert found == {
        "Left": ("FAILED", "luigid was restarted before this run ended."),
        "GoesOn": ("DONE", None),
    }
