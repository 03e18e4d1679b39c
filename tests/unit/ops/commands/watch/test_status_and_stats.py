"""`status` and `stats` on a run record that is written here."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any

import pytest
from support.operate import Operate, document

from pipeline import clock
from pipeline.documents.run_record import ENDED, Entry, TaskRun
from pipeline.ops.runs import record
from pipeline.paths import Layout

DAY = datetime.date(2024, 1, 7)
NOW = clock.now()


@pytest.fixture
def layout(data_dir: Path) -> Layout:
    return Layout(data_dir)


def write(layout: Layout, minutes_ago: float, seconds: float | None, **changes: Any) -> None:
    """Record a run that began then, and ended so many seconds later unless it runs."""
    began = NOW - datetime.timedelta(minutes=minutes_ago)
    known = {"run_id": str(minutes_ago), "task": "DailySummary", "date": DAY, "started_at": began}
    if seconds is None:
        record.append(layout, Entry(**{**known, "at": began, **changes}))
        return
    at = began + datetime.timedelta(seconds=seconds)
    record.append(layout, Entry(**{**known, "at": at, "event": ENDED, "status": 0, **changes}))


def last_runs(command: Operate, *words: str) -> Any:
    return document(command("status", *words, "--json"))["last_runs"]


def test_the_last_run_of_each_root_task_is_shown(command: Operate, layout: Layout) -> None:
    write(layout, 90, 9, status=30, reason="PopularMovies failed: why")
    write(layout, 80, 60, task="WeeklyConsolidation")
    write(layout, 30, None)
    write(layout, 20, 5, task="IndexPage")
    daily, weekly = last_runs(command)
    assert (daily["task"], daily["outcome"], daily["ended_at"]) == ("DailySummary", "RUNNING", None)
    assert (weekly["outcome"], weekly["seconds"], weekly["source"]) == ("DONE", 60, "record")
    shown = command("status").out
    assert "RUNNING" in shown
    assert "1 min 00 s" in shown


def test_the_last_ten_runs_of_a_task_are_shown(command: Operate, layout: Layout) -> None:
    for number in range(12):
        write(layout, 60 - number, number)
    assert [row["seconds"] for row in last_runs(command, "daily")] == [*range(11, 1, -1)]


def test_a_step_is_shown_with_what_became_of_it_in_each_run(
    command: Operate, layout: Layout
) -> None:
    horror, drama = (
        TaskRun(f"GenreMovies({name})", 1, "done", 2.0) for name in ("horror", "drama")
    )
    failed = TaskRun("GenreMovies(drama)", 3, "failed", 1.0)
    week = {"task": "WeeklyConsolidation"}
    write(layout, 60, 9, **week, status=30, reason="why", attempts=[horror, failed])
    write(layout, 50, 9, **week, attempts=[drama])
    rows = [
        (row["task"], row["outcome"], row["reason"]) for row in last_runs(command, "GenreMovies")
    ]
    assert rows == [
        ("GenreMovies(drama)", "DONE", None),
        ("GenreMovies(horror)", "DONE", None),
        ("GenreMovies(drama)", "FAILED", "why"),
    ]


def test_a_document_without_a_recorded_run_is_shown_without_a_time(
    command: Operate, layout: Layout
) -> None:
    """A restore or a copy must not look like a run: the time of the file says nothing."""
    path = layout.daily_summary(clock.today())
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    os.utime(path)
    [row] = last_runs(command)
    assert (row["date"], row["outcome"], row["source"]) == (str(clock.today()), "DONE", "files")
    assert row["started_at"] is row["ended_at"] is row["seconds"] is None
    assert "DONE" in command("status").out


def test_durations_and_failures_are_counted_over_the_days_asked_for(
    command: Operate, layout: Layout
) -> None:
    for number in range(20):
        write(
            layout, 1_000 - number, number + 1, attempts=[TaskRun("PopularMovies", 1, "done", 1.0)]
        )
    write(layout, 20, 5, status=30, attempts=[TaskRun("PopularMovies", 4, "failed", 2.0)])
    write(layout, 10, 5, status=record.ALREADY_RUNNING)
    write(layout, 50_000, 500)
    found = document(command("stats", "--json"))
    [runs], [popular] = found["runs"], found["tasks"]
    assert (runs["task"], runs["runs"], runs["failures"]) == ("DailySummary", 21, 1)
    assert (runs["median_seconds"], runs["slowest_seconds"]) == (10.5, 20)
    assert runs["p95_seconds"] == pytest.approx(19.05)
    assert (popular["runs"], popular["failures"], popular["attempts"]) == (21, 4, 24)
    assert popular["slowest_seconds"] == 1, "durations are of attempts that succeeded"
    people = " ".join(command("stats").out.split())
    assert "DailySummary 21 1 21 10.5 s 19.1 s 20.0 s" in people
    assert document(command("stats", "--days", "60", "--json"))["runs"][0]["slowest_seconds"] == 500


def test_a_killed_run_counts_as_a_failure_without_a_duration(
    command: Operate, layout: Layout
) -> None:
    write(layout, 10, 5, status=137, attempts=[TaskRun("PopularMovies", 1, "running")])
    found = document(command("stats", "--json"))
    for figures in (*found["runs"], *found["tasks"]):
        assert (figures["runs"], figures["failures"], figures["median_seconds"]) == (1, 1, None)


def test_one_task_can_be_asked_for(command: Operate, layout: Layout) -> None:
    write(layout, 10, 5, attempts=[TaskRun("PopularMovies", 1, "done", 1.0)])
    found = document(command("stats", "--task", "PopularMovies", "--json"))
    assert (found["runs"], [each["task"] for each in found["tasks"]]) == ([], ["PopularMovies"])


def test_a_record_in_which_nothing_ran_says_so(command: Operate) -> None:
    run = command("stats", "--days", "7")
    assert (run.status, run.out) == (0, "Nothing ran in the last 7 days.\n")
