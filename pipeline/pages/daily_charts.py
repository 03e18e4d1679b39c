"""The charts on the page of a day: the popular list, and the quality of the last 30 days."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping

from pipeline.pages import charts
from pipeline.pages.coerce import Document, as_dict, as_float
from pipeline.pages.figures import Chart, build_trend, find_median, read_score
from pipeline.pages.i18n import Translator
from pipeline.pages.movies import read_genres, read_ratings

# Two columns for each point of the rating.
_BIN = 0.5
_LAST_BIN = int(10 / _BIN) - 1


def build_daily_charts(
    t: Translator,
    date: datetime.date,
    popular: list[Document],
    reports: Mapping[datetime.date, Document],
) -> list[Chart]:
    """Return the charts of a day."""
    score, overviews = (
        {on: read(as_dict(report)) for on, report in reports.items()}
        for read in (read_score, _read_empty_overviews)
    )
    return [
        _build_genres(t, popular),
        _build_ratings(t, popular),
        build_trend(t, t("charts.quality"), date, score),
        build_trend(t, t("charts.overviews"), date, overviews, percent=True),
    ]


def _build_genres(t: Translator, movies: list[Document]) -> Chart:
    counts = Counter(genre for movie in movies for genre in read_genres(movie))
    bars = [charts.Bar(t.genre(genre), (count,)) for genre, count in counts.most_common()]
    without = sum(1 for movie in movies if not read_genres(movie))
    if not bars:
        return Chart(t("charts.genres"))
    first = bars[0]
    if without:
        bars.append(charts.Bar(t("movies.no_genre"), (without,)))
    return Chart(
        t("charts.genres"),
        t("charts.genres_says", name=first.label, n=int(first.total), total=len(movies)),
        charts.draw_bars(bars),
        (t("movies.genres"), t("figures.movies")),
        [(bar.label, t.number(bar.total)) for bar in bars],
        note=t("charts.genres_note"),
    )


def _build_ratings(t: Translator, movies: list[Document]) -> Chart:
    ratings = read_ratings(movies)
    if not ratings:
        return Chart(t("charts.ratings"))
    counts = Counter(min(int(rating / _BIN), _LAST_BIN) for rating in ratings)
    bins = range(min(counts) // 2 * 2, (max(counts) // 2 + 1) * 2)
    without = len(movies) - len(ratings)
    return Chart(
        t("charts.ratings"),
        t("charts.ratings_says", n=len(ratings), median=t.number(find_median(ratings), 1)),
        charts.draw_columns(
            [
                charts.Bar(f"{each * _BIN:.0f}" if each % 2 == 0 else "", (counts[each],))
                for each in bins
            ]
        ),
        (t("movies.rating"), t("figures.movies")),
        [(_name_bin(each), t.number(counts[each])) for each in bins],
        note=t("charts.ratings_note", n=without) if without else "",
    )


def _name_bin(number: int) -> str:
    highest = 10.0 if number == _LAST_BIN else (number + 1) * _BIN - 0.1
    return f"{number * _BIN:.1f}–{highest:.1f}"


def _read_empty_overviews(report: Document) -> float | None:
    """Return the percentage of popular movies without an overview."""
    profile = as_dict(as_dict(report.get("profiles")).get("popular"))
    value = as_float(profile.get("overviews_empty"))
    return 100 * value if value is not None and 0 <= value <= 1 else None
