"""How our luigid schedules: two delays, attempts of a run, workers that vanish, its memory."""

from __future__ import annotations

import asyncio
import datetime
import json
import pickle
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import luigi.configuration
import luigi.task_history
import pytest
import time_machine
from support.configurations import quick
from support.fake_history import FakeHistory
from support.fake_tmdb import FakeTmdb, status
from support.luigi_runs import LuigiRun
from support.luigid_process import CONFIGURATION, added, our_luigid
from support.repository import REPOSITORY

from pipeline.errors import SettingsError
from pipeline.ops.history.recorder import HistoryRecorder
from pipeline.ops.luigid.scheduler import MAX_STORY, PipelineScheduler
from pipeline.ops.luigid.state import prepare_file

START = datetime.datetime(2024, 1, 7, 2, 0, tzinfo=datetime.UTC)
DAILY = added("PopularMovies", {"date": "2024-01-07"}, "pipeline.tasks.collect", worker="w1")
WEEKLY = added(
    "GenreMovies",
    {"date": "2024-01-07", "genre": "horror"},
    "pipeline.tasks.collect",
    worker="w1",
)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def run_and_fail(scheduler: PipelineScheduler, task: dict[str, Any], why: str = "broken") -> None:
    work = scheduler.get_work(worker=task["worker"], host="here")
    assert work["task_id"] == task["task_id"]
    scheduler.add_task(**{**task, "status": "FAILED", "expl": json.dumps(why)})


def pass_time(
    scheduler: PipelineScheduler, clock: time_machine.Traveller, seconds: float, *workers: str
) -> None:
    """Let time pass while these workers go on talking to luigid."""
    until = time.time() + seconds
    while time.time() < until:
        clock.shift(min(20, until - time.time()))
        for worker in workers:
            scheduler.ping(worker=worker)
        scheduler.prune()


@pytest.mark.parametrize(("task", "delay"), [(DAILY, 300), (WEEKLY, 600)], ids=["daily", "weekly"])
def test_a_failed_task_of_the_day_waits_five_minutes_and_of_the_week_ten(
    task: dict[str, Any],
    delay: float,
    scheduler: PipelineScheduler,
    history: FakeHistory,
    clock: time_machine.Traveller,
) -> None:
    scheduler.add_task(**task)
    run_and_fail(scheduler, task)
    pass_time(scheduler, clock, delay - 1, "w1")
    assert scheduler.get_work(worker="w1")["task_id"] is None
    pass_time(scheduler, clock, 2, "w1")
    assert scheduler.get_work(worker="w1")["task_id"] == task["task_id"]
    family = task["family"]
    assert history.events == [
        f"{family} scheduled",
        f"{family} started on here",
        f'{family} failed: "broken"',
        f"{family} scheduled",
        f"{family} started on None",
    ]


@pytest.mark.parametrize(("task", "delay"), [(DAILY, 300), (WEEKLY, 600)], ids=["daily", "weekly"])
def test_a_task_is_given_up_after_its_attempts_however_long_they_take(
    task: dict[str, Any],
    delay: float,
    scheduler: PipelineScheduler,
    history: FakeHistory,
    clock: time_machine.Traveller,
) -> None:
    scheduler.add_task(**task, retry_policy_dict={"retry_count": 3, "disable_window": None})
    for _ in range(3):
        pass_time(scheduler, clock, 1_800, "w1")
        run_and_fail(scheduler, {**task, "retry_policy_dict": {"retry_count": 3}})
    assert scheduler.state.get_task(task["task_id"]).status == "DISABLED"
    assert history.events[-2:] == [
        f'{task["family"]} failed: "broken"',
        f"{task['family']} given up",
    ]


def test_another_run_of_a_task_that_was_given_up_has_attempts_of_its_own(
    scheduler: PipelineScheduler,
) -> None:
    policy = {"retry_policy_dict": {"retry_count": 2}}
    for worker in ("w1", "w2"):
        task = {**DAILY, **policy, "worker": worker}
        scheduler.add_task(**task)
        run_and_fail(scheduler, task)
        assert scheduler.state.get_task(task["task_id"]).status == "FAILED"
        scheduler.forgive_failures(task["task_id"])
        run_and_fail(scheduler, task)
        assert scheduler.state.get_task(task["task_id"]).status == "DISABLED"


def test_another_run_of_the_root_has_attempts_for_what_it_requires(
    scheduler: PipelineScheduler,
) -> None:
    policy = {"retry_policy_dict": {"retry_count": 1}}
    for worker in ("w1", "w2"):
        root = added("DailySummary", {"date": "2024-01-07"}, "pipeline.tasks.daily", worker=worker)
        task = {**DAILY, **policy, "worker": worker}
        scheduler.add_task(**root, deps=[task["task_id"]])
        scheduler.add_task(**task)
        run_and_fail(scheduler, task)
        assert scheduler.state.get_task(task["task_id"]).status == "DISABLED"


@pytest.mark.parametrize("task", [DAILY, WEEKLY], ids=["daily", "weekly"])
def test_the_task_of_a_lost_worker_is_given_to_another_one_without_delay(
    task: dict[str, Any],
    scheduler: PipelineScheduler,
    history: FakeHistory,
    clock: time_machine.Traveller,
) -> None:
    scheduler.add_task(**task)
    scheduler.add_task(**{**task, "worker": "w2"})
    assert scheduler.get_work(worker="w1", host="here")["task_id"]
    pass_time(scheduler, clock, 80, "w2")
    assert scheduler.fetch_error(task["task_id"])["error"] == "its worker is gone"
    assert scheduler.get_work(worker="w2", host="there")["task_id"] == task["task_id"]
    assert history.events[-3:] == [
        f"{task['family']} failed: its worker is gone",
        f"{task['family']} scheduled",
        f"{task['family']} started on there",
    ]


def test_a_task_that_loses_each_worker_is_given_up(
    scheduler: PipelineScheduler, clock: time_machine.Traveller
) -> None:
    for worker in ("w1", "w2", "w3"):
        policy = {"retry_policy_dict": {"retry_count": 2}}
        scheduler.add_task(**{**DAILY, **policy, "worker": worker})
    for worker in ("w1", "w2"):
        assert scheduler.get_work(worker=worker)["task_id"] == DAILY["task_id"]
        pass_time(scheduler, clock, 80, *{"w2", "w3"} - {worker})
    assert scheduler.state.get_task(DAILY["task_id"]).status == "DISABLED"


def test_a_lost_task_that_no_run_waits_for_stays_failed(
    scheduler: PipelineScheduler, clock: time_machine.Traveller
) -> None:
    scheduler.add_task(**DAILY)
    assert scheduler.get_work(worker="w1")["task_id"]
    pass_time(scheduler, clock, 80)
    assert scheduler.state.get_task(DAILY["task_id"]).status == "FAILED"


def test_a_run_waits_for_a_task_that_runs_on_another_host(scheduler: PipelineScheduler) -> None:
    scheduler.add_task(**DAILY)
    scheduler.add_task(**{**DAILY, "worker": "w2"})
    assert scheduler.get_work(worker="w1")["task_id"] == DAILY["task_id"]
    assert scheduler.get_work(worker="w2")["n_pending_tasks"] == 1
    busy = scheduler.get_work(worker="w1", current_tasks=[DAILY["task_id"]])
    assert busy["n_pending_tasks"] == 0, "its own tasks are no reason to wait"
    scheduler.add_task(**{**DAILY, "status": "DONE"})
    assert scheduler.get_work(worker="w2")["n_pending_tasks"] == 0


def test_a_failed_task_that_no_run_waits_for_stays_failed(
    scheduler: PipelineScheduler, history: FakeHistory, clock: time_machine.Traveller
) -> None:
    scheduler.add_task(**DAILY)
    run_and_fail(scheduler, DAILY)
    pass_time(scheduler, clock, 1_000)
    assert history.events[-1] == 'PopularMovies failed: "broken"'


def test_finished_tasks_leave_after_a_day(
    scheduler: PipelineScheduler, clock: time_machine.Traveller
) -> None:
    scheduler.add_task(**DAILY)
    scheduler.get_work(worker="w1")
    scheduler.add_task(**{**DAILY, "status": "DONE"})
    pass_time(scheduler, clock, 80_000)
    assert len(scheduler.state.get_active_tasks()) == 1
    pass_time(scheduler, clock, 7_000)
    assert len(scheduler.state.get_active_tasks()) == 0


def test_a_long_explanation_of_a_failure_keeps_its_end(scheduler: PipelineScheduler) -> None:
    scheduler.add_task(**DAILY)
    run_and_fail(scheduler, DAILY, "x" * 100_000 + " 마지막")
    kept = json.loads(scheduler.fetch_error(DAILY["task_id"])["error"])
    assert len(kept) == MAX_STORY
    assert kept.endswith(" 마지막")


def test_an_escaped_secret_is_redacted(
    scheduler: PipelineScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE_LUIGID_PASSWORD", 'se"cret\\비')
    scheduler.add_task(**DAILY)
    run_and_fail(scheduler, DAILY, 'wrong password: se"cret\\비')
    kept = scheduler.fetch_error(DAILY["task_id"])["error"]
    assert "wrong password" in kept
    assert "cret" not in kept


def test_the_state_is_saved_atomically(scheduler: PipelineScheduler, tmp_path: Path) -> None:
    path = tmp_path / "state/luigid.pickle"
    prepare_file(path)
    scheduler.add_task(**DAILY)
    asyncio.run(scheduler.save())
    before = path.read_bytes()
    assert set(pickle.loads(before)[0]) == {DAILY["task_id"]}
    path.parent.joinpath(".luigid.pickle.tmp").write_bytes(b"half, of a luigid that was killed")
    asyncio.run(scheduler.save())
    assert [each.name for each in path.parent.iterdir()] == ["luigid.pickle"]
    assert pickle.loads(path.read_bytes())[0].keys() == pickle.loads(before)[0].keys()


def test_a_full_disk_does_not_end_luigid(
    scheduler: PipelineScheduler, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.run(scheduler.save())
    assert "cannot be written" in caplog.text


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "1000000"])
def test_a_delay_that_is_none_is_one_sentence(
    value: str, history: FakeHistory, tmp_path: Path
) -> None:
    configuration = luigi.configuration.get_config()
    configuration.set("tmdb_pipeline", "weekly_retry_delay", value)
    try:
        with pytest.raises(SettingsError, match="weekly_retry_delay"):
            PipelineScheduler(history, tmp_path / "x", keeps_history=False)
    finally:
        configuration.remove_section("tmdb_pipeline")


def test_an_unattended_run_is_retried_and_succeeds(
    luigi_run: LuigiRun, tmdb: FakeTmdb, tmp_path: Path
) -> None:
    configuration = CONFIGURATION + "[tmdb_pipeline]\ndaily_retry_delay = 0.1\n"
    tmdb.fail(status(404), path="/movie/popular", times=1)
    with our_luigid(tmp_path / "luigid", configuration=configuration) as luigid:
        unattended = REPOSITORY / "config/unattended.cfg"
        config = quick(unattended, tmp_path, scheduler_url=f"{luigid.url}/")
        arguments = ("DailySummary", "--date", "2024-01-07")
        run = luigi_run(
            *arguments, local=False, LUIGI_CONFIG_PATH=str(config),
            PIPELINE_DATA_DIR=str(luigid.data_dir),
        )  # fmt: skip
    assert run.status == 0, run.output
    assert tmdb.count("/movie/popular") >= 6


def test_the_recorder_knows_what_the_scheduler_tells_it() -> None:
    """`FakeHistory` above replaces it: the methods that the scheduler calls have to exist."""
    for name in ("disabled", "task_started", "task_finished", "buffered", "lost", "up"):
        assert hasattr(HistoryRecorder, name)
