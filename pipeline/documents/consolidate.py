"""The week's movies, each once. Pure and deterministic: same inputs, same document."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any, NamedTuple

from pipeline.catalog import iso_week
from pipeline.documents.collect import Film, common_source, identity_of
from pipeline.version import SCHEMA_VERSION

BY_GENRE = "장르별"
BY_RATING = "평점별"

_NUMBERS = ("popularity", "vote_average", "vote_count")


class Source(NamedTuple):
    """One list to merge: its name, its file below the data root, its category, its document."""

    name: str
    file: str
    category: str
    info: dict[str, Any]
    movies: list[Film]


def consolidated_week(
    date: datetime.date, sources: Iterable[Source], *, verdict: str, quality_report: str
) -> dict[str, Any]:
    """Merge the week's lists in the order given and return the document.

    `by_category` counts a movie for the category that had it first, so its figures add up to
    `total_unique_movies`.

    Args:
        date: the day the lists are of.
        sources: the lists; an iterator may read them one by one.
        verdict: what the week's validation report says of them.
        quality_report: that report's file below the data root.

    Raises:
        DataError: movies of different sources would be mixed.
    """
    movies: dict[int, Film] = {}
    differing: set[int] = set()
    files: list[str] = []
    origins: list[str] = []
    late_by_days = 0
    place: dict[str, str] = {}
    by_category = dict.fromkeys((BY_GENRE, BY_RATING), 0)
    for source in sources:
        known = len(movies)
        differing |= add_list(movies, source.name, source.movies)
        by_category[source.category] += len(movies) - known
        files.append(source.file)
        origins.append(str(source.info.get("source")))
        place = identity_of(source.info).place()
        late_by_days = max(late_by_days, _lateness(source.info))
    return {
        "movies": list(movies.values()),
        "consolidation_info": {
            "consolidation_date": date.isoformat(),
            "week_number": iso_week(date),
            "sources_processed": files,
            "total_unique_movies": len(movies),
            "by_category": by_category,
            "verdict": verdict,
            "quality_report": quality_report,
            "numbers_differ": len(differing),
            "late_by_days": late_by_days,
            "source": common_source(origins),
            **place,
            "schema_version": SCHEMA_VERSION,
        },
    }


def add_list(merged: dict[int, Film], name: str, rows: Iterable[Film]) -> set[int]:
    """Add a list's rows to the movies merged so far, by id, each with `found_in` as its last key.

    A movie keeps the position that its first list gave it. TMDB caches each page by itself, so that
    lists can disagree on a movie's numbers: the row with the most votes is taken whole, since votes
    only grow and so it is the youngest; among equals, that of the first list.

    Returns:
        The ids of the movies for which the list has other numbers than the row merged so far.
    """
    differing: set[int] = set()
    for rank, row in enumerate(rows, start=1):
        number = row["id"]
        best = merged.get(number)
        if best is None:
            best = merged[number] = _with_found_in(row, [])
        elif _numbers(row) != _numbers(best):
            differing.add(number)
            if _votes(row) > _votes(best):
                best = merged[number] = _with_found_in(row, best["found_in"])
        best["found_in"].append({"list": name, "rank": rank})
    return differing


def _with_found_in(row: Film, found_in: list[dict[str, Any]]) -> Film:
    copy = dict(row)
    copy.pop("found_in", None)
    copy["found_in"] = found_in
    return copy


def _numbers(row: Film) -> list[Any]:
    return [row.get(field) for field in _NUMBERS]


def _votes(row: Film) -> float:
    votes = row.get("vote_count")
    if isinstance(votes, int | float) and not isinstance(votes, bool):
        return max(votes, -1)
    return -1


def _lateness(info: dict[str, Any]) -> int:
    days = info.get("late_by_days")
    return days if type(days) is int else 0
