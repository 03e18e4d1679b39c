"""A document that a page shows and that must exist: a page never collects or makes one."""

from __future__ import annotations

import datetime
import logging
from pathlib import Path

import luigi

from pipeline import clock
from pipeline.tasks.base import DayParameter, PipelineTask
from pipeline.tasks.collect import CollectionTask
from pipeline.tasks.daily import DailySummary
from pipeline.tasks.weekly import WeeklyConsolidation

LOGGER = logging.getLogger("luigi-interface.pipeline")


class StoredDocument(luigi.ExternalTask):
    """The document of another task, which is not run for it: without it the run ends with 20."""

    date = DayParameter(description="the day the document is of, as YYYY-MM-DD")
    of = luigi.TaskParameter(description="the task that makes it")

    def output(self) -> luigi.LocalTarget:
        """Return the document's target."""
        target: luigi.LocalTarget = self._maker().output()
        return target

    @property
    def path(self) -> Path:
        """The document's file."""
        return self._maker().path

    def absence_text(self) -> str:
        """Return a sentence: the document is missing, and the command that makes it."""
        maker = self._maker()
        root = WeeklyConsolidation if "eekly" in maker.task_family else DailySummary
        whole = root(date=self.date)
        command = maker if whole.complete() else whole
        return (
            f"{maker.layout.relative(maker.path)} is missing, and a page makes no "
            f"document: `luigi --module pipeline {command.task_family} --date {self.date}` makes "
            f"it{_late_collection(maker, self.date)}."
        )

    def _maker(self) -> PipelineTask:
        maker: PipelineTask = self.of(date=self.date)
        return maker


@StoredDocument.event_handler(luigi.Event.DEPENDENCY_MISSING)
def _log_absence(document: StoredDocument) -> None:
    LOGGER.error("%s", document.absence_text())


def _late_collection(maker: PipelineTask, date: datetime.date) -> str:
    is_late = isinstance(maker, CollectionTask) and date < clock.today()
    return ", with TMDB's list as it is now" if is_late else ""
