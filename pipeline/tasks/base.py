"""What all tasks share: the day they are of, where their file goes, how a failure is told."""

from __future__ import annotations

import datetime
import functools
import traceback
from collections.abc import Iterable
from pathlib import Path

import luigi
import luigi.format
import luigi.worker

from pipeline import clock, identity, settings
from pipeline.errors import NotPossible, PipelineError
from pipeline.paths import Layout, Place
from pipeline.sanitize import plain
from pipeline.storage import documents
from pipeline.tasks import order

ATTEMPTS_OF_A_DAY = 4
ATTEMPTS_OF_A_WEEK = 3
"""How often an unattended run tries a task in all."""

NEVER_GIVEN_UP = 999_999_999
"""Luigi's own word for never giving a task up."""


@functools.cache
def _keeps_trying() -> bool:
    """Whether this run tries again by itself. Luigi reads that anew, for 2 ms, for every task."""
    return bool(luigi.worker.worker().keep_alive)


class DayParameter(luigi.DateParameter):
    """A day as YYYY-MM-DD; anything else ends in one sentence instead of a traceback."""

    def parse(self, s: str) -> datetime.date:
        """Parse the day.

        Raises:
            NotPossible: it is no real day in that form, or centuries away.
        """
        return clock.day_of(s)


class PipelineTask(luigi.Task):
    """A task whose one output is one document of one day."""

    date = DayParameter(description="the day the document is of, as YYYY-MM-DD")

    attempts = ATTEMPTS_OF_A_DAY

    def place(self, layout: Layout) -> Place:
        """Return where the document of any day goes; each task says so for itself.

        Raises:
            NotPossible: it is the base of others, which luigi would run by its name as well.
        """
        raise NotPossible(f"{self.task_family} is what other tasks are made of, and makes no file.")

    @property
    def path(self) -> Path:
        """The document's file."""
        return self.place(self.layout)(self.date)

    def output(self) -> luigi.LocalTarget:
        """Return the document's target. It is there whole or not at all.

        luigi asks for it before anything else, also of a task that is done.

        Raises:
            OtherIdentity: the data root belongs to another source, language or region.
        """
        identity.refuse_other_identity()
        return luigi.LocalTarget(self.path, format=luigi.format.UTF8)

    @classmethod
    @functools.cache
    def get_params(cls) -> list[tuple[str, luigi.Parameter]]:
        """Return the parameters; luigi would look for them anew a dozen times a task."""
        params: list[tuple[str, luigi.Parameter]] = super().get_params()
        return params

    @classmethod
    def bulk_complete(cls, parameter_tuples: Iterable[datetime.date]) -> list[datetime.date]:
        """Return the days that are done: luigi's ranges ask for thousands at once.

        Told by one listing of their folder. luigi may hand in a partial of the task as `cls`.
        """
        days = list(parameter_tuples)
        if not days:
            return []
        task = cls(date=days[0])
        paths = {day: task.place(task.layout)(day) for day in days}
        folders = {path.parent for path in paths.values()}
        there = {folder: frozenset(documents.STORAGE.list(folder)) for folder in folders}
        return [day for day, path in paths.items() if path.name in there[path.parent]]

    @property
    def retry_count(self) -> int:
        """After how many failures luigid gives the task up.

        Never at the desk, where nothing is tried again: else it would refuse the next run by hand
        after some failed ones.
        """
        if not _keeps_trying():
            return NEVER_GIVEN_UP
        return self.attempts

    @property
    def priority(self) -> int:
        """How early the scheduler starts the task: in a range, by its day."""
        return order.priority_of(self.date)

    @property
    def resources(self) -> dict[str, int]:
        """What the task occupies: in a range, the one place that all its tasks share."""
        return order.resources_of(self.date)

    @property
    def layout(self) -> Layout:
        """The files below the data root."""
        return Layout(settings.current().data_dir)

    def on_failure(self, exception: BaseException) -> str:
        """Return what the scheduler, its page and its history are told: never a secret."""
        if isinstance(exception, PipelineError):
            return str(exception)
        return plain(settings.redacted(traceback.format_exc()))
