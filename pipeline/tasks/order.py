"""The days of a range follow one another: a day is compared with the days before it.

luigi runs whatever is ready, in no order of dates. A dependency of each day on the one before would
hold an order, and let one day that fails keep all later ones from being collected. So the tasks of
a range share a resource of which there is one, and the day that is next has the highest priority:
then the scheduler, luigid or the local one, starts one task at a time, and always one of the first
day that has something ready. A day that fails is passed over.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable

RESOURCES = {"days_of_a_range": 1}
"""luigi grants one at a time of a resource that its configuration does not name."""

_FIRST, _LAST = datetime.date(1900, 1, 1), datetime.date(2999, 12, 31)
"""Days that a date can be; priorities are positive, since luigi only ever raises one."""


class _Range:
    """The days of the range that this process plans, and which end of it comes first."""

    days: frozenset[datetime.date] = frozenset()
    newest_first = False


def begin(days: Iterable[datetime.date], *, newest_first: bool) -> None:
    """Have the tasks of these days follow one another from now on."""
    _Range.days, _Range.newest_first = frozenset(days), newest_first


def priority_of(day: datetime.date) -> int:
    """Return how early the tasks of a day have to run; the same for all outside of a range."""
    if day not in _Range.days:
        return 0
    return 1 + ((day - _FIRST) if _Range.newest_first else (_LAST - day)).days


def resources_of(day: datetime.date) -> dict[str, int]:
    """Return what a task of a day occupies while it runs; nothing outside of a range."""
    return RESOURCES if day in _Range.days else {}
