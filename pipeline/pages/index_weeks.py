"""The table of weeks on the index, with the weeks that are missing."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pipeline.pages.coerce import Document, as_float, as_int
from pipeline.pages.i18n import NO_VALUE, Translator
from pipeline.pages.links import WEEKS
from pipeline.pages.verdict import read_verdict
from pipeline.pages.widgets import read_score

_DAY = datetime.timedelta(days=1)
_WEEK = datetime.timedelta(days=7)


class WeekRow(NamedTuple):
    """A row of the table; without values if the week is missing."""

    date: datetime.date
    verdict: str
    movies: float | None = None
    score: float | None = None
    late: str = NO_VALUE


def build_week_rows(t: Translator, weeks: Mapping[datetime.date, Document]) -> Iterator[WeekRow]:
    """Yield the last 26 weeks, the newest first, and any older one that is known.

    A week is missing if nothing was collected on its seven days.
    """
    if not weeks:
        return
    by_monday: dict[datetime.date, list[datetime.date]] = {}
    for date in sorted(weeks, reverse=True):
        by_monday.setdefault(date - date.weekday() * _DAY, []).append(date)
    newest, oldest = max(by_monday), min(by_monday)
    for back in range((newest - oldest) // _WEEK + 1):
        monday = newest - back * _WEEK
        for date in by_monday.get(monday, ()):
            yield _build_row(t, date, weeks[date])
        if monday not in by_monday and back < WEEKS:
            yield WeekRow(monday, "missing")


def _build_row(t: Translator, date: datetime.date, info: Document) -> WeekRow:
    movies = as_float(info.get("total_unique_movies"))
    return WeekRow(date, read_verdict(info), movies, read_score(info), write_lateness(t, info))


def write_lateness(t: Translator, info: Document) -> str:
    """Return in words how many days after its date a week was collected."""
    days = as_int(info.get("late_by_days"))
    if days is None:
        return NO_VALUE
    return t("index.collected_late", n=days) if days > 0 else t("index.in_time")
