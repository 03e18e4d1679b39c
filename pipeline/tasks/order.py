"""The order of the days in a range: each day is compared with the days before it.

luigi runs the tasks that are ready in no order of dates. If each day required the day before, one
failed day would keep all later ones from being collected. Instead, all tasks of a range need one
resource of which there is one, and the next day has the highest priority. So the scheduler, luigid
or the local one, runs one task at a time, of the first day that has a task ready; it skips a day
that failed.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable

RESOURCES = {"days_of_a_range": 1}
"""The resource that all tasks of a range share. luigi grants 1 of one that is not configured."""

_MIN_DATE, _MAX_DATE = datetime.date(1900, 1, 1), datetime.date(2999, 12, 31)
"""Range of valid dates. Priorities are positive, because luigi only ever raises one."""


class _Range:
    """The days of the range that this process plans, and their direction."""

    days: frozenset[datetime.date] = frozenset()
    newest_first = False


def begin(days: Iterable[datetime.date], *, newest_first: bool) -> None:
    """Run the tasks of these days in the order of their days from now on."""
    _Range.days, _Range.newest_first = frozenset(days), newest_first


def priority_of(day: datetime.date) -> int:
    """Return the priority of the tasks of a day; it is 0 for days outside of the range."""
    if day not in _Range.days:
        return 0
    return 1 + ((day - _MIN_DATE) if _Range.newest_first else (_MAX_DATE - day)).days


def resources_of(day: datetime.date) -> dict[str, int]:
    """Return the resources that a task of a day needs; none for days outside of the range."""
    return RESOURCES if day in _Range.days else {}
