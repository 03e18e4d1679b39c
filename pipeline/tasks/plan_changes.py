"""A warning that a day or week is done by another plan: a change without effect looks applied."""

from __future__ import annotations

import logging

import luigi

from pipeline.runtime.best_effort import optional
from pipeline.storage import documents
from pipeline.tasks.base import PipelineTask
from pipeline.tasks.collect import ListMovies, list_tasks
from pipeline.tasks.daily import DailySummary
from pipeline.tasks.validation import ValidationReport, WeeklyValidationReport
from pipeline.tasks.weekly import WeeklyConsolidation

LOGGER = logging.getLogger("luigi-interface.pipeline")

_PLANS = {
    DailySummary: (ValidationReport, "daily"),
    WeeklyConsolidation: (WeeklyValidationReport, "weekly"),
}


@PipelineTask.event_handler(luigi.Event.DEPENDENCY_PRESENT)
def warn_of_changed_plan(task: PipelineTask) -> None:
    """Warn if config/collection.toml has changed since the lists of a finished task."""
    if type(task) in _PLANS:
        optional(lambda: _warn(task, *_PLANS[type(task)]), None, "The plan is not compared")


def _warn(task: PipelineTask, reports: type[PipelineTask], cadence: str) -> None:
    layout, report = task.layout, reports(date=task.date).path
    checked = {each["file"] for each in documents.read(report)["files_validated"]}
    planned = {layout.relative(each.path): each for each in list_tasks(task.date, cadence).values()}
    others = sorted(checked ^ planned.keys())
    differing = [file for file, each in planned.items() if file in checked and _differs(each)]
    if others or differing:
        LOGGER.warning(
            "config/collection.toml has changed since the lists of %s were collected, which stay "
            "as they are (%s). To collect them again, delete %s below %s and run the same command.",
            task.date,
            ", ".join((*differing, *others)),
            ", ".join((*differing, layout.relative(report), layout.relative(task.path))),
            layout.root,
        )


def _differs(task: ListMovies) -> bool:
    info, entry = documents.read_info(task.path) or {}, task.movie_list
    planned = {
        "pages_requested": entry.pages,
        "min_rating": entry.min_rating,
        "genre_id": entry.genre_id,
    }
    return any(info.get(key, value) != value for key, value in planned.items())
