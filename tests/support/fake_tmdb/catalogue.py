"""The answers of the fake without faults: an HTTP status and a document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from support.fake_tmdb.movies import BEST_VOTE, Row, movie_row

from pipeline.demo.response import error
from pipeline.genres import GENRE_NAMES

Document = dict[str, Any]
MakeRows = Callable[[str, int, Mapping[str, str]], list[Row] | None]
"""(list name such as "/movie/popular", page, query) -> its rows, or None for the default rows."""

ROWS_PER_PAGE = 20
MAX_PAGE = 500
COLLECTED_PAGES = 20
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
_VOTE_STEP = 0.0025  # rank 400 of top_rated has about 7.9, as in the recordings


def error_document(code: int, message: str) -> Document:
    """Return TMDB's error document; the code is TMDB's, not the HTTP status."""
    return {"success": False, "status_code": code, "status_message": message}


def api_path(path: str) -> str:
    """Return a path without the base path `/3`; tests may write it with or without."""
    return path.removeprefix("/3") if path.startswith("/3/") else path


def page_number(query: Mapping[str, str]) -> int | None:
    """Return the requested page, 1 by default, None if it is not a number."""
    text = query.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() else None


@dataclass(frozen=True)
class Catalogue:
    """The lists, with the options that tests use."""

    total_pages: int = MAX_PAGE
    repeat_last_on_next_page: bool = False
    low_ratings: bool = False
    rows: MakeRows | None = None

    def answer(self, path: str, query: Mapping[str, str]) -> tuple[int, Document]:
        """Return status and document for a GET request with a valid credential."""
        name = api_path(path)
        if not path.startswith("/3/"):
            return error(_NOT_FOUND)
        if name == "/authentication":
            return 200, {"success": True, "status_code": 1, "status_message": "Success."}
        if name == "/genre/movie/list":
            return 200, _genre_list(_is_korean(query))
        if name in _LISTS:
            return self._page_of_list(name, query)
        return error(_NOT_FOUND)

    def _page_of_list(self, name: str, query: Mapping[str, str]) -> tuple[int, Document]:
        page = page_number(query)
        if page is None or not 1 <= page <= MAX_PAGE:
            return error(_INVALID_PAGE)
        if name == "/discover/movie" and not _has_known_genres(query):
            return 200, _page(page, [], total_pages=1, total_results=0)
        rows = self.rows(name, page, query) if self.rows else None
        if rows is None:
            rows = self._default_rows(name, page, query)
        total_results = self.total_pages * ROWS_PER_PAGE
        return 200, _page(page, rows, self.total_pages, total_results)

    def _default_rows(self, name: str, page: int, query: Mapping[str, str]) -> list[Row]:
        if page > self.total_pages:
            return []
        genres = _genres(query) if name == "/discover/movie" else []
        number = _DISCOVER_BY_GENRE + genres[0] if genres else _LISTS[name]
        extra = {"media_type": "movie"} if name.startswith("/trending/") else {}
        korean = _is_korean(query)
        step = ROWS_PER_PAGE - 1 if self.repeat_last_on_next_page else ROWS_PER_PAGE
        ranks = range((page - 1) * step, (page - 1) * step + ROWS_PER_PAGE)
        return [
            movie_row(number, rank, genres, self._vote(name, rank), korean=korean) | extra
            for rank in ranks
        ]

    def _vote(self, name: str, rank: int) -> float:
        """Return a vote; with low ratings the last eighth of the collected rows is below 7.5."""
        if not (self.low_ratings and name == "/movie/top_rated"):
            return BEST_VOTE - _VOTE_STEP * rank
        collected = min(self.total_pages, COLLECTED_PAGES) * ROWS_PER_PAGE
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


def _is_korean(query: Mapping[str, str]) -> bool:
    """Return whether Korean is requested. The default is English, as at TMDB."""
    return query.get("language", "en-US").startswith("ko")


def _genres(query: Mapping[str, str]) -> list[int]:
    genres = query.get("with_genres", "").replace("|", ",")
    return [int(genre) for genre in genres.split(",") if genre]


def _has_known_genres(query: Mapping[str, str]) -> bool:
    """Return whether the genres exist. For TMDB an invalid value is no error but an empty list."""
    try:
        return all(genre in GENRE_NAMES for genre in _genres(query))
    except ValueError:
        return False
