"""The journal of a day: written by luigi's events, read back by the summary, swept when old."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import luigi
import pytest

import pipeline
from pipeline.paths import Layout
from pipeline.runtime import journal

DAY = datetime.date(2024, 1, 7)
NOW = datetime.datetime(2024, 6, 1, tzinfo=datetime.UTC)


@pytest.fixture
def layout(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(data_dir))
    return Layout(data_dir)


def happen(event: str, task: luigi.Task) -> None:
    task.trigger_event(event, task, "reason")


def test_the_events_of_tasks_are_read_back(layout: Layout) -> None:
    popular = pipeline.PopularMovies(date=DAY)
    horror = pipeline.GenreMovies(date=DAY, genre="horror")
    summary = pipeline.DailySummary(date=DAY)
    for event in (luigi.Event.START, luigi.Event.PROCESS_FAILURE, luigi.Event.START):
        happen(event, popular)
    happen(luigi.Event.SUCCESS, popular)
    happen(luigi.Event.START, horror)
    happen(luigi.Event.TIMEOUT, horror)
    happen(luigi.Event.START, summary)
    task_runs = journal.task_runs(summary)
    assert [(each["task"], each["attempts"], each["outcome"]) for each in task_runs] == [
        ("PopularMovies", 2, "done"),
        ("GenreMovies(horror)", 1, "failed"),
        ("DailySummary", 1, "done"),
    ]


def test_each_day_has_its_own_journal(layout: Layout) -> None:
    happen(luigi.Event.START, pipeline.PopularMovies(date=DAY))
    other = pipeline.DailySummary(date=DAY + datetime.timedelta(days=1))
    assert journal.task_runs(other) == []


@pytest.mark.parametrize(
    "line", ["{", "[]", "5", '{"at": "yesterday", "task": "A", "event": "start"}', '{"at": 5}', ""]
)
def test_a_damaged_line_is_ignored(layout: Layout, line: str) -> None:
    task = pipeline.PopularMovies(date=DAY)
    happen(luigi.Event.START, task)
    with layout.journal(DAY).open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")
    assert [each["task"] for each in journal.task_runs(task)] == ["PopularMovies"]


def test_a_journal_that_is_no_text_has_no_task_runs(layout: Layout) -> None:
    path = layout.journal(DAY)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe\x00")
    assert journal.task_runs(pipeline.PopularMovies(date=DAY)) == []


def test_journals_written_longer_ago_than_60_days_are_removed(layout: Layout) -> None:
    young, old = layout.journal(DAY), layout.journal(DAY + datetime.timedelta(days=1))
    young.parent.mkdir(parents=True)
    for path, days in ((young, 59), (old, 61)):
        path.touch()
        at = (NOW - datetime.timedelta(days=days)).timestamp()
        os.utime(path, (at, at))
    assert journal.sweep(layout, NOW) == [old]
    assert young.exists()
