"""The index: how the newest day and week are, and the way to all others, with their gaps."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.pages.document import page
from pipeline.pages.figures import Figure, moved, trend
from pipeline.pages.language import NOTHING, Language
from pipeline.pages.reading import Document, day, mapping, number, objects, whole
from pipeline.pages.verdict import SIGNS, VERDICTS, sign_of, verdict_of
from pipeline.paths import Layout

DAYS = 60
WEEKS = 26

_DAY = datetime.timedelta(days=1)
_WEEK = datetime.timedelta(days=7)
_LAYOUT = Layout(Path())


class Cell(NamedTuple):
    """A day of the calendar. `verdict` is missing for a gap, empty for a day that is no part."""

    number: str
    date: str
    name: str
    verdict: str
    sign: str
    address: str


class Week(NamedTuple):
    """A row of the calendar."""

    name: str
    long_name: str
    cells: tuple[Cell, ...]


class Line(NamedTuple):
    """A row of the table of weeks; without an address where there is no page of it."""

    name: str
    day: str
    address: str
    films: str
    score: str
    late: str
    verdict: str
    sign: str


class Links:
    """Addresses of pages, seen from the index; empty for a page that is not there."""

    def __init__(self, there: Collection[str]) -> None:
        self._there = frozenset(there)

    def daily(self, date: datetime.date) -> str:
        """Return the address of the day's page."""
        return self._known(_LAYOUT.daily_page(date))

    def weekly(self, date: datetime.date) -> str:
        """Return the address of the week's page."""
        return self._known(_LAYOUT.weekly_page(date))

    def _known(self, path: Path) -> str:
        address = path.relative_to(_LAYOUT.pages).as_posix()
        return address if address in self._there else ""


class Newest(NamedTuple):
    """The newest day or week."""

    heading: str
    name: str
    address: str
    verdict: str
    sign: str
    figures: tuple[Figure, ...]


def index_page(
    newest: datetime.date,
    days: Mapping[datetime.date, Document],
    weeks: Mapping[datetime.date, Document],
    pages: Collection[str],
    language: str,
    older_weeks: Iterable[datetime.date] = (),
) -> str:
    """Return the index.

    Args:
        newest: the day up to which it shows.
        days: the summaries; those older than the calendar are led to below it.
        weeks: what is known of each week: `consolidation_info` or the like of it.
        pages: the addresses of the pages that are there; what has none is told without a link.
        language: of the page, "ko" or "en".
        older_weeks: days of weeks that are led to below the calendar, and not looked at.
    """
    say = Language(language)
    links = Links(pages)
    window = [newest - back * _DAY for back in range(DAYS)]
    shown = {date: days[date] for date in window if date in days}
    lines = list(_lines(say, weeks, links))
    last_week = max(weeks, default=None)
    documents = [*days.values(), *weeks.values()]
    return page(
        "index.html",
        say,
        f"{say('reports')} · {say('project')}",
        demo=any(each.get("source") == "demo" for each in documents),
        home=None,
        made_from=say("made_until", day=say.day(newest)),
        newest=[
            _newest_day(say, days, links),
            _newest_week(say, weeks, last_week, links),
        ],
        calendar=_calendar(say, newest, shown, min(days, default=newest), links),
        weekdays=say.weekdays(),
        calendar_says=_count(say, window, shown, min(days, default=newest)),
        legend=[(each, SIGNS[each], say(f"verdict_{each}")) for each in VERDICTS],
        older_days=[
            (links.daily(date), say.day(date))
            for date in sorted(days, reverse=True)
            if date not in shown and links.daily(date)
        ]
        + [
            (links.weekly(date), f"{_week_name(say, date)} · {say.day(date)}")
            for date in sorted(older_weeks, reverse=True)
            if date not in weeks and links.weekly(date)
        ],
        trend=trend(
            say,
            say("chart_index"),
            newest,
            {date: _score(summary) for date, summary in shown.items()},
            days=DAYS,
        )
        if shown
        else "",
        lines=lines,
        has_scores=any(
            number(each.get("overall_quality_score")) is not None for each in weeks.values()
        ),
    )


def _score(summary: Document) -> float | None:
    return number(mapping(summary.get("quality_summary")).get("overall_quality_score"))


def _newest_day(say: Language, days: Mapping[datetime.date, Document], links: Links) -> Newest:
    date = max(days, default=None)
    if date is None:
        return Newest(say("newest_day"), say("no_day"), "", "", "", ())
    summary = days[date]
    before = mapping(days.get(date - _DAY))
    report = mapping(summary.get("quality_summary"))
    minutes = number(mapping(summary.get("execution_summary")).get("duration_minutes"))
    films = number(mapping(summary.get("collection_summary")).get("total_collected"))
    verdict = verdict_of(summary)
    return Newest(
        say("newest_day"),
        say.full_day(date),
        links.daily(date),
        verdict,
        sign_of(verdict),
        (
            Figure(say("films"), say.number(films), _came_and_went(say, summary)),
            Figure(
                say("quality_score"),
                say.number(_score(summary), 1),
                say("of_100"),
                *moved(say, _score(summary), _score(before)),
            ),
            Figure(say("validation_rate"), say.percent(number(report.get("validation_rate")))),
            Figure(say("duration"), say.seconds(None if minutes is None else 60 * minutes)),
        ),
    )


def _came_and_went(say: Language, summary: Document) -> str:
    changes = mapping(summary.get("changes"))
    lists = [each for each in map(mapping, changes.values()) if day(each.get("since"))]
    if not lists:
        return ""
    new, gone = (sum(len(objects(each.get(part))) for each in lists) for part in ("new", "gone"))
    return f"{say('new')} {new} · {say('gone')} {gone}"


def _newest_week(
    say: Language,
    weeks: Mapping[datetime.date, Document],
    date: datetime.date | None,
    links: Links,
) -> Newest:
    if date is None:
        return Newest(say("newest_week"), say("no_week"), "", "", "", ())
    info = weeks[date]
    before = mapping(weeks.get(date - _WEEK))
    verdict = verdict_of(info)
    score = number(info.get("overall_quality_score"))
    films = number(info.get("total_unique_movies"))
    return Newest(
        say("newest_week"),
        f"{_week_name(say, date)} · {say.day(date)}",
        links.weekly(date),
        verdict,
        sign_of(verdict),
        (
            Figure(say("unique_films"), say.number(films)),
            Figure(
                say("quality_score"),
                say.number(score, 1),
                say("of_100"),
                *moved(say, score, number(before.get("overall_quality_score"))),
            ),
            Figure(say("collected"), _lateness(say, info)),
        ),
    )


def _week_name(say: Language, date: datetime.date) -> str:
    year, week, _ = date.isocalendar()
    return say("week_n_long", week=week, year=year)


def _lateness(say: Language, document: Document) -> str:
    days = whole(document.get("late_by_days"))
    if days is None:
        return NOTHING
    return say("collected_late", n=days) if days > 0 else say("in_time")


def _calendar(
    say: Language,
    newest: datetime.date,
    shown: Mapping[datetime.date, Document],
    first_known: datetime.date,
    links: Links,
) -> list[Week]:
    """Return the weeks from the newest down; before the first day of all there are no gaps."""
    oldest = newest - (DAYS - 1) * _DAY
    monday = newest - newest.weekday() * _DAY
    weeks = []
    while monday + 6 * _DAY >= oldest:
        week = monday.isocalendar().week
        cells = tuple(
            _cell(say, date, shown.get(date), max(oldest, first_known) <= date <= newest, links)
            for date in (monday + number * _DAY for number in range(7))
        )
        weeks.append(Week(say("week_n", week=week), _week_name(say, monday), cells))
        monday -= _WEEK
    return weeks


def _cell(
    say: Language,
    date: datetime.date,
    summary: Document | None,
    is_part: bool,
    links: Links,
) -> Cell:
    verdict = verdict_of(summary) if summary is not None else "missing" if is_part else ""
    return Cell(
        f"{date.month}/1" if date.day == 1 else str(date.day),
        date.isoformat(),
        say.short_day(date),
        verdict,
        sign_of(verdict) if summary is not None else "–",
        links.daily(date) if summary is not None else "",
    )


def _count(
    say: Language,
    window: list[datetime.date],
    shown: Mapping[datetime.date, Document],
    first_known: datetime.date,
) -> str:
    part = [date for date in window if date >= first_known]
    return say("calendar_says", there=len(shown), n=len(part), missing=len(part) - len(shown))


def _lines(say: Language, weeks: Mapping[datetime.date, Document], links: Links) -> Iterator[Line]:
    """Yield the last 26 weeks from the newest down, and any older one that is there.

    A week is missing where no collection lies within the seven days up to its Sunday.
    """
    if not weeks:
        return
    by_week: dict[datetime.date, list[datetime.date]] = {}
    for date in sorted(weeks, reverse=True):
        by_week.setdefault(date - date.weekday() * _DAY, []).append(date)
    newest, oldest = max(by_week), min(by_week)
    back = 0
    while (monday := newest - back * _WEEK) >= oldest:
        for date in by_week.get(monday, ()):
            yield _line(say, date, weeks[date], links)
        if monday not in by_week and back < WEEKS:
            name = _week_name(say, monday)
            yield Line(name, "", "", NOTHING, NOTHING, NOTHING, "missing", "–")
        back += 1


def _line(say: Language, date: datetime.date, info: Document, links: Links) -> Line:
    verdict = verdict_of(info)
    return Line(
        _week_name(say, date),
        say.day(date),
        links.weekly(date),
        say.number(number(info.get("total_unique_movies"))),
        say.number(number(info.get("overall_quality_score")), 1),
        _lateness(say, info),
        verdict,
        sign_of(verdict),
    )
