"""The lists of the trials' small plan, as TMDB is asked for them and as they lie on disk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from support.fake_tmdb import Request
from support.repository import REPOSITORY

PLAN = REPOSITORY / "tests" / "trials" / "plan"
"""A folder of configuration: three genres, three pages of each list."""

PAGES_OF_A_LIST = ("1", "2", "3")


class FilmsOf(NamedTuple):
    """One list: its endpoint, its document, and what else is in its query."""

    path: str
    document: str
    genre: str = ""

    @property
    def query(self) -> dict[str, str]:
        return {"with_genres": self.genre} if self.genre else {}

    def of(self, requests: Iterable[Request], page: str | None = None) -> list[Request]:
        """Those of the requests that ask for this list, or for one page of it."""
        return [
            each
            for each in requests
            if each.path == f"/3{self.path}"
            and self.query.items() <= each.query.items()
            and page in (None, each.query.get("page"))
        ]


LISTS = {
    "daily": (
        FilmsOf("/movie/popular", "raw/movies/daily/popular_movies_20240107.json"),
        FilmsOf("/trending/movie/day", "raw/movies/trending/trending_movies_20240107.json"),
    ),
    "weekly": (
        FilmsOf("/discover/movie", "raw/movies/genre/action_20240107.json", "28"),
        FilmsOf("/discover/movie", "raw/movies/genre/drama_20240107.json", "18"),
        FilmsOf("/discover/movie", "raw/movies/genre/horror_20240107.json", "27"),
        FilmsOf("/movie/top_rated", "raw/movies/weekly/top_rated_20240107.json"),
    ),
}
"""By job, the lists that it collects."""
