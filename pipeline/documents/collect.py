"""From the pages of a list to its document. Pure: no clock, no I/O, no settings."""

import datetime
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pipeline.catalog import MovieList, iso_week
from pipeline.documents.schema import Document, Movie, number_in
from pipeline.errors import DataError
from pipeline.tmdb.page import FetchStats, Page
from pipeline.version import SCHEMA_VERSION


class Identity(NamedTuple):
    """The provenance that all lists of a data root share; None for what a document lacks."""

    source: str | None
    language: str | None
    region: str | None

    def __str__(self) -> str:
        return ", ".join(each for each in self if each is not None)

    def place(self) -> dict[str, Any]:
        """Return language and region as a document states them, if both are known."""
        return {} if None in self[1:] else {"language": self.language, "region": self.region}


def document(
    movie_list: MovieList,
    date: datetime.date,
    pages: Sequence[Page],
    identity: Identity,
    collected_at: datetime.datetime,
    late_by_days: int,
    stats: FetchStats,
) -> Document:
    """Assemble the document of a list from its pages, given in order.

    Raises:
        DataError: a page is empty that cannot be.
    """
    _refuse_gaps(movie_list.name, pages)
    received = [movie for page in pages for movie in page.results]
    movies = deduplicate(received)
    dropped = {"duplicates_dropped": len(received) - len(movies)}
    if movie_list.min_rating is not None:
        unique, movies = movies, at_least(movies, movie_list.min_rating)
        dropped["below_min_rating"] = len(unique) - len(movies)
    of_some_lists = {
        "time_window": movie_list.time_window,
        "genre_id": movie_list.genre_id,
        "genre_name": movie_list.genre and movie_list.genre.name,
        "week_number": iso_week(date) if movie_list.cadence == "weekly" else None,
        "min_rating": movie_list.min_rating,
    }
    return {
        "movies": movies,
        "collection_info": {
            "collection_type": movie_list.collection_type,
            "collection_date": date.isoformat(),
            "total_collected": len(movies),
            "pages_processed": sum(1 for page in pages if page.results),
            **{key: value for key, value in of_some_lists.items() if value is not None},
            "schema_version": SCHEMA_VERSION,
            **identity._asdict(),
            "collected_at": collected_at.isoformat(),
            "late_by_days": late_by_days,
            "pages_requested": movie_list.pages,
            **dropped,
            "total_results": pages[0].total_results,
            **stats._asdict(),
        },
    }


def deduplicate(movies: Iterable[Movie]) -> list[Movie]:
    """Keep each movie at its first position; TMDB's caches can have one on two pages."""
    first: dict[int, Movie] = {}
    for movie in movies:
        first.setdefault(movie["id"], movie)
    return list(first.values())


def at_least(movies: Iterable[Movie], rating: float) -> list[Movie]:
    """Keep the movies that are rated so high; one without a number as its average is left out."""
    return [movie for movie in movies if number_in(movie, "vote_average") >= rating]


def identity_of(document: Any) -> Identity:
    """Return the identity that a document states in `source`, `language` and `region`."""
    fields = document if isinstance(document, dict) else {}
    stated = (fields.get(name) for name in Identity._fields)
    return Identity(*(each if isinstance(each, str) and each else None for each in stated))


def agree(one: Identity, other: Identity) -> bool:
    """Whether two identities are the same in all that both of them state."""
    return all(a == b for a, b in zip(one, other, strict=True) if None not in (a, b))


def _refuse_gaps(name: str, pages: Sequence[Page]) -> None:
    """Refuse an empty page before the last one with movies, or one that denies the whole list.

    TMDB caches each page by itself: one of a bad moment must not cost twenty movies.
    """
    last = max((page.page for page in pages if page.results), default=math.inf)
    for page in pages:
        if not page.results and (page.page < last or not page.total_results):
            raise DataError(
                f"TMDB's list {name} came back without a single movie on page {page.page}; nothing "
                "was written, run the same command again later.",
                list=name,
            )
