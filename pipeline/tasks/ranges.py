"""Ranges of dates: luigi's RangeDaily for days, and RangeWeekly for weeks, which luigi lacks.

Imported only where the command asks for a range: they bring some forty options, which luigi would
read with every command.
"""

from __future__ import annotations

import datetime

import luigi
import luigi.tools.range
from luigi.parameter import OptionalParameterMixin, ParameterException

from pipeline import identity
from pipeline.errors import NotPossible
from pipeline.tasks import order
from pipeline.tasks.base import DayParameter
from pipeline.tasks.daily import DailySummary
from pipeline.tasks.weekly import WeeklyConsolidation

WITHOUT_LIMIT = 36_600
"""Luigi passes over what is older than 100 days and stops after 50 tasks, both as a success."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class OptionalDay(OptionalParameterMixin, DayParameter):
    """A day, or none."""

    expected_type = datetime.date


class OnParameter(luigi.Parameter):
    """A day of the week by its English name."""

    def parse(self, s: str) -> str:
        """Parse the name.

        Raises:
            NotPossible: no day is called that.
        """
        if s.lower() not in WEEKDAYS:
            raise NotPossible(f"{s!r} is no day of the week: write one of {', '.join(WEEKDAYS)}.")
        return s.lower()


class RangeDaily(luigi.tools.range.RangeDaily):
    """Every day from `start` until before `stop`, or until today, the oldest first."""

    of = luigi.TaskParameter(default=DailySummary, description="the task to be done for every day")
    start = OptionalDay(description="the first day, as YYYY-MM-DD")
    stop = OptionalDay(description="the day before which to stop; else after today")
    now = luigi.OptionalIntParameter(default=None, description="seconds since 1970 instead of now")
    days_back = luigi.IntParameter(
        default=WITHOUT_LIMIT, description="what is older than so many days is passed over"
    )
    task_limit = luigi.IntParameter(
        default=WITHOUT_LIMIT, description="how many are done in one run at most"
    )
    param_name = luigi.Parameter(default="date", positional=False)

    def requires(self) -> list[luigi.Task]:
        """Require what is missing.

        Raises:
            NotPossible: the range has no beginning or ends before it, or the task needs more.
        """
        identity.refuse_other_identity()
        try:
            missing: list[luigi.Task] = super().requires()
        except ParameterException as error:
            raise NotPossible(
                f"This range cannot be planned: {error}. An example: --start 2024-01-07."
            ) from None
        order.begin((task.date for task in missing), newest_first=self.reverse)
        return missing


class RangeWeekly(RangeDaily):
    """Every week from `start` until before `stop`, or until today, on the day that cron runs it."""

    of = luigi.TaskParameter(
        default=WeeklyConsolidation, description="the task to be done for every week"
    )
    weekday = OnParameter(default="sunday", description="the day of the week that it is done on")

    def finite_datetimes(
        self, finite_start: datetime.datetime, finite_stop: datetime.datetime
    ) -> list[datetime.datetime]:
        """Return the days of the range that are that day of the week."""
        days = super().finite_datetimes(finite_start, finite_stop)
        return [day for day in days if WEEKDAYS[day.weekday()] == self.weekday]
