"""`backfill`: the missing dates of a range, run as `run` does."""

from __future__ import annotations

import datetime
import fcntl
import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.configurations import quick
from support.fake_tmdb import FakeTmdb, hang
from support.operate import WORDS, Operate, document
from support.repository import REPOSITORY
from support.run_records import lines
from support.waiting import wait_for

from pipeline.paths import Layout

FIRST, MIDDLE, LAST = (datetime.date(2024, 1, day) for day in (5, 6, 7))
RANGE = ("--from", str(FIRST), "--to", str(LAST), "--runtime", "host")


@pytest.fixture
def layout(data_dir: Path) -> Layout:
    return Layout(data_dir)


def backfilled(operate: Operate, *words: str) -> Any:
    return operate("backfill", "daily", *RANGE, *words)


def test_a_backfill_runs_each_missing_date_once_and_then_nothing(
    operate: Operate, layout: Layout
) -> None:
    assert operate("run", "daily", str(MIDDLE)).status == 0
    run = backfilled(operate)
    assert run.status == 0, run.output
    assert [line.split("  ")[:3] for line in run.out.splitlines()] == [
        [str(FIRST), "done", "4 documents"],
        [str(LAST), "done", "4 documents"],
    ]
    assert "DailySummary: 2 missing from 2024-01-05 to 2024-01-07. TMDB serves its" in run.err
    for day in (FIRST, MIDDLE, LAST):
        assert layout.daily_page(day).exists()
    assert {line["started_by"] for line in lines(layout)} == {"trigger"}
    movies = json.loads((layout.root / "raw/movies/daily/popular_movies_20240105.json").read_text())
    assert movies["collection_info"]["late_by_days"] > 300
    again = backfilled(operate)
    assert (again.status, again.out) == (0, "")


def test_a_date_without_its_page_alone_is_missing_too(operate: Operate, layout: Layout) -> None:
    for day in (FIRST, MIDDLE, LAST):
        for path in (layout.daily_summary(day), layout.daily_page(day)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    layout.daily_page(MIDDLE).unlink()
    layout.deleted.write_text(
        f'{{"task":"DailySummary","date":"{LAST}","deleted_at":"2024-09-01T00:00:00Z"}}\n'
    )
    layout.daily_summary(LAST).unlink()
    shown = document(backfilled(operate, "--dry-run", "--json"))
    assert shown["days"] == [{"date": str(MIDDLE), "missing": "page"}]


def test_a_date_that_fails_does_not_stop_the_next_one(
    operate: Operate, layout: Layout, tmp_path: Path
) -> None:
    cfg = quick(REPOSITORY / "luigi.cfg", tmp_path, local_scheduler="True")
    damaged = layout.root / f"raw/movies/daily/popular_movies_{FIRST:%Y%m%d}.json"
    damaged.parent.mkdir(parents=True)
    damaged.write_text("{", encoding="utf-8")
    run = operate("backfill", "daily", *RANGE, "--json", LUIGI_CONFIG_PATH=str(cfg))
    days = document(run)["days"]
    assert [each["outcome"] for each in days] == ["failed", "done", "done"]
    assert run.status == days[0]["status"] == 30
    assert "is damaged" in days[0]["reason"]
    assert (layout.root / days[0]["log"]).exists()


def test_a_cause_of_every_date_stops_at_once(operate: Operate, layout: Layout) -> None:
    run = operate("backfill", "daily", *RANGE, TMDB_API_KEY=None)
    assert run.status == 35
    assert run.out.startswith("2024-01-05  failed  ")
    assert run.out.count("  failed  ") == 1
    assert max(map(len, run.output.splitlines())) <= 80
    assert "2 further date(s) were not run: the same command goes on." in run.err
    lock = layout.run_lock("DailySummary")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        busy = backfilled(operate)
    assert busy.status == 10
    assert busy.out == "2024-01-05  failed  another run is in progress  no log\n"


def test_what_cannot_be_run_is_refused_before_anything_runs(
    operate: Operate, layout: Layout, tmp_path: Path
) -> None:
    many = operate("backfill", "daily", "--from", "2023-12-01", "--to", "2024-01-07")
    assert many.status == 1
    assert "38 dates are missing and at most 31 are run at once" in many.err
    future = operate("backfill", "daily", "--from", "2024-01-07", "--to", "2099-01-07")
    assert "2099-01-07 lies in the future" in future.err
    config = tmp_path / "config of a strict plan"
    config.mkdir()
    (config / "collection.toml").write_text("max_days_late = 3\n", encoding="utf-8")
    late = operate("backfill", "daily", *RANGE, PIPELINE_CONFIG_DIR=str(config))
    assert late.status == 1
    assert "(max_days_late)" in late.err
    assert not layout.run_record.exists()


def test_weekly_dates_are_those_on_which_the_schedule_is_due(operate: Operate) -> None:
    words = ("--from", "2024-01-01", "--to", "2024-01-20", "--dry-run", "--json")
    shown = document(operate("backfill", "weekly", *words))
    assert [each["date"] for each in shown["days"]] == ["2024-01-07", "2024-01-14"]


def test_ctrl_c_ends_a_backfill_after_the_run_in_progress(
    operator_environment: dict[str, str], clean_environment: Path, tmdb: FakeTmdb
) -> None:
    tmdb.fail(hang(60), times=None)
    process = subprocess.Popen(
        [*WORDS, "backfill", "daily", *RANGE], env=operator_environment, cwd=clean_environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        wait_for(lambda: tmdb.count() > 0, 30)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert "2024-01-05  failed  " in output
    assert "2024-01-06" not in output
    assert "2 further date(s) were not run" in output
