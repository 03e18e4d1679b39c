"""Ranges of dates: luigi's RangeDaily for days, and RangeWeekly for weeks, which luigi lacks.

Each day is compared with the days before it, but luigi runs ready tasks in no order of dates, and a
failed day must not keep later ones from being collected. So all tasks of a range need one resource
of which there is one, and the next day has the highest priority: tasks run one at a time.
"""

import datetime

import luigi
import luigi.tools.range
from luigi.parameter import OptionalParameterMixin, ParameterException

from pipeline import identity
from pipeline.errors import NotPossible
from pipeline.tasks.base import DayParameter, PipelineTask
from pipeline.tasks.daily import DailySummary
from pipeline.tasks.weekly import WeeklyConsolidation

# Days and tasks of a range. Luigi ignores what is older than 100 days or beyond 50 tasks.
NO_LIMIT = 36_600

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class OptionalDay(OptionalParameterMixin, DayParameter):
    """A day, or none."""

    expected_type = datetime.date


class RangeDaily(luigi.tools.range.RangeDaily):
    """Every day from `start` until before `stop`, or until today, the oldest first."""

    of = luigi.TaskParameter(default=DailySummary, description="the task to be done for every day")
    start = OptionalDay(description="the first day, as YYYY-MM-DD")
    stop = OptionalDay(description="the day before which to stop; else after today")
    now = luigi.OptionalIntParameter(default=None, description="seconds since 1970 instead of now")
    days_back = luigi.IntParameter(default=NO_LIMIT, description="ignore what is older, in days")
    task_limit = luigi.IntParameter(default=NO_LIMIT, description="do so many in a run at most")
    param_name = luigi.Parameter(default="date", positional=False)

    def requires(self) -> list[luigi.Task]:
        """Require what is missing, and have its days run in their order."""
        identity.refuse_other_identity()
        try:
            missing: list[luigi.Task] = super().requires()
        except ParameterException as error:
            reason = f"This range cannot be planned: {error}. An example: --start 2024-01-07."
            raise NotPossible(reason) from None
        top, sign = datetime.date.max.toordinal(), 1 if self.reverse else -1
        days = (task.date for task in missing)
        PipelineTask.range_priorities = {day: top + sign * day.toordinal() for day in days}
        return missing


class RangeWeekly(RangeDaily):
    """Every week from `start` until before `stop`, or until today, on the day that cron runs it."""

    of = luigi.TaskParameter(default=WeeklyConsolidation, description="the task of every week")
    weekday = luigi.ChoiceParameter(default="sunday", choices=WEEKDAYS, description="its day")

    def finite_datetimes(self, *bounds: datetime.datetime) -> list[datetime.datetime]:
        """Return the days between two bounds that are that day of the week."""
        days = super().finite_datetimes(*bounds)
        return [day for day in days if WEEKDAYS[day.weekday()] == self.weekday]
