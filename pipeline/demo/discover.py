"""The filters and the order of a discover request."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pipeline.demo.metrics import MovieMetrics

_SORT_FIELDS = ("popularity", "vote_average", "vote_count", "primary_release_date")


@dataclass(frozen=True)
class DiscoverQuery:
    """The parameters of a discover request.

    `genres` is a conjunction of alternatives: "28,12" is ((28,), (12,)), "28|12" is ((28, 12),).
    """

    sort: str = "popularity"
    descending: bool = True
    genres: tuple[tuple[int, ...], ...] = ()
    min_votes: float = 0.0
    min_average: float = 0.0
    original_language: str = ""
    released_from: str = ""
    released_until: str = ""

    def __str__(self) -> str:
        """Return a text that random values are hashed from; another text gives other pages."""
        return (
            f"Wanted(sort={self.sort!r}, descending={self.descending}, genres={self.genres},"
            f" least_votes={self.min_votes}, least_average={self.min_average},"
            f" original_language={self.original_language!r},"
            f" released_from={self.released_from!r}, released_until={self.released_until!r})"
        )

    @property
    def is_unfiltered(self) -> bool:
        """Return whether the request selects all movies."""
        return self == DiscoverQuery(self.sort, self.descending)

    def matches(self, entry: MovieMetrics) -> bool:
        """Return whether a movie passes the filters."""
        movie = entry.movie
        return (
            all(any(genre in movie.genre_ids for genre in group) for group in self.genres)
            and entry.vote_count >= self.min_votes
            and entry.vote_average >= self.min_average
            and self.original_language in ("", movie.original_language)
            and self._matches_release_date(movie.release_date or "")
        )

    def _matches_release_date(self, day: str) -> bool:
        if self.released_from and day < self.released_from:
            return False
        return not self.released_until or "" < day <= self.released_until


def parse_discover_query(query: Mapping[str, str]) -> DiscoverQuery | None:
    """Return the parsed query, or None if a value is invalid. Unknown parameters are ignored."""
    sort, _, direction = (query.get("sort_by") or "popularity.desc").partition(".")
    if sort not in _SORT_FIELDS or direction not in ("asc", "desc"):
        return None
    try:
        return DiscoverQuery(
            sort=sort,
            descending=direction == "desc",
            genres=_parse_genres(query.get("with_genres", "")),
            min_votes=float(query.get("vote_count.gte") or 0),
            min_average=float(query.get("vote_average.gte") or 0),
            original_language=query.get("with_original_language", ""),
            released_from=_parse_date(query.get("primary_release_date.gte", "")),
            released_until=_parse_date(query.get("primary_release_date.lte", "")),
        )
    except ValueError:
        return None


def _parse_genres(text: str) -> tuple[tuple[int, ...], ...]:
    if not text:
        return ()
    if not re.fullmatch(r"\d{1,9}([,|]\d{1,9})*", text, re.ASCII):
        raise ValueError(text)
    return tuple(tuple(map(int, group.split("|"))) for group in text.split(","))


def _parse_date(text: str) -> str:
    return date.fromisoformat(text).isoformat() if text else ""
