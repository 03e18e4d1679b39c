"""Load documents into the warehouse. What talks to the database is imported only where it is used.

A load is done if the warehouse has the fingerprint of the documents as they are now, so a list that
was collected again is loaded again.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import luigi

from pipeline import identity, settings
from pipeline.errors import DataError
from pipeline.paths import Layout
from pipeline.retention.expired import dates_in
from pipeline.storage import documents
from pipeline.tasks.base import LOGGER, PipelineTask
from pipeline.tasks.collect import list_tasks
from pipeline.tasks.daily import DailySummary, own_collection
from pipeline.tasks.pages import stamp
from pipeline.tasks.validation import ReportTask, ValidationReport, WeeklyValidationReport
from pipeline.tasks.weekly import WeeklyConsolidation
from pipeline.warehouse.rows import DAY, WEEK, rows_of

if TYPE_CHECKING:
    from pipeline.warehouse.store import Warehouse


class LoadTarget(luigi.Target):
    """Rows of the warehouse, which exist if they show the documents as they are."""

    def __init__(self, path: Path, is_loaded: Callable[[], bool]) -> None:
        self.path = str(path)
        self._is_loaded = is_loaded

    def exists(self) -> bool:
        """Whether the documents are loaded."""
        return self._is_loaded()


class LoadDay(PipelineTask):
    """Load the daily lists of a date, by the plan those that exist, and their report's figures."""

    period = DAY
    root_task: type[PipelineTask] = DailySummary
    report_task: type[ReportTask] = ValidationReport

    def requires(self) -> PipelineTask:
        """Require the root task: asking for a load pulls in all that is missing of its date."""
        return self.clone(self.root_task)

    def path_for(self, date: datetime.date) -> Path:
        """Return the file of the warehouse where it is none of PostgreSQL."""
        return self.layout.warehouse

    def output(self) -> LoadTarget:
        """Return the rows of the date, which exist if they are of the documents as they are."""
        return LoadTarget(Path(super().output().path), self._is_loaded)

    def run(self) -> None:
        """Read the lists and their report, and replace the rows of the date."""
        fingerprint = self.fingerprint()
        lists = {name: own_collection(path) for name, path in self._lists().items()}
        if not lists:
            raise DataError(f"There is no list of {self.date} to load: collect it first.")
        report = documents.read_report(self._report())
        rows = rows_of(self.period, self.date, lists, report)
        open_warehouse().load(rows, fingerprint)
        LOGGER.info("%s: %d entries", self, len(rows.entries))

    @classmethod
    def bulk_complete(cls, parameter_tuples: Iterable[datetime.date]) -> list[datetime.date]:
        """Return the days that are loaded, by one query."""
        loaded = open_warehouse().fingerprints()
        tasks = (cls(date=day) for day in parameter_tuples)
        return [each.date for each in tasks if each.fingerprint() == loaded.get(each.key)]

    @property
    def key(self) -> tuple[str, datetime.date]:
        """The key of the load."""
        return self.period, self.date

    def fingerprint(self) -> str:
        """Return the fingerprint of the lists and their report, by size and time of change."""
        paths = (*self._lists().values(), self._report())
        text = "\n".join(f"{path.name} {stamp(path)}" for path in paths)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _is_loaded(self) -> bool:
        return open_warehouse().fingerprints().get(self.key) == self.fingerprint()

    def _lists(self) -> dict[str, Path]:
        """Return the lists that exist, in the order of merging."""
        tasks = list_tasks(self.date, self.report_task.cadence)
        paths = {name: task.path for name, task in tasks.items()}
        return {name: path for name, path in paths.items() if documents.exists(path)}

    def _report(self) -> Path:
        return self.clone(self.report_task).path


class LoadWeek(LoadDay):
    """Load the weekly lists of a date and the figures of their report."""

    period = WEEK
    root_task = WeeklyConsolidation
    report_task = WeeklyValidationReport


class LoadWarehouse(PipelineTask):
    """Load every date up to this one whose documents exist and are not loaded; collect nothing."""

    def requires(self) -> list[LoadDay]:
        """Require the loads that are missing."""
        return missing_loads(self.date)

    def path_for(self, date: datetime.date) -> Path:
        """Return the file of the warehouse where it is none of PostgreSQL."""
        return self.layout.warehouse

    def output(self) -> LoadTarget:
        """Return all rows, which exist if no load is missing."""
        return LoadTarget(Path(super().output().path), lambda: not missing_loads(self.date))

    def run(self) -> None:
        """Have the database take note of what was loaded."""
        open_warehouse().update_statistics()


def missing_loads(until: datetime.date) -> list[LoadDay]:
    """Return the loads of documents that exist, up to a date, and are not loaded as they are."""
    identity.refuse_other_identity()
    loaded = open_warehouse().fingerprints()
    return [
        load
        for kind in (LoadDay, LoadWeek)
        for day in _days_of(kind.root_task(date=until).path_for)
        if day <= until
        if (load := kind(date=day)).fingerprint() != loaded.get(load.key)
    ]


def _days_of(path_for: Callable[[datetime.date], Path]) -> list[datetime.date]:
    """Return the days whose document exists, by one listing of its folder."""
    names = frozenset(documents.STORAGE.list(path_for(datetime.date.min).parent))
    days = (day for name in names for day in dates_in(name)[-1:])
    return sorted(day for day in days if path_for(day).name in names)


def open_warehouse() -> Warehouse:
    """Return the warehouse that the settings name; it connects when it is used."""
    from pipeline.warehouse.store import Warehouse

    now = settings.current()
    return Warehouse(Layout(now.data_dir).warehouse, settings.warehouse_url())
