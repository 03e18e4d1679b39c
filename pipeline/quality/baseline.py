"""Measure a list, so that later collections are compared with its figures instead of its movies.

The validation report keeps the figures, where the look-back over earlier reports reads them.
"""

from __future__ import annotations

import datetime
import math
import statistics
from collections.abc import Iterable
from typing import Any, NamedTuple

from pipeline.quality.fields import Movie, is_number, is_text, is_whole, number, release_date


class Baseline(NamedTuple):
    """One collection of a list in figures.

    `movie_ids` are in the list's order; `overviews_empty` and `posters_missing` are shares of the
    movies. A median is None where no movie has such a value.
    """

    date: datetime.date
    movie_ids: tuple[int, ...]
    popularity_median: float | None
    votes_median: float | None
    year_median: float | None
    overviews_empty: float
    posters_missing: float
    fields: frozenset[str]


def measure(date: datetime.date, movies: list[Movie]) -> Baseline:
    """Measure a list, which may be empty."""
    size = max(1, len(movies))
    dates = (release_date(movie) for movie in movies)
    return Baseline(
        date=date,
        movie_ids=tuple(movie["id"] for movie in movies if is_whole(movie.get("id"))),
        popularity_median=_median(number(movie, "popularity") for movie in movies),
        votes_median=_median(number(movie, "vote_count") for movie in movies),
        year_median=_median(float(day.year) if day else None for day in dates),
        overviews_empty=round(sum(not is_text(m.get("overview")) for m in movies) / size, 4),
        posters_missing=round(sum(m.get("poster_path") is None for m in movies) / size, 4),
        fields=frozenset().union(*movies),
    )


def to_document(baseline: Baseline) -> dict[str, Any]:
    """Return the figures as the report holds them, with all ids in one line of text."""
    return {
        "date": baseline.date.isoformat(),
        "films": " ".join(map(str, baseline.movie_ids)),
        "popularity_median": baseline.popularity_median,
        "votes_median": baseline.votes_median,
        "year_median": baseline.year_median,
        "overviews_empty": baseline.overviews_empty,
        "posters_missing": baseline.posters_missing,
        "fields": " ".join(sorted(baseline.fields)),
    }


def from_document(document: Any) -> Baseline | None:
    """Read figures from a report; None where they are unusable, as in one of an older version."""
    try:
        return Baseline(
            date=datetime.date.fromisoformat(document["date"]),
            movie_ids=tuple(int(each) for each in document["films"].split()),
            popularity_median=_figure(document["popularity_median"]),
            votes_median=_figure(document["votes_median"]),
            year_median=_figure(document["year_median"]),
            overviews_empty=_share(document["overviews_empty"]),
            posters_missing=_share(document["posters_missing"]),
            fields=frozenset(document["fields"].split()),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def _figure(value: Any) -> float | None:
    return float(value) if is_number(value) else None


def _share(value: Any) -> float:
    if not is_number(value) or not 0 <= value <= 1:
        raise ValueError(value)
    return float(value)


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    median = round(statistics.median(known), 4) if known else math.inf
    return median if math.isfinite(median) else None
