"""The index: the movies of the newest day and week, and the links to all other pages."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.pages.calendar import Calendar, build_week_rows, write_lateness
from pipeline.pages.changes import build_changes
from pipeline.pages.checks import read_findings
from pipeline.pages.coerce import Document, as_dict, as_dicts
from pipeline.pages.figures import read_score
from pipeline.pages.i18n import Translator
from pipeline.pages.links import TASK_DAYS, Link, Links
from pipeline.pages.movies import Ranks, Top, build_rows, read_history, read_ranks
from pipeline.pages.problem import Problem, find_problem
from pipeline.pages.render import render_page
from pipeline.pages.runs import Run
from pipeline.pages.task_grid import Files, build_grid
from pipeline.pages.verdict import read_verdict
from pipeline.pages.weekly_lists import WeekLists

_DAY = datetime.timedelta(days=1)
_TOP_OF_DAY = 5
_TOP_OF_WEEK = 3

Documents = Mapping[datetime.date, Document]
WithDate = Callable[[datetime.date], str]


@dataclass(frozen=True)
class Shown:
    """What the index shows besides summaries and reports.

    Attributes:
        lists: the lists of the newest day, by their slug.
        week: the movies of the newest week.
        list_names: the names of lists that have no translation, by their slug.
        files: the files of the last days, for the table of tasks.
        rejected: the files of rejected lists.
        runs: the last run of each root task and date.
    """

    lists: Mapping[str, Document] = field(default_factory=dict)
    week: Document = field(default_factory=dict)
    list_names: Mapping[str, str] = field(default_factory=dict)
    files: Files = field(default_factory=dict)
    rejected: Collection[str] = ()
    runs: Sequence[Run] = ()


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
    tops: Sequence[Top] = ()


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

    Args:
        newest: the day up to which it shows.
        days: the summaries; older ones than those of the calendar become links below it.
        weeks: what is known of each week: its report, and `total_unique_movies`.
        pages: the addresses of the existing pages; all others are named without a link.
        language: the language of the page, "ko" or "en".
        older_weeks: days of weeks that become links below the calendar.
        shown: the movies, the files and the runs.
    """
    shown = shown or Shown()
    t, links = Translator(language, shown.list_names), Links(pages)
    calendar = Calendar(t, newest, days, links)
    dates = [newest - back * _DAY for back in reversed(range(TASK_DAYS))]
    late = [date for each in (days, weeks) for date in each if write_lateness(t, each[date])]
    return render_page(
        "index.html",
        t,
        f"{t('index.reports')} · {t('frame.project')}",
        demo=any(each.get("source") == "demo" for each in (*days.values(), *weeks.values())),
        made_from=t("index.made_until", day=t.day(newest)),
        date=newest,
        newest_day=_build_day(t, days, links, shown),
        newest_week=_build_week(t, weeks, links, shown),
        calendar=calendar,
        weekdays=t.weekdays(),
        calendar_says=calendar.describe(t),
        older=[
            *_build_links(days.keys() - calendar.days.keys(), links.daily, t.day),
            *_build_links(set(older_weeks) - weeks.keys(), links.weekly, t.week_and_day),
        ],
        weeks=build_week_rows(t, weeks, links),
        grid_dates=dates,
        grid=build_grid(t, dates, shown.files, late, shown.rejected, shown.runs),
    )


def _build_links(
    dates: Collection[datetime.date], find_address: WithDate, write_name: WithDate
) -> list[Link]:
    newest_first = sorted(dates, reverse=True)
    return [
        Link(address, write_name(date)) for date in newest_first if (address := find_address(date))
    ]


def _build_day(t: Translator, days: Documents, links: Links, shown: Shown) -> Newest:
    date = max(days, default=None)
    if date is None:
        return Newest(t("index.newest_day"), t("index.no_day"))
    summary = days[date]
    report = as_dict(summary.get("quality_summary"))
    history = {day: as_dict(each.get("quality_summary")) for day, each in days.items()}
    earlier = [each for day, each in history.items() if day < date]
    return Newest(
        t("index.newest_day"),
        t.full_day(date),
        links.daily(date),
        read_verdict(summary),
        t.number(read_score(report), 1),
        write_lateness(t, summary),
        find_problem(t, read_findings(t, summary, report, earlier)),
        [_build_top(t, date, slug, shown.lists[slug], summary, history) for slug in shown.lists],
    )


def _build_top(
    t: Translator,
    date: datetime.date,
    slug: str,
    document: Document,
    summary: Document,
    history: Documents,
) -> Top:
    movies = as_dicts(document.get("movies"))
    before = read_ranks(history.get(date - _DAY), slug)
    gone = as_dict(as_dict(summary.get("changes")).get(slug))
    rows = build_rows(t, movies[:_TOP_OF_DAY], [before], read_history(history, slug, date))
    changes = build_changes(t, slug, movies, before, date - _DAY, gone)
    return Top(t.list_name(slug), rows, changes.parts)


def _build_week(t: Translator, weeks: Documents, links: Links, shown: Shown) -> Newest:
    date = max(weeks, default=None)
    if date is None:
        return Newest(t("index.newest_week"), t("index.no_week"))
    report = weeks[date]
    lists = WeekLists(shown.week, report)
    before = max((day for day in weeks if date - 2 * 7 * _DAY < day < date - _DAY), default=None)
    previous = weeks[before] if before else None

    def build_top(slug: str) -> Top:
        earlier: Ranks = read_ranks(previous, slug)
        return Top(
            t.list_name(slug), build_rows(t, lists.movies_of(slug)[:_TOP_OF_WEEK], [earlier])
        )

    return Newest(
        t("index.newest_week"),
        t.week_and_day(date),
        links.weekly(date),
        read_verdict(report),
        t.number(read_score(report), 1),
        write_lateness(t, report),
        find_problem(t, read_findings(t, report, report, [previous] if previous else [])),
        [build_top(slug) for slug in lists.slugs] if lists.movies else (),
    )
