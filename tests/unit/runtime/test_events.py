"""Our handlers are called for our tasks, and not for those of anybody else."""

from __future__ import annotations

import datetime

import luigi
import pytest

import pipeline
from pipeline.runtime import events
from pipeline.tasks.ranges import RangeDaily
from pipeline.tasks.stored import StoredDocument

DAY = datetime.date(2024, 1, 7)


class OfAUser(luigi.Task):  # type: ignore[misc]
    """A task of another package that has a date as well."""

    date = luigi.DateParameter()


class OursExtended(pipeline.PopularMovies):
    """A user's subclass of a task of ours."""


@pytest.mark.parametrize("task", [pipeline.PopularMovies, pipeline.IndexPage, OursExtended])
def test_tasks_that_make_documents_are_ours(task: type[luigi.Task]) -> None:
    assert events.is_ours(task(date=DAY))


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
def test_other_tasks_are_not(task: luigi.Task) -> None:
    assert not events.is_ours(task)


def test_a_handler_is_called_with_the_task_and_what_luigi_adds() -> None:
    calls: list[tuple[object, ...]] = []
    events.on_event("an event of this test", lambda *details: calls.append(details))
    ours = pipeline.PopularMovies(date=DAY)
    ours.trigger_event("an event of this test", ours, "reason")
    other = OfAUser(date=DAY)
    other.trigger_event("an event of this test", other, "reason")
    assert calls == [(ours, "reason")]
