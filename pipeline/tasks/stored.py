"""A document that a page shows and that must exist: a page never collects or makes one."""

from __future__ import annotations

import logging

import luigi

from pipeline.tasks.base import DayParameter, PipelineTask
from pipeline.tasks.daily import DailySummary
from pipeline.tasks.validation import WeeklyValidationReport
from pipeline.tasks.weekly import WeeklyConsolidation

LOGGER = logging.getLogger("luigi-interface.pipeline")


class StoredDocument(luigi.ExternalTask):
    """The document of another task, which is not run for it: without it the run ends with 20."""

    date = DayParameter(description="the day the document is of, as YYYY-MM-DD")
    of = luigi.TaskParameter(description="the task that makes it")

    def output(self) -> luigi.LocalTarget:
        """Return the document's target."""
        return self._maker().output()

    def absence_text(self) -> str:
        """Return a sentence: the document is missing, and the command that makes it."""
        maker = self._maker()
        is_weekly = self.of in (WeeklyConsolidation, WeeklyValidationReport)
        root = (WeeklyConsolidation if is_weekly else DailySummary)(date=self.date)
        family = (maker if root.complete() else root).task_family
        return (
            f"{maker.layout.relative(maker.path)} is missing, and a page makes no document: "
            f"`luigi --module pipeline {family} --date {self.date}` makes it."
        )

    def _maker(self) -> PipelineTask:
        maker: PipelineTask = self.of(date=self.date)
        return maker


@StoredDocument.event_handler(luigi.Event.DEPENDENCY_MISSING)
def _log_absence(document: StoredDocument) -> None:
    LOGGER.error("%s", document.absence_text())
