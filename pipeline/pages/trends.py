"""The page of trends: ranks, genres, votes gained, and quality over the last weeks.

Popularity is not on it, because it cannot be compared between dates: TMDB rescales it at times.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

from pipeline.pages import charts
from pipeline.pages.figures import DAY, WEEK, Chart, build_trend
from pipeline.pages.i18n import Translator
from pipeline.pages.links import Around, Link, trends_address, weekly_address
from pipeline.pages.movies import Title, build_title
from pipeline.pages.render import render_page

# Days in which votes are counted as gained, as `query votes` does.
GAIN_DAYS = 30

_MOVIES, _GENRES, _GAINS = 12, 9, 20
_SECTIONS = ("rank_lines", "genre_shares", "votes_gained", "scores")

# Days that a movie has to be in the list for a line, where so many are collected.
_MIN_DAYS = 7


Value = TypeVar("Value")
Dated = Mapping[datetime.date, Value]


class Gain(NamedTuple):
    """The votes of a movie, and how many of them, at least 1, are new."""

    movie_id: int
    title: str | None
    votes: int
    gained: int


class Trends(NamedTuple):
    """What the page shows, with titles by movie id, and values by their dates in order.

    `ranks` are those of movies in the popular list of a day, `shares` those of genres among its
    movies, from 0 to 1, and `gains` those of the last 30 days.
    """

    titles: Mapping[int, str | None]
    ranks: Mapping[int, Dated[int]]
    shares: Mapping[int, Dated[float]]
    gains: Sequence[Gain]
    day_scores: Dated[float]
    week_scores: Dated[float]


class GainRow(NamedTuple):
    """A row of the table of votes; `width` is that of its bar in per cent of the longest."""

    name: Title
    votes: str
    gained: str
    width: str


def trends_page(
    date: datetime.date, trends: Trends, language: str, around: Around | None = None, *, demo: bool
) -> str:
    """Return the page of the days up to a date; it leads to the page before and to the week's."""
    t, around = Translator(language), around or Around()
    known = {
        *trends.day_scores,
        *trends.week_scores,
        *(day for line in trends.ranks.values() for day in line),
    }
    first = min({*known, date - WEEK})
    count = (date - first).days + 1
    links = (("prev", trends_address, around.previous), ("up", weekly_address, around.week))
    return render_page(
        "trends.html",
        t,
        f"{t('trends.report')} · {t.week(date)}",
        demo=demo,
        home="../index.html",
        neighbours=[
            Link(f"../{find_address(day)}", t.week(day), relation)
            for relation, find_address, day in links
            if day
        ],
        made_from=t("index.made_until", day=t.day(date)),
        sections=[Link(f"#{each}", t.enum("headings", each)) for each in _SECTIONS],
        date=date,
        span=t("trends.span", first=t.day(first), last=t.day(date)),
        rank_lines=_build_rank_lines(t, trends, [first + n * DAY for n in range(count)]),
        genre_shares=_build_genre_shares(t, trends.shares, date, count),
        gains=_build_gains(t, trends.gains),
        gain_days=GAIN_DAYS,
        scores=_build_scores(t, trends, date, count),
    )


def _build_rank_lines(t: Translator, trends: Trends, dates: Sequence[datetime.date]) -> list[Chart]:
    """Return a chart for each of the movies that moved the most, on one scale.

    From rank 2 to 1 is as far as from 20 to 10.
    """
    size = max((rank for line in trends.ranks.values() for rank in line.values()), default=0)
    days = len({day for line in trends.ranks.values() for day in line})
    distances = sorted(
        (-max(line.values()) / min(line.values()), movie_id)
        for movie_id, line in trends.ranks.items()
        if len(line) >= min(_MIN_DAYS, days)
    )

    def build_line(movie_id: int) -> Chart:
        line, title = trends.ranks[movie_id], trends.titles[movie_id]
        best, worst, last = min(line.values()), max(line.values()), line[max(line)]
        return Chart(
            build_title(t, {"id": movie_id, "title": title}).title,
            t("trends.rank_says", best=best, worst=worst, last=last, known=len(line), n=days),
            charts.draw_ranks([t.axis_day(each) for each in dates], [*map(line.get, dates)], size),
            (t("charts.date"), t("movies.rank")),
            [(t.day(date), t.number(rank)) for date, rank in line.items()],
        )

    return [build_line(movie_id) for _, movie_id in distances[:_MOVIES]]


def _build_genre_shares(
    t: Translator, shares: Mapping[int, Dated[float]], date: datetime.date, count: int
) -> list[Chart]:
    """Return a chart for each of the most frequent genres, on one scale."""
    collected = {day for line in shares.values() for day in line}
    highest = 100 * max((share for line in shares.values() for share in line.values()), default=0)
    genres = sorted(shares, key=lambda each: (-sum(shares[each].values()), each))[:_GENRES]

    def build_share(genre: int) -> Chart:
        line = {day: 100 * shares[genre].get(day, 0.0) for day in collected}
        chart = build_trend(t, t.genre(genre), date, line, count, percent=True, highest=highest)
        return replace(chart, note="")  # the charts of quality say how many days are missing

    return [*map(build_share, genres)]


def _build_scores(t: Translator, trends: Trends, date: datetime.date, count: int) -> list[Chart]:
    """Return the charts of the scores of days, and of weeks, which end on the weekday of `date`."""
    weeks = {date - (date - on) // WEEK * WEEK: each for on, each in trends.week_scores.items()}
    return [
        build_trend(t, t("trends.day_scores"), date, trends.day_scores, count),
        build_trend(t, t("trends.week_scores"), date, weeks, math.ceil(count / 7), unit=WEEK),
    ]


def _build_gains(t: Translator, gains: Sequence[Gain]) -> list[GainRow]:
    most = sorted(gains, key=lambda each: (-each.gained, each.movie_id))[:_GAINS]
    return [
        GainRow(
            build_title(t, {"id": each.movie_id, "title": each.title}),
            t.number(each.votes),
            t.number(each.gained),
            f"{100 * each.gained / most[0].gained:.1f}%",
        )
        for each in most
    ]
