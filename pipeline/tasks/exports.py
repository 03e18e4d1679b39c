"""The Parquet export of a day or a week, made of its lists and their report.

`pipeline.warehouse.parquet`, and with it pyarrow, is imported by runs only that export.
"""

import datetime
from pathlib import Path

from pipeline import identity, settings
from pipeline.errors import DataError
from pipeline.storage import documents
from pipeline.tasks.base import ATTEMPTS_OF_A_WEEK, PipelineTask
from pipeline.tasks.collect import list_tasks
from pipeline.tasks.daily import DailySummary, own_collection
from pipeline.tasks.validation import ReportTask, ValidationReport, WeeklyValidationReport
from pipeline.tasks.weekly import WeeklyConsolidation
from pipeline.warehouse.rows import DAY, WEEK, rows_of

_README = Path(__file__).parents[1] / "warehouse/export_readme.txt"


class ExportTask(PipelineTask):
    """Export the lists of a date that exist, as `report_task` has checked them."""

    period = DAY
    root_task: type[PipelineTask] = DailySummary
    report_task: type[ReportTask] = ValidationReport

    def requires(self) -> PipelineTask:
        """Require the root task, once it is known that an export is possible."""
        from pipeline.warehouse import parquet  # noqa: F401  it raises where pyarrow is missing

        self._purpose()
        return self.clone(self.root_task)

    def run(self) -> None:
        """Read the documents, make rows of them, publish these as Parquet."""
        from pipeline.warehouse import parquet

        if not (lists := self._lists()):
            raise DataError(f"There is no list of {self.date} to export: collect it first.")
        report = documents.read_report(self.clone(self.report_task).path)
        rows = rows_of(self.period, self.date, lists, report)
        content = parquet.content_of(rows, self._purpose())
        _write(self.layout.export_schema, parquet.schema_text())
        _write(self.layout.export_readme, _README.read_text(encoding="utf-8"))
        documents.STORAGE.publish(self.path, [content])

    def _lists(self) -> dict[str, documents.Document]:
        """Return the lists in the order of merging, without those that came into the plan later."""
        tasks = list_tasks(self.date, self.report_task.cadence).items()
        paths = {name: task.path for name, task in tasks if documents.exists(task.path)}
        return {name: own_collection(path) for name, path in paths.items()}

    def _purpose(self) -> str:
        """Return what the export is for; raise SettingsError if TMDB's movies have none."""
        source = identity.source_of(self.layout)
        return source if source == "demo" else settings.current().required_export_purpose()


class ExportDay(ExportTask):
    """Export the lists of a day as Parquet."""

    def path_for(self, date: datetime.date) -> Path:
        """Return `exports/v1/entries/day=YYYY-MM-DD/day.parquet`."""
        return self.layout.day_export(date)


class ExportWeek(ExportTask):
    """Export the lists of a week as Parquet."""

    attempts = ATTEMPTS_OF_A_WEEK
    period = WEEK
    root_task = WeeklyConsolidation
    report_task = WeeklyValidationReport

    def path_for(self, date: datetime.date) -> Path:
        """Return `exports/v1/entries/day=YYYY-MM-DD/week.parquet`."""
        return self.layout.week_export(date)


def _write(path: Path, text: str) -> None:
    """Write what lies beside the files unless it is there already, as this version has it."""
    if not documents.exists(path) or documents.STORAGE.read(path) != text.encode():
        documents.replace(path, text)
