"""A list in figures: what later days are compared with, without reading the list itself again.

Kept in the validation report, where a look back over 28 collections finds it.
"""

from __future__ import annotations

import datetime
import math
import statistics
from collections.abc import Iterable
from typing import Any, NamedTuple

from pipeline.documents.collect import Film
from pipeline.quality.fields import is_number, is_text, is_whole, number, release_date


class Profile(NamedTuple):
    """One collection of a list.

    `films` are the ids in the list's order, `overviews_empty` and `posters_missing` shares of them.
    The medians are None where no film has such a value.
    """

    date: datetime.date
    films: tuple[int, ...]
    popularity_median: float | None
    votes_median: float | None
    year_median: float | None
    overviews_empty: float
    posters_missing: float
    fields: frozenset[str]


def profile_of(date: datetime.date, movies: list[Film]) -> Profile:
    """Take a list's measures; it may be empty."""
    size = max(1, len(movies))
    days = (release_date(film) for film in movies)
    return Profile(
        date=date,
        films=tuple(film["id"] for film in movies if is_whole(film.get("id"))),
        popularity_median=_median(number(film, "popularity") for film in movies),
        votes_median=_median(number(film, "vote_count") for film in movies),
        year_median=_median(float(day.year) if day else None for day in days),
        overviews_empty=round(sum(not is_text(f.get("overview")) for f in movies) / size, 4),
        posters_missing=round(sum(f.get("poster_path") is None for f in movies) / size, 4),
        fields=frozenset().union(*movies),
    )


def to_document(profile: Profile) -> dict[str, Any]:
    """Return the profile as it stands in a report; ids in one line, not one in a hundred."""
    return {
        "date": profile.date.isoformat(),
        "films": " ".join(map(str, profile.films)),
        "popularity_median": profile.popularity_median,
        "votes_median": profile.votes_median,
        "year_median": profile.year_median,
        "overviews_empty": profile.overviews_empty,
        "posters_missing": profile.posters_missing,
        "fields": " ".join(sorted(profile.fields)),
    }


def from_document(document: Any) -> Profile | None:
    """Read a profile back; None where it is not usable, as in a report of an older version."""
    try:
        return Profile(
            date=datetime.date.fromisoformat(document["date"]),
            films=tuple(int(each) for each in document["films"].split()),
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
