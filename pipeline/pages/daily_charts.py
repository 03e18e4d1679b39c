"""The charts on the page of a day: the popular list, and the quality of the last 30 days."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping

from pipeline.pages import charts
from pipeline.pages.coerce import Document, as_date, as_dict, as_float
from pipeline.pages.i18n import Translator
from pipeline.pages.movie_rows import read_genres, read_ratings
from pipeline.pages.widgets import find_median, read_score, render_chart, render_trend

# Years with a column of their own; those before share one.
_YEARS_ALONE = 9

# Two columns for each point of the rating.
_BIN = 0.5
_LAST_BIN = int(10 / _BIN) - 1


def render_daily_charts(
    t: Translator,
    date: datetime.date,
    popular: list[Document],
    reports: Mapping[datetime.date, Document],
) -> list[str]:
    """Return the charts of a day as `figure` elements."""
    score, overviews = (
        {on: read(as_dict(report)) for on, report in reports.items()}
        for read in (read_score, _read_empty_overviews)
    )
    return [
        _render_genres(t, popular),
        _render_ratings(t, popular),
        _render_years(t, date, popular),
        render_trend(t, t("charts.quality"), date, score),
        render_trend(t, t("charts.overviews"), date, overviews, percent=True),
    ]


def _render_genres(t: Translator, movies: list[Document]) -> str:
    counts = Counter(genre for movie in movies for genre in read_genres(movie))
    rows = [(t.genre(genre), count) for genre, count in counts.most_common()]
    without = sum(1 for movie in movies if not read_genres(movie))
    if rows and without:
        rows.append((t("movies.no_genre"), without))
    name, count = rows[0] if rows else ("", 0)
    return render_chart(
        t,
        t("charts.genres"),
        t("charts.genres_says", name=name, count=count, total=len(movies)),
        charts.draw_bars(rows) if rows else "",
        (t("movies.genres"), t("figures.movies")),
        [(name, t.number(count)) for name, count in rows],
        note=t("charts.genres_note"),
        tall=True,
    )


def _render_ratings(t: Translator, movies: list[Document]) -> str:
    ratings = read_ratings(movies)
    counts = Counter(min(int(rating / _BIN), _LAST_BIN) for rating in ratings)
    bins = range(min(counts, default=0) // 2 * 2, (max(counts, default=-1) // 2 + 1) * 2)
    columns = [(f"{each * _BIN:.0f}" if each % 2 == 0 else "", counts[each]) for each in bins]
    without = len(movies) - len(ratings)
    return render_chart(
        t,
        t("charts.ratings"),
        t("charts.ratings_says", count=len(ratings), median=t.number(find_median(ratings), 1)),
        charts.draw_columns(columns) if columns else "",
        (t("movies.rating"), t("figures.movies")),
        [(_name_bin(each), t.number(counts[each])) for each in bins],
        note=t("charts.ratings_note", n=without) if without else "",
    )


def _name_bin(number: int) -> str:
    highest = 10.0 if number == _LAST_BIN else (number + 1) * _BIN - 0.1
    return f"{number * _BIN:.1f}–{highest:.1f}"


def _render_years(t: Translator, date: datetime.date, movies: list[Document]) -> str:
    dates = [as_date(movie.get("release_date")) for movie in movies]
    years = [each.year for each in dates if each]
    first = date.year - _YEARS_ALONE + 1
    last = min(max(years, default=0), date.year + 2)
    counts = Counter(min(max(year, first - 1), last) for year in years)
    rows = [
        (t("charts.before_year", year=year) if year < first else str(year), counts[year])
        for year in range(first - 1, max(last, date.year) + 1)
    ]
    without = len(movies) - len(years)
    recent = sum(1 for year in years if year >= date.year)
    return render_chart(
        t,
        t("charts.years"),
        t("charts.years_says", count=len(years), recent=recent, year=date.year),
        charts.draw_columns(rows) if years else "",
        (t("charts.year"), t("figures.movies")),
        [(name, t.number(count)) for name, count in rows] if years else (),
        note=t("charts.years_note", n=without) if without else "",
    )


def _read_empty_overviews(report: Document) -> float | None:
    """Return the percentage of popular movies without an overview."""
    profile = as_dict(as_dict(report.get("profiles")).get("popular"))
    value = as_float(profile.get("overviews_empty"))
    return 100 * value if value is not None and 0 <= value <= 1 else None
