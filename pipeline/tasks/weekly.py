"""The week: its lists, checked, then merged."""

import datetime
from pathlib import Path

from pipeline.documents.consolidate import consolidated_week
from pipeline.storage import documents
from pipeline.tasks.base import ATTEMPTS_OF_A_WEEK, LOGGER, PipelineTask
from pipeline.tasks.collect import list_tasks
from pipeline.tasks.daily import own_collection
from pipeline.tasks.validation import WeeklyValidationReport


class WeeklyConsolidation(PipelineTask):
    """Merge the movies of the week. Asking for it pulls in the whole week."""

    attempts = ATTEMPTS_OF_A_WEEK

    def requires(self) -> list[PipelineTask]:
        """Require the week's lists in the order in which they are merged, then their report."""
        return [*list_tasks(self.date, "weekly").values(), self.clone(WeeklyValidationReport)]

    def path_for(self, date: datetime.date) -> Path:
        """Return `processed/weekly/consolidated_week_W_D.json`."""
        return self.layout.consolidated(date)

    def run(self) -> None:
        """Read the lists one by one in their order, merge them, publish the week."""
        name, lists = self.layout.relative, list_tasks(self.date, "weekly").values()
        sources = ((each.movie_list, name(each.path), own_collection(each.path)) for each in lists)
        report = self.clone(WeeklyValidationReport).path
        verdict = documents.read_report(report)["verdict"]
        week = consolidated_week(self.date, sources, verdict=verdict, quality_report=name(report))
        documents.publish(self.path, week)
        LOGGER.info("%d movies, each once: %s", len(week["movies"]), self.path)
