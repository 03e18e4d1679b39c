"""The pages that people look at: each one's file and address, and the command that makes it.

An address is what stands behind `/pages/` of luigid; it is the file's name below `reports/` too, so
that one page leads to another by either way.
"""

import contextlib
import datetime
from dataclasses import dataclass
from pathlib import Path

from pipeline.paths import Layout
from pipeline.roots import ALIASES, ROOTS
from pipeline.storage import documents

TRENDS = "trends"
KINDS = (*ALIASES, TRENDS)


@dataclass(frozen=True)
class Report:
    """A page that is there or could be.

    `kind` is index, daily, weekly or trends; the index has no day.
    """

    kind: str
    day: datetime.date | None
    file: Path
    address: str

    def absent(self, now: datetime.datetime) -> str:
        """Return the sentence for a page that is not there."""
        what = f"{self.kind} page of {self.day}" if self.day else "index of the pages"
        local = now.astimezone()
        if self.day and self.day > local.date():
            return f"There is no {what} yet: it is {local:%Y-%m-%d (%Z)} now."
        made_by = f"{self.kind.title()}Page --date {self.day or local.date()}"
        return f"There is no {what} yet: `luigi --module pipeline {made_by}` makes it."


def index(layout: Layout) -> Report:
    """Return the page that leads to all others."""
    return Report("index", None, layout.index_page, layout.index_page.name)


def dated(layout: Layout, kind: str, day: datetime.date) -> Report:
    """Return the daily or weekly page of that day, or that of trends."""
    file = layout.trends_page(day) if kind == TRENDS else ROOTS[ALIASES[kind]].page(layout, day)
    return Report(kind, day, file, file.relative_to(layout.pages).as_posix())


def at(layout: Layout, address: str) -> Report | None:
    """Return the page of that address; None where no page can ever be.

    The address is only read: the file's path is the layout's, made from the day.
    """
    if address in ("", layout.index_page.name):
        return index(layout)
    with contextlib.suppress(LookupError, ValueError):  # of another kind, or without a date
        day = datetime.date.fromisoformat(address[-len("YYYYMMDD.html") : -len(".html")])
        report = dated(layout, address.partition("/")[0], day)
        return report if report.address == address else None
    return None


def wanted(
    layout: Layout, kind: str | None, day: datetime.date | None, today: datetime.date
) -> Report:
    """Return the index without a kind, the page of a day, or without one the newest of a kind.

    Where there is no page of that kind, it is that of today.
    """
    if kind is None:
        return index(layout)
    names = documents.names_in(layout.pages / kind) if day is None else ()
    found = filter(None, (at(layout, f"{kind}/{name}") for name in names))
    return dated(layout, kind, day or max((each.day or today for each in found), default=today))
