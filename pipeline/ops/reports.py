"""The pages that people look at: each one's file and address, and the command that makes it.

An address is what stands behind `/pages/` of luigid; it is the file's name below `reports/` too, so
that one page leads to another by either way.
"""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.ops.roots import newest
from pipeline.paths import Layout

_DATED = re.compile(r"(daily|weekly)/\1(?:_[0-9]{1,2})?_([0-9]{8})\.html")
_TASKS = {"index": "IndexPage", "daily": "DailyPage", "weekly": "WeeklyPage"}


@dataclass(frozen=True)
class Report:
    """A page that is there or could be. `kind` is index, daily or weekly; the index has no day."""

    kind: str
    day: datetime.date | None
    file: Path
    address: str

    def absent(self, today: datetime.date) -> str:
        """Return the sentence for a page that is not there."""
        what = f"{self.kind} page of {self.day}" if self.day else "index of the pages"
        if self.day and self.day > today:
            return f"There is no {what} yet: it is {today} today."
        return f"There is no {what} yet: `{command(self.kind, self.day or today)}` makes it."


def command(kind: str, day: datetime.date | str) -> str:
    """Return the luigi command that makes a page of that kind."""
    return f"luigi --module pipeline {_TASKS[kind]} --date {day}"


def index(layout: Layout) -> Report:
    """Return the page that leads to all others."""
    return Report("index", None, layout.index_page, _address(layout, layout.index_page))


def dated(layout: Layout, kind: str, day: datetime.date) -> Report:
    """Return the daily or weekly page of that day."""
    file = layout.daily_page(day) if kind == "daily" else layout.weekly_page(day)
    return Report(kind, day, file, _address(layout, file))


def at(layout: Layout, address: str) -> Report | None:
    """Return the page of that address; None where no page can ever be.

    The address is only read: the file's path is the layout's, made from the day.
    """
    first = index(layout)
    if address in ("", first.address):
        return first
    if not (found := _DATED.fullmatch(address)):
        return None
    try:
        day = datetime.datetime.strptime(found[2], "%Y%m%d").date()
    except ValueError:
        return None
    report = dated(layout, found[1], day)
    return report if report.address == address else None


def latest(layout: Layout, kind: str, today: datetime.date) -> Report | None:
    """Return the newest page of a kind; the folder is only listed where no late day has one."""
    file = newest(lambda day: dated(layout, kind, day).file, today)
    if file:
        return at(layout, _address(layout, file))
    pages = _listed(layout, dated(layout, kind, today).file.parent)
    return max(pages, key=lambda report: report.day or today, default=None)


def _listed(layout: Layout, folder: Path) -> Iterator[Report]:
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        if report := at(layout, _address(layout, folder / name)):
            yield report


def _address(layout: Layout, file: Path) -> str:
    return file.relative_to(layout.pages).as_posix()
