"""The index: the newest day and week, and the links to all other pages."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from pipeline.pages.coerce import Document, as_date, as_dict, as_dicts, as_float
from pipeline.pages.i18n import Translator
from pipeline.pages.index_calendar import Calendar
from pipeline.pages.index_weeks import build_week_rows, write_lateness
from pipeline.pages.links import DAYS, Links
from pipeline.pages.render import render_page
from pipeline.pages.verdict import read_verdict
from pipeline.pages.widgets import Figure, build_score, read_score, render_trend

_DAY = datetime.timedelta(days=1)
_WEEK = datetime.timedelta(days=7)

Documents = Mapping[datetime.date, Document]
WithDate = Callable[[datetime.date], str]


class Newest(NamedTuple):
    """The newest day or week; without figures if there is none."""

    heading: str
    name: str
    address: str = ""
    verdict: str = ""
    figures: tuple[Figure, ...] = ()


def index_page(
    newest: datetime.date,
    days: Documents,
    weeks: Documents,
    pages: Collection[str],
    language: str,
    older_weeks: Iterable[datetime.date] = (),
) -> str:
    """Return the index.

    Args:
        newest: the day up to which it shows.
        days: the summaries; older ones than those of the calendar become links below it.
        weeks: what is known of each week: `consolidation_info` or a part of it.
        pages: the addresses of the existing pages; all others are named without a link.
        language: the language of the page, "ko" or "en".
        older_weeks: days of weeks that become links below the calendar.
    """
    t = Translator(language)
    links = Links(pages)
    calendar = Calendar(newest, days)
    scores = {date: _score_of(summary) for date, summary in calendar.days.items()}
    return render_page(
        "index.html",
        t,
        f"{t('index.reports')} · {t('frame.project')}",
        demo=any(each.get("source") == "demo" for each in (*days.values(), *weeks.values())),
        home=None,
        made_from=t("index.made_until", day=t.day(newest)),
        newest=[_build_newest_day(t, days, links), _build_newest_week(t, weeks, links)],
        calendar=calendar,
        links=links,
        weekdays=t.weekdays(),
        calendar_says=calendar.describe(t),
        older_days=[
            *_build_links(days.keys() - calendar.days.keys(), links.daily, t.day),
            *_build_links(set(older_weeks) - weeks.keys(), links.weekly, t.week_and_day),
        ],
        trend=render_trend(t, t("charts.index"), newest, scores, days=DAYS) if scores else "",
        weeks=list(build_week_rows(t, weeks)),
        has_scores=any(read_score(each) is not None for each in weeks.values()),
    )


def _score_of(summary: Document) -> float | None:
    return read_score(as_dict(summary.get("quality_summary")))


def _build_links(
    dates: Collection[datetime.date], find_address: WithDate, write_name: WithDate
) -> list[tuple[str, str]]:
    newest_first = sorted(dates, reverse=True)
    return [(address, write_name(date)) for date in newest_first if (address := find_address(date))]


def _build_newest_day(t: Translator, days: Documents, links: Links) -> Newest:
    date = max(days, default=None)
    if date is None:
        return Newest(t("index.newest_day"), t("index.no_day"))
    summary = days[date]
    report = as_dict(summary.get("quality_summary"))
    minutes = as_float(as_dict(summary.get("execution_summary")).get("duration_minutes"))
    movies = as_float(as_dict(summary.get("collection_summary")).get("total_collected"))
    before = as_dict(days.get(date - _DAY))
    return Newest(
        t("index.newest_day"),
        t.full_day(date),
        links.daily(date),
        read_verdict(summary),
        (
            Figure(t("figures.movies"), t.number(movies), _count_changes(t, summary)),
            build_score(t, _score_of(summary), _score_of(before)),
            Figure(
                t("figures.validation_rate"), t.percent(as_float(report.get("validation_rate")))
            ),
            Figure(t("figures.duration"), t.seconds(None if minutes is None else 60 * minutes)),
        ),
    )


def _count_changes(t: Translator, summary: Document) -> str:
    changes = map(as_dict, as_dict(summary.get("changes")).values())
    known = [each for each in changes if as_date(each.get("since"))]
    if not known:
        return ""
    new, gone = (sum(len(as_dicts(each.get(kind))) for each in known) for kind in ("new", "gone"))
    return f"{t('figures.new')} {new} · {t('figures.gone')} {gone}"


def _build_newest_week(t: Translator, weeks: Documents, links: Links) -> Newest:
    date = max(weeks, default=None)
    if date is None:
        return Newest(t("index.newest_week"), t("index.no_week"))
    info = weeks[date]
    movies = as_float(info.get("total_unique_movies"))
    before = as_dict(weeks.get(date - _WEEK))
    return Newest(
        t("index.newest_week"),
        t.week_and_day(date),
        links.weekly(date),
        read_verdict(info),
        (
            Figure(t("weekly.unique_movies"), t.number(movies)),
            build_score(t, read_score(info), read_score(before)),
            Figure(t("index.collected"), write_lateness(t, info)),
        ),
    )
