"""From the pages of a list to its document. Pure: no clock, no I/O, no settings."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pipeline.catalog import FilmList
from pipeline.errors import DataError, NoData
from pipeline.tmdb.page import FetchStats, Page
from pipeline.version import SCHEMA_VERSION

Film = dict[str, Any]
"""A row as TMDB sent it; only `id` (a whole number) is certain."""


class Identity(NamedTuple):
    """What all lists of one data root share; None for what a document does not state."""

    source: str | None
    language: str | None
    region: str | None

    def __str__(self) -> str:
        return ", ".join(each for each in self if each is not None)

    def place(self) -> dict[str, str]:
        """Return language and region as they stand in a document, where both are known."""
        if self.language is None or self.region is None:
            return {}
        return {"language": self.language, "region": self.region}


class Origin(NamedTuple):
    """Where and when a list was collected, and the statistics of fetching it."""

    source: str
    language: str
    region: str
    collected_at: datetime.datetime
    collected_on: datetime.date
    stats: FetchStats


def unique(films: Iterable[Film]) -> list[Film]:
    """Keep each film where it stood first.

    TMDB caches each page by itself, so that a film can stand on two neighbouring ones.
    """
    first: dict[int, Film] = {}
    for film in films:
        first.setdefault(film["id"], film)
    return list(first.values())


def at_least(films: Iterable[Film], rating: float) -> list[Film]:
    """Keep the films rated that high; one without a number as its rating is left out."""
    return [film for film in films if _rating(film) >= rating]


def document(
    film_list: FilmList, date: datetime.date, pages: Sequence[Page], origin: Origin
) -> dict[str, Any]:
    """Assemble a list's document from its pages, given in the list's order.

    Raises:
        NoData: the pages hold no film at all, or one is empty that cannot be.
    """
    received = [film for page in pages for film in page.results]
    if not received:
        raise NoData(
            f"TMDB's list {film_list.name} came back without a single film; nothing was written, "
            "run the same command again later.",
            list=film_list.name,
        )
    gaps = _gaps(pages)
    if gaps:
        raise NoData(
            f"TMDB's list {film_list.name} came back without a single film on page {gaps[0]}, "
            "though it has more; nothing was written, run the same command again later.",
            list=film_list.name,
        )
    films = unique(received)
    duplicates = len(received) - len(films)
    below: dict[str, int] = {}
    if film_list.min_rating is not None:
        everything, films = films, at_least(films, film_list.min_rating)
        below = {"below_min_rating": len(everything) - len(films)}
    return {
        "movies": films,
        "collection_info": {
            "collection_type": film_list.collection_type,
            "collection_date": date.isoformat(),
            "total_collected": len(films),
            "pages_processed": sum(1 for page in pages if page.results),
            **dict(film_list.facts),
            "schema_version": SCHEMA_VERSION,
            "source": origin.source,
            "language": origin.language,
            "region": origin.region,
            "collected_at": origin.collected_at.isoformat(),
            "late_by_days": (origin.collected_on - date).days,
            "pages_requested": film_list.pages,
            "duplicates_dropped": duplicates,
            **below,
            "total_results": pages[0].total_results,
            **origin.stats._asdict(),
        },
    }


def identity_of(document: Any) -> Identity:
    """Return the identity that a document states in `source`, `language` and `region`."""
    fields = document if isinstance(document, dict) else {}
    stated = (fields.get(name) for name in Identity._fields)
    return Identity(*(each if isinstance(each, str) and each else None for each in stated))


def agree(one: Identity, other: Identity) -> bool:
    """Whether two identities are the same in all that both of them state."""
    return all(
        mine == theirs
        for mine, theirs in zip(one, other, strict=True)
        if mine is not None and theirs is not None
    )


def common_source(of_lists: Iterable[str]) -> str:
    """Return the one source that all the lists share.

    Raises:
        DataError: made-up and real films would be mixed in one document.
    """
    sources = sorted(set(of_lists))
    if len(sources) > 1:
        raise DataError(
            f"Films from {' and '.join(sources)} lie under the same date in one data root and must "
            "not be mixed; delete the ones that do not belong there and run the same command again."
        )
    return sources[0]


def _gaps(pages: Sequence[Page]) -> list[int]:
    """Return the empty pages that are not the list's end: films follow, or it denies all there are.

    TMDB caches each page by itself: one of a bad moment must not cost twenty films.
    """
    last = max(page.page for page in pages if page.results)
    return [
        page.page
        for page in pages
        if not page.results and (page.page < last or not page.total_results)
    ]


def _rating(film: Film) -> int | float:
    value = film.get("vote_average")
    return value if isinstance(value, int | float) and not isinstance(value, bool) else -1
