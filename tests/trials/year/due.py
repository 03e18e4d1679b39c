"""Which date a root task is due on, and until when it can be collected: the trial's own book."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from trials.year.clock import Clock
from trials.year.schedules import Schedule

DAILY, WEEKLY = "DailySummary", "WeeklyConsolidation"

JOBS = {DAILY: "daily", WEEKLY: "weekly"}
"""Root task -> the job that starts it."""

Root = tuple[str, date]
"""A root task and its day."""

_AROUND = timedelta(days=15)


class DueDates:
    """The dates of both root tasks in some days, and those that are due before and after them."""

    def __init__(self, schedule: Schedule, clock: Clock, days: Sequence[date]) -> None:
        self._clock = clock
        since, until = around(days, clock)
        self._dates: dict[str, list[date]] = {}
        self._times: dict[str, list[datetime]] = {}
        for family, name in JOBS.items():
            first: dict[date, datetime] = {}
            for time in schedule.jobs[name].times(since, until):
                first.setdefault(time.date(), time.astimezone(UTC))
            self._dates[family] = list(first)
            self._times[family] = list(first.values())

    def __contains__(self, root: Root) -> bool:
        """Whether the root task is due on that day."""
        return root[1] in self._dates[root[0]]

    def within(self, first: date, last: date) -> list[Root]:
        """Return what is due on these days, in the order of the days."""
        roots = [(family, day) for family, days in self._dates.items() for day in days]
        return sorted(
            (root for root in roots if first <= root[1] <= last), key=lambda root: root[1]
        )

    def until_now(self, family: str, first: date, now: datetime) -> list[Root]:
        """Return what was due from a day on until a moment."""
        number = bisect.bisect_right(self._times[family], now)
        return [(family, day) for day in self._dates[family][:number] if day >= first]

    def newest(self, family: str, now: datetime) -> Root:
        """Return the newest date whose time has come."""
        number = bisect.bisect_right(self._times[family], now)
        return family, self._dates[family][number - 1]

    def until(self, root: Root) -> datetime:
        """Return when a date can no longer be collected: midnight, or when the next one is due."""
        family, day = root
        if family == DAILY:
            return self._clock.at(day + timedelta(days=1), 0).astimezone(UTC)
        number = self._dates[family].index(day)
        return self._times[family][number + 1]


def around(days: Sequence[date], clock: Clock) -> tuple[datetime, datetime]:
    """Return from when until when times have to be known for the trial of these days."""
    return clock.at(days[0] - _AROUND, 0), clock.at(days[-1] + _AROUND, 0)
