"""The day in figures, once both lists are checked."""

from __future__ import annotations

import datetime
from pathlib import Path

import luigi

from pipeline import clock, identity, storage
from pipeline.documents.collect import Film
from pipeline.documents.summary import Yesterday, console_table, daily_summary
from pipeline.paths import Layout, Place
from pipeline.runtime import journal, stdio
from pipeline.tasks.base import PipelineTask
from pipeline.tasks.collect import PopularMovies, TrendingMovies
from pipeline.tasks.decoration import optional
from pipeline.tasks.validation import ValidationReport


class DailySummary(PipelineTask):
    """The day in figures. Asking for it pulls in the whole day."""

    def requires(self) -> dict[str, luigi.Task]:
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
        lists = {name: Path(self.input()[name].path) for name in ("popular", "trending")}
        popular, trending = (storage.read_collection(path) for path in lists.values())
        for path, document in zip(lists.values(), (popular, trending), strict=True):
            identity.refuse_foreign(path, document["collection_info"])
        summary = daily_summary(
            self.date,
            popular=popular,
            trending=trending,
            report=storage.read_report(Path(self.input()["report"].path)),
            yesterday=self._yesterday(),
            tasks=journal.timeline(self),
            finished_at=clock.now(),
        )
        storage.publish(Path(self.output().path), summary)
        optional(
            lambda: stdio.show(console_table(summary, self.output().path)),
            None,
            f"The summary of {self.date} is not shown here",
        )

    def _yesterday(self) -> Yesterday:
        today: datetime.date = self.date
        day = today - datetime.timedelta(days=1)
        return Yesterday(
            day, movies_of(self.layout.popular(day)), movies_of(self.layout.trending(day))
        )


def movies_of(path: Path) -> list[Film] | None:
    """Read the films of a list to compare with; None where it is missing or cannot be used."""

    def movies() -> list[Film] | None:
        if not storage.is_there(path):
            return None
        document = storage.read_collection(path)
        identity.refuse_foreign(path, document["collection_info"])
        return document["movies"]

    return optional(movies, None, f"Nothing is compared with {path.name}")
