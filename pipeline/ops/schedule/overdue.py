"""Find the overdue root tasks: due by the schedule, and without a document.

*Due* is a date whose scheduled time has come. *Overdue* is the newest due date without a document
two hours after its time. *Missed* is a due date that has no document, in the days looked back on.
"""

import datetime
import itertools
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pipeline import clock
from pipeline.documents import due_times
from pipeline.documents.due_times import DueTime
from pipeline.ops.runs import record
from pipeline.ops.schedule import pauses
from pipeline.ops.schedule.times import Schedule
from pipeline.paths import Layout
from pipeline.retention import deleted
from pipeline.roots import ROOTS, Root
from pipeline.storage import documents

# The time after its start in which a run may still be in progress or between attempts.
GRACE = datetime.timedelta(hours=2)
_DAY = datetime.timedelta(days=1)

Schedules = Mapping[str, Schedule]  # root task -> when it is started


class Due(NamedTuple):
    """A date that a root task was due on, and when (UTC)."""

    root: Root
    date: datetime.date
    at: datetime.datetime

    def collectable_until(self, schedule: Schedule) -> datetime.datetime | None:
        """Return when the date can no longer be collected truthfully; None where never.

        A day ends at its midnight. A week is collected, as late, until the next one is due.
        """
        late = self.root.collects_late
        return schedule.next_day(self.at) if late else clock.midnight(self.date + _DAY)


def newest_due(root: Root, schedule: Schedule, now: datetime.datetime) -> Due | None:
    """Return the newest date whose scheduled time has come; None where there is none."""
    return next(reversed(_dates_due(root, schedule, now)), None)


def to_run(
    due: Due, layout: Layout, schedule: Schedule, now: datetime.datetime, max_days_late: int | None
) -> bool:
    """Return whether a date lacks its page, or its document and can still be collected."""
    if documents.is_listed(due.root.document(layout, due.date)):
        return not documents.is_listed(due.root.page(layout, due.date))
    until, late = due.collectable_until(schedule), (clock.local_day(now) - due.date).days
    return (until is None or now < until) and (max_days_late is None or late <= max_days_late)


def overdue(layout: Layout, schedules: Schedules, now: datetime.datetime) -> list[Due]:
    """Return the newest date of each root task that was due two hours ago and is not there.

    Nothing is overdue on a new installation: before any document or recorded run of that date.
    Nor is what is paused, or a date that was acknowledged.
    """
    due = (newest_due(root, schedules[family], now - GRACE) for family, root in ROOTS.items())
    return [
        each
        for each in due
        if each and not _has_document(each.root, layout, each.date, clock.local_day(now))
        if not pauses.active(layout, each.root.family)
        if not pauses.is_acknowledged(layout, each.root.family, each.date)
        if _is_known_before(layout, each.date)
        or record.has_run(layout, each.root.family, each.date)
    ]


def missed(
    layout: Layout, schedules: Schedules, now: datetime.datetime, *, acknowledged: bool = False
) -> list[Due]:
    """Return the due dates whose grace is over without a document, of the days looked back on.

    Dates that were acknowledged are left out, or returned instead. Nothing is missed before
    the first day that there is any document of. A new installation collects the newest week late,
    so a week counts from when the next one is due.
    """
    lacking, until = [], now - GRACE
    window = max(root.look_back_days for root in ROOTS.values()) * _DAY
    is_old = _is_known_before(layout, clock.local_day(until) - window)
    first = datetime.date.min if is_old else datetime.date.max
    for family, root in ROOTS.items():
        for due in _dates_due(root, schedules[family], until):
            if not documents.is_listed(root.document(layout, due.date)):
                lacking.append(due)
            elif not root.collects_late:
                first = min(first, due.date)
            elif following := due.collectable_until(schedules[family]):
                first = min(first, clock.local_day(following))
    return [
        due
        for due in _without_deleted(layout, lacking)
        if due.date > first
        if pauses.is_acknowledged(layout, due.root.family, due.date) == acknowledged
    ]


def missing(
    root: Root, layout: Layout, schedule: Schedule, first: datetime.date, last: datetime.date
) -> list[Due]:
    """Return the due dates from first to last without document or page, but for deleted ones."""
    now, times = clock.now(), schedule.by_day(first)
    until = itertools.takewhile(lambda at: at <= now and clock.local_day(at) <= last, times)
    dues = (Due(root, clock.local_day(at), at) for at in until)
    return [
        due
        for due in _without_deleted(layout, dues)
        if not all(
            documents.is_listed(path_of(layout, due.date)) for path_of in (root.document, root.page)
        )
    ]


def note_due(layout: Layout, schedules: Schedules, now: datetime.datetime) -> None:
    """Note the times from a week ago to two weeks ahead, for pages, which know no schedule."""
    noted, first = list[DueTime](), clock.local_day(now) - 7 * _DAY
    for family, schedule in schedules.items():
        if not pauses.active(layout, family):
            times = itertools.islice(schedule.by_day(first), 3 * 7)
            noted += [DueTime(family, clock.local_day(at), at) for at in times]
    documents.replace(layout.due_times, due_times.encode(noted))


def _dates_due(root: Root, schedule: Schedule, now: datetime.datetime) -> list[Due]:
    """Return the dates whose scheduled time has come, of the days looked back on."""
    times = schedule.by_day(clock.local_day(now) - (root.look_back_days - 1) * _DAY)
    past = itertools.takewhile(lambda time: time <= now, times)
    return [Due(root, clock.local_day(at), at) for at in past]


def _has_document(root: Root, layout: Layout, first: datetime.date, last: datetime.date) -> bool:
    """Return whether the root task has a document of one of these days, the latest first."""
    days = (last - each * _DAY for each in range((last - first).days + 1))
    return any(documents.is_listed(root.document(layout, day)) for day in days)


def _is_known_before(layout: Layout, day: datetime.date) -> bool:
    """Return whether there is any document of a root task from before that day.

    Folders, which may hold years, are listed only where none of the 400 days before has one.
    """
    first, roots = day - 400 * _DAY, ROOTS.values()
    if any(_has_document(root, layout, first, day - _DAY) for root in roots):
        return True
    names = (n for root in roots for n in documents.names_in(root.document(layout, day).parent))
    ends = (name[-13:-5] for name in names if name.endswith(".json"))
    return any(end < f"{day:%Y%m%d}" for end in ends if end.isdecimal())


def _without_deleted(layout: Layout, dues: Iterable[Due]) -> list[Due]:
    """Leave out the dates whose documents `prune` has deleted."""
    gone = deleted.dates(layout)
    return [due for due in dues if (due.root.family, due.date) not in gone]
