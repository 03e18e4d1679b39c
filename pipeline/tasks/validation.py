"""The quality gate: check the lists of a day or a week by every rule before they are used.

The rules are imported in the functions that use them, so that a no-op run does not load them.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import clock, identity, settings
from pipeline.errors import DataError
from pipeline.storage import documents
from pipeline.tasks.base import ATTEMPTS_OF_A_DAY, ATTEMPTS_OF_A_WEEK, PipelineTask
from pipeline.tasks.collect import ListMovies, list_tasks
from pipeline.tasks.history import reports_before

if TYPE_CHECKING:
    from pipeline.quality.snapshot import ListSnapshot
    from pipeline.quality.thresholds import Thresholds

LOGGER = logging.getLogger("luigi-interface.pipeline")


class ReportTask(PipelineTask):
    """Check the required lists, report the results, and warn of a bad list.

    A bad list stops the run only with `on_fail = "stop"` in `config/quality.toml`. Luigi notices
    the missing lists only in the attempt after the rejection, so that there are twice the attempts.
    """

    # Days of the look-back window per earlier collection, with room for missed ones.
    look_back_days = 1.0

    # The key of [past] with the highest age of a collection that is compared one to one.
    gap_key = ""

    def requires(self) -> dict[str, ListMovies]:
        """Require the lists to measure, by name."""
        raise NotImplementedError

    def run(self) -> None:
        """Check the lists, then publish the report, or reject the lists."""
        from pipeline.quality.report import validation_report

        thresholds = settings.current().thresholds()
        report = validation_report(self.date, self._snapshots(thresholds), thresholds)
        if thresholds.on_fail == "stop" and report["verdict"] == "fail":
            self._reject(report)
        documents.publish(self.path, report)
        _log(report, self)

    def _snapshots(self, thresholds: Thresholds) -> Iterator[ListSnapshot]:
        """Yield one list at a time, because all together may not fit into memory."""
        from pipeline.quality.snapshot import ListSnapshot, history_of

        lists, past = self.requires(), thresholds.history_bounds
        days = int(past.collections * self.look_back_days)
        reports = reports_before(self.path_for, self.date, days)
        history = history_of(reports, lists, past.collections)
        for name, task in lists.items():
            document = documents.read_collection(task.path)
            identity.refuse_foreign(task.path, document["collection_info"])
            yield ListSnapshot(
                name=name,
                file=self.layout.relative(task.path),
                date=self.date,
                movies=document["movies"],
                info=document["collection_info"],
                history=history[name],
                gap_days=getattr(past, self.gap_key),
                sorted_by=task.movie_list.sorted_by,
                bounds=thresholds.bounds,
                history_bounds=past,
            )

    def _reject(self, report: documents.Document) -> None:
        """Move the failed lists and their report aside, so that the next attempt collects again.

        Raises:
            DataError: always.
        """
        now, layout, lists = clock.now(), self.layout, self.requires()
        kept = layout.rejected(self.path, now)
        documents.publish(kept, report)
        for name in report["failed_lists"]:
            documents.set_aside(lists[name].path, layout.rejected(lists[name].path, now))
        raise DataError(
            f"Rejected for {self.date}: {_reasons(report, 'block')}. The rejected lists are in "
            f"{kept.parent}; run the same command again to collect them again, or accept them "
            'with on_fail = "warn" in config/quality.toml.',
            lists=report["failed_lists"],
        )


class ValidationReport(ReportTask):
    """Check the daily lists."""

    attempts = 2 * ATTEMPTS_OF_A_DAY - 1
    look_back_days = 1.5
    gap_key = "daily_gap_days"

    def requires(self) -> dict[str, ListMovies]:
        """Require the lists of the day, once the thresholds are known to be usable."""
        settings.current().thresholds()
        return list_tasks(self.date, "daily")

    def path_for(self, date: datetime.date) -> Path:
        """Return `raw/metadata/quality_reports/validation_report_D.json`."""
        return self.layout.validation_report(date)


class WeeklyValidationReport(ReportTask):
    """Check the weekly lists."""

    attempts = 2 * ATTEMPTS_OF_A_WEEK - 1
    look_back_days = 7.0
    gap_key = "weekly_gap_days"

    def requires(self) -> dict[str, ListMovies]:
        """Require the lists of the week in the order in which they are merged."""
        settings.current().thresholds()
        return list_tasks(self.date, "weekly")

    def path_for(self, date: datetime.date) -> Path:
        """Return `raw/metadata/quality_reports/weekly_validation_report_D.json`."""
        return self.layout.weekly_validation_report(date)


def _log(report: documents.Document, task: ReportTask) -> None:
    if report["verdict"] == "fail":
        reasons = _reasons(report, "block")
        LOGGER.warning(
            "QUALITY: the lists of %s violate rules: %s; see %s", task.date, reasons, task.path
        )
    elif report["verdict"] == "warn":
        LOGGER.info("Worth a look: %s; see %s", _reasons(report, "warn"), task.path)


def _reasons(report: documents.Document, severity: str) -> str:
    """Return which list violates which rule, and how."""
    return "; ".join(
        f"{entry['list']}: {check['id']} ({entry['finding']})"
        for check in report["checks"]
        if check["severity"] == severity
        for entry in check["evidence"]
        if "finding" in entry
    )
