"""The journal of a day: written by luigi's events, read back by the summary."""

from __future__ import annotations

import datetime
from pathlib import Path

import luigi
import pytest

import pipeline
from pipeline.paths import Layout
from pipeline.runtime import journal
from pipeline.tasks.pages import StoredDocument
from pipeline.tasks.ranges import RangeDaily

DAY = datetime.date(2024, 1, 7)


class OfAUser(luigi.Task):  # type: ignore[misc]
    """A task of another package that has a date as well."""

    date = luigi.DateParameter()


class OursExtended(pipeline.PopularMovies):
    """A user's subclass of a task of ours."""


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
    "line", ["{", "[]", "5", '{"at": "yesterday", "task": "A", "event": "start"}', '{"at": 5}']
)
def test_a_damaged_journal_has_no_task_runs_and_causes_one_warning(
    layout: Layout, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    task = pipeline.PopularMovies(date=DAY)
    happen(luigi.Event.START, task)
    with layout.journal(DAY).open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")
    assert journal.task_runs(task) == []
    assert len(caplog.messages) == 1


@pytest.mark.parametrize("task", [pipeline.PopularMovies, pipeline.IndexPage, OursExtended])
def test_tasks_that_make_documents_are_recorded(layout: Layout, task: type[luigi.Task]) -> None:
    happen(luigi.Event.START, task(date=DAY))
    assert task.task_family in layout.journal(DAY).read_text()


@pytest.mark.parametrize(
    "task",
    [
        OfAUser(date=DAY),
        StoredDocument(date=DAY, of=pipeline.PopularMovies),
        RangeDaily(start=DAY),
        luigi.Task(),
    ],
    ids=str,
)
def test_other_tasks_are_not_recorded(layout: Layout, task: luigi.Task) -> None:
    happen(luigi.Event.START, task)
    assert not layout.logs.exists()
