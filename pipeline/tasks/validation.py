"""The quality gate: check the lists of a day or a week by every rule before they are used."""

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from pipeline import clock, identity, settings
from pipeline.documents.schema import violations
from pipeline.errors import DataError
from pipeline.quality.report import validation_report
from pipeline.quality.rules import Thresholds
from pipeline.quality.snapshot import ListSnapshot, history_of
from pipeline.storage import documents
from pipeline.tasks.base import ATTEMPTS_OF_A_DAY, ATTEMPTS_OF_A_WEEK, LOGGER, PipelineTask
from pipeline.tasks.collect import ListMovies, list_tasks
from pipeline.tasks.history import reports_before


class ReportTask(PipelineTask):
    """Check the required lists, report the results, and warn of a bad list.

    A bad list stops the run only with `on_fail = "stop"` in `config/quality.toml`. Luigi notices
    the missing lists only in the attempt after the rejection, so that there are twice the attempts.
    The look-back window of a daily list has half as many days again, because some are missed.
    """

    cadence = "daily"

    def requires(self) -> dict[str, ListMovies]:
        """Require the lists in the order of merging, once the thresholds are known to be usable."""
        settings.current().thresholds()
        return list_tasks(self.date, self.cadence)

    def run(self) -> None:
        """Check the lists, then publish the report, or reject the lists."""
        thresholds = settings.current().thresholds()
        report = validation_report(self.date, self._snapshots(thresholds), thresholds)
        blocked, warned = ("; ".join(violations(report, each)) for each in ("block", "warn"))
        if report["verdict"] == "fail" and thresholds.on_fail == "stop":
            self._reject(report, blocked)
        documents.publish(self.path, report)
        if report["verdict"] == "fail":
            sentence = "QUALITY: the lists of %s violate rules: %s; see %s"
            LOGGER.warning(sentence, self.date, blocked, self.path)
        elif report["verdict"] == "warn":
            LOGGER.info("Worth a look: %s; see %s", warned, self.path)

    def _snapshots(self, thresholds: Thresholds) -> Iterator[ListSnapshot]:
        """Yield one list at a time, because all together may not fit into memory."""
        lists, past = self.requires(), thresholds.history_bounds
        days = int(past.collections * {"daily": 1.5, "weekly": 7}[self.cadence])
        earlier = reports_before(self.path_for, self.date, days)
        history = history_of(earlier, lists, past.collections)
        for name, task in lists.items():
            document = documents.read_collection(task.path)
            movies, info = document["movies"], document["collection_info"]
            identity.refuse_foreign(task.path, info)
            file, order = self.layout.relative(task.path), task.movie_list.sorted_by
            bounds = (getattr(past, f"{self.cadence}_gap_days"), order, thresholds.bounds, past)
            yield ListSnapshot(name, file, self.date, movies, info, history[name], *bounds)

    def _reject(self, report: documents.Document, reasons: str) -> NoReturn:
        """Move the failed lists and their report aside, so that the next attempt collects again."""
        now, layout, lists = clock.now(), self.layout, self.requires()
        kept = layout.rejected(self.path, now)
        documents.publish(kept, report)
        for name in report["failed_lists"]:
            documents.set_aside(lists[name].path, layout.rejected(lists[name].path, now))
        raise DataError(
            f"Rejected for {self.date}: {reasons}. The rejected lists are in {kept.parent}; run "
            "the same command again to collect them again, or accept them with "
            'on_fail = "warn" in config/quality.toml.',
            lists=report["failed_lists"],
        )


class ValidationReport(ReportTask):
    """Check the daily lists."""

    attempts = 2 * ATTEMPTS_OF_A_DAY - 1

    def path_for(self, date: datetime.date) -> Path:
        """Return `raw/metadata/quality_reports/validation_report_D.json`."""
        return self.layout.validation_report(date)


class WeeklyValidationReport(ReportTask):
    """Check the weekly lists."""

    attempts = 2 * ATTEMPTS_OF_A_WEEK - 1
    cadence = "weekly"

    def path_for(self, date: datetime.date) -> Path:
        """Return `raw/metadata/quality_reports/weekly_validation_report_D.json`."""
        return self.layout.weekly_validation_report(date)
