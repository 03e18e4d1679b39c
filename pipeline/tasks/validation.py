"""The quality gate: check the lists of a day or a week by every rule before they are used.

The rules are imported in the functions that use them, so that a no-op run does not load them.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline import clock, identity, settings
from pipeline.errors import DataRejected, PipelineError, SettingsError
from pipeline.paths import Layout, Place
from pipeline.runtime.best_effort import warn
from pipeline.storage import documents
from pipeline.tasks.base import ATTEMPTS_OF_A_WEEK, UNLIMITED_FAILURES, PipelineTask
from pipeline.tasks.collect import GenreMovies, PopularMovies, TopRatedMovies, TrendingMovies

if TYPE_CHECKING:
    from pipeline.quality.baseline import Baseline
    from pipeline.quality.snapshot import ListSnapshot
    from pipeline.quality.thresholds import Thresholds

LOGGER = logging.getLogger("luigi-interface.pipeline")

TOP_RATED = "top_rated"


class ReportTask(PipelineTask):
    """Check the required lists, report the results, and warn of a bad list.

    A bad list stops the run only with `on_fail = "stop"` in `config/quality.toml`.
    """

    look_back_days = 1.0
    """Days of the look-back window per earlier collection, with room for missed ones."""

    @property
    def retry_count(self) -> int:
        """Return twice the attempts where lists can be rejected.

        Luigi notices the missing lists only in the attempt after the rejection.
        """
        count = super().retry_count
        with contextlib.suppress(SettingsError):
            if count != UNLIMITED_FAILURES and settings.current().thresholds().stops:
                return 2 * count - 1
        return count

    def requires(self) -> dict[str, PipelineTask]:
        """Require the lists to measure, by name."""
        raise NotImplementedError

    def gap_days(self, thresholds: Thresholds) -> int:
        """Return the highest age of a collection that is compared one to one."""
        raise NotImplementedError

    def refuse_unusable_thresholds(self) -> None:
        """Raise SettingsError during planning instead of after collecting everything."""
        settings.current().thresholds()

    def run(self) -> None:
        """Check the lists, then publish the report, or reject the lists."""
        thresholds = settings.current().thresholds()
        report = self._report(thresholds)
        if thresholds.stops and report["verdict"] == "fail":
            self._reject(report)
        documents.publish(self.path, report)
        self._log(report)

    def _report(self, thresholds: Thresholds) -> documents.Document:
        """Return the report; if the comparison with the history fails, the one without history."""
        from pipeline.quality.report import validation_report

        try:
            return validation_report(self.date, self._snapshots(thresholds), thresholds)
        except PipelineError:
            raise
        except Exception as fault:  # a fault of the lists is raised again below
            warn(fault, f"The lists of {self.date} are compared with no earlier ones")
            snapshots = self._snapshots(thresholds, compared=False)
            return validation_report(self.date, snapshots, thresholds)

    def _snapshots(
        self, thresholds: Thresholds, *, compared: bool = True
    ) -> Iterator[ListSnapshot]:
        """Yield one list at a time, because all together may not fit into memory."""
        from pipeline.quality.snapshot import ListSnapshot

        paths = {name: task.path for name, task in self.requires().items()}
        history = self._look_back(thresholds, list(paths)) if compared else {}
        for name, path in paths.items():
            document = documents.read_collection(path)
            identity.refuse_foreign(path, document["collection_info"])
            yield ListSnapshot(
                name=name,
                file=self.layout.relative(path),
                date=self.date,
                document=document,
                history=history.get(name, ()),
                gap_days=self.gap_days(thresholds),
                bounds=thresholds.bounds,
                history_bounds=thresholds.history_bounds,
            )

    def _look_back(self, thresholds: Thresholds, names: list[str]) -> dict[str, list[Baseline]]:
        from pipeline.tasks.history import LookBack

        collections = thresholds.history_bounds.collections
        days = int(collections * self.look_back_days)
        look = LookBack(self.place(self.layout), days, collections)
        return look.profiles(self.date, names)

    def _reject(self, report: documents.Document) -> None:
        """Move the failed lists and their report aside, so that the next attempt collects again.

        Raises:
            DataRejected: always.
        """
        now, layout = clock.now(), self.layout
        kept = layout.rejected(self.path, now)
        documents.publish(kept, report)
        lists = self.requires()
        for name in report["failed_lists"]:
            path = lists[name].path
            documents.set_aside(path, layout.rejected(path, now))
        raise DataRejected(
            f"Rejected for {self.date}: {_reasons(report, 'block')}. The rejected lists are in "
            f"{kept.parent}; run the same command again to collect them again, or accept them "
            'with on_fail = "warn" in config/quality.toml.',
            lists=report["failed_lists"],
        )

    def _log(self, report: documents.Document) -> None:
        place = self.path
        if report["below_threshold"] and _blocks(report, "films_valid"):
            LOGGER.warning(
                "QUALITY: only %.1f %% of the movies of %s are valid (%.0f %% expected); see %s",
                report["validation_rate"],
                self.date,
                report["pass_threshold"],
                place,
            )
        elif report["verdict"] == "fail":
            LOGGER.warning(
                "QUALITY: the lists of %s violate rules: %s; see %s",
                self.date,
                _reasons(report, "block"),
                place,
            )
        elif report["verdict"] == "warn":
            LOGGER.info("Worth a look: %s; see %s", _reasons(report, "warn"), place)


class ValidationReport(ReportTask):
    """Check the daily lists."""

    look_back_days = 1.5

    def requires(self) -> dict[str, PipelineTask]:
        """Require both lists."""
        self.refuse_unusable_thresholds()
        return {"popular": self.clone(PopularMovies), "trending": self.clone(TrendingMovies)}

    def gap_days(self, thresholds: Thresholds) -> int:
        """Return the gap for days."""
        return thresholds.history_bounds.daily_gap_days

    def place(self, layout: Layout) -> Place:
        """Return `raw/metadata/quality_reports/validation_report_D.json`."""
        return layout.validation_report


class WeeklyValidationReport(ReportTask):
    """Check the weekly lists: every genre, and the top rated."""

    attempts = ATTEMPTS_OF_A_WEEK
    look_back_days = 7.0

    def requires(self) -> dict[str, PipelineTask]:
        """Require every genre in its order, then the top rated list."""
        self.refuse_unusable_thresholds()
        return lists_of_the_week(self)

    def gap_days(self, thresholds: Thresholds) -> int:
        """Return the gap for weeks."""
        return thresholds.history_bounds.weekly_gap_days

    def place(self, layout: Layout) -> Place:
        """Return `raw/metadata/quality_reports/weekly_validation_report_D.json`."""
        return layout.weekly_validation_report


def lists_of_the_week(task: PipelineTask) -> dict[str, PipelineTask]:
    """Return the tasks of the week's lists by name, in the order in which they are merged."""
    genres = settings.current().plan().genres
    lists = {genre.slug: task.clone(GenreMovies, genre=genre.slug) for genre in genres}
    return {**lists, TOP_RATED: task.clone(TopRatedMovies)}


def _blocks(report: documents.Document, rule: str) -> bool:
    """Whether a rule failed with severity block."""
    return any(
        check["id"] == rule and check["severity"] == "block" and not check["success"]
        for check in report["checks"]
    )


def _reasons(report: documents.Document, severity: str) -> str:
    """Return which list violates which rule, and how."""
    return "; ".join(
        f"{entry['list']}: {check['id']} ({entry['finding']})"
        for check in report["checks"]
        if check["severity"] == severity
        for entry in check["evidence"]
        if "finding" in entry
    )
