"""The week: all genres and the top rated list, checked, then merged."""

from __future__ import annotations

import logging
from pathlib import Path

from pipeline import identity
from pipeline.documents.consolidate import BY_GENRE, BY_RATING, Source, consolidated_week
from pipeline.paths import Layout, Place
from pipeline.storage import documents
from pipeline.tasks.base import ATTEMPTS_OF_A_WEEK, PipelineTask
from pipeline.tasks.validation import TOP_RATED, WeeklyValidationReport, lists_of_the_week

LOGGER = logging.getLogger("luigi-interface.pipeline")


class WeeklyConsolidation(PipelineTask):
    """The week's films, each once. Asking for it pulls in the whole week."""

    attempts = ATTEMPTS_OF_A_WEEK

    def requires(self) -> dict[str, dict[str, PipelineTask] | PipelineTask]:
        """Require the week's lists in the order in which they are merged, then their report.

        The lists bear words of collection.toml, any of which may be the name of something else.
        """
        return {"lists": lists_of_the_week(self), "report": self.clone(WeeklyValidationReport)}

    def place(self, layout: Layout) -> Place:
        """Return `processed/weekly/consolidated_week_W_D.json`."""
        return layout.consolidated

    def run(self) -> None:
        """Read the lists one by one in their order, merge them, publish the week."""
        report = self.clone(WeeklyValidationReport).path
        week = consolidated_week(
            self.date,
            (self._source(name, task.path) for name, task in lists_of_the_week(self).items()),
            verdict=documents.read_report(report)["verdict"],
            quality_report=self.layout.relative(report),
        )
        documents.publish(self.path, week)
        LOGGER.info("%d films, each once: %s", len(week["movies"]), self.path)

    def _source(self, name: str, path: Path) -> Source:
        document = documents.read_collection(path)
        identity.refuse_foreign(path, document["collection_info"])
        return Source(
            name=name,
            file=self.layout.relative(path),
            category=BY_RATING if name == TOP_RATED else BY_GENRE,
            info=document["collection_info"],
            movies=document["movies"],
        )
