"""Find the overdue root tasks: due by the schedule, and without a document.

*Due* is a date whose scheduled time has come. *Overdue* is the newest due date without a document
two hours after its time. *Missed* is a due date that has no document, in the days looked back on.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline import clock
from pipeline.ops.roots import ROOTS, Root, newest
from pipeline.ops.runs import record
from pipeline.ops.schedule.times import Schedule, next_time, times_by_day
from pipeline.paths import Layout
from pipeline.storage import local

GRACE = datetime.timedelta(hours=2)
"""The time after its start in which a run may still be in progress or between attempts."""

WHY_MISSED = (
    "The machine was off or the run failed. TMDB serves its lists only as they are now, so a "
    "snapshot of the past cannot be collected later."
)

_TAIL_BYTES = 8_192

Schedules = Mapping[str, Schedule]
"""Root task -> when it is started."""


@dataclass(frozen=True)
class Due:
    """A date that a root task was due on, and when (UTC)."""

    root: Root
    date: datetime.date
    at: datetime.datetime


def newest_due(root: Root, schedule: Schedule, now: datetime.datetime) -> Due | None:
    """Return the newest date whose scheduled time has come; None where there is none."""
    first = clock.local_day(now) - datetime.timedelta(days=root.look_back_days)
    times = times_by_day(schedule, first, now)
    date = max(times, default=None)
    return Due(root, date, times[date]) if date else None


def collectable_until(due: Due, schedule: Schedule) -> datetime.datetime | None:
    """Return when the date can no longer be collected truthfully; None where never.

    A day ends at its midnight. A week is collected, as late, until the next one is due.
    """
    if not due.root.collects_late:
        return clock.midnight(due.date + datetime.timedelta(days=1))
    return next_time(schedule, due.at)


def to_collect(
    layout: Layout, schedules: Schedules, now: datetime.datetime, max_days_late: int | None
) -> list[Due]:
    """Return the newest due date of each root task that has no document and can be collected.

    Args:
        layout: the data root.
        schedules: when each root task is started.
        now: this moment.
        max_days_late: how late the plan accepts a list; None is any number of days.
    """
    found = []
    for family, root in ROOTS.items():
        due = newest_due(root, schedules[family], now)
        if due is None or root.document(layout, due.date).exists():
            continue
        until = collectable_until(due, schedules[family])
        late = (clock.local_day(now) - due.date).days
        if (until is None or now < until) and (max_days_late is None or late <= max_days_late):
            found.append(due)
    return found


def overdue(layout: Layout, schedules: Schedules, now: datetime.datetime) -> list[Due]:
    """Return the newest date of each root task that was due two hours ago and is not there.

    Nothing is overdue on a new installation: before the first day of any document, or the first
    recorded run of that date.
    """
    found = []
    for family, root in ROOTS.items():
        due = newest_due(root, schedules[family], now - GRACE)
        if due is None or _is_there_since(root, layout, due.date, clock.local_day(now)):
            continue
        if _is_known_before(layout, due.date) or record.has_run(layout, family, due.date):
            found.append(due)
    return found


def missed(
    layout: Layout, schedules: Schedules, now: datetime.datetime
) -> list[tuple[str, datetime.date]]:
    """Return root task and day of each run whose time and grace are over without a document.

    Nothing is missed before the first day that there is any document of.
    """
    due = {
        family: _days_due(root, schedules[family], now - GRACE) for family, root in ROOTS.items()
    }
    first = _first_day(layout, sorted({day for days in due.values() for day in days}))
    return [
        (family, day)
        for family, root in ROOTS.items()
        for day in due[family]
        if day > first and not root.document(layout, day).exists()
    ]


def newest_day(root: Root, layout: Layout, until: datetime.date) -> datetime.date | None:
    """Return the last day until then that the root task has a document of.

    Its folder is only listed where none of the last days has one.
    """
    found = newest(lambda day: root.document(layout, day), until)
    if found is not None:
        return _day_of(found.name)
    return max((day for day in days_there(root, layout) if day <= until), default=None)


def days_there(root: Root, layout: Layout) -> list[datetime.date]:
    """Return the days that the root task has a document of, by the names in its one folder."""
    folder = root.document(layout, datetime.date(2024, 1, 7)).parent
    days = (_day_of(path.name) for path in folder.glob("[!.]*.json"))
    return sorted(day for day in days if day)


def _is_there_since(root: Root, layout: Layout, day: datetime.date, today: datetime.date) -> bool:
    """Return whether the root task has a document of that day, or of a later one until today."""
    days = (day + datetime.timedelta(each) for each in range((today - day).days + 1))
    return any(root.document(layout, each).exists() for each in days)


def _is_known_before(layout: Layout, day: datetime.date) -> bool:
    """Return whether there is any document of a root task from before that day."""
    before = day - datetime.timedelta(days=1)
    return any(newest_day(root, layout, before) for root in ROOTS.values())


def _first_day(layout: Layout, days: list[datetime.date]) -> datetime.date:
    """Return the first day on which a document was made, or one before these days if any was.

    A new installation collects the newest week late: the days before that were never missed.
    """
    if not days:
        return datetime.date.max
    if _is_known_before(layout, days[0]):
        return days[0] - datetime.timedelta(days=1)
    made = (
        day + datetime.timedelta(days=_late_by_days(path))
        for day in days
        for root in ROOTS.values()
        if (path := root.document(layout, day)).exists()
    )
    return min(made, default=datetime.date.max)


def _late_by_days(document: Path) -> int:
    """Return how late a document says that it was collected; its figures stand at its end."""
    try:
        found = re.findall(rb'"late_by_days": (\d{1,4})', local.read_end(document, _TAIL_BYTES))
    except OSError:
        return 0
    return int(found[-1]) if found else 0


def _days_due(root: Root, schedule: Schedule, until: datetime.datetime) -> list[datetime.date]:
    first = clock.local_day(until) - datetime.timedelta(days=root.look_back_days - 1)
    return sorted(times_by_day(schedule, first, until))


def _day_of(name: str) -> datetime.date | None:
    """Return the day in a document's name; None for a file of another kind."""
    found = re.search(r"_(\d{8})\.json$", name)
    try:
        return datetime.datetime.strptime(found[1], "%Y%m%d").date() if found else None
    except ValueError:
        return None
