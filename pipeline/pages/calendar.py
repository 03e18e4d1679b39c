"""The calendar and the table of weeks on the index, with the gaps."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pipeline.pages.coerce import Document, as_float, as_int
from pipeline.pages.figures import read_score
from pipeline.pages.i18n import Translator
from pipeline.pages.links import DAYS, WEEKS, daily_address, weekly_address
from pipeline.pages.verdict import read_verdict

MISSING = "missing"
_DAY = datetime.timedelta(days=1)
_WEEK = datetime.timedelta(days=7)


@dataclass(frozen=True)
class Day:
    """A day of the calendar; its verdict is missing for a gap, and empty outside the calendar."""

    date: datetime.date
    verdict: str
    address: str = ""
    late: str = ""


@dataclass(frozen=True)
class WeekRow:
    """The newest collection of a week, and links to the earlier ones; none if it is missing."""

    date: datetime.date
    verdict: str
    address: str = ""
    movies: float | None = None
    score: float | None = None
    late: str = ""
    earlier: Sequence[Day] = ()


class Calendar:
    """The last days up to `newest`; days before the first known one are no gaps."""

    def __init__(
        self,
        t: Translator,
        newest: datetime.date,
        days: Mapping[datetime.date, Document],
        pages: Collection[str],
    ) -> None:
        oldest = newest - (DAYS - 1) * _DAY
        self._first, self._newest = max(oldest, min(days, default=newest + _DAY)), newest
        self.days = {day: days[day] for day in sorted(days) if oldest <= day <= newest}
        mondays = range(0, (newest - self._first).days + self._first.weekday() + 1, 7)
        monday = newest - newest.weekday() * _DAY
        self.weeks = [
            [self._build_day(t, monday + (number - back) * _DAY, pages) for number in range(7)]
            for back in mondays
        ]

    def _build_day(self, t: Translator, date: datetime.date, pages: Collection[str]) -> Day:
        if summary := self.days.get(date):
            late = write_lateness(t, summary)
            return Day(date, read_verdict(summary), daily_address(date, pages), late)
        return Day(date, MISSING if self._first <= date <= self._newest else "")

    def describe(self, t: Translator) -> str:
        """Return in a sentence how many days are collected, and how many are missing."""
        known, days = len(self.days), max((self._newest - self._first).days + 1, 0)
        if not days:
            return t("index.no_day")
        key = "index.all_collected" if known == days else "index.some_missing"
        return t(key, n=known, days=days, missing=days - known)


def build_week_rows(
    t: Translator, weeks: Mapping[datetime.date, Document], pages: Collection[str]
) -> list[WeekRow]:
    """Return the last 26 weeks, the newest first, and any older one that is known.

    A week is missing if nothing was collected on its seven days.
    """
    by_monday: dict[datetime.date, list[datetime.date]] = {}
    for date in sorted(weeks, reverse=True):
        by_monday.setdefault(date - date.weekday() * _DAY, []).append(date)
    rows: list[WeekRow] = []
    monday = max(by_monday, default=None)
    while monday and monday >= min(by_monday):
        if dates := by_monday.get(monday):
            rows.append(_build_row(t, dates, weeks[dates[0]], pages))
        elif len(rows) < WEEKS:
            rows.append(WeekRow(monday, MISSING))
        monday -= _WEEK
    return rows


def _build_row(
    t: Translator, dates: Sequence[datetime.date], info: Document, pages: Collection[str]
) -> WeekRow:
    return WeekRow(
        dates[0],
        read_verdict(info),
        weekly_address(dates[0], pages),
        as_float(info.get("total_unique_movies")),
        read_score(info),
        write_lateness(t, info),
        [Day(date, "", weekly_address(date, pages)) for date in dates[1:]],
    )


def write_lateness(t: Translator, info: Document) -> str:
    """Return in words how many days after its date a document was collected, if it was late."""
    days = as_int(info.get("late_by_days")) or 0
    return t("index.collected_late", n=days) if days > 0 else ""
