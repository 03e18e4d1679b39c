"""The charts of a week: ratings against votes, and movies by the number of their lists."""

from __future__ import annotations

import math
from collections import Counter

from pipeline.pages import charts
from pipeline.pages.coerce import Document
from pipeline.pages.i18n import NO_VALUE, Translator
from pipeline.pages.movie_rows import read_rating, read_votes
from pipeline.pages.widgets import find_median, render_chart

_MIN_POINTS = 2

# The votes of a movie and its rating.
Point = tuple[int, float]


def render_scatter(t: Translator, movies: list[Document]) -> str:
    """Draw each movie by its votes and its rating."""
    points = [
        (read_votes(movie), rating)
        for movie in movies
        if (rating := read_rating(movie)) is not None
    ]
    if len(points) < _MIN_POINTS:
        return render_chart(t, t("charts.scatter"))
    all_votes, ratings = zip(*points, strict=True)
    powers = range(math.ceil(math.log10(max(*all_votes, 10))) + 1)
    return render_chart(
        t,
        t("charts.scatter"),
        t(
            "charts.scatter_says",
            n=t.number(len(points)),
            votes=t.number(find_median(all_votes)),
            rating=t.number(find_median(ratings), 1),
        ),
        charts.draw_scatter(
            ((math.log10(votes), rating) for votes, rating in points),
            [(power, t.number(10**power)) for power in powers],
            (math.floor(min(ratings)), 10),
        ),
        (
            t("charts.votes_from"),
            t("figures.movies"),
            t("charts.lowest_rating"),
            t("weekly.median_rating"),
            t("charts.highest_rating"),
        ),
        [row for power in powers if (row := _build_row(t, power, points))],
        note=t("charts.scatter_note", n=t.number(len(movies) - len(points))),
    )


def _build_row(t: Translator, power: int, points: list[Point]) -> tuple[str, ...]:
    """Return the ratings of the movies whose votes have `power` + 1 digits."""
    ratings = [rating for votes, rating in points if int(math.log10(votes)) == power]
    if not ratings:
        return ()
    low, high = t.number(10**power), t.number(10 ** (power + 1) - 1)
    return (
        t("charts.votes_range", low=low, high=high),
        t.number(len(ratings)),
        t.number(min(ratings), 1),
        t.number(find_median(ratings), 1),
        t.number(max(ratings), 1),
    )


def render_found_in(t: Translator, counts: Counter[int]) -> str:
    """Draw how many movies are in one list, in two lists and so on."""
    total = sum(counts.values())
    rows = [(t("charts.lists_n", n=number), float(counts[number])) for number in sorted(counts)]
    share = t.share(counts[1] / total if total else None, 0)
    return render_chart(
        t,
        t("charts.found_in"),
        t("charts.found_in_says", share=share, most=max(counts, default=NO_VALUE)),
        charts.draw_bars(rows) if rows else "",
        (t("charts.number_of_lists"), t("figures.movies")),
        [(name, t.number(count)) for name, count in rows],
    )
