"""A day's page: its figures, its verdict, its two lists, and how it came about."""

from __future__ import annotations

import datetime
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.pages import charts
from pipeline.pages.document import page
from pipeline.pages.figures import Figure, chart, moved, trend
from pipeline.pages.films import (
    Name,
    Row,
    genre_ids,
    name_of,
    ranks_in,
    rating_of,
    release_year,
    rows_of,
    vote_count,
)
from pipeline.pages.language import NOTHING, Language
from pipeline.pages.reading import Document, day, instant, mapping, number, objects, whole
from pipeline.pages.run import run_of
from pipeline.pages.verdict import findings, sign_of, verdict_of

LISTS = ("popular", "trending")

_MOST_CHANGES = 12
_YEARS_ALONE = 9
_BIN = 0.5
_DAY = datetime.timedelta(days=1)
_WEEK = datetime.timedelta(days=7)

Reports = Mapping[datetime.date, Document]


class Entry(NamedTuple):
    """A film that came, went or climbed."""

    name: Name
    place: str


class Changes(NamedTuple):
    """How one list differs from the day before; each part with the number of entries left out."""

    list_name: str
    since: str
    parts: tuple[tuple[str, tuple[Entry, ...], int], ...]


def daily_page(
    date: datetime.date,
    popular: Document,
    trending: Document,
    summary: Document,
    past: Reports,
    language: str,
) -> str:
    """Return the day as a page.

    Args:
        date: the day.
        popular: its list of popular films.
        trending: its list of trending films.
        summary: its summary, which holds the report.
        past: the reports of up to 30 days before; a day that is missing is simply not there.
        language: of the page, "ko" or "en".
    """
    say = Language(language)
    demo = summary.get("source") == "demo"
    report = mapping(summary.get("quality_summary"))
    lists = {"popular": objects(popular.get("movies")), "trending": objects(trending.get("movies"))}
    found = findings(say, report, demo=demo)
    verdict = verdict_of(summary) if "verdict" in summary else found.verdict
    late = whole(summary.get("late_by_days")) or 0
    return page(
        "daily.html",
        say,
        f"{say.day(date)} · {say('daily_report')}",
        demo=demo,
        home="../index.html",
        made_from=_made_from(say, popular, summary),
        sections=[
            (each, say(each))
            for each in ("glance", "quality", "charts", "popular_films", "trending_films", "run")
        ],
        date=date,
        verdict=verdict,
        sign=sign_of(verdict),
        late=say("late", n=late) if late > 0 else "",
        figures=_figures(say, date, lists, summary, past),
        found=found,
        changes=[
            _changes(say, name, mapping(mapping(summary.get("changes")).get(name)), demo)
            for name in LISTS
        ],
        tables=[
            (
                f"{name}_films",
                _rows(say, date, name, lists[name], past, demo),
                _gaps(say, date, name, past),
            )
            for name in LISTS
        ],
        move_heads=[
            (say("day_move"), say("day_move_long")),
            (say("week_move"), say("week_move_long")),
        ],
        charts=[
            _genres(say, lists["popular"]),
            _ratings(say, lists["popular"]),
            _years(say, date, lists["popular"]),
            *_trends(say, date, report, past),
        ],
        run=run_of(say, mapping(summary.get("execution_summary"))),
    )


def _made_from(say: Language, popular: Document, summary: Document) -> str:
    collected = instant(mapping(popular.get("collection_info")).get("collected_at"))
    source = say.among("source", summary.get("source"))
    return say("made_from", at=say.instant(collected), source=source)


def _figures(
    say: Language,
    date: datetime.date,
    lists: Mapping[str, Sequence[Document]],
    summary: Document,
    past: Reports,
) -> list[Figure]:
    report = mapping(summary.get("quality_summary"))
    run = mapping(summary.get("execution_summary"))
    before = mapping(past.get(date - _DAY))
    score, rate = (number(report.get(key)) for key in ("overall_quality_score", "validation_rate"))
    minutes = number(run.get("duration_minutes"))
    retries = whole(run.get("retries"))
    return [
        Figure(
            say("films"),
            say.number(sum(map(len, lists.values()))),
            say("of_lists", **{name: say.number(len(films)) for name, films in lists.items()}),
        ),
        _came_or_went(say, summary, "new"),
        _came_or_went(say, summary, "gone"),
        Figure(
            say("quality_score"),
            say.number(score, 1),
            say("of_100"),
            *moved(say, score, number(before.get("overall_quality_score"))),
        ),
        Figure(
            say("validation_rate"),
            say.percent(rate),
            say(
                "valid_of",
                passed=say.number(number(report.get("total_movies_passed"))),
                total=say.number(number(report.get("total_movies_validated"))),
            ),
            *moved(say, rate, number(before.get("validation_rate"))),
        ),
        Figure(
            say("requests"),
            say.number(number(run.get("requests"))),
            "" if retries is None else say("retries", n=retries),
        ),
        Figure(say("received"), say.size(number(run.get("bytes_received")))),
        Figure(
            say("duration"),
            say.seconds(None if minutes is None else 60 * minutes),
            say(
                "from_to",
                start=say.clock(instant(run.get("start_time"))),
                end=say.clock(instant(run.get("end_time"))),
            ),
        ),
    ]


def _came_or_went(say: Language, summary: Document, part: str) -> Figure:
    changes = mapping(summary.get("changes"))
    known = {name: mapping(changes.get(name)) for name in LISTS}
    counts = {
        name: len(objects(each.get(part))) for name, each in known.items() if day(each.get("since"))
    }
    if not counts:
        return Figure(say(part), NOTHING, say("since_missing"))
    remark = " · ".join(f"{say.list_name(name)} {count}" for name, count in counts.items())
    return Figure(say(part), say.number(sum(counts.values())), remark)


def _changes(say: Language, name: str, changes: Document, demo: bool) -> Changes:
    since = day(changes.get("since"))
    parts = ("new_films", "new"), ("gone_films", "gone"), ("climbers", "climbers")
    return Changes(
        say.list_name(name),
        say("since", day=say.short_day(since)) if since else "",
        tuple(_part(say, say(title), objects(changes.get(key)), demo) for title, key in parts),
    )


def _part(
    say: Language, title: str, films: list[Document], demo: bool
) -> tuple[str, tuple[Entry, ...], int]:
    shown = films[:_MOST_CHANGES]
    entries = tuple(Entry(name_of(say, each, demo=demo), _place(say, each)) for each in shown)
    return title, entries, len(films) - len(shown)


def _place(say: Language, entry: Document) -> str:
    rank, before = whole(entry.get("rank")), whole(entry.get("rank_before"))
    if rank is None:
        return ""
    return (
        say("rank_n", n=rank) if before is None else say("rank_from_to", before=before, rank=rank)
    )


def _rows(
    say: Language,
    date: datetime.date,
    name: str,
    films: list[Document],
    past: Reports,
    demo: bool,
) -> list[Row]:
    before = [ranks_in(past.get(date - ago), name) for ago in (_DAY, _WEEK)]
    return rows_of(say, films, before, demo=demo)


def _gaps(say: Language, date: datetime.date, name: str, past: Reports) -> list[str]:
    earlier = (("day_missing", date - _DAY), ("week_missing", date - _WEEK))
    return [
        say(words, day=say.day(on)) for words, on in earlier if ranks_in(past.get(on), name) is None
    ]


def _genres(say: Language, films: list[Document]) -> str:
    counts = Counter(genre for film in films for genre in genre_ids(film))
    rows = [(say.genre(genre), count) for genre, count in counts.most_common()]
    rows.sort(key=lambda row: -row[1])
    without = sum(1 for film in films if not genre_ids(film))
    if rows and without:
        rows.append((say("no_genre"), without))
    most = rows[0] if rows else ("", 0)
    return chart(
        say,
        say("chart_genres"),
        say("chart_genres_says", name=most[0], count=most[1], total=len(films)),
        charts.bars(rows, say.number) if rows else "",
        (say("genres"), say("films")),
        [(name, say.number(count)) for name, count in rows],
        note=say("chart_genres_note"),
        tall=True,
    )


def _ratings(say: Language, films: list[Document]) -> str:
    rated = [
        rating for film in films if vote_count(film) and (rating := rating_of(film)) is not None
    ]
    counts = Counter(min(int(rating / _BIN), int(10 / _BIN) - 1) for rating in rated)
    bins = range(min(counts, default=0) // 2 * 2, (max(counts, default=-1) // 2 + 1) * 2)
    rows = [(f"{step * _BIN:.0f}" if step % 2 == 0 else "", counts[step]) for step in bins]
    without = len(films) - len(rated)
    median = statistics.median(rated) if rated else None
    return chart(
        say,
        say("chart_ratings"),
        say("chart_ratings_says", count=len(rated), median=say.number(median, 1)),
        charts.columns(rows, say.number) if rows else "",
        (say("rating"), say("films")),
        [(_bin_name(step), say.number(counts[step])) for step in bins],
        note=say("chart_ratings_note", n=without) if without else "",
    )


def _bin_name(step: int) -> str:
    last = step == int(10 / _BIN) - 1
    return f"{step * _BIN:.1f}–{10.0 if last else (step + 1) * _BIN - 0.1:.1f}"


def _years(say: Language, date: datetime.date, films: list[Document]) -> str:
    years = [year for film in films if (year := release_year(film)) is not None]
    first = date.year - _YEARS_ALONE + 1
    last = min(max(years, default=0), date.year + 2)
    counts = Counter(min(max(year, first - 1), last) for year in years)
    rows = [
        (say("before_year", year=year) if year < first else str(year), counts[year])
        for year in range(first - 1, max(last, date.year) + 1)
    ]
    without = len(films) - len(years)
    recent = sum(1 for year in years if year >= date.year)
    return chart(
        say,
        say("chart_years"),
        say("chart_years_says", count=len(years), recent=recent, year=date.year),
        charts.columns(rows, say.number) if years else "",
        (say("year"), say("films")),
        [(name, say.number(count)) for name, count in rows] if years else (),
        note=say("chart_years_note", n=without) if without else "",
    )


def _trends(say: Language, date: datetime.date, report: Document, past: Reports) -> list[str]:
    reports = {**past, date: report}
    scores = {
        on: number(mapping(each).get("overall_quality_score")) for on, each in reports.items()
    }
    empty = {on: _empty_overviews(mapping(each)) for on, each in reports.items()}
    return [
        trend(say, say("chart_quality"), date, scores),
        trend(say, say("chart_overviews"), date, empty, percent=True),
    ]


def _empty_overviews(report: Document) -> float | None:
    profile = mapping(mapping(report.get("profiles")).get("popular"))
    value: Any = number(profile.get("overviews_empty"))
    return 100 * value if value is not None and 0 <= value <= 1 else None
