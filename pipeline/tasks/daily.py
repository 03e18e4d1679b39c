"""The day: both lists checked, then summed up."""

from __future__ import annotations

import logging
from pathlib import Path

import luigi

from pipeline import clock, storage
from pipeline.layout import Layout
from pipeline.quality.report import PASS_THRESHOLD_PERCENT, validation_report
from pipeline.summary import console_table, daily_summary
from pipeline.tasks.base import PipelineTask
from pipeline.tasks.collect import PopularMovies, TrendingMovies

LOGGER = logging.getLogger("luigi-interface.pipeline")


class ValidationReport(PipelineTask):
    """Checks the day's two lists. A bad list is reported and warned of, and stops nothing."""

    def requires(self) -> dict[str, luigi.Task]:
        """Require both lists."""
        return {"popular": self.clone(PopularMovies), "trending": self.clone(TrendingMovies)}

    def path(self, layout: Layout) -> Path:
        """Return `raw/metadata/quality_reports/validation_report_D.json`."""
        return layout.validation_report(self.date)

    def run(self) -> None:
        """Read both lists, apply every rule, publish what was found."""
        paths = [Path(target.path) for target in self.input().values()]
        documents = {self.layout.relative(path): storage.read_collection(path) for path in paths}
        report = validation_report(self.date, documents)
        storage.publish(Path(self.output().path), report)
        if report["below_threshold"]:
            LOGGER.warning(
                "QUALITY: only %.1f %% of the films of %s are valid (%.0f %% expected); see %s",
                report["validation_rate"],
                self.date,
                PASS_THRESHOLD_PERCENT,
                self.output().path,
            )


class DailySummary(PipelineTask):
    """The day in figures. Asking for it pulls in the whole day."""

    def requires(self) -> dict[str, luigi.Task]:
        """Require both lists and their report."""
        return {
            "popular": self.clone(PopularMovies),
            "trending": self.clone(TrendingMovies),
            "report": self.clone(ValidationReport),
        }

    def path(self, layout: Layout) -> Path:
        """Return `raw/metadata/daily_summaries/daily_summary_D.json`."""
        return layout.daily_summary(self.date)

    def run(self) -> None:
        """Read the three documents, sum them up, publish, and show the figures."""
        summary = daily_summary(
            self.date,
            popular=storage.read_collection(Path(self.input()["popular"].path)),
            trending=storage.read_collection(Path(self.input()["trending"].path)),
            report=storage.read_report(Path(self.input()["report"].path)),
            finished_at=clock.now(),
        )
        storage.publish(Path(self.output().path), summary)
        print(console_table(summary, self.output().path))
