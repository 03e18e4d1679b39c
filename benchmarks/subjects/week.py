"""The week's lists as every subject asks for them: the same 140 requests as the pipeline's.

Standard library only, so that importing it costs no subject anything.
"""

from __future__ import annotations

import os
from typing import NamedTuple

URL = os.environ["TMDB_API_URL"]
COMMON = {"api_key": os.environ["TMDB_API_KEY"], "language": "ko-KR", "region": "KR"}
RATE, BURST = 40.0, 38.0
"""Of those subjects that keep a pace: the pipeline's own, which is TMDB's less two in hand."""

CONNECTIONS = 16
"""Of those subjects that ask for several pages at once."""

LEAST_RATING = 7.5
"""Top rated movies below are left out by those subjects that keep movies."""

_GENRES = {
    "action": 28,
    "comedy": 35,
    "drama": 18,
    "horror": 27,
    "romance": 10749,
    "science_fiction": 878,
    "thriller": 53,
    "animation": 16,
}


class MovieList(NamedTuple):
    """One list: where it is and how many pages are wanted."""

    name: str
    url: str
    pages: int
    query: dict[str, str]
    least_rating: float = 0.0


def _genre(name: str, number: int) -> MovieList:
    query = {**COMMON, "with_genres": str(number), "sort_by": "popularity.desc"}
    return MovieList(name, URL + "/discover/movie", 15, query)


LISTS = {name: _genre(name, number) for name, number in _GENRES.items()} | {
    "top_rated": MovieList("top_rated", URL + "/movie/top_rated", 20, COMMON, LEAST_RATING)
}
"""In the order in which they are merged."""


def requests_of_the_week() -> list[tuple[str, dict[str, str]]]:
    """Return the address and the query of every page, list by list."""
    return [
        (each.url, {**each.query, "page": str(number)})
        for each in LISTS.values()
        for number in range(1, each.pages + 1)
    ]


class Pace:
    """A token bucket in memory, full at first. Ask from one thread at a time."""

    def __init__(self) -> None:
        self._full_at = 0.0

    def pause(self, now: float) -> float:
        """Take the next token; return how many seconds to wait for it."""
        self._full_at = max(self._full_at, now) + 1 / RATE
        return max(0.0, self._full_at - BURST / RATE - now)
