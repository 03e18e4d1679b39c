"""The day in figures, once its lists are checked."""

import datetime
from pathlib import Path

from pipeline import clock, identity
from pipeline.documents.schema import Document, Movie
from pipeline.documents.summary import console_table, daily_summary
from pipeline.runtime import journal, stdio
from pipeline.runtime.logs import optional
from pipeline.storage import documents
from pipeline.tasks.base import PipelineTask
from pipeline.tasks.collect import list_tasks
from pipeline.tasks.validation import ValidationReport


class DailySummary(PipelineTask):
    """Sum up the day. Asking for it pulls in the whole day."""

    def requires(self) -> list[PipelineTask]:
        """Require the day's lists and their report."""
        return [*list_tasks(self.date, "daily").values(), self.clone(ValidationReport)]

    def path_for(self, date: datetime.date) -> Path:
        """Return `raw/metadata/daily_summaries/daily_summary_D.json`."""
        return self.layout.daily_summary(date)

    def run(self) -> None:
        """Read the day's documents and the lists of the day before, sum up, publish, show."""
        lists = list_tasks(self.date, "daily")
        date: datetime.date = self.date
        yesterday = date - datetime.timedelta(days=1)
        summary = daily_summary(
            date,
            lists={name: own_collection(task.path) for name, task in lists.items()},
            report=documents.read_report(self.clone(ValidationReport).path),
            day_before={name: movies_of(task.path_for(yesterday)) for name, task in lists.items()},
            tasks=journal.task_runs(self),
            finished_at=clock.now(),
        )
        documents.publish(self.path, summary)
        loss = f"The summary of {self.date} is not shown here"
        optional(lambda: stdio.show(console_table(summary, str(self.path))), None, loss)


def own_collection(path: Path) -> Document:
    """Read a list of this data root; raise DataError for one of another identity."""
    document = documents.read_collection(path)
    identity.refuse_foreign(path, document["collection_info"])
    return document


def movies_of(path: Path) -> list[Movie] | None:
    """Read the movies of a list to compare with; None if it is missing or cannot be used."""
    return optional(
        lambda: own_collection(path)["movies"] if documents.exists(path) else None,
        None,
        f"Nothing is compared with {path.name}",
    )
