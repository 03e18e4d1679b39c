"""The documents of earlier days, and the days that have one."""

import contextlib
import datetime
from collections.abc import Iterator

from pipeline import clock, identity
from pipeline.errors import DocumentUnreadable
from pipeline.paths import PathFor, dates_in
from pipeline.storage import documents

Dated = Iterator[tuple[datetime.date, documents.Document]]


def days_of(path_for: PathFor) -> list[datetime.date]:
    """Return the days whose file exists, by one listing of their folder; none in the future."""
    today = clock.today()
    names = frozenset(documents.names_in(path_for(today).parent))
    days = {day for name in names for day in dates_in(name)[-1:]}
    return sorted(day for day in days if day <= today and path_for(day).name in names)


def documents_before(path_for: PathFor, date: datetime.date, days: int) -> Dated:
    """Yield the documents of so many days before a date, newest first; damage is a gap."""
    for number in range(1, min(days, date.toordinal() - 1) + 1):
        day = date - datetime.timedelta(days=number)
        if documents.is_listed(path := path_for(day)):
            with contextlib.suppress(DocumentUnreadable):
                yield day, documents.read(path)


def reports_before(path_for: PathFor, date: datetime.date, days: int) -> Dated:
    """Return the reports of the days before that are of the data root's own identity."""
    earlier = documents_before(path_for, date, days)
    return ((day, report) for day, report in earlier if identity.is_ours(report))
