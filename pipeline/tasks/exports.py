"""The Parquet export of a day or a week, made of its lists and their report.

`pipeline.warehouse.parquet`, and with it pyarrow, is imported by runs only that export.
"""

import datetime
from pathlib import Path

from pipeline import identity, settings
from pipeline.storage import documents
from pipeline.storage.documents import storage_of
from pipeline.tasks.base import ATTEMPTS_OF_A_WEEK, PipelineTask
from pipeline.tasks.period import PeriodTask
from pipeline.tasks.validation import WeeklyValidationReport
from pipeline.tasks.weekly import WeeklyConsolidation
from pipeline.warehouse.rows import WEEK

_README = Path(__file__).parents[1] / "warehouse/export_readme.txt"


class ExportTask(PeriodTask):
    """Export a period of a date."""

    def requires(self) -> PipelineTask:
        """Require the root task, once it is known that an export is possible."""
        from pipeline.warehouse import parquet  # noqa: F401  it raises where pyarrow is missing

        self._purpose()
        return super().requires()

    def run(self) -> None:
        """Publish the rows as Parquet, and beside all files what they are."""
        from pipeline.warehouse import parquet

        content = parquet.content_of(self.read_rows(), self._purpose())
        _write(self.layout.export_schema, parquet.schema_text())
        _write(self.layout.export_readme, _README.read_text(encoding="utf-8"))
        storage_of(self.path).publish(self.path, [content])

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
    if not documents.exists(path) or storage_of(path).read(path) != text.encode():
        documents.replace(path, text)
