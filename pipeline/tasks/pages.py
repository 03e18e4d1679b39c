"""What people look at: a page of the day, one of the week, and the index that leads to them.

A page collects nothing and makes no document: it is drawn of those that are there. The pages are
drawn by modules that are imported when there is something to draw: templates and charts take a
tenth of a second, which no other run should wait for.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from pathlib import Path

import luigi

from pipeline import clock, identity, settings, storage
from pipeline.documents.changes import changes
from pipeline.errors import DataError, NotPossible
from pipeline.paths import Layout, Place
from pipeline.storage import documents
from pipeline.tasks.base import ATTEMPTS_OF_A_WEEK, PipelineTask
from pipeline.tasks.before import reports_before
from pipeline.tasks.collect import PopularMovies, TrendingMovies
from pipeline.tasks.daily import DailySummary, movies_of
from pipeline.tasks.freshness import PageTarget, Stamps, check_drawn, write_fingerprints
from pipeline.tasks.stored import StoredDocument
from pipeline.tasks.validation import WeeklyValidationReport
from pipeline.tasks.weekly import WeeklyConsolidation

DAYS_BEFORE = 30
"""Days of quality history on the page of a day."""

LONGEST_WEEK = 13
"""Days back to the collection that a week is compared with: the Sunday before, or a day near it."""

MAX_DRAWINGS = 3
"""Drawings of a page in one run whose documents change meanwhile."""

_DAY = datetime.timedelta(days=1)


class Page(PipelineTask):
    """A page of one day, drawn anew when one of the documents that it shows has changed."""

    makers: tuple[type[PipelineTask], ...] = ()
    """The tasks whose documents the page cannot do without, the one that pulls in all first."""

    @property
    def day(self) -> datetime.date:
        """The date as what it is; luigi declares its parameters as parameters."""
        date: datetime.date = self.date
        return date

    def requires(self) -> dict[str, luigi.Task]:
        """Require a document that is missing, if one is; the page makes none."""
        refuse_future(self.date)
        missing = next(self.missing(), None)
        return {"missing": missing} if missing else {}

    def output(self) -> PageTarget:
        """Return the page, which exists once it shows the documents as they are."""
        identity.refuse_other_identity()
        path = self.path
        return PageTarget(
            path, self.layout.page_state(path), lambda: [(self.fingerprint(Stamps()),)]
        )

    def run(self) -> None:
        """Draw and publish; again where a document changed meanwhile.

        Another run may have drawn it while this one waited: then it is left as it is.
        """
        path = self.path
        with storage.exclusive(self.layout.pages, path):
            for _ in range(MAX_DRAWINGS):
                if self.output().exists():
                    return
                fingerprint = self.fingerprint(Stamps())
                documents.replace(path, self.drawn())
                write_fingerprints(path, self.layout.page_state(path), fingerprint)
            check_drawn(self.output())

    def documents(self) -> Iterator[Path]:
        """Yield the documents that the page shows, whether they are there or not."""
        raise NotImplementedError

    def drawn(self) -> str:
        """Return the page."""
        raise NotImplementedError

    def fingerprint(self, stamps: Stamps) -> str:
        """Return the fingerprint of the documents that the page shows."""
        return stamps.fingerprint(self.documents(), language_of_pages())

    def has_documents(self) -> bool:
        """Whether every document that the page cannot do without is there."""
        return not any(self.missing())

    def missing(self) -> Iterator[StoredDocument]:
        """Yield the documents that the page cannot do without and that are not there."""
        for maker in self.makers:
            document = StoredDocument(date=self.date, of=maker)
            if not documents.exists(document.path):
                yield document

    @classmethod
    def bulk_complete(cls, parameter_tuples: Iterable[datetime.date]) -> list[datetime.date]:
        """Return the days whose pages are there and show the documents as they are."""
        there = PipelineTask.bulk_complete.__func__  # type: ignore[attr-defined]
        days = there(cls, parameter_tuples)  # luigi may hand in a partial of the task as `cls`
        return [day for day in days if cls(date=day).complete()]


class DailyPage(Page):
    """The day as a page."""

    makers = (DailySummary, PopularMovies, TrendingMovies)

    def place(self, layout: Layout) -> Place:
        """Return `reports/daily/daily_D.html`."""
        return layout.daily_page

    def documents(self) -> Iterator[Path]:
        """Yield the day's documents, the lists of the day before, and the reports before."""
        layout, today = self.layout, self.day
        yield layout.daily_summary(today)
        for day in (today, today - _DAY):
            yield layout.popular(day)
            yield layout.trending(day)
        for back in range(1, DAYS_BEFORE + 1):
            yield layout.validation_report(today - back * _DAY)

    def drawn(self) -> str:
        """Read the day's documents and those of the days before, and draw."""
        from pipeline.pages.daily import daily_page

        layout: Layout = self.layout
        lists = {
            "popular": documents.read_collection(layout.popular(self.date)),
            "trending": documents.read_collection(layout.trending(self.date)),
        }
        summary = documents.read(layout.daily_summary(self.date))
        for name, path in (("popular", layout.popular), ("trending", layout.trending)):
            identity.refuse_foreign(path(self.date), lists[name]["collection_info"])
            refuse_younger(lists[name], summary, path(self.date), self.date)
        return daily_page(
            self.date,
            lists=lists,
            summary=with_changes(layout, self.date, summary, lists),
            history=dict(reports_before(layout.validation_report, self.date, DAYS_BEFORE)),
            language=language_of_pages(),
        )


class WeeklyPage(Page):
    """The week as a page."""

    attempts = ATTEMPTS_OF_A_WEEK
    makers = (WeeklyConsolidation, WeeklyValidationReport)

    def place(self, layout: Layout) -> Place:
        """Return `reports/weekly/weekly_W_D.html`."""
        return layout.weekly_page

    def documents(self) -> Iterator[Path]:
        """Yield the week's documents, and the reports of which one is of the week before."""
        yield self.layout.consolidated(self.date)
        for back in range(LONGEST_WEEK + 1):
            yield self.layout.weekly_validation_report(self.day - back * _DAY)

    def drawn(self) -> str:
        """Read the week's documents and the report of the week before, and draw."""
        from pipeline.pages.weekly import weekly_page

        layout: Layout = self.layout
        earlier = reports_before(layout.weekly_validation_report, self.date, LONGEST_WEEK)
        consolidated = documents.read(layout.consolidated(self.date))
        info = consolidated.get("consolidation_info")
        identity.refuse_foreign(layout.consolidated(self.date), info)
        return weekly_page(
            self.date,
            consolidated=consolidated,
            report=documents.read_report(layout.weekly_validation_report(self.date)),
            previous=next(earlier, None),
            list_names=_names_of_lists(),
            language=language_of_pages(),
        )


def refuse_future(date: datetime.date) -> None:
    """Refuse a day that has not begun: a page of it would be a page of nothing.

    Raises:
        NotPossible: the day is in the future.
    """
    today = clock.today()
    if date > today:
        raise NotPossible(
            f"{date} lies in the future (today is {today}): there is nothing to show of that day; "
            "choose today's date or an earlier one."
        )


def refuse_younger(
    document: documents.Document, summary: documents.Document, path: Path, date: datetime.date
) -> None:
    """Refuse a list that was collected on a later day than the summary of its day.

    Raises:
        DataError: the page would show other films than those that the summary counts.
    """
    late, summed_up = document["collection_info"]["late_by_days"], summary.get("late_by_days")
    if type(summed_up) is int and late > summed_up:
        raise DataError(
            f"{path} was collected {late - summed_up} day(s) after the summary of {date} was made, "
            "so a page of both would be wrong: delete the summary and the validation report of "
            f"that day and run `luigi --module pipeline DailySummary --date {date}`."
        )


def with_changes(
    layout: Layout,
    date: datetime.date,
    summary: documents.Document,
    lists: dict[str, documents.Document] | None = None,
) -> documents.Document:
    """Return the summary with the changes since the day before, as the lists have them now.

    The day before may have been collected later than the day itself. What a summary says of its
    changes stays where a list of either day is gone.
    """
    said = summary.get("changes")
    found = dict(said) if isinstance(said, dict) else {}
    before = date - _DAY
    for name, place in (("popular", layout.popular), ("trending", layout.trending)):
        now = lists[name]["movies"] if lists else movies_of(place(date))
        then = movies_of(place(before)) if now is not None else None
        if now is not None and then is not None:
            found[name] = changes(now, then, before)
    return {**summary, "changes": found}


def language_of_pages() -> str:
    """Return ko where films are collected in Korean, else en."""
    return "ko" if settings.current().language.startswith("ko") else "en"


def _names_of_lists() -> dict[str, str]:
    genres = settings.current().plan().genres
    return {genre.slug: genre.name for genre in genres}
