"""Addresses of pages, and the pages and files that a page leads to."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.paths import Layout, PathFor

# Days in the calendar of the index, weeks in its table, and days in its table of tasks.
DAYS = 60
WEEKS = 26
TASK_DAYS = 14
# The tasks whose runs that table shows.
ROOT_TASKS = ("DailySummary", "WeeklyConsolidation")

# Days over which a page leads to the one before or after it.
_MAX_GAP = 13

_DAY = datetime.timedelta(days=1)

_LAYOUT = Layout(Path())


@dataclass(frozen=True)
class Link:
    """A link to a page; its relation is prev, up or next where it leads from page to page."""

    address: str
    name: str
    relation: str = ""


@dataclass(frozen=True)
class Around:
    """What exists around a page: the days of its neighbours, its week or days, its documents."""

    previous: datetime.date | None = None
    next: datetime.date | None = None
    week: datetime.date | None = None
    days: Sequence[datetime.date] = ()
    files: Sequence[str] = ()


def _address(path_for: PathFor, date: datetime.date, pages: Collection[str] | None = None) -> str:
    """Return the address of the page of a date, as seen from the index; empty if not in `pages`."""
    address = path_for(date).relative_to(_LAYOUT.pages).as_posix()
    return address if pages is None or address in pages else ""


daily_address = partial(_address, _LAYOUT.daily_page)
weekly_address = partial(_address, _LAYOUT.weekly_page)
trends_address = partial(_address, _LAYOUT.trends_page)


def find_around(
    layout: Layout,
    date: datetime.date,
    own: PathFor | None,
    paths: Iterable[Path],
    exists: Callable[[Path], bool],
) -> Around:
    """Return what the page of a day or week leads to; `own` is the path of its document."""
    if own is None:
        return Around()

    def find(path_for: PathFor, distances: Iterable[int]) -> Iterable[datetime.date]:
        days = (date + number * _DAY for number in distances)
        return (day for day in days if exists(path_for(day)))

    monday = -date.weekday()
    return Around(
        previous=next(iter(find(own, range(-1, -_MAX_GAP - 1, -1))), None),
        next=next(iter(find(own, range(1, _MAX_GAP + 1))), None),
        week=next(iter(find(layout.consolidated, range(monday + 6, monday - 1, -1))), None),
        days=tuple(find(layout.daily_summary, range(monday, monday + 7))),
        files=tuple(map(layout.relative, paths)),
    )
