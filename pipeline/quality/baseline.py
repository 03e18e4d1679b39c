"""Measure a list, so that later collections are compared with its figures instead of its movies."""

from __future__ import annotations

import datetime
import statistics
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from msgspec import Meta, Struct

from pipeline.quality.fields import Movie, Number, Text, converted, values_of

Share = Annotated[float, Meta(ge=0, le=1)]


class Baseline(Struct, frozen=True):
    """One collection of a list in figures, as the report keeps them in `profiles`.

    `films` holds the ids in the list's order, with a space between. A median is None where no movie
    has such a value.
    """

    date: datetime.date
    films: str
    popularity_median: Number | None
    votes_median: Number | None
    year_median: Number | None
    overviews_empty: Share
    posters_missing: Share
    fields: str

    @property
    def movie_ids(self) -> list[str]:
        """The ids of the movies in the list's order, as text."""
        return self.films.split()


class _Report(Struct):
    """What the look-back reads from an earlier report."""

    profiles: dict[str, Baseline]
    failed_lists: list[str] = []


def measure(date: datetime.date, movies: Sequence[Movie]) -> Baseline:
    """Measure a list, which may be empty."""
    size, ids = max(1, len(movies)), values_of(movies, "id", int)
    dates = values_of(movies, "release_date", datetime.date)
    without_overview = len(movies) - len(values_of(movies, "overview", Text))
    without_poster = sum(movie.get("poster_path") is None for movie in movies)
    return Baseline(
        date=date,
        films=" ".join(map(str, ids)),
        popularity_median=_median(values_of(movies, "popularity", Number)),
        votes_median=_median(values_of(movies, "vote_count", Number)),
        year_median=_median([float(day.year) for day in dates]),
        overviews_empty=round(without_overview / size, 4),
        posters_missing=round(without_poster / size, 4),
        fields=" ".join(sorted(set().union(*movies))),
    )


def history_of(
    reports: Iterable[tuple[datetime.date, Any]], names: Iterable[str], collections: int
) -> dict[str, list[Baseline]]:
    """Return the earlier collections of each list from the reports of earlier days, newest first.

    A list that failed a blocking rule is not part of the baseline. An unusable report is skipped,
    because a damaged file of last week must not fail today.
    """
    found: dict[str, list[Baseline]] = {name: [] for name in names}
    for day, document in reports:
        report = converted(document, _Report) or _Report({})
        for name in found.keys() & report.profiles.keys() - set(report.failed_lists):
            if report.profiles[name].date == day and len(found[name]) < collections:
                found[name].append(report.profiles[name])
    return found


def _median(values: list[float]) -> float | None:
    return round(statistics.median(values), 4) if values else None
