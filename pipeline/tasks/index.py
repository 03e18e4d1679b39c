"""The index of the pages, which follows from the documents and pages that exist."""

import contextlib
import datetime
import itertools
from collections.abc import Iterable
from pathlib import Path

import luigi

from pipeline import clock
from pipeline.documents import due_times
from pipeline.documents.due_times import DueTime
from pipeline.documents.run_record import Entry
from pipeline.pages.links import DAYS, TASK_DAYS, WEEKS, trends_address
from pipeline.pages.task_grid import read_runs
from pipeline.paths import Layout
from pipeline.runtime.logs import optional
from pipeline.storage import documents, local
from pipeline.tasks.base import LOGGER
from pipeline.tasks.daily import DailySummary, own_collection
from pipeline.tasks.history import days_of, documents_before
from pipeline.tasks.pages import DailyPage, Page, WeeklyPage, daily_lists, last_days, titles
from pipeline.tasks.weekly import WeeklyConsolidation


class IndexPage(Page):
    """The index, with the pages of one day: those whose documents exist."""

    def requires(self) -> list[luigi.Task]:
        """Require the pages of the day that there is something to show on."""
        return super().requires() + [page for page in _pages_of(self.date) if not page.missing()]

    def path_for(self, date: datetime.date) -> Path:
        """Return `reports/index.html`."""
        return self.layout.index_page

    def run(self) -> None:
        """Draw stale pages of the shown weeks again, which may fail, and then the index."""
        for page in _pages_of(self.date):
            if 0 < len(missing := page.missing()) < len(page.makers):
                family = missing[0].of.task_family
                LOGGER.warning("%s is not drawn: the document of %s is missing", page, family)
        days = last_days(newest_day(self.layout), 7 * WEEKS)
        for page in itertools.chain.from_iterable(map(_pages_of, days)):
            if documents.is_listed(page.path) and page.is_stale():
                optional(page.run, None, f"{page} shows an earlier state")
        super().run()

    def inputs(self) -> Iterable[Path]:
        """Return the documents of the shown weeks, from which their pages are drawn as well."""
        layout, days = self.layout, last_days(newest_day(self.layout), 7 * WEEKS)
        daily = (layout.daily_summary, layout.validation_report, *daily_lists(layout).values())
        paths = (*daily, layout.consolidated, layout.weekly_validation_report)
        shown = (path_for(day) for day, path_for in itertools.product(days, paths))
        return (layout.due_times, *shown)

    def last_line(self, *facts: object) -> str:
        """Return the fingerprint of the shown documents, all pages, stale ones, and other files."""
        layout = self.layout
        places = (layout.daily_page, layout.weekly_page, layout.trends_page)
        pages = [days_of(place) for place in places]
        stale = [page for page in _pages_of(self.date) if page.is_stale()]
        return super().last_line(*facts, pages, stale, _other_files(layout))

    def draw(self) -> str:
        """Draw the newest summaries and reports, and links to all pages."""
        from pipeline.pages.index import Shown, index_page
        from pipeline.pages.task_grid import list_files

        layout, newest = self.layout, newest_day(self.layout)
        after = newest + datetime.timedelta(days=1)
        daily, weekly = days_of(layout.daily_page), days_of(layout.weekly_page)
        paths = [*map(layout.daily_page, daily), *map(layout.weekly_page, weekly)]
        pages = [path.relative_to(layout.pages).as_posix() for path in paths]
        older = {day: documents.Document() for day in daily if (newest - day).days >= DAYS}
        days = older | dict(documents_before(layout.daily_summary, after, DAYS))
        weeks = {
            day: {**report, "total_unique_movies": count_movies(report)}
            for day, report in documents_before(layout.weekly_validation_report, after, 7 * WEEKS)
            if documents.is_listed(layout.consolidated(day))
        }
        older_weeks = [day for day in weekly if (newest - day).days >= 7 * WEEKS]
        last = max(days.keys() - older.keys(), default=newest)
        lists = {name: path_for(last) for name, path_for in daily_lists(layout).items()}
        shown = Shown(
            {
                name: own_collection(path)
                for name, path in lists.items()
                if documents.is_listed(path)
            },
            documents.read(layout.consolidated(max(weeks))) if weeks else {},
            titles(),
            list_files(layout, daily_lists(layout), newest, documents.is_listed),
            *_other_files(layout),
            _read_due(layout),
            next(map(trends_address, reversed(days_of(layout.trends_page))), ""),
        )
        return index_page(newest, days, weeks, pages, self.language, older_weeks, shown)


def _other_files(layout: Layout) -> tuple[list[str], list[Entry]]:
    """Return the files of rejected lists, and the runs of root tasks that their record has."""
    folder, record = layout.rejected(layout.root, clock.now()).parent, b""
    with contextlib.suppress(OSError):
        record = local.read_end(layout.run_record, 1 << 18)  # some 500 runs
    rejected = sorted(layout.relative(folder / name) for name in documents.names_in(folder))
    return rejected, read_runs(record, last_days(newest_day(layout), TASK_DAYS))


def _read_due(layout: Layout) -> list[DueTime]:
    """Return the dates that the schedule has noted as due, after the newest that is collected.

    A root task that was never collected counts from today, as on a new installation.
    """
    paths = {DailySummary.task_family: layout.daily_summary}
    paths[WeeklyConsolidation.task_family] = layout.consolidated
    yesterday = clock.today() - datetime.timedelta(days=1)
    newest = {task: max(days_of(path), default=yesterday) for task, path in paths.items()}
    try:
        noted = due_times.decode(local.read(layout.due_times))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError) as error:
        LOGGER.warning("The due times in %s cannot be read: %s", layout.due_times, error)
        return []
    return [each for each in noted if each.date > newest.get(each.task, datetime.date.max)]


def newest_day(layout: Layout) -> datetime.date:
    """Return the newest day with a summary or a consolidated week, or today if there is none."""
    days = days_of(layout.daily_summary) + days_of(layout.consolidated)
    return max(days, default=clock.today())


def count_movies(report: documents.Document) -> int:
    """Return how many movies a week has, from its report, because the week has megabytes."""
    profiles = report.get("profiles")
    lists = profiles.values() if isinstance(profiles, dict) else ()
    ids = (str(each.get("films", "")).split() for each in lists if isinstance(each, dict))
    return len(set(itertools.chain.from_iterable(ids)))


def _pages_of(day: datetime.date) -> tuple[Page, Page]:
    return DailyPage(date=day), WeeklyPage(date=day)
