"""Which scheduled days have no document. Judged by the files, which are the truth."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from pathlib import Path

from pipeline.layout import Layout
from pipeline.ops.roots import ROOTS
from pipeline.ops.schedule import Schedule
from pipeline.ops.scheduler.newest import newest

LOOK_BACK_DAYS = {"DailySummary": 14, "WeeklyConsolidation": 8 * 7}
"""How far back a missing document is told: fourteen days, eight Sundays."""

GRACE = datetime.timedelta(hours=2)
"""How long after its time a run may still be at work or at its retries."""

WHY = (
    "the machine was down or the run failed; TMDB serves its lists only as they are now, so a "
    "snapshot of the past cannot be had later"
)


def document_of(family: str, layout: Layout) -> Callable[[datetime.date], Path]:
    """Return where the root task's document of a day stands."""
    return {"DailySummary": layout.daily_summary, "WeeklyConsolidation": layout.consolidated}[
        family
    ]


def newest_day(family: str, layout: Layout, until: datetime.date) -> datetime.date | None:
    """Return the last day until then that the root task has a document of.

    Its folder is only listed where none of the last days has one.
    """
    found = newest(document_of(family, layout), until)
    if found is not None:
        return _day_of(found.name)
    return max((day for day in days_there(family, layout) if day <= until), default=None)


def days_there(family: str, layout: Layout) -> list[datetime.date]:
    """Return the days that the root task has a document of, by the names in its one folder."""
    folder = document_of(family, layout)(datetime.date(2024, 1, 7)).parent
    days = (_day_of(path.name) for path in folder.glob("[!.]*.json"))
    return sorted(day for day in days if day)


def missed(
    layout: Layout, schedules: dict[str, Schedule], now: datetime.datetime
) -> list[tuple[str, datetime.date]]:
    """Return root task and day of each run whose time and grace are over without a document.

    Nothing is missed before the first day that there is any document of.
    """
    due = {family: _due(schedules[family], LOOK_BACK_DAYS[family], now) for family in ROOTS}
    first = _first(layout, sorted({day for days in due.values() for day in days}))
    return [
        (family, day)
        for family in ROOTS
        for day in due[family]
        if day > first and not document_of(family, layout)(day).exists()
    ]


def _first(layout: Layout, days: list[datetime.date]) -> datetime.date:
    """Return the first of the days that there is any document of, or one before them if any is."""
    if not days:
        return datetime.date.max
    earlier = days[0] - datetime.timedelta(1)
    if any(newest_day(family, layout, earlier) for family in ROOTS):
        return earlier
    there = (
        day for day in days if any(document_of(family, layout)(day).exists() for family in ROOTS)
    )
    return next(there, datetime.date.max)


def _day_of(name: str) -> datetime.date | None:
    """Return the day in a document's name; None for a file of somebody else's."""
    found = re.search(r"_(\d{8})\.json$", name)
    try:
        return datetime.datetime.strptime(found[1], "%Y%m%d").date() if found else None
    except ValueError:
        return None


def _due(schedule: Schedule, days: int, now: datetime.datetime) -> list[datetime.date]:
    today = now.astimezone().date()
    back = [today - datetime.timedelta(each) for each in range(days - 1, -1, -1)]
    return [day for day in back if any(time + GRACE <= now for time in schedule.times(day))]
