"""What all tasks share: their date, the path of their document, the text of a failure."""

import datetime
import logging
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar

import luigi.format

from pipeline import clock, identity, settings
from pipeline.errors import NotPossible, PipelineError
from pipeline.paths import Layout
from pipeline.runtime import luigi_setup
from pipeline.runtime.logs import safe_text
from pipeline.storage import documents
from pipeline.storage.object_path import ObjectPath

LOGGER = logging.getLogger("luigi-interface.pipeline")

# How often an unattended run tries a task of a day or a week in all.
ATTEMPTS_OF_A_DAY, ATTEMPTS_OF_A_WEEK = 4, 3

# The resource that all tasks of a range share. Luigi grants 1 of one that is not configured.
RANGE_RESOURCES = {"days_of_a_range": 1}


class ObjectTarget(luigi.Target):
    """A document in a bucket."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def exists(self) -> bool:
        """Whether the document exists."""
        return documents.exists(self.path)


def stored_target(path: Path) -> luigi.LocalTarget:
    """Return the target of a document: a file, unless the data root is a bucket."""
    if isinstance(path, ObjectPath):
        return ObjectTarget(path)
    return luigi.LocalTarget(path, format=luigi.format.UTF8)


class DayParameter(luigi.DateParameter):
    """A day as YYYY-MM-DD; anything else is an error of one sentence instead of a traceback."""

    def parse(self, s: str) -> datetime.date:
        """Parse the day."""
        return clock.day_of(s)


class PipelineTask(luigi.Task):
    """A task whose one output is one document of one day.

    `range_priorities` has the priority of each day of the range that this process plans.
    """

    date = DayParameter(description="the day the document is of, as YYYY-MM-DD")
    attempts = ATTEMPTS_OF_A_DAY
    range_priorities: ClassVar[Mapping[datetime.date, int]] = {}

    def path_for(self, date: datetime.date) -> Path:
        """Return the path of the task's document of any day.

        Luigi runs this base class by its name as well.
        """
        raise NotPossible(f"{self.task_family} is what other tasks are made of, and makes no file.")

    @property
    def path(self) -> Path:
        """The document's file."""
        return self.path_for(self.date)

    def output(self) -> luigi.LocalTarget:
        """Return the document's target; refuse a data root of another identity.

        luigi calls it before any other method of a task, also if the task is done.
        """
        luigi_setup.install()
        identity.refuse_other_identity()
        return stored_target(self.path)

    @classmethod
    def bulk_complete(cls, parameter_tuples: Iterable[datetime.date]) -> list[datetime.date]:
        """Return the days that are done, of the thousands that a range asks for at once.

        Each folder is listed once. luigi may pass a partial of the task as `cls`.
        """
        days = list(parameter_tuples)
        paths = {day: cls(date=days[0]).path_for(day) for day in days}
        folders = {path.parent for path in paths.values()}
        names = {folder: frozenset(documents.names_in(folder)) for folder in folders}
        return [day for day, path in paths.items() if path.name in names[path.parent]]

    @property
    def retry_count(self) -> int:
        """How many failures luigid accepts before it disables the task.

        A run that does not retry must not disable it: luigid would refuse the next run by hand.
        """
        return self.attempts if luigi_setup.retries_tasks() else 999_999_999  # luigi's own default

    @property
    def priority(self) -> int:
        """The priority for the scheduler: in a range, by the task's day."""
        return self.range_priorities.get(self.date, 0)

    @property
    def resources(self) -> dict[str, int]:
        """The resources that the task needs: in a range, the one that all its tasks share."""
        return RANGE_RESOURCES if self.date in self.range_priorities else {}

    @property
    def layout(self) -> Layout:
        """The paths below the data root."""
        return settings.current().layout

    def on_failure(self, exception: BaseException) -> str:
        """Return the failure's text for the scheduler, its page and history, without secrets."""
        is_ours = isinstance(exception, PipelineError)
        return str(exception) if is_ours else safe_text(traceback.format_exc())
