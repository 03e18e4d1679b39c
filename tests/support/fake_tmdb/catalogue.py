"""What a well-behaved TMDB answers to a path and a query: an HTTP status and a document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from support.fake_tmdb.films import BEST_VOTE, Row, film

from pipeline.genres import GENRE_NAMES

Document = dict[str, Any]
RowsOf = Callable[[str, int, Mapping[str, str]], list[Row] | None]
"""(list name such as "/movie/popular", page, query) -> its rows, or None for the usual ones."""

ROWS_PER_PAGE = 20
LAST_PAGE_ALLOWED = 500
PAGES_WE_COLLECT = 20
_INVALID_PAGE, _NOT_FOUND = 22, 34
_LISTS = {
    "/movie/popular": 1,
    "/movie/top_rated": 2,
    "/trending/movie/day": 3,
    "/trending/movie/week": 4,
    "/discover/movie": 5,
    "/movie/now_playing": 6,
    "/movie/upcoming": 7,
}
_DISCOVER_BY_GENRE = 1000
_VOTE_LOST_PER_RANK = 0.0025  # rank 400 of top_rated stands near 7.9, as in the recordings


def refusal(code: int, message: str) -> Document:
    """TMDB's error body; the code is its own number, not the HTTP status."""
    return {"success": False, "status_code": code, "status_message": message}


def below_base(path: str) -> str:
    """`/3/movie/popular` and `/movie/popular` are the same place to whoever writes a test."""
    return path.removeprefix("/3") if path.startswith("/3/") else path


def page_of(query: Mapping[str, str]) -> int | None:
    """The page asked for, 1 if none is named, None if it is not a number."""
    asked = query.get("page", "1")
    return int(asked) if asked.isascii() and asked.isdigit() else None


@dataclass(frozen=True)
class Catalogue:
    """The lists, with the few knobs that tests turn."""

    total_pages: int = LAST_PAGE_ALLOWED
    repeat_last_on_next_page: bool = False
    low_ratings: bool = False
    rows: RowsOf | None = None

    def answer(self, path: str, query: Mapping[str, str]) -> tuple[int, Document]:
        """Status and document for a GET whose credential is good."""
        name = below_base(path)
        if not path.startswith("/3/"):
            return error(_NOT_FOUND)
        if name == "/authentication":
            return 200, {"success": True, "status_code": 1, "status_message": "Success."}
        if name == "/genre/movie/list":
            return 200, _genre_list(_wants_korean(query))
        if name in _LISTS:
            return self._page_of_list(name, query)
        return error(_NOT_FOUND)

    def _page_of_list(self, name: str, query: Mapping[str, str]) -> tuple[int, Document]:
        page = page_of(query)
        if page is None or not 1 <= page <= LAST_PAGE_ALLOWED:
            return error(_INVALID_PAGE)
        if name == "/discover/movie" and not _genres_are_known(query):
            return 200, _page(page, [], total_pages=1, total_results=0)
        rows = self.rows(name, page, query) if self.rows else None
        if rows is None:
            rows = self._usual_rows(name, page, query)
        total_results = self.total_pages * ROWS_PER_PAGE
        return 200, _page(page, rows, self.total_pages, total_results)

    def _usual_rows(self, name: str, page: int, query: Mapping[str, str]) -> list[Row]:
        if page > self.total_pages:
            return []
        genres = _genres(query) if name == "/discover/movie" else []
        number = _DISCOVER_BY_GENRE + genres[0] if genres else _LISTS[name]
        extra = {"media_type": "movie"} if name.startswith("/trending/") else {}
        korean = _wants_korean(query)
        step = ROWS_PER_PAGE - 1 if self.repeat_last_on_next_page else ROWS_PER_PAGE
        ranks = range((page - 1) * step, (page - 1) * step + ROWS_PER_PAGE)
        return [
            film(number, rank, genres, self._vote(name, rank), korean=korean) | extra
            for rank in ranks
        ]

    def _vote(self, name: str, rank: int) -> float:
        """With low ratings the last eighth of what is collected of top_rated is below 7.5."""
        if not (self.low_ratings and name == "/movie/top_rated"):
            return BEST_VOTE - _VOTE_LOST_PER_RANK * rank
        collected = min(self.total_pages, PAGES_WE_COLLECT) * ROWS_PER_PAGE
        return BEST_VOTE - (BEST_VOTE - 7.5) * rank / (collected * 7 / 8)


def _page(page: int, rows: list[Row], total_pages: int, total_results: int) -> Document:
    return {
        "page": page,
        "results": rows,
        "total_pages": total_pages,
        "total_results": total_results,
    }


def _genre_list(korean: bool) -> Document:
    return {"genres": [{"id": id_, "name": names[korean]} for id_, names in GENRE_NAMES.items()]}


def _wants_korean(query: Mapping[str, str]) -> bool:
    """TMDB answers in English to whoever forgets the language, so a forgotten one is noticed."""
    return query.get("language", "en-US").startswith("ko")


def _genres(query: Mapping[str, str]) -> list[int]:
    asked = query.get("with_genres", "").replace("|", ",")
    return [int(word) for word in asked.split(",") if word]


def _genres_are_known(query: Mapping[str, str]) -> bool:
    """A wrong value is no error at TMDB but an empty 200 with one page in all."""
    try:
        return all(genre in GENRE_NAMES for genre in _genres(query))
    except ValueError:
        return False
