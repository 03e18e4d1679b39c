"""What people look at: a page of the day, one of the week, and the index that leads to them.

The pages are drawn by modules that are imported when there is something to draw: templates and
charts take a tenth of a second, which no other run should wait for.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from pathlib import Path

import luigi

from pipeline import bounded, settings, storage
from pipeline.layout import Layout, Place
from pipeline.plan import iso_week
from pipeline.tasks.base import ATTEMPTS_OF_A_WEEK, PipelineTask
from pipeline.tasks.before import documents_before
from pipeline.tasks.collect import PopularMovies, TrendingMovies
from pipeline.tasks.daily import DailySummary
from pipeline.tasks.validation import WeeklyValidationReport
from pipeline.tasks.weekly import WeeklyConsolidation

DAYS_BEFORE = 30
"""Of quality that the page of a day shows."""

LONGEST_WEEK = 13
"""Days back to the collection that a week is compared with: the Sunday before, or a day near it."""

DAYS, WEEKS = 60, 26
"""That the index shows."""

_DAY = datetime.timedelta(days=1)


class DailyPage(PipelineTask):
    """The day as a page."""

    def requires(self) -> dict[str, luigi.Task]:
        """Require both lists and their summary."""
        return {
            "popular": self.clone(PopularMovies),
            "trending": self.clone(TrendingMovies),
            "summary": self.clone(DailySummary),
        }

    def place(self, layout: Layout) -> Place:
        """Return `reports/daily/daily_D.html`."""
        return layout.daily_page

    def run(self) -> None:
        """Read the day's documents and the reports of the days before, draw, publish."""
        from pipeline.pages.daily import daily_page

        page = daily_page(
            self.date,
            popular=storage.read_collection(Path(self.input()["popular"].path)),
            trending=storage.read_collection(Path(self.input()["trending"].path)),
            summary=storage.read(Path(self.input()["summary"].path)),
            past=dict(documents_before(self.layout.validation_report, self.date, DAYS_BEFORE)),
            language=language_of_pages(),
        )
        storage.publish_page(Path(self.output().path), page)


class WeeklyPage(PipelineTask):
    """The week as a page."""

    attempts = ATTEMPTS_OF_A_WEEK

    def requires(self) -> dict[str, luigi.Task]:
        """Require the consolidated week and its report."""
        return {
            "consolidated": self.clone(WeeklyConsolidation),
            "report": self.clone(WeeklyValidationReport),
        }

    def place(self, layout: Layout) -> Place:
        """Return `reports/weekly/weekly_W_D.html`."""
        return layout.weekly_page

    def run(self) -> None:
        """Read the week's documents and the report of the week before, draw, publish."""
        from pipeline.pages.weekly import weekly_page

        earlier = documents_before(self.layout.weekly_validation_report, self.date, LONGEST_WEEK)
        page = weekly_page(
            self.date,
            consolidated=storage.read(Path(self.input()["consolidated"].path)),
            report=storage.read_report(Path(self.input()["report"].path)),
            earlier=next(earlier, None),
            names=_names_of_lists(),
            language=language_of_pages(),
        )
        storage.publish_page(Path(self.output().path), page)


class IndexTarget(luigi.LocalTarget):
    """The one page that is made anew; for a day it is done once it leads to that day's pages."""

    def __init__(self, path: Path, pages: frozenset[str]) -> None:
        super().__init__(str(path))
        self._pages = pages

    def exists(self) -> bool:
        """Whether the index is there and leads to the pages."""
        from pipeline.pages.index import covered

        html = _text(Path(self.path))
        return html is not None and self._pages <= covered(html)


class IndexPage(PipelineTask):
    """The index, with the pages of that day: made are those whose documents are there."""

    def requires(self) -> dict[str, luigi.Task]:
        """Require the page of the day and that of the week, where there is something to show.

        And the week's report, of which its line is made: it may be gone where its page is there.
        """
        required: dict[str, luigi.Task] = {}
        if storage.is_there(self.layout.daily_summary(self.date)):
            required["daily"] = self.clone(DailyPage)
        if storage.is_there(self.layout.consolidated(self.date)):
            required["weekly"] = self.clone(WeeklyPage)
            required["report"] = self.clone(WeeklyValidationReport)
        return required

    def place(self, layout: Layout) -> Place:
        """Return `reports/index.html`."""
        return lambda _: layout.index_page

    @classmethod
    def bulk_complete(cls, parameter_tuples: Iterable[datetime.date]) -> list[datetime.date]:
        """Look into the page for each day: its name does not tell."""
        return [day for day in parameter_tuples if cls(date=day).complete()]

    def output(self) -> IndexTarget:
        """Return the index; its name does not tell whether this day is part of it."""
        folder = self.layout.pages
        required = self.requires()
        pages = (
            Path(required[key].output().path) for key in ("daily", "weekly") if key in required
        )
        names = frozenset(path.relative_to(folder).as_posix() for path in pages)
        return IndexTarget(folder / self.layout.index_page, names)

    def run(self) -> None:
        """Read the newest summaries and reports, draw, replace."""
        from pipeline.pages.index import index_page, newest_day

        path = Path(self.output().path)
        with storage.replacing(path) as replace:
            today: datetime.date = self.date
            newest = max(newest_day(_text(path) or "") or today, today)
            days, weeks = self._days(newest), dict(self._weeks(newest))
            replace(
                index_page(
                    newest,
                    days=days,
                    weeks=weeks,
                    pages=self._pages(days, weeks),
                    language=language_of_pages(),
                )
            )

    def _pages(self, days: Iterable[datetime.date], weeks: Iterable[datetime.date]) -> list[str]:
        layout = self.layout
        paths = [*map(layout.daily_page, days), *map(layout.weekly_page, weeks)]
        there = filter(storage.is_there, paths)
        return [path.relative_to(layout.pages).as_posix() for path in there]

    def _days(self, newest: datetime.date) -> dict[datetime.date, storage.Document]:
        place = self.layout.daily_summary
        return {
            **self._asked(place, "daily"),
            **dict(documents_before(place, _one_after(newest), DAYS)),
        }

    def _weeks(self, newest: datetime.date) -> Iterator[tuple[datetime.date, storage.Document]]:
        """Tell of each week what its report says; the films themselves are megabytes."""
        place = self.layout.weekly_validation_report
        reports = dict(documents_before(place, _one_after(newest), WEEKS * 7))
        for day, report in {**self._asked(place, "weekly"), **reports}.items():
            if storage.is_there(self.layout.consolidated(day)):
                yield day, _in_short(day, report)

    def _asked(self, place: Place, page: str) -> dict[datetime.date, storage.Document]:
        """Read the document of the day that was asked for; its damage is no gap but an error."""
        if page not in self.requires():
            return {}
        return {self.date: storage.read(place(self.date))}


def language_of_pages() -> str:
    """Return ko where films are collected in Korean, else en."""
    return "ko" if settings.current().language.startswith("ko") else "en"


def _names_of_lists() -> dict[str, str]:
    genres = settings.current().plan().genres
    return {genre.slug: genre.name for genre in genres}


def _one_after(day: datetime.date) -> datetime.date:
    return day + _DAY


def _in_short(day: datetime.date, report: storage.Document) -> storage.Document:
    profiles = report.get("profiles")
    lists = profiles.values() if isinstance(profiles, dict) else ()
    films = {
        film
        for each in lists
        if isinstance(each, dict)
        for film in str(each.get("films", "")).split()
    }
    kept = ("verdict", "overall_quality_score", "late_by_days", "source")
    return {
        "consolidation_date": day.isoformat(),
        "week_number": iso_week(day),
        "total_unique_movies": len(films),
        **{key: report.get(key) for key in kept},
    }


def _text(path: Path) -> str | None:
    try:
        return bounded.read(path).decode("utf-8", errors="replace")
    except OSError:
        return None
