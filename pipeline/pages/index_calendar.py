"""The calendar of the index: a verdict for each of the last days, and the gaps."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from pipeline.pages.coerce import Document
from pipeline.pages.i18n import Translator
from pipeline.pages.links import DAYS
from pipeline.pages.verdict import read_verdict

_DAY = datetime.timedelta(days=1)


class Calendar:
    """The last days up to `newest`; days before the first known one are no gaps."""

    def __init__(self, newest: datetime.date, days: Mapping[datetime.date, Document]) -> None:
        oldest = newest - (DAYS - 1) * _DAY
        self._first, self._newest = max(oldest, min(days, default=newest)), newest
        self.days = {day: days[day] for day in sorted(days) if oldest <= day <= newest}
        self.weeks = _list_weeks(oldest, newest)

    def describe(self, t: Translator) -> str:
        """Return in a sentence how many days are there, and how many are missing."""
        known, days = len(self.days), max((self._newest - self._first).days + 1, 0)
        return t("index.calendar_says", there=known, n=days, missing=days - known)

    def verdict(self, date: datetime.date) -> str:
        """Return the verdict of a day: missing for a gap, empty outside the calendar."""
        if date in self.days:
            return read_verdict(self.days[date])
        return "missing" if self._first <= date <= self._newest else ""


def _list_weeks(oldest: datetime.date, newest: datetime.date) -> list[list[datetime.date]]:
    """Return the days of each week, Monday first, from the newest week to the oldest."""
    monday = newest - newest.weekday() * _DAY
    weeks = []
    while monday + 6 * _DAY >= oldest:
        weeks.append([monday + number * _DAY for number in range(7)])
        monday -= 7 * _DAY
    return weeks
