"""The page of trends, drawn from the warehouse after it has loaded the documents that exist."""

import datetime
import itertools
from collections.abc import Iterable
from pathlib import Path

import luigi

from pipeline import identity, settings
from pipeline.pages.links import Around, find_around
from pipeline.roots import TRENDS_SHOW_DAYS
from pipeline.storage import documents
from pipeline.tasks.pages import Page, last_days
from pipeline.tasks.warehouse import LoadWarehouse, open_warehouse
from pipeline.tasks.weekly import WeeklyConsolidation


class TrendsPage(Page):
    """Ranks, genres, votes gained and quality of the last 90 days, on the page of a week."""

    makers = (WeeklyConsolidation,)

    def requires(self) -> list[luigi.Task]:
        """Require the week to exist, and the warehouse to have all documents that exist."""
        return super().requires() or [LoadWarehouse(date=self.date)]

    def path_for(self, date: datetime.date) -> Path:
        """Return `reports/trends/trends_W_D.html`."""
        return self.layout.trends_page(date)

    def inputs(self) -> Iterable[Path]:
        """Return the documents that are loaded into the warehouse for the shown days."""
        layout, days = self.layout, last_days(self.date, TRENDS_SHOW_DAYS + 1)
        lists = settings.current().plan().lists
        reports = (layout.validation_report, layout.weekly_validation_report)
        loaded = itertools.product(lists, days)
        yield from (path_for(day) for path_for, day in itertools.product(reports, days))
        yield from (layout.list_of(each, day) for each, day in loaded)

    def around(self, *paths: Path) -> Around:
        """Return the pages of trends before and after, and the week."""
        own = self.layout.trends_page
        return find_around(self.layout, self.date, own, paths, documents.is_listed)

    def draw(self) -> str:
        """Draw the figures of the warehouse."""
        from pipeline.pages.trends import trends_page
        from pipeline.warehouse.trends import read_trends

        bound = identity.bound_identity(self.layout)
        is_demo = bound is not None and bound.source == "demo"
        trends = read_trends(open_warehouse(), self.date)
        return trends_page(self.date, trends, self.language, self.around(), demo=is_demo)
