"""The run record: two lines a run, readable whatever happens to the disk or to the run."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
from support.fake_tmdb import FakeTmdb, status
from support.luigi_runs import LuigiRun, luigi_command, slow_tmdb
from support.run_records import lines
from support.waiting import wait_for

from pipeline.ops.runs import ended, record
from pipeline.ops.runs.record import KILLED
from pipeline.paths import Layout

DAILY = ("DailySummary", "--date", "2024-01-07")
KEYS = [
    *("run_id", "task", "date", "event", "at", "status", "reason", "started_by", "scheduler"),
    *("version", "log", "unattended", "started_at", "documents", "attempts", "requests", "retries"),
]


def test_a_run_is_recorded_when_it_begins_and_when_it_ends(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path
) -> None:
    assert luigi_run(*DAILY).status == 0
    begin, end = lines(Layout(data_dir))
    assert list(begin) == list(end) == KEYS
    assert (begin["event"], begin["status"], end["event"], end["status"]) == (
        "started", None, "ended", 0,
    )  # fmt: skip
    assert begin["run_id"] == end["run_id"]
    assert (end["task"], end["date"], end["started_by"]) == ("DailySummary", "2024-01-07", "manual")
    assert (data_dir / end["log"]).is_file()


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_a_failed_run_is_recorded_with_its_status_and_reason(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path, level: str
) -> None:
    tmdb.fail(status(500), times=None)
    assert luigi_run(*DAILY, "--log-level", level, TMDB_MAX_RETRIES="0").status == 30
    end = lines(Layout(data_dir))[-1]
    assert end["status"] == 30
    assert "did not answer /" in end["reason"]


def test_a_record_that_cannot_be_written_fails_no_run(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path
) -> None:
    Layout(data_dir).run_record.mkdir(parents=True)
    assert luigi_run(*DAILY).status == 0


def test_a_killed_run_is_known_from_the_record(
    environment: dict[str, str], clean_environment: Path, data_dir: Path
) -> None:
    layout = Layout(data_dir)
    with slow_tmdb(0.5) as slow:
        run = subprocess.Popen(
            luigi_command(*DAILY, "--local-scheduler"),
            env={**environment, "TMDB_API_URL": slow.url}, cwd=clean_environment,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for(lambda: slow.count() >= 2)
        (entry,) = record.entries(layout)
        assert not record.is_over(layout, entry), "it is still running"
        run.send_signal(signal.SIGKILL)
        run.wait()
    wait_for(lambda: record.is_over(layout, entry))
    (killed,) = ended.alert_of_killed_runs(layout)
    (known,) = record.entries(layout)
    assert (known.status, known.reason) == (KILLED, record.WHY_KILLED)
    assert known.started_at == killed.at
    assert "running" in {each.outcome for each in known.attempts}, "what it was at is known"
    assert ended.alert_of_killed_runs(layout) == [], "once is enough"


def test_the_record_says_what_a_run_published_and_what_it_cost(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path
) -> None:
    tmdb.fail(status(503), path="/movie/popular", times=1)
    assert luigi_run(*DAILY, "--workers", "2").status == 0
    assert luigi_run(*DAILY).status == 0
    _, first, _, again = lines(Layout(data_dir))
    assert sorted(first["documents"]) == [
        "raw/metadata/daily_summaries/daily_summary_20240107.json",
        "raw/metadata/quality_reports/validation_report_20240107.json",
        "raw/movies/daily/popular_movies_20240107.json",
        "raw/movies/trending/trending_movies_20240107.json",
    ]
    assert {
        each["task"]: (each["attempts"], each["outcome"]) for each in first["attempts"]
    } == dict.fromkeys(
        ("PopularMovies", "TrendingMovies", "ValidationReport", "DailySummary"), (1, "done")
    )
    assert all(each["seconds"] >= 0 for each in first["attempts"])
    assert (first["requests"], first["retries"]) == (7, 1)
    effort = ("documents", "attempts", "requests", "retries")
    assert [again[key] for key in effort] == [[], [], 0, 0], "it found everything there"


def test_a_failed_task_is_recorded_with_its_outcome(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path
) -> None:
    tmdb.fail(status(404), path="/movie/popular", times=None)
    assert luigi_run(*DAILY).status == 30
    end = lines(Layout(data_dir))[-1]
    outcomes = {each["task"]: each["outcome"] for each in end["attempts"]}
    assert outcomes == {"PopularMovies": "failed", "TrendingMovies": "done"}
