"""The index: the movies of the newest day and week, and the links to all other pages."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.documents.due_times import DueTime
from pipeline.documents.run_record import Entry
from pipeline.pages.calendar import Calendar, build_week_rows, write_lateness
from pipeline.pages.changes import build_changes
from pipeline.pages.checks import read_findings
from pipeline.pages.coerce import Document, as_dict, as_dicts
from pipeline.pages.figures import read_score
from pipeline.pages.i18n import Translator
from pipeline.pages.links import ROOT_TASKS, TASK_DAYS, Link, daily_address, weekly_address
from pipeline.pages.movies import Listing, build_rows, read_ranks
from pipeline.pages.problem import Problem, find_problem
from pipeline.pages.render import render_page
from pipeline.pages.task_grid import Files, build_grid
from pipeline.pages.verdict import read_verdict
from pipeline.pages.weekly_lists import WeekLists

_DAY = datetime.timedelta(days=1)
_TOP_OF_DAY = 5
_TOP_OF_WEEK = 3

Documents = Mapping[datetime.date, Document]


@dataclass(frozen=True)
class Shown:
    """What the index shows besides summaries and reports.

    The lists of the newest day and the movies of the newest week; the files of the last days, those
    of rejected lists, the last run of each root task and date, the dates that are still due, and
    the address of the newest page of trends.
    """

    lists: Mapping[str, Document] = field(default_factory=dict)
    week: Document = field(default_factory=dict)
    list_names: Mapping[str, str] = field(default_factory=dict)
    files: Files = field(default_factory=dict)
    rejected: Collection[str] = ()
    runs: Sequence[Entry] = ()
    due: Sequence[DueTime] = ()
    trends: str = ""


@dataclass(frozen=True)
class Newest:
    """The newest day or week; without tops if nothing is known of its movies."""

    heading: str
    name: str
    address: str = ""
    verdict: str = ""
    score: str = ""
    late: str = ""
    problem: Problem | None = None
    tops: Sequence[Listing] = ()


def index_page(
    newest: datetime.date,
    days: Documents,
    weeks: Documents,
    pages: Collection[str],
    language: str,
    older_weeks: Iterable[datetime.date] = (),
    shown: Shown | None = None,
) -> str:
    """Return the index.

    `days` are summaries; `weeks` are reports with `total_unique_movies`. Older ones than those
    shown become links. `pages` are the addresses of the existing pages.
    """
    shown = shown or Shown()
    t = Translator(language, shown.list_names)
    calendar = Calendar(t, newest, days, pages)
    older_days = sorted(days.keys() - calendar.days.keys(), reverse=True)
    older_weeks = sorted(set(older_weeks) - weeks.keys(), reverse=True)
    dates = [newest - back * _DAY for back in reversed(range(TASK_DAYS))]
    late_days, late_weeks = (
        [date for date in each if write_lateness(t, each[date])] for each in (days, weeks)
    )
    return render_page(
        "index.html",
        t,
        f"{t('index.reports')} · {t('frame.project')}",
        demo=any(each.get("source") == "demo" for each in (*days.values(), *weeks.values())),
        made_from=t("index.made_until", day=t.day(newest)),
        date=newest,
        trends=shown.trends,
        newest_day=_build_day(t, days, pages, shown),
        newest_week=_build_week(t, weeks, pages, shown),
        calendar=calendar,
        weekdays=t.weekdays(),
        calendar_says=calendar.describe(t),
        older=[
            Link(address, name)
            for address, name in (
                *((daily_address(day), t.day(day)) for day in older_days),
                *((weekly_address(day), f"{t.week(day)} · {t.day(day)}") for day in older_weeks),
            )
            if address in pages
        ],
        weeks=build_week_rows(t, weeks, pages),
        due=[[each for each in shown.due if each.task == task] for task in ROOT_TASKS],
        grid_dates=dates,
        grid=build_grid(t, dates, shown.files, late_days, late_weeks, shown.rejected, shown.runs),
    )


def _build_day(t: Translator, days: Documents, pages: Collection[str], shown: Shown) -> Newest:
    date = max(days, default=None)
    if date is None:
        return Newest(t("index.newest_day"), t("index.no_day"))
    summary = days[date]
    report = as_dict(summary.get("quality_summary"))
    history = {day: as_dict(each.get("quality_summary")) for day, each in days.items()}
    earlier = [each for day, each in history.items() if day < date]

    def build_top(slug: str, movies: list[Document]) -> Listing:
        before = read_ranks(history.get(date - _DAY), slug)
        gone = as_dict(as_dict(summary.get("changes")).get(slug))
        parts = build_changes(t, movies, before, date - _DAY, gone)
        return Listing(t.list_name(slug), build_rows(t, movies[:_TOP_OF_DAY], [before]), parts)

    return Newest(
        t("index.newest_day"),
        t.full_day(date),
        daily_address(date, pages),
        read_verdict(summary),
        t.number(read_score(report), 1),
        write_lateness(t, summary),
        find_problem(t, read_findings(t, summary, report, earlier)),
        [build_top(slug, as_dicts(each.get("movies"))) for slug, each in shown.lists.items()],
    )


def _build_week(t: Translator, weeks: Documents, pages: Collection[str], shown: Shown) -> Newest:
    date = max(weeks, default=None)
    if date is None:
        return Newest(t("index.newest_week"), t("index.no_week"))
    report = weeks[date]
    lists = WeekLists(shown.week, report)
    before = max((day for day in weeks if date - 2 * 7 * _DAY < day < date - _DAY), default=None)
    previous = weeks[before] if before else None

    def build_top(slug: str) -> Listing:
        movies = lists.movies_of(slug)[:_TOP_OF_WEEK]
        return Listing(t.list_name(slug), build_rows(t, movies, [read_ranks(previous, slug)]))

    return Newest(
        t("index.newest_week"),
        f"{t.week(date)} · {t.day(date)}",
        weekly_address(date, pages),
        read_verdict(report),
        t.number(read_score(report), 1),
        write_lateness(t, report),
        find_problem(t, read_findings(t, report, report, [previous] if previous else [])),
        [build_top(slug) for slug in lists.slugs] if lists.movies else (),
    )
