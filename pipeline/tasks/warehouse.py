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
from pipeline.storage import documents
from pipeline.tasks.base import LOGGER, PipelineTask
from pipeline.tasks.history import days_of
from pipeline.tasks.period import PeriodTask
from pipeline.tasks.validation import WeeklyValidationReport
from pipeline.tasks.weekly import WeeklyConsolidation
from pipeline.warehouse.rows import WEEK

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


class _Load(PeriodTask):
    """Load the lists of a period and the figures of their report."""

    def path_for(self, date: datetime.date) -> Path:
        """Return the file of the warehouse where it is none of PostgreSQL."""
        return self.layout.warehouse

    def output(self) -> LoadTarget:
        """Return the rows of the date, which exist if they are of the documents as they are."""
        return LoadTarget(self.path, self._is_loaded)

    def run(self) -> None:
        """Read the lists and their report, and replace the rows of the date."""
        fingerprint = self.fingerprint()  # of the documents as they were before they are read
        rows = self.read_rows()
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
        paths = (*self.list_paths().values(), self.report_path)
        text = "\n".join(f"{path.name} {documents.stamp(path)}" for path in paths)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _is_loaded(self) -> bool:
        return open_warehouse().fingerprints().get(self.key) == self.fingerprint()


class LoadDay(_Load):
    """Load the daily lists of a date into the warehouse."""


class LoadWeek(_Load):
    """Load the weekly lists of a date into the warehouse."""

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
        return LoadTarget(self.path, lambda: not missing_loads(self.date))

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
        for day in days_of(kind.root_task(date=until).path_for)
        if day <= until
        if (load := kind(date=day)).fingerprint() != loaded.get(load.key)
    ]


def open_warehouse() -> Warehouse:
    """Return the warehouse that the settings name; it connects when it is used."""
    from pipeline.warehouse.store import Warehouse

    return Warehouse(settings.current().layout.warehouse, settings.warehouse_url())
