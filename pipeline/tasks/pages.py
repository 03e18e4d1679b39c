"""The pages of a day and of a week, drawn from documents that exist.

A page collects nothing and makes no document. Its last line has the fingerprint of the documents
that it shows, so that a stale page is found without reading them. The modules of `pipeline.pages`
are imported where a page is drawn, because they take a tenth of a second.
"""

import datetime
import functools
import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import luigi

from pipeline import identity, settings
from pipeline.documents.summary import changes
from pipeline.errors import DocumentUnreadable
from pipeline.pages.links import Around, find_around
from pipeline.paths import Layout, PathFor
from pipeline.storage import documents
from pipeline.storage.documents import storage_of
from pipeline.tasks.base import LOGGER, DayParameter, PipelineTask
from pipeline.tasks.collect import PopularMovies, TrendingMovies, refuse_impossible
from pipeline.tasks.daily import DailySummary, movies_of, own_collection
from pipeline.tasks.history import reports_before
from pipeline.tasks.validation import WeeklyValidationReport
from pipeline.tasks.weekly import WeeklyConsolidation
from pipeline.version import VERSION

HISTORY_DAYS = 30  # of quality, on the page of a day
MAX_DAYS_TO_PREVIOUS_WEEK = 13  # that a week is compared with: of the Sunday before, or near it


class StoredDocument(luigi.ExternalTask):
    """The document of another task, which is not run for it: without it the run ends with 20."""

    date = DayParameter(description="the day the document is of, as YYYY-MM-DD")
    of = luigi.TaskParameter(description="the task that makes it")

    def output(self) -> luigi.LocalTarget:
        """Return the document's target."""
        return self.of(date=self.date).output()


class PageTarget(luigi.Target):
    """A page, which exists if its last line is the one that it would have if it was drawn now."""

    def __init__(self, path: Path, last_line: Callable[[], str]) -> None:
        self.path = path
        self._last_line = last_line

    def exists(self) -> bool:
        """Whether the page shows its documents as they are."""
        expected = self._last_line().encode()
        try:
            return storage_of(self.path).read_end(self.path, len(expected)) == expected
        except DocumentUnreadable as error:
            if documents.exists(self.path):
                LOGGER.warning("%s", error)
            return False


class Page(PipelineTask):
    """A page of one day, drawn again when one of the documents that it shows has changed.

    Attributes:
        makers: the tasks whose documents it needs, the one first that makes the others as well.
        inputs: returns the documents that it shows, whether they exist or not.
        draw: returns the page without its last line.
    """

    makers: tuple[type[PipelineTask], ...] = ()
    inputs: Callable[[], Iterable[Path]]
    draw: Callable[[], str]

    def requires(self) -> list[luigi.Task]:
        """Require a document that is missing, if there is one; refuse a day in the future."""
        refuse_impossible(self.date, max_days_late=None)
        return self.missing()[:1]

    def output(self) -> PageTarget:
        """Return the page, which exists once it shows the documents as they are."""
        super().output()
        return PageTarget(self.path, self.last_line)

    def run(self) -> None:
        """Draw the page; a document that changes meanwhile has the next run draw it again."""
        last_line = self.last_line()
        documents.replace(self.path, self.draw() + last_line)

    def last_line(self, *facts: object) -> str:
        """Return the fingerprint of the documents, by size and time of change, and of facts."""
        stamps = (f"{path.name} {documents.stamp(path)}" for path in self.inputs())
        state = "\n".join([VERSION, self.language, f"{self.around()} {facts}", *stamps])
        return f"<!-- drawn from {hashlib.sha256(state.encode()).hexdigest()[:16]} -->\n"

    def around(self, *paths: Path) -> Around:
        """Return the days and weeks to lead to, by their documents, and documents of this one."""
        own = self.makers[0](date=self.date).path_for if self.makers else None
        return find_around(self.layout, self.date, own, paths, documents.is_listed)

    @property
    def language(self) -> str:
        """The page's language: ko where movies are collected in Korean, else en."""
        return "ko" if settings.current().language.startswith("ko") else "en"

    def missing(self) -> list[StoredDocument]:
        """Return the documents that the page needs and that do not exist."""
        needed = (StoredDocument(date=self.date, of=maker) for maker in self.makers)
        return [document for document in needed if not document.complete()]

    def is_stale(self) -> bool:
        """Whether the page is to be drawn, and can be."""
        return not self.complete() and not self.missing()

    @classmethod
    def bulk_complete(cls, parameter_tuples: Iterable[datetime.date]) -> list[datetime.date]:
        """Return the days whose pages show the documents as they are."""
        return [day for day in parameter_tuples if cls(date=day).complete()]


class DailyPage(Page):
    """The day as a page."""

    makers = (DailySummary, PopularMovies, TrendingMovies)

    def path_for(self, date: datetime.date) -> Path:
        """Return `reports/daily/daily_D.html`."""
        return self.layout.daily_page(date)

    def inputs(self) -> Iterable[Path]:
        """Return the day's documents, the lists of the day before, and earlier reports."""
        layout, (today, yesterday, *earlier) = self.layout, last_days(self.date, HISTORY_DAYS + 1)
        paths = daily_lists(layout).values()
        lists = (path_for(day) for day in (today, yesterday) for path_for in paths)
        reports = map(layout.validation_report, (yesterday, *earlier))
        return [layout.daily_summary(today), *lists, *reports]

    def draw(self) -> str:
        """Draw the documents, with the changes since a day before that may have come later."""
        from pipeline.pages.daily import daily_page

        layout, (today, yesterday) = self.layout, last_days(self.date, 2)
        summary = documents.read(layout.daily_summary(today))
        lists, changed = {}, {}
        for name, path_for in daily_lists(layout).items():
            if not documents.is_listed(path_for(today)):
                continue  # a list that was added after the day was done
            lists[name] = own_collection(path_for(today))
            if (before := movies_of(path_for(yesterday))) is not None:
                changed[name] = changes(lists[name]["movies"], before, yesterday)
        summary = {**summary, "changes": changed or summary.get("changes")}
        history = dict(reports_before(layout.validation_report, today, HISTORY_DAYS))
        paths = (*daily_lists(layout).values(), layout.daily_summary)
        around = self.around(*(path_for(today) for path_for in paths))
        return daily_page(today, lists, summary, history, self.language, titles(), around)


class WeeklyPage(Page):
    """The week as a page."""

    makers = (WeeklyConsolidation, WeeklyValidationReport)

    def path_for(self, date: datetime.date) -> Path:
        """Return `reports/weekly/weekly_W_D.html`."""
        return self.layout.weekly_page(date)

    def inputs(self) -> Iterable[Path]:
        """Return the week's documents, and the reports of which one is of the week before."""
        layout, days = self.layout, last_days(self.date, MAX_DAYS_TO_PREVIOUS_WEEK + 1)
        return [layout.consolidated(self.date), *map(layout.weekly_validation_report, days)]

    def draw(self) -> str:
        """Draw the week's documents, with the report of the week before."""
        from pipeline.pages.weekly import weekly_page

        path, report = self.layout.consolidated(self.date), self.layout.weekly_validation_report
        consolidated = documents.read(path)
        identity.refuse_foreign(path, consolidated.get("consolidation_info"))
        previous = next(reports_before(report, self.date, MAX_DAYS_TO_PREVIOUS_WEEK), None)
        quality = documents.read_report(report(self.date))
        names, around = titles(), self.around(path, report(self.date))
        return weekly_page(self.date, consolidated, quality, previous, self.language, names, around)


def daily_lists(layout: Layout) -> dict[str, PathFor]:
    """Return the path of each list of a day, by name."""
    lists = settings.current().plan().select("daily")
    return {each.name: functools.partial(layout.list_of, each) for each in lists}


def last_days(date: datetime.date, number: int) -> list[datetime.date]:
    """Return so many days up to a date, the newest first."""
    return [date - datetime.timedelta(days=back) for back in range(number)]


def titles() -> dict[str, str]:
    """Return the names of the lists for people, by their slug."""
    return {each.name: each.title for each in settings.current().plan().lists if each.title}
