"""A warning that a day or week is done by another plan: a change without effect looks applied."""

import luigi

from pipeline.runtime.logs import optional
from pipeline.storage import documents
from pipeline.tasks.base import LOGGER, PipelineTask
from pipeline.tasks.collect import ListMovies
from pipeline.tasks.daily import DailySummary
from pipeline.tasks.validation import ReportTask, ValidationReport, WeeklyValidationReport
from pipeline.tasks.weekly import WeeklyConsolidation

_REPORTS = {DailySummary: ValidationReport, WeeklyConsolidation: WeeklyValidationReport}


@PipelineTask.event_handler(luigi.Event.DEPENDENCY_PRESENT)
def warn_of_changed_plan(task: PipelineTask) -> None:
    """Warn if config/collection.toml has changed since the lists of a finished task."""
    if reports := _REPORTS.get(type(task)):
        optional(lambda: _warn(task, reports(date=task.date)), None, "The plan is not compared")


def _warn(task: PipelineTask, reports: ReportTask) -> None:
    layout, report = task.layout, reports.path
    checked = {each["file"] for each in documents.read(report)["files_validated"]}
    planned = {layout.relative(each.path): each for each in reports.requires().values()}
    changed = [file for file, each in planned.items() if file in checked and _differs(each)]
    differing = [*changed, *sorted(checked ^ planned.keys())]
    if differing:
        LOGGER.warning(
            "config/collection.toml has changed since the lists of %s were collected, which stay "
            "as they are (%s). To collect them again, delete %s below %s and run the same command.",
            task.date,
            ", ".join(differing),
            ", ".join((*changed, layout.relative(report), layout.relative(task.path))),
            layout.root,
        )


def _differs(task: ListMovies) -> bool:
    """Whether a list was collected with other pages, another rating or another genre."""
    info, own = documents.read_info(task.path) or {}, task.movie_list
    facts = {"pages_requested": own.pages, "min_rating": own.min_rating, "genre_id": own.genre_id}
    return any(info.get(key, value) != value for key, value in facts.items())
