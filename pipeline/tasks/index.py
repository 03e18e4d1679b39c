"""The index of the pages: how the newest days and weeks are, and the way to every page there is.

What it shows is kept nowhere else: all of it follows from the documents and pages
that are there, which are found by name. No folder is listed, so it costs the same after ten years.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

import luigi

from pipeline import clock, identity, storage
from pipeline.catalog import iso_week
from pipeline.paths import Layout, Place
from pipeline.runtime.best_effort import optional
from pipeline.storage import documents
from pipeline.tasks.base import PipelineTask
from pipeline.tasks.before import documents_before
from pipeline.tasks.freshness import (
    PageTarget,
    Stamps,
    check_drawn,
    read_fingerprints,
    write_fingerprints,
)
from pipeline.tasks.pages import (
    DAYS_BEFORE,
    MAX_DRAWINGS,
    DailyPage,
    Page,
    WeeklyPage,
    language_of_pages,
    refuse_future,
    with_changes,
)

LOGGER = logging.getLogger("luigi-interface.pipeline")

DAYS, WEEKS = 60, 26
"""Days and weeks that the index shows."""

OLDEST = 3_660
"""Days back from which the index still leads to a page."""

_DAY = datetime.timedelta(days=1)


class IndexPage(PipelineTask):
    """The index, with the pages of that day: drawn are those whose documents are there."""

    def requires(self) -> dict[str, luigi.Task]:
        """Require the page of the day and that of the week, where there is something to show."""
        refuse_future(self.date)
        return {page.task_family: page for page in self._pages_of_the_day() if page.has_documents()}

    def place(self, layout: Layout) -> Place:
        """Return `reports/index.html`."""
        return lambda _: layout.index_page

    @classmethod
    def bulk_complete(cls, parameter_tuples: Iterable[datetime.date]) -> list[datetime.date]:
        """Look at the index for each day: its name does not tell."""
        return [day for day in parameter_tuples if cls(date=day).complete()]

    def output(self) -> PageTarget:
        """Return the index; its name does not tell whether this day is part of it."""
        identity.refuse_other_identity()
        path: Path = self.layout.index_page
        return PageTarget(path, self.layout.page_state(path), self._expected)

    def run(self) -> None:
        """Draw the pages anew that show an earlier state, then the index, and replace it."""
        self._tell_of_gaps()
        path: Path = self.layout.index_page
        state: Path = self.layout.page_state(path)
        with storage.exclusive(state.parent, path):
            for _ in range(MAX_DRAWINGS):
                if self.output().exists():  # by another run, while this one waited
                    return
                view = IndexView(self.layout, newest_day(self.layout, self.date), Stamps())
                view.refresh(self.date)
                fingerprints = (view.fingerprint(), view.fingerprint_of_older())
                documents.replace(path, view.drawn(self.date))
                write_fingerprints(path, state, *fingerprints)
        check_drawn(self.output())

    def _pages_of_the_day(self) -> tuple[Page, Page]:
        return DailyPage(date=self.date), WeeklyPage(date=self.date)

    def _expected(self) -> Iterator[tuple[str, ...]]:
        """Yield the fingerprints of any index that shows this day; none where a page is stale.

        An index that was asked for on a day without documents ends there, and shows this one too.
        """
        pages = [page for page in self._pages_of_the_day() if page.has_documents()]
        if not all(page.complete() for page in pages):
            return
        newest, stamps = newest_day(self.layout, self.date), Stamps()
        for ahead in range(min((clock.today() - newest).days, DAYS) + 1):
            view = IndexView(self.layout, newest + ahead * _DAY, stamps)
            if self.date >= view.oldest:
                yield (view.fingerprint(),)
            else:
                yield view.fingerprint(), view.fingerprint_of_older()

    def _tell_of_gaps(self) -> None:
        """Warn of a page that cannot be drawn though its day is done: a document was removed."""
        for page in self._pages_of_the_day():
            missing = list(page.missing())
            if 0 < len(missing) < len(page.makers):
                LOGGER.warning("%s is not drawn: %s", page.task_family, missing[0].absence_text())


class IndexView:
    """What the index shows: the days and weeks up to the newest one, and older pages by name."""

    def __init__(self, layout: Layout, newest: datetime.date, stamps: Stamps) -> None:
        self._layout = layout
        self._newest = newest
        self._stamps = stamps
        self.oldest = newest - (DAYS - 1) * _DAY

    def fingerprint(self) -> str:
        """Return the fingerprint of all that the index shows and of what its pages show."""
        there = (path.name for path in self._window_pages())
        return self._stamps.fingerprint(
            self._documents(), language_of_pages(), self._newest.isoformat(), *there
        )

    def fingerprint_of_older(self) -> str:
        """Return the fingerprint of the older pages that the index leads to by name."""
        older = (str(each) for each in (*self._older_days(), *self._older_weeks()))
        return self._stamps.fingerprint((), *older)

    def refresh(self, day: datetime.date) -> None:
        """Draw those pages anew that show a day as it was before; a fault there fails no index."""
        following = {day + number * _DAY for number in range(1, DAYS_BEFORE + 1)}
        shown = {self._newest - number * _DAY for number in range(WEEKS * 7)}
        for date in sorted(following | shown):
            if self._stamps.exists(self._layout.daily_page(date)):
                self._refresh_page(DailyPage(date=date))
            if self._stamps.exists(self._layout.weekly_page(date)):
                self._refresh_page(WeeklyPage(date=date))

    def _refresh_page(self, page: Page) -> None:
        path = page.place(self._layout)(page.date)
        if page.has_documents() and read_fingerprints(path, self._layout.page_state(path)) != (
            page.fingerprint(self._stamps),
        ):
            optional(page.run, None, f"{page.task_family} of {page.date} shows an earlier state")

    def drawn(self, asked: datetime.date) -> str:
        """Read the newest summaries and reports and those of a day that was asked for, and draw."""
        from pipeline.pages.index import index_page

        older_days, older_weeks = self._older_days(), self._older_weeks()
        pages = [
            *self._window_pages(),
            *map(self._layout.daily_page, older_days),
            *map(self._layout.weekly_page, older_weeks),
        ]
        return index_page(
            self._newest,
            days={**{day: {} for day in older_days}, **self._days(asked)},
            weeks=dict(self._weeks(asked)),
            older_weeks=older_weeks,
            pages=[path.relative_to(self._layout.pages).as_posix() for path in pages],
            language=language_of_pages(),
        )

    def _documents(self) -> Iterator[Path]:
        """Yield the documents that are shown, and those that their pages look back at."""
        layout = self._layout
        for back in range(WEEKS * 7):
            day = self._newest - back * _DAY
            yield layout.consolidated(day)
            yield layout.weekly_validation_report(day)
            if back <= DAYS:
                yield from (layout.daily_summary(day), layout.popular(day), layout.trending(day))
            if back <= DAYS + DAYS_BEFORE:
                yield layout.validation_report(day)

    def _window_pages(self) -> list[Path]:
        return [
            *self._there(self._layout.daily_page, 0, DAYS),
            *self._there(self._layout.weekly_page, 0, WEEKS * 7),
        ]

    def _there(self, place: Place, first: int, last: int) -> Iterator[Path]:
        paths = (place(self._newest - back * _DAY) for back in range(first, last))
        return filter(self._stamps.exists, paths)

    def _older_days(self) -> list[datetime.date]:
        return self._older(self._layout.daily_page, DAYS)

    def _older_weeks(self) -> list[datetime.date]:
        return self._older(self._layout.weekly_page, WEEKS * 7)

    def _older(self, place: Place, first: int) -> list[datetime.date]:
        days = (self._newest - back * _DAY for back in range(first, OLDEST))
        return [day for day in days if self._stamps.exists(place(day))]

    def _days(self, asked: datetime.date) -> dict[datetime.date, documents.Document]:
        place = self._layout.daily_summary
        days = {
            **_document_of(place, asked),
            **dict(documents_before(place, self._newest + _DAY, DAYS)),
        }
        newest = max(days, default=None)
        if newest is not None:
            summary = days[newest]
            days[newest] = optional(
                lambda: with_changes(self._layout, newest, summary),
                summary,
                f"The index shows no changes of {newest}",
            )
        return days

    def _weeks(self, asked: datetime.date) -> Iterator[tuple[datetime.date, documents.Document]]:
        """Yield of each week what its report says; the films themselves are megabytes."""
        place = self._layout.weekly_validation_report
        reports = dict(documents_before(place, self._newest + _DAY, WEEKS * 7))
        for day, report in {**_document_of(place, asked), **reports}.items():
            if documents.exists(self._layout.consolidated(day)):
                yield day, _in_short(day, report)


def newest_day(layout: Layout, asked: datetime.date) -> datetime.date:
    """Return the newest day with something to show, or the day that was asked for if none is."""
    today = clock.today()
    for back in range(min((today - asked).days, OLDEST)):
        day = today - back * _DAY
        places = (layout.daily_summary, layout.consolidated)
        if any(documents.exists(place(day)) for place in places):
            return day
    return asked


def _document_of(place: Place, day: datetime.date) -> dict[datetime.date, documents.Document]:
    """Read the document of the day that was asked for; its damage is no gap but an error."""
    return {day: documents.read(place(day))} if documents.exists(place(day)) else {}


def _in_short(day: datetime.date, report: documents.Document) -> documents.Document:
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
