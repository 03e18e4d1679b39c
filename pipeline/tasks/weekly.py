"""The week: all genres and the top rated list, checked, then merged."""

from __future__ import annotations

import logging
from pathlib import Path

import luigi

from pipeline import identity, storage
from pipeline.documents.consolidate import BY_GENRE, BY_RATING, Source, consolidated_week
from pipeline.paths import Layout, Place
from pipeline.tasks.base import ATTEMPTS_OF_A_WEEK, PipelineTask
from pipeline.tasks.validation import TOP_RATED, WeeklyValidationReport, lists_of_the_week

LOGGER = logging.getLogger("luigi-interface.pipeline")


class WeeklyConsolidation(PipelineTask):
    """The week's films, each once. Asking for it pulls in the whole week."""

    attempts = ATTEMPTS_OF_A_WEEK

    def requires(self) -> dict[str, dict[str, luigi.Task] | luigi.Task]:
        """Require the week's lists in the order in which they are merged, then their report.

        The lists bear words of collection.toml, any of which may be the name of something else.
        """
        return {"lists": lists_of_the_week(self), "report": self.clone(WeeklyValidationReport)}

    def place(self, layout: Layout) -> Place:
        """Return `processed/weekly/consolidated_week_W_D.json`."""
        return layout.consolidated

    def run(self) -> None:
        """Read the lists one by one in their order, merge them, publish the week."""
        lists = {name: Path(target.path) for name, target in self.input()["lists"].items()}
        report, output = Path(self.input()["report"].path), Path(self.output().path)
        week = consolidated_week(
            self.date,
            (self._source(name, path) for name, path in lists.items()),
            verdict=storage.read_report(report)["verdict"],
            quality_report=self.layout.relative(report),
        )
        storage.publish(output, week)
        LOGGER.info("%d films, each once: %s", len(week["movies"]), output)

    def _source(self, name: str, path: Path) -> Source:
        document = storage.read_collection(path)
        identity.refuse_foreign(path, document["collection_info"])
        return Source(
            name=name,
            file=self.layout.relative(path),
            category=BY_RATING if name == TOP_RATED else BY_GENRE,
            info=document["collection_info"],
            movies=document["movies"],
        )
