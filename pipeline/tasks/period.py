"""What is made of the rows of a date: of its daily lists or of its weekly ones."""

from pathlib import Path

from pipeline.errors import DataError
from pipeline.storage import documents
from pipeline.tasks.base import PipelineTask
from pipeline.tasks.collect import list_tasks
from pipeline.tasks.daily import DailySummary, own_collection
from pipeline.tasks.validation import ReportTask, ValidationReport
from pipeline.warehouse.rows import DAY, Rows, rows_of


class PeriodTask(PipelineTask):
    """A task made of the rows of a period, by the plan of the lists that exist.

    Attributes:
        period: the daily lists or the weekly ones.
        root_task: makes all that is missing of the date.
        report_task: checks the lists.
    """

    period = DAY
    root_task: type[PipelineTask] = DailySummary
    report_task: type[ReportTask] = ValidationReport

    def requires(self) -> PipelineTask:
        """Require the root task: asking for this one pulls in all that is missing of its date."""
        return self.clone(self.root_task)

    def read_rows(self) -> Rows:
        """Read the lists and their report, and return their rows; raise DataError for no list."""
        lists = {name: own_collection(path) for name, path in self.list_paths().items()}
        if not lists:
            raise DataError(f"There is no list of {self.date} any more: collect it first.")
        return rows_of(self.period, self.date, lists, documents.read_report(self.report_path))

    def list_paths(self) -> dict[str, Path]:
        """Return the lists that exist in the order of merging, so none that was added later."""
        tasks = list_tasks(self.date, self.report_task.cadence)
        paths = {name: task.path for name, task in tasks.items()}
        return {name: path for name, path in paths.items() if documents.is_listed(path)}

    @property
    def report_path(self) -> Path:
        """The report on the lists."""
        return self.clone(self.report_task).path
