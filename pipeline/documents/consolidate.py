"""The movies of a week without duplicates. Pure and deterministic: same inputs, same document."""

import datetime
from collections import Counter
from collections.abc import Iterable
from typing import Any

from pipeline.catalog import BY_GENRE, BY_RATING, MovieList, iso_week
from pipeline.documents.collect import identity_of
from pipeline.documents.schema import Document, Movie, info_of, number_in
from pipeline.version import SCHEMA_VERSION

# A list to merge, its file below the data root, and its document.
Source = tuple[MovieList, str, Document]


def consolidated_week(
    date: datetime.date, sources: Iterable[Source], *, verdict: str, quality_report: str
) -> Document:
    """Merge the lists of the week in their order and return the document.

    `by_category` counts a movie for the category that had it first, so that its figures add up to
    `total_unique_movies`. `sources` are of one identity; an iterator may read them one by one. The
    verdict is that of the week's validation report, the file `quality_report` of the data root.
    """
    movies: dict[int, Movie] = {}
    differing: set[int] = set()
    files: list[str] = []
    late_by_days, identity = 0, identity_of(None)
    by_category = Counter({BY_GENRE: 0, BY_RATING: 0})
    for movie_list, file, document in sources:
        known = len(movies)
        differing |= add_list(movies, movie_list.name, document["movies"])
        by_category[movie_list.category] += len(movies) - known
        files.append(file)
        late_by_days = max(late_by_days, info_of(document).late_by_days)
        identity = identity_of(document["collection_info"])
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
            "source": identity.source,
            **identity.place(),
            "schema_version": SCHEMA_VERSION,
        },
    }


def add_list(merged: dict[int, Movie], name: str, rows: Iterable[Movie]) -> set[int]:
    """Add the rows of a list to the movies merged so far, by id, with `found_in` as the last key.

    A movie keeps the position that its first list gave it. TMDB caches each page by itself, so that
    lists can disagree on a movie's numbers: the row with the most votes is taken whole, since votes
    only grow and so it is the youngest; among equals, that of the first list. Returned are the ids
    of the movies for which the list has other numbers than the row merged so far.
    """
    differing: set[int] = set()
    for rank, row in enumerate(rows, start=1):
        number = row["id"]
        best = merged.get(number)
        found_in: list[dict[str, Any]] = best["found_in"] if best else []
        found_in.append({"list": name, "rank": rank})
        if best is not None and _numbers(row) != _numbers(best):
            differing.add(number)
            if number_in(row, "vote_count") > number_in(best, "vote_count"):
                best = None
        if best is None:
            rest = {key: value for key, value in row.items() if key != "found_in"}
            merged[number] = {**rest, "found_in": found_in}
    return differing


def _numbers(row: Movie) -> list[Any]:
    return [row.get(field) for field in ("popularity", "vote_average", "vote_count")]
