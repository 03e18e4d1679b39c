"""The week: its lists, checked, then merged."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterator
from pathlib import Path

from pipeline.documents.consolidate import Source, consolidated_week
from pipeline.storage import documents
from pipeline.tasks.base import ATTEMPTS_OF_A_WEEK, PipelineTask
from pipeline.tasks.collect import list_tasks
from pipeline.tasks.daily import own_collection
from pipeline.tasks.validation import WeeklyValidationReport

LOGGER = logging.getLogger("luigi-interface.pipeline")


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
        report = self.clone(WeeklyValidationReport).path
        week = consolidated_week(
            self.date,
            self._sources(),
            verdict=documents.read_report(report)["verdict"],
            quality_report=self.layout.relative(report),
        )
        documents.publish(self.path, week)
        LOGGER.info("%d movies, each once: %s", len(week["movies"]), self.path)

    def _sources(self) -> Iterator[Source]:
        for task in list_tasks(self.date, "weekly").values():
            path = task.path
            yield task.movie_list, self.layout.relative(path), own_collection(path)
