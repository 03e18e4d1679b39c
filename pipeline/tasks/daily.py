"""The day in figures, once both lists are checked."""

from __future__ import annotations

import datetime
from pathlib import Path

from pipeline import clock, identity
from pipeline.documents.collect import Film
from pipeline.documents.summary import Yesterday, console_table, daily_summary
from pipeline.paths import Layout, Place
from pipeline.runtime import journal, stdio
from pipeline.runtime.best_effort import optional
from pipeline.storage import documents
from pipeline.tasks.base import PipelineTask
from pipeline.tasks.collect import PopularMovies, TrendingMovies
from pipeline.tasks.validation import ValidationReport


class DailySummary(PipelineTask):
    """The day in figures. Asking for it pulls in the whole day."""

    def requires(self) -> dict[str, PipelineTask]:
        """Require both lists and their report."""
        return {
            "popular": self.clone(PopularMovies),
            "trending": self.clone(TrendingMovies),
            "report": self.clone(ValidationReport),
        }

    def place(self, layout: Layout) -> Place:
        """Return `raw/metadata/daily_summaries/daily_summary_D.json`."""
        return layout.daily_summary

    def run(self) -> None:
        """Read the day's documents and the lists of the day before, sum up, publish, show."""
        required = self.requires()
        summary = daily_summary(
            self.date,
            popular=own_collection(required["popular"].path),
            trending=own_collection(required["trending"].path),
            report=documents.read_report(required["report"].path),
            yesterday=self._yesterday(),
            tasks=journal.task_runs(self),
            finished_at=clock.now(),
        )
        documents.publish(self.path, summary)
        optional(
            lambda: stdio.show(console_table(summary, str(self.path))),
            None,
            f"The summary of {self.date} is not shown here",
        )

    def _yesterday(self) -> Yesterday:
        today: datetime.date = self.date
        day = today - datetime.timedelta(days=1)
        return Yesterday(
            day, movies_of(self.layout.popular(day)), movies_of(self.layout.trending(day))
        )


def own_collection(path: Path) -> documents.Document:
    """Read a list of this data root.

    Raises:
        DocumentUnreadable: it cannot be used.
        DataError: it is of another source, language or region.
    """
    document = documents.read_collection(path)
    identity.refuse_foreign(path, document["collection_info"])
    return document


def movies_of(path: Path) -> list[Film] | None:
    """Read the films of a list to compare with; None where it is missing or cannot be used."""

    def movies() -> list[Film] | None:
        if not documents.exists(path):
            return None
        movies: list[Film] = own_collection(path)["movies"]
        return movies

    return optional(movies, None, f"Nothing is compared with {path.name}")
