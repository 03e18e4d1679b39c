"""The documents of the days before: found by their names, so that no folder is listed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from pipeline import identity
from pipeline.errors import DocumentUnreadable
from pipeline.paths import Place
from pipeline.storage import documents

_DAY = datetime.timedelta(days=1)


def documents_before(
    place: Place, date: datetime.date, days: int
) -> Iterator[tuple[datetime.date, documents.Document]]:
    """Yield what is there of so many days before a date, newest first; damage counts as a gap."""
    for number in range(1, min(days, date.toordinal() - 1) + 1):
        day = date - number * _DAY
        path = place(day)
        try:
            if documents.exists(path):
                yield day, documents.read(path)
        except DocumentUnreadable:
            continue


def reports_before(
    place: Place, date: datetime.date, days: int
) -> Iterator[tuple[datetime.date, documents.Document]]:
    """Yield the reports of the days before that are of the data root's own identity."""
    for day, report in documents_before(place, date, days):
        if identity.is_ours(report):
            yield day, report
